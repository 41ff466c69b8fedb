"""What an event costs on a cluster of three primaries with a replica each: processor time of every kind of process.

Everything shares this machine's cores, so the rate says little; what each process spends per event is what
``docs/scaling.md`` reckons with.
"""

import statistics
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.load import ROUNDS, Posted, Target, load_of, post
from bench.servers import TODAY, counted_in
from metering.redis import open_redis
from tests.cluster.nodes import Nodes
from tests.service_process import service_in


@pytest.mark.parametrize("confirm", ["", "wait:1"])
@pytest.mark.parametrize("batch", [100, 1_000])
@pytest.mark.benchmark(group="cluster")
def test_cluster(benchmark: Any, batch: int, confirm: str, tmp_path: Path) -> None:
    nodes, rounds = Nodes(tmp_path), list[Posted]()
    named = {"ZAEHLWERK_REDIS_URL": nodes.url, "ZAEHLWERK_CONFIRM": confirm}
    try:
        with open_redis(nodes.url, tmp_path) as counter, service_in(tmp_path / "data", TODAY, **named) as service:
            assert service.process
            primaries = {node.process.pid for node in nodes.primaries() if node.process}
            servers = [node.process.pid for node in nodes.all if node.process]
            processes = (service.process.pid, *servers)
            url = f"{service.url}/v1/events"
            target = Target(url, service.key("engine"), counted_in(counter.client), processes)
            post(target, replace(load_of(batch), seconds=1))
            benchmark.pedantic(lambda: rounds.append(post(target, load_of(batch))), rounds=ROUNDS)
    finally:
        nodes.end()
    costs = [statistics.median(each) for each in zip(*(each.microseconds for each in rounds), strict=True)]
    of = dict(zip(processes, costs, strict=True))
    benchmark.extra_info["rate"] = statistics.median(each.rate for each in rounds)
    benchmark.extra_info["microseconds"] = [
        of[service_pid := processes[0]],
        sum(cost for pid, cost in of.items() if pid in primaries),
        sum(cost for pid, cost in of.items() if pid not in primaries | {service_pid}),
    ]
