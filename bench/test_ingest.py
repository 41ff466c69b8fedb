"""Events per second over HTTP, beside what a user would write. The load comes from wrk, one thread."""

import json
import statistics
import subprocess
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bench.conftest import CUSTOMERS, Target

SECONDS, ROUNDS = 3, 3
CONNECTIONS = {1: 64, 100: 16, 1_000: 4}
_runs = count(1)


def post(target: Target, path: str, batch: int) -> float:
    """Post for some seconds; return events per second, after a look at the count."""
    before, connections = target.counted(), CONNECTIONS[batch]
    script, run = str(Path(__file__).with_name("load.lua")), f"R{next(_runs):03}"
    command = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--timeout", "10s", "-s", script, target.url + path]
    command += ["--", target.key, str(batch), run, str(CUSTOMERS)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    result = json.loads(told.splitlines()[-1])
    posted = result["requests"] * batch
    assert result["failed"] == 0, told
    under_way = 2 * connections * batch  # wrk leaves without these answers: in this run, and in the one before
    assert posted <= target.counted() - before <= posted + under_way, "what was answered is counted, once"
    return float(posted / result["microseconds"] * 1_000_000)


@pytest.mark.parametrize("service", ["zaehlwerk", "pipelined", "per-event"])
@pytest.mark.parametrize("batch", CONNECTIONS)
@pytest.mark.benchmark(group="ingest")
def test_events_per_second(benchmark: Any, batch: int, service: str, zaehlwerk: Target, baseline: Target) -> None:
    target, path = (zaehlwerk, "") if service == "zaehlwerk" else (baseline, f"/{service}")
    rates: list[float] = []
    benchmark.pedantic(lambda: rates.append(post(target, path, batch)), rounds=ROUNDS, warmup_rounds=1)
    benchmark.extra_info["events_per_second"] = statistics.median(rates[1:])
    benchmark.extra_info["spread"] = [min(rates[1:]), max(rates[1:])]
