"""What an event costs in the store's memory, by how many a customer has in a month; and how fast such months grow.

What the journal's stream holds until it is archived is not part of it. Everything is counted a second time, and nothing
changes.
"""

from pathlib import Path
from typing import Any

import pytest

from bench.events import Ids, bodies, ordered_ids, random_ids
from bench.load import Target
from bench.open_loop import Answers, request_of, send_all
from bench.servers import MONTH, valkey, zaehlwerk
from metering.keys import STREAMS
from metering.redis import Client
from metering.usage import read_many
from tests.waiting import until

_EVENTS, _BATCH, _CONNECTIONS = 1_000_000, 1_000, 4
_SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
_IDS = {"random": random_ids, "time-ordered": ordered_ids}


def fill(target: Target, events: int, customers: int, ids: Ids) -> tuple[Answers, Answers]:
    """Post everything twice and return both rounds' answers."""
    requests = [request_of(target.url, target.key, body) for body in bodies(events, _BATCH, customers, ids)]
    first = send_all(target.url, requests, _CONNECTIONS)
    return first, send_all(target.url, requests, _CONNECTIONS)


def bytes_held(client: Client) -> int:
    """Return what the counter holds, without the journal's stream; nothing is left of it afterwards."""
    client.delete(*STREAMS)
    before = used_memory(client)
    client.flushall()
    return before - used_memory(client)


def used_memory(client: Client) -> int:
    """Return it when everything deleted is given back: the store does that beside its work."""
    until(lambda: client.info("memory")["lazyfree_pending_objects"] == 0, "deleted keys are given back")
    return int(client.info("memory")["used_memory"])


def counted(client: Client, customers: int) -> int:
    usages = read_many(client, [f"k-{number}" for number in range(customers)], MONTH).values()
    return sum(usage.total("trigger", "action") for usage in usages)


@pytest.mark.parametrize("size", _SIZES)
@pytest.mark.parametrize("ids", _IDS)
@pytest.mark.benchmark(group="memory")
def test_memory(benchmark: Any, ids: str, size: int, tmp_path: Path) -> None:
    customers = max(2, _EVENTS // size)
    events = customers * size
    with valkey(tmp_path, "always") as (client, _socket), zaehlwerk(tmp_path, "always") as (service, target):
        first, again = benchmark.pedantic(lambda: fill(target, events, customers, _IDS[ids](size)), rounds=1)
        assert (first.accepted, again.duplicates, counted(client, customers)) == (events, events, events)
        service.stop()
        benchmark.extra_info["bytes_per_event"] = bytes_held(client) / events
    benchmark.extra_info["rate"], benchmark.extra_info["again"] = events / first.seconds, events / again.seconds
