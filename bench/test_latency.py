"""How long a single event waits for its answer, at half of what the service takes at most."""

import statistics
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bench.events import bodies, random_ids
from bench.load import CONNECTIONS, CUSTOMERS, ROUNDS, Target, load_of, post
from bench.open_loop import Answers, request_of, send_all
from bench.servers import DURABILITIES, zaehlwerk

_SECONDS = 3
_SHARES = (0.5, 0.99, 0.999)
_seeds = count(1)


def one_round(target: Target, rate: float) -> Answers:
    """Send single events on time for some seconds; each must be counted, once."""
    events = bodies(int(_SECONDS * rate), 1, CUSTOMERS, random_ids(next(_seeds)))
    requests = [request_of(target.url, target.key, body) for body in events]
    answers = send_all(target.url, requests, CONNECTIONS[1], rate)
    assert answers.accepted == len(requests) == target.newly_counted()
    return answers


@pytest.mark.parametrize("durability", DURABILITIES)
@pytest.mark.benchmark(group="latency")
def test_latency(benchmark: Any, durability: str, tmp_path: Path) -> None:
    rounds: list[Answers] = []
    with zaehlwerk(tmp_path, durability) as (_service, target):
        post(target, load_of(1))
        rate = post(target, load_of(1)).rate / 2
        benchmark.pedantic(lambda: rounds.append(one_round(target, rate)), rounds=ROUNDS)
    benchmark.extra_info["rate"] = rate
    benchmark.extra_info["milliseconds"] = [
        1_000 * statistics.median(each.percentile(share) for each in rounds) for share in _SHARES
    ]
