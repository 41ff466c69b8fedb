"""What the load generator could post at most, and what a request costs it, on the cores that it shares."""

import socket
import statistics
import sys
from typing import Any

import pytest

from bench.load import CONNECTIONS, load_of, measured, wrk
from bench.servers import process
from tests.redis_fixtures import free_port
from tests.waiting import until


@pytest.mark.parametrize("batch", CONNECTIONS)
@pytest.mark.benchmark(group="generator")
def test_generator(benchmark: Any, batch: int) -> None:
    port, costs = free_port(), []

    def one_round() -> float:
        told = wrk(f"http://127.0.0.1:{port}/v1/events", "k" * 43, load_of(batch))
        costs.append(told["processor_microseconds"])
        return float(told["requests"] * batch / told["microseconds"] * 1_000_000)

    with process([sys.executable, "-m", "bench.trivial_server", str(port)]):
        until(lambda: _listens(port), "the trivial server listens")
        measured(benchmark, one_round)
    benchmark.extra_info["processor_microseconds"] = statistics.median(costs)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
