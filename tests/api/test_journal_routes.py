"""Recount, void and correct over HTTP and from the command line; the archiver as a process."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from metering.journal import Journal
from metering.keys import key_of
from tests.api.running import Service
from tests.api.test_cli import told, zaehlwerk
from tests.metering.journals import ids
from tests.waiting import until


def spoil(service: Service, customer: str) -> None:
    """Take the first five days' members of October out of the counter."""
    with Redis(unix_socket_path=str(service.settings.data_dir / "redis" / "valkey.sock")) as client:
        assert client.delete(f"{key_of(customer, '2026-10')}:0")


def difference(customer: str, counter: int, journal: int) -> dict[str, Any]:
    return {"customer": customer, "day": "2026-10-05", "meter": "trigger", "counter": counter, "journal": journal}


def test_a_recount_lists_differences_and_a_correction_mends_them(service: Service) -> None:
    service.use("k-1", "2026-10-05", "trigger", "trigger")
    service.use("k-2", "2026-10-05", "trigger")
    sound = {"month": "2026-10", "events": 3, "customers": 2, "differences": [], "other_content": []}
    assert service.ask("GET", "/v1/months/2026-10/recount") == sound
    spoil(service, "k-1")
    found = service.ask("GET", "/v1/months/2026-10/recount")
    assert found["differences"] == [difference("k-1", 0, 2)]
    answer = service.ask("POST", "/v1/months/2026-10/corrections", {"customer": "k-1", "reason": "Wiederherstellung"})
    assert (answer["before"], answer["after"]) == ({}, {"05": {"trigger": 2}})
    assert service.ask("GET", "/v1/months/2026-10/recount") == sound
    (entry,) = service.audit(subject="2026-10/k-1")
    assert (entry["action"], entry["who"]) == ("usage.corrected", "finance-key")
    assert entry["details"] == {"reason": "Wiederherstellung", "before": {}, "after": {"05": {"trigger": 2}}}


def test_a_counter_that_agrees_is_not_corrected(service: Service) -> None:
    service.use("k-1", "2026-10-05", "trigger")
    form = {"customer": "k-1", "reason": "aus Versehen"}
    assert "nothing to correct" in service.ask("POST", "/v1/months/2026-10/corrections", form, expect=409)["detail"]
    assert service.audit(subject="2026-10/k-1") == []


def test_events_are_voided_once_and_the_audit_log_says_by_whom(service: Service) -> None:
    events = [{"id": n, "customer": "k-1", "type": "action", "time": "2026-10-05T08:00:00Z"} for n in "abc"]
    service.engine.post("/v1/events", json=events).raise_for_status()
    form = {"month": "2026-10", "ids": ["a", "b", "x"], "reason": "lief zweimal"}
    answer = service.ask("POST", "/v1/customers/k-1/events/void", form)
    assert (answer["voided"], [each["id"] for each in answer["problems"]]) == (2, ["x"])
    again = service.ask("POST", "/v1/customers/k-1/events/void", form)
    assert (again["voided"], [each["id"] for each in again["problems"]]) == (0, ["a", "b", "x"])
    assert service.ask("GET", "/v1/months/2026-10/recount")["differences"] == []
    assert service.engine.post("/v1/events", json=events).json() == {"accepted": 0, "duplicates": 3}
    (entry,) = service.audit(subject="2026-10/k-1")
    assert (entry["action"], entry["who"]) == ("events.voided", "finance-key")
    assert entry["details"] == {"reason": "lief zweimal", "events": 2, "units": 2, "ids": ["a", "b"]}


