"""Clients that post the same events again and again, and what must be counted of them."""

import random
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from api.event_client import EventClient
from tests.service_process import ServiceProcess

Counts = dict[tuple[str, str, str], int]


def events_of_october(customers: list[str], wanted: int) -> list[dict[str, Any]]:
    """Events all over October, 25 hours of the 25th included, some of several units."""
    rng = random.Random(7)  # noqa: S311 - test data
    start, seconds = datetime(2026, 9, 30, 22, tzinfo=UTC), 31 * 86_400 + 3_600
    return [
        {
            "id": f"e-{number}",
            "customer": rng.choice(customers),
            "type": rng.choice(("trigger", "action", "action")),
            "time": (start + timedelta(seconds=rng.randrange(seconds))).isoformat(),
            "quantity": rng.choice((1, 1, 1, 3)),
        }
        for number in range(wanted)
    ]


def plain_count(events: list[dict[str, Any]]) -> Counts:
    """Units by customer, local day and type, counted by hand."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for event in events:
        day = datetime.fromisoformat(event["time"]).astimezone(ZoneInfo("Europe/Berlin")).date()
        counts[event["customer"], day.isoformat(), event["type"]] += event["quantity"]
    return dict(counts)


def overlapping(events: list[dict[str, Any]], size: int) -> list[bytes]:
    """Batches that each repeat half of the one before."""
    return [msgspec.json.encode(events[start : start + size]) for start in range(0, len(events), size // 2)]


class Clients:
    """A client of each of these services: all post the same batches, each in its own order, and never give up."""

    def __init__(self, services: Sequence[ServiceProcess], batches: list[bytes]) -> None:
        self._batches = batches
        self._key = services[0].key("engine")
        self._pool = ThreadPoolExecutor(len(services))
        self._lock = threading.Lock()
        self.answered = self.accepted = self.retries = 0
        self.all = len(services) * len(batches)
        self._running = [self._pool.submit(self._post, seed, each) for seed, each in enumerate(services)]

    def _post(self, seed: int, service: ServiceProcess) -> None:
        batches = self._batches.copy()
        random.Random(seed).shuffle(batches)  # noqa: S311 - an order
        never = threading.Event()
        with EventClient(service.url, self._key, wait=lambda _: never.wait(0.05)) as client:
            for batch in batches:
                answer = client.post(batch)
                with self._lock:
                    self.answered += 1
                    self.accepted += answer.accepted
            with self._lock:
                self.retries += client.retries

    def finish(self) -> None:
        for each in self._running:
            each.result()
        self._pool.shutdown()
