"""The services under load, each in a process of its own with a fresh store of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import psycopg

from bench.load import CUSTOMERS, Target
from metering.journal import Journal
from metering.month import BillingMonth
from metering.recount import recount
from metering.redis import Client, open_redis
from metering.usage import read_many
from tests.postgres import start_postgres
from tests.redis_fixtures import free_port
from tests.service_process import ServiceProcess, service_in
from tests.waiting import until

MONTH, TODAY = BillingMonth(2026, 10), "2026-11-05"
DURABILITIES = ("always", "everysec", "no")  # "no": the store writes nothing to disk
_METERS = ("trigger", "action")


@contextmanager
def valkey(folder: Path, durability: str) -> Iterator[tuple[Client, Path]]:
    """Share (or start) the embedded store of a folder; yield a client and its socket."""
    kept = durability if durability != "no" else "everysec"
    with open_redis("embedded:", folder, kept) as store:
        assert store.embedded
        if durability == "no":
            store.client.config_set("appendonly", "no")
        yield store.client, store.embedded.socket


@contextmanager
def zaehlwerk(folder: Path, durability: str) -> Iterator[tuple[ServiceProcess, Target]]:
    """Run the real service on its defaults, one worker; its store stays until the end of the block."""
    with ExitStack() as stack:
        client, _socket = stack.enter_context(valkey(folder, durability))
        kept = durability if durability != "no" else "everysec"
        service = stack.enter_context(service_in(folder, TODAY, ZAEHLWERK_APPENDFSYNC=kept))
        yield service, Target(f"{service.url}/v1/events", service.key("engine"), counted_in(client), pids_of(service))
        if service.process:
            service.stop()


def pids_of(service: ServiceProcess) -> tuple[int, int]:
    """Return the process that takes the events and the one that stores them."""
    assert service.process
    return service.process.pid, service.counter_pid


def journaled_in(folder: Path) -> int:
    """Return how many events the journal holds, and prove that it agrees with the counter, day by day."""
    with valkey(folder, "always") as (client, _socket):
        found = recount(Journal(str(folder / "journal")), client, MONTH)
    assert not found.differences, found.differences[:3]
    return found.events


def counted_in(client: Client) -> Callable[[], int]:
    """Return a question: how many units were counted for all customers of the load."""
    customers = [f"k-{number}" for number in range(CUSTOMERS)]
    return lambda: sum(each.total(*_METERS) for each in read_many(client, customers, MONTH).values())


@contextmanager
def on_redis(path: str) -> Iterator[Target]:
    """Run the plain service on Redis, ``appendfsync always``."""
    keys = [f"count:k-{number}:{MONTH}:{meter}" for number in range(CUSTOMERS) for meter in _METERS]
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="bench-"))
        client, socket = stack.enter_context(valkey(Path(folder), "always"))
        url = stack.enter_context(web_server("bench.baseline_redis:app", str(socket)))
        yield Target(f"{url}/{path}", "none", lambda: sum(int(units or 0) for units in client.mget(keys)))


@contextmanager
def on_postgres(module: str) -> Iterator[Target]:
    """Run a plain service on PostgreSQL with its own settings: a commit is on disk before it is answered."""
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="bench-"))
        server = stack.enter_context(start_postgres(Path(folder)))
        database = stack.enter_context(psycopg.connect(server.url(), autocommit=True))
        settings = [database.execute(f"SHOW {name}").fetchone() for name in ("fsync", "synchronous_commit")]
        assert settings == [("on",), ("on",)], "a commit must be on disk before it is answered"
        url = server.url() if module.endswith("asyncpg") else server.url().replace("://", "+psycopg://", 1)

        def counted() -> int:
            found = database.execute("SELECT count(*) FROM events").fetchone()
            return int(found[0]) if found else 0

        address = stack.enter_context(web_server(f"{module}:app", url))
        yield Target(f"{address}/events", "none", counted)


@contextmanager
def web_server(app: str, store: str) -> Iterator[str]:
    """Run an application behind the web server that ours uses: uvicorn, uvloop, httptools, one worker."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", app, "--port", str(port), "--no-access-log", "--log-level", "warning"]
    with process([*command, "--loop", "uvloop", "--http", "httptools"], BASELINE_STORE=store):
        until(lambda: _answers(port), f"{app} answers", 30)
        yield f"http://127.0.0.1:{port}"


@contextmanager
def process(command: list[str], **environment: str) -> Iterator[None]:
    """Run a command until the block ends."""
    running = subprocess.Popen(command, env={**os.environ, **environment})
    try:
        yield
    finally:
        running.terminate()
        running.wait(30)


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/openapi.json").is_success
    except httpx.TransportError:
        return False
