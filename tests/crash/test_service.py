"""The service killed with -9 in the middle of things: what was answered is there, what comes again is not doubled."""

import json
import shutil
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from api.event_client import EventClient
from metering.redis import open_redis
from tests.clients import Clients, Counts, events_of_october, overlapping, plain_count
from tests.redis_fixtures import is_alive
from tests.service_process import ServiceProcess, service_in
from tests.waiting import until

MONTH, TODAY = "2026-10", "2026-11-05"
ENDED = "FROM audit_entry WHERE action = 'month.close_ended'"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    """A service that every test leaves running: starting one is what takes time."""
    with service_in(tmp_path_factory.mktemp("service") / "data", TODAY) as started:
        yield started


def test_counts_are_exact_though_the_service_is_killed_again_and_again(service: ServiceProcess) -> None:
    customers = [f"k-{number}" for number in range(12)]
    events = events_of_october(customers, 12_000)
    clients = Clients([service] * 4, overlapping(events, 60))
    for kill in range(1, 4):
        threshold = clients.all * kill // 4
        until(lambda at=threshold: clients.answered >= at, "the clients come further", 60)  # type: ignore[misc]
        service.kill()
        service.start()
    clients.finish()

    counted: Counts = {}
    for customer in customers:
        counted |= service.used(customer, MONTH)
    assert counted == plain_count(events)
    assert clients.retries > 0, "no client noticed a kill"
    assert clients.accepted <= len(events), "an event was accepted twice"


def test_the_counter_outlives_a_killed_service_and_leaves_with_the_last_user(service: ServiceProcess) -> None:
    server = service.counter_pid
    with open_redis("embedded:", service.folder):
        service.kill()
        service.start()
        assert service.counter_pid == server, "the next service goes on with the server that is there"
        service.stop()
        assert is_alive(server), "somebody still uses it"
    until(lambda: not is_alive(server), "the last user has stopped the server")
    service.start()


def test_a_stop_answers_what_is_under_way(service: ServiceProcess) -> None:
    """The body of a request arrives after the service was asked to stop: it is counted and answered."""
    events = events_of_october(["late-guest"], 1_000)
    body = msgspec.json.encode(events)
    with socket.create_connection(("127.0.0.1", service.port)) as sender:
        head = f"POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {service.key('engine')}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        sender.sendall(head.encode() + body[:1_000])
        service.ask("GET", "/readyz")
        service.ask_to_stop()
        until(lambda: refuses_connections(service.port), "nobody is let in any more")
        sender.sendall(body[1_000:])
        answer = b"".join(iter(lambda: sender.recv(65_536), b""))
    assert b"200 OK" in answer.split(b"\r\n")[0]
    assert json.loads(answer.partition(b"\r\n\r\n")[2]) == {"accepted": 1_000, "duplicates": 0}
    assert service.wait() == 0

    service.start()
    assert service.used("late-guest", MONTH) == plain_count(events)


def refuses_connections(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


CUSTOMERS = [f"k-{number:02}" for number in range(24)]


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    """A data directory in which October is ready to be closed, and nobody works."""
    with service_in(tmp_path / "prepared", TODAY) as service:
        for customer in CUSTOMERS:
            service.customer(customer, "schnupperpaket", since="2026-10-05")
        with EventClient(service.url, service.key("engine")) as client:
            client.post(msgspec.json.encode(events_of_october(CUSTOMERS, 9_000)))
        service.stop()
    return service.folder


def moments_of(service: ServiceProcess) -> Iterator[Callable[[], bool]]:
    """When to strike: at once, after some invoices, among the documents, and when all is issued."""

    def at_least(invoices: int) -> Callable[[], bool]:
        return lambda: number_of(service, "FROM invoice") >= invoices

    def written(documents: int) -> Callable[[], bool]:
        return lambda: len(list(service.folder.glob("invoices/*/RE-*.pdf"))) >= documents

    yield from (at_least(0), at_least(len(CUSTOMERS) // 2), written(1))
    yield lambda: number_of(service, "FROM billing_month WHERE state = 'closed'") == 1


def number_of(service: ServiceProcess, what: str) -> int:
    """Count rows beside the service."""
    with closing(sqlite3.connect(f"file:{service.folder / 'zaehlwerk.db'}?mode=ro", uri=True)) as connection:
        number: int = connection.execute(f"SELECT count(*) {what}").fetchone()[0]
    return number


def close(service: ServiceProcess) -> dict[str, Any]:
    """Close October over HTTP and wait until the last document is written."""
    before = number_of(service, ENDED)
    service.ask("POST", f"/v1/months/{MONTH}/close")
    until(lambda: number_of(service, ENDED) > before, "the close has ended", 60)
    report: dict[str, Any] = service.ask("GET", f"/v1/months/{MONTH}")
    return report


def outcome(folder: Path) -> dict[str, Any]:
    """What the month came to: numbers, whole documents, mails to be sent, collections."""
    with closing(sqlite3.connect(folder / "zaehlwerk.db")) as connection:
        rows = {
            table: connection.execute(f"SELECT {what} FROM {table} ORDER BY 1").fetchall()  # noqa: S608 - our own names
            for table, what in {
                "invoice": "number, document, sha256",
                "invoice_number": "number, state",
                "outbox_mail": "invoice, recipient, payment",
                "collection": "invoice, end_to_end_id, amount_cents, state",
            }.items()
        }
    pdfs = {path.name: path.read_bytes() for path in folder.glob("invoices/*/RE-*.pdf")}
    return {**rows, "pdfs": pdfs}


def test_a_month_closed_under_fire_equals_one_closed_in_peace(prepared: Path, tmp_path: Path) -> None:
    peace, fire = tmp_path / "peace", tmp_path / "fire"
    shutil.copytree(prepared, peace)
    shutil.copytree(prepared, fire)
    told = ServiceProcess(peace, TODAY).command("close", MONTH, "--today", TODAY, "--json")
    assert told.returncode == 0, told.stderr
    with service_in(fire, TODAY) as service:
        for moment in moments_of(service):
            service.ask("POST", f"/v1/months/{MONTH}/close")
            until(moment, "the moment to strike has come", 60)
            killed = service.kill()
            until(lambda pid=killed: not left_by(pid), "no worker outlives its service")  # type: ignore[misc]
            service.start()
        report = close(service)
        service.stop()
    assert report == json.loads(told.stdout)
    assert (report["state"], report["invoices"]) == ("closed", len(CUSTOMERS))
    assert outcome(fire) == outcome(peace)


def left_by(session: int) -> list[int]:
    """The processes of a session that still run."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):
            state, _, _, owner = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[:4]
            if int(owner) == session and state not in "ZX":
                found.append(int(folder.name))
    return found