@pytest.mark.parametrize(
    ("field", "value"),
    [("month", "2026-13"), ("ids", []), ("reason", ""), ("reason", "x" * 201)],
)
def test_a_refused_void_names_its_field(shared: Service, field: str, value: object) -> None:
    form = {"month": "2026-10", "ids": ["a"], "reason": "r"}
    assert shared.refused("POST", "/v1/customers/k-1/events/void", {**form, field: value}, field)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/months/2026-10/recount", None),
        ("POST", "/v1/months/2026-10/corrections", {"customer": "k-1", "reason": "r"}),
        ("POST", "/v1/customers/k-1/events/void", {"month": "2026-10", "ids": ["a"], "reason": "r"}),
    ],
)
def test_an_engine_may_not(shared: Service, method: str, path: str, body: object) -> None:
    assert shared.engine.request(method, path, json=body).status_code == 403


def test_the_same_from_the_command_line(service: Service) -> None:
    folder = service.settings.data_dir
    service.use("k-1", "2026-10-05", "trigger", "trigger")
    with Redis(unix_socket_path=str(folder / "redis" / "valkey.sock")) as client:
        Journal(service.settings.journal).archive(client)
    identity = ids(Journal(service.settings.journal))[0]
    assert told(folder, "void", "2026-10", "k-1", identity, "--reason", "twice") == {"voided": 1, "problems": []}
    assert zaehlwerk(folder, "void", "2026-10", "k-1", identity, "--reason", "twice").returncode == 1
    assert "0 differences" in zaehlwerk(folder, "recount", "2026-10").stdout
    spoil(service, "k-1")
    done = zaehlwerk(folder, "recount", "2026-10")
    assert (done.returncode, "k-1" in done.stdout, "1 differences" in done.stdout) == (1, True, True)
    assert told(folder, "recount", "2026-10", code=1)["differences"] == [difference("k-1", 0, 1)]
    assert zaehlwerk(folder, "correct", "2026-10", "k-1", "--reason", "restored").returncode == 0
    assert told(folder, "recount", "2026-10") == {
        "month": "2026-10",
        "events": 2,
        "differences": [],
        "other_content": [],
    }
    assert zaehlwerk(folder, "correct", "2026-10", "k-1", "--reason", "restored").returncode == 2


def test_after_a_loss_the_counters_come_back(service: Service) -> None:
    folder = service.settings.data_dir
    service.use("k-1", "2026-10-05", "trigger", "trigger")
    assert zaehlwerk(folder, "archive", "--once").stdout == "2 rows written\n"
    with Redis(unix_socket_path=str(folder / "redis" / "valkey.sock")) as client:
        client.flushall()
    assert zaehlwerk(folder, "rebuild", "2026-10").stdout == "2 rows counted again\n"
    assert zaehlwerk(folder, "rebuild").returncode == 0
    assert told(folder, "recount", "2026-10")["differences"] == []
    assert zaehlwerk(folder, "rebuild", "October").returncode == 2
    assert zaehlwerk(folder, "recount", "October").returncode == 2


ARCHIVE = [sys.executable, "-m", "api.cli", "archive"]


@contextmanager
def archiver(folder: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, "ZAEHLWERK_DATA_DIR": str(folder), "ZAEHLWERK_JOURNAL_SECONDS": "1"}
    process = subprocess.Popen([*ARCHIVE, *options], env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_the_archiver_empties_the_streams_and_ends_when_it_is_told(service: Service) -> None:
    journal = Journal(service.settings.journal)
    with archiver(service.settings.data_dir) as process:
        service.use("k-1", "2026-10-05", "trigger", "trigger")
        until(lambda: len(ids(journal)) == 2, "the events are archived")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


@pytest.mark.parametrize("early", [True, False])
def test_the_archiver_ends_when_who_started_it_is_gone(tmp_path: Path, *, early: bool) -> None:
    """However early that is: standard input is a pipe that the other one held."""
    environment = {**os.environ, "ZAEHLWERK_DATA_DIR": str(tmp_path)}
    with subprocess.Popen([*ARCHIVE, "--until-eof"], env=environment, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        if not early:
            until((tmp_path / "redis" / "valkey.pid").exists, "it has begun")
        process.stdin.close()
        assert process.wait(timeout=20) == 0
    assert not (tmp_path / "redis" / "valkey.pid").exists(), "the store has ended with it"
