"""Load from compiled generators, and a look at the count after every run."""

import json
import os
import resource
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

CUSTOMERS = 1_000
SECONDS, ROUNDS = 2, 3
CONNECTIONS = {1: 64, 10: 32, 100: 16, 1_000: 8}
_PAUSE = 0.7
_BARE_COMMANDS = 3_000_000
_runs = count(1)


@dataclass
class Target:
    """Where to post, with which key, how to ask for all that was counted, and the processes that count."""

    url: str
    key: str
    counted: Callable[[], int]
    processes: tuple[int, ...] = ()
    known: int = 0

    def newly_counted(self) -> int:
        """Return what was counted since the last time, when nothing is under way any more."""
        before, now = -1, self.counted()
        while now != before:
            time.sleep(_PAUSE)
            before, now = now, self.counted()
        self.known, then = now, self.known
        return now - then


@dataclass(frozen=True)
class Load:
    """How much is posted at once, over how many connections, for how long."""

    batch: int
    connections: int
    seconds: int = SECONDS


def load_of(batch: int, *, slow: bool = False) -> Load:
    """Return the usual load; a slow service gets more time, or too few of its requests would end in it."""
    return Load(batch, CONNECTIONS[batch], SECONDS * (2 if slow and batch >= 100 else 1))


@dataclass(frozen=True)
class Posted:
    """Events per second, and what one cost each process, in microseconds of processor time."""

    rate: float
    microseconds: tuple[float, ...]


def post(target: Target, load: Load) -> Posted:
    """Post for some seconds, then look at the count."""
    before = [processor_seconds(pid) for pid in target.processes]
    told = wrk(target.url, target.key, load)
    used = [processor_seconds(pid) - then for pid, then in zip(target.processes, before, strict=True)]
    posted, counted = told["requests"] * load.batch, target.newly_counted()
    under_way = load.connections * load.batch  # wrk leaves without waiting for these answers
    assert posted <= counted <= posted + under_way, f"{posted} answered, {counted} counted"
    rate = float(posted / told["microseconds"] * 1_000_000)
    return Posted(rate, tuple(1_000_000 * seconds / max(1, posted) for seconds in used))


def wrk(url: str, key: str, load: Load) -> dict[str, Any]:
    """Run the generator; return its requests, their microseconds, and what each cost it in processor time."""
    script, run = str(Path(__file__).with_name("load.lua")), f"R{next(_runs):03}"
    command = ["wrk", "-t1", f"-c{load.connections}", f"-d{load.seconds}s", "--timeout", "30s", "-s", script, url]
    before = _children_seconds()
    told = subprocess.run([*command, "--", key, str(load.batch), run], capture_output=True, text=True, check=True)
    result: dict[str, Any] = json.loads(told.stdout.splitlines()[-1])
    assert result["failed"] == 0, told.stdout
    return result | {"processor_microseconds": 1_000_000 * (_children_seconds() - before) / max(1, result["requests"])}


def incr(socket: Path) -> float:
    """Return how many bare INCR per second the store takes, 100 at a time over each of 50 connections."""
    command = ["redis-benchmark", "-s", str(socket), "-P", "100", "-n", str(_BARE_COMMANDS), "-t", "incr", "--csv"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(told.splitlines()[-1].split(",")[1].strip('"'))


def measured(benchmark: Any, one_round: Callable[[], float]) -> None:
    """Run the rounds; note their median and spread beside the benchmark's result."""
    rates: list[float] = []
    benchmark.pedantic(lambda: rates.append(one_round()), rounds=ROUNDS)
    benchmark.extra_info["rate"] = statistics.median(rates)
    benchmark.extra_info["spread"] = [min(rates), max(rates)]


def warm_and_measured(benchmark: Any, target: Target, load: Load) -> None:
    """Post for a while that does not count, then run the rounds."""
    post(target, replace(load, seconds=max(1, load.seconds // 2)))
    rounds: list[Posted] = []

    def one_round() -> float:
        rounds.append(post(target, load))
        return rounds[-1].rate

    measured(benchmark, one_round)
    benchmark.extra_info["microseconds"] = [
        statistics.median(costs) for costs in zip(*(each.microseconds for each in rounds), strict=True)
    ]


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process has used, in user code and in the kernel."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
