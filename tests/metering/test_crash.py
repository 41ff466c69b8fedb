"""What was acknowledged is there: after the server was killed, and after the power failed.

A killed process loses nothing that it wrote, the kernel has it. A power failure is simulated: every write and sync of
the server's log is traced, and the log is cut back to what had been written when its last finished sync began.
"""

import asyncio
import os
import re
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from redis.exceptions import RedisError

from metering.event import Event
from metering.redis import Connection, open_redis
from metering.tally import Lanes, Tally
from metering.usage import read_usage
from tests.metering.samples import OCTOBER, event, journaled, parts
from tests.redis_fixtures import counted, is_alive, kill, pid_of, run, started
from tests.waiting import until

WRITERS = 8


@dataclass
class Load:
    """Writers that post until the server dies: what they sent, and when each event was acknowledged."""

    sent: dict[str, Event] = field(default_factory=dict)
    acknowledged: dict[str, float] = field(default_factory=dict)

    async def run(
        self, lanes: Callable[[], Lanes], size: int, enough: Callable[[], bool], end: Callable[[], object]
    ) -> None:
        """Post batches of a size; when it is enough, ``end`` ends the server in the middle of it."""
        reached = asyncio.Event()
        tally = Tally(lanes())
        running = asyncio.gather(*(self._write(tally, number, size, enough, reached) for number in range(WRITERS)))
        await reached.wait()
        end()
        await running
        await tally.close()

    async def _write(
        self, tally: Tally, number: int, size: int, enough: Callable[[], bool], reached: asyncio.Event
    ) -> None:
        for turn in range(1_000_000):
            # half of the ids are also posted by the neighbour
            names = [f"{(number + n % 2) % WRITERS}-{turn}-{n}" for n in range(size)]
            batch = [event(name, f"trigger:{turn % 31 + 1:02d}", customer=f"k-{turn % 5}") for name in names]
            self.sent |= {each.id: each for each in batch}
            try:
                await tally.count(batch)
            except RedisError:
                return
            now = time.monotonic()
            for each in batch:
                self.acknowledged.setdefault(each.id, now)
            if enough():
                reached.set()


def missing(connection: Connection, load: Load, chunk: int) -> list[tuple[int, float]]:
    """Send every acknowledged event again, oldest first; return how many were new, and since when known."""
    names = sorted(load.acknowledged, key=load.acknowledged.__getitem__)
    batches = parts([load.sent[name] for name in names], chunk)
    results = counted(connection, *batches)
    return [
        (result.accepted, load.acknowledged[batch[0].id])
        for batch, result in zip(batches, results, strict=True)
        if result.accepted
    ]


def disagreeing(connection: Connection) -> int:
    """Return how far the counter is from its journal: how many ids are in one of them only."""
    ids = {each.id for kept in journaled(connection) for each in kept}
    return abs(total(connection) - len(ids))


def total(connection: Connection) -> int:
    return sum(read_usage(connection.client, f"k-{n}", OCTOBER).total("trigger") for n in range(5))


@pytest.mark.parametrize("appendfsync", ["always", "everysec"])
def test_a_server_killed_under_load_has_everything_acknowledged(tmp_path: Path, appendfsync: str) -> None:
    load = Load()
    with open_redis("embedded:", tmp_path, appendfsync) as connection:
        for wanted in (2_000, 6_000):
            enough = lambda wanted=wanted: len(load.acknowledged) > wanted  # noqa: E731 - a condition in a word
            run(load.run(connection.lanes, 20, enough, lambda: kill(connection)))
            connection.ensure_running()
            assert disagreeing(connection) == 0
            assert missing(connection, load, 1_000) == []
        counted(connection, *parts(list(load.sent.values()), 1_000))
        assert total(connection) == len(load.sent)


def synced(trace: Path) -> tuple[int, int]:
    """Return how much of the log was written, and how much of it before its last finished sync began."""
    written = safe = 0
    begun: dict[str, tuple[str, int]] = {}
    for line in trace.read_text(encoding="utf-8", errors="replace").splitlines():
        if call := re.match(r"(\d+) +(\w+)\(\d+<[^>]*\.incr\.aof>", line):
            begun[call[1]] = (call[2], written)
        finished = re.match(r"(\d+) .*\) += (\d+)", line)
        if not finished or finished[1] not in begun:
            continue
        name, before = begun.pop(finished[1])
        if name.endswith("sync"):
            safe = max(safe, before)
        else:
            written += int(finished[2])
    return written, safe


TRACED = ("strace", "-f", "--seccomp-bpf", "-y", "-s", "0", "-e", "trace=write,writev,pwrite64,fdatasync,fsync", "-o")


def fail_power(data_dir: Path, appendfsync: str, seconds: float) -> tuple[Load, float]:
    """Post for a while, fail, and leave the log as a disk would have it; return the load and when it failed."""
    folder, trace, load = data_dir / "redis", data_dir / "trace", Load()
    folder.mkdir()
    settings = ("--dir", str(folder), "--appendonly", "yes", "--appendfsync", appendfsync)
    with started(*settings, under=(*TRACED, str(trace))) as url, open_redis(url, data_dir) as connection:
        server, deadline = pid_of(connection), time.monotonic() + seconds
        run(
            load.run(
                connection.lanes,
                5,
                lambda: time.monotonic() > deadline,
                lambda: os.kill(server, signal.SIGKILL),
            )
        )
        failed = time.monotonic()
        until(lambda: not is_alive(server), "the server is gone")
    [log] = folder.glob("appendonlydir/*.incr.aof")
    written, safe = synced(trace)
    assert 0 < safe <= written <= log.stat().st_size
    os.truncate(log, safe)
    return load, failed


def test_a_power_failure_loses_nothing_acknowledged_when_always_synced(tmp_path: Path) -> None:
    load, _ = fail_power(tmp_path, "always", seconds=1)
    with open_redis("embedded:", tmp_path) as connection:
        assert len(load.acknowledged) > 100
        assert disagreeing(connection) == 0
        assert missing(connection, load, 1_000) == []
        counted(connection, *parts(list(load.sent.values()), 1_000))
        assert total(connection) == len(load.sent)


def test_a_power_failure_loses_at_most_two_seconds_when_synced_every_second(tmp_path: Path) -> None:
    load, failed = fail_power(tmp_path, "everysec", seconds=3.2)
    with open_redis("embedded:", tmp_path) as connection:
        assert disagreeing(connection) == 0
        lost = missing(connection, load, 50)
        age = max((failed - acknowledged for _, acknowledged in lost), default=0.0)
        print(f"lost {sum(count for count, _ in lost)} of {len(load.acknowledged)}, the oldest {age:.3f} s old")  # noqa: T201
        assert age <= 2
        counted(connection, *parts(list(load.sent.values()), 1_000))
        assert total(connection) == len(load.sent)
