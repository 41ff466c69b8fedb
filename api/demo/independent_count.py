"""A second, plain count of what is posted, to compare the service with.

It shares nothing with the service's own counting: it reads the bytes that are posted, keeps every id in a
set, and takes days from the time zone database. It judges only what the demo's traffic can get wrong.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

_METERS = frozenset({"trigger", "action", "connector"})
_ALLOWANCE = ("trigger", "action")


class Key(NamedTuple):
    """What units are counted by."""

    customer: str
    day: date
    type: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What the service should answer to a batch when batches are posted one after the other, in order."""

    accepted: int
    duplicates: int
    rejected: int


class IndependentCount:
    """Units by customer, day in Europe/Berlin and type; ``now`` is the instant after which time is future.

    After ``close`` what is new goes to ``late``. The sums do not depend on the order of batches, nor on which
    of two copies of an event came first.
    """

    def __init__(self, now: datetime) -> None:
        self.units: Counter[Key] = Counter()
        self.late: Counter[Key] = Counter()
        self.accepted = self.duplicates = 0
        self.rejected: Counter[str] = Counter()
        self._now = now
        self._zone = ZoneInfo("Europe/Berlin")
        self._ids: dict[str, set[str]] = {}
        self._closed = False

    @property
    def posted(self) -> int:
        """Every event that was posted, however often."""
        return self.accepted + self.duplicates + self.rejected.total()

    def close(self) -> None:
        """Count apart from now on: the month is closed."""
        self._closed = True

    def add(self, body: bytes) -> Expected:
        """Count a JSON array of events and say what the service should answer to it."""
        before = self.accepted, self.duplicates, self.rejected.total()
        for event in msgspec.json.decode(body):
            self._add(event)
        after = self.accepted, self.duplicates, self.rejected.total()
        return Expected(*(now - then for then, now in zip(before, after, strict=True)))

    def total(self, customer: str, *types: str) -> int:
        """Units of a customer before the close, of the given types; of all types when none is given."""
        return _sum(self.units, customer, types)

    def used(self, customer: str) -> int:
        """Triggers and actions of a customer before the close: what its allowance is compared with."""
        return self.total(customer, *_ALLOWANCE)

    def used_late(self, customer: str) -> int:
        """Triggers and actions of a customer after the close."""
        return _sum(self.late, customer, _ALLOWANCE)

    def days(self, customer: str) -> dict[date, dict[str, int]]:
        """Units of a customer before the close by day and type, in order."""
        days: dict[date, dict[str, int]] = {}
        for key in sorted(key for key in self.units if key.customer == customer):
            days.setdefault(key.day, {})[key.type] = self.units[key]
        return days

    def _add(self, event: dict[str, Any]) -> None:
        instant = datetime.fromisoformat(event["time"])
        if fault := self._fault(event, instant):
            self.rejected[fault] += 1
            return
        customer, identity = event["customer"], event["id"]
        known = self._ids.setdefault(customer, set())
        if identity in known:
            self.duplicates += 1
            return
        known.add(identity)
        self.accepted += 1
        key = Key(customer, instant.astimezone(self._zone).date(), event["type"])
        (self.late if self._closed else self.units)[key] += event.get("quantity", 1)

    def _fault(self, event: dict[str, Any], instant: datetime) -> str:
        if "id" not in event:
            return "id"
        if event["type"] not in _METERS:
            return "type"
        if instant.tzinfo is None or instant > self._now:
            return "time"
        return "quantity" if event.get("quantity", 1) < 1 else ""


def _sum(counted: Counter[Key], customer: str, types: tuple[str, ...]) -> int:
    return sum(units for key, units in counted.items() if key.customer == customer and (not types or key.type in types))
