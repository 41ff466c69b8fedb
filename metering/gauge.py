"""Gauges: meters whose events are not added up, but become a level or a number of different values.

Each day with events has one reading, an aggregate of the events that count:

    max      the highest quantity of the day
    last     the quantity of the day's newest event: by time, of one instant by id
    unique   how many values of the field ``of`` were seen on this day for the first time in the month

Readings are made so that those of several days give the same number as all their events would: the highest of all days,
the last day's, the sum of first sights. An event without a value of the field is none of its values.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from operator import itemgetter
from typing import Literal, NamedTuple, cast

Aggregate = Literal["max", "last", "unique"]
Field = Literal["workflow", "connector"]
Readings = tuple[tuple[date, int], ...]

_OF_DAYS: Mapping[Aggregate, Callable[[Sequence[int]], int]] = {"max": max, "last": itemgetter(-1), "unique": sum}
_OF_COUNTERS: Mapping[Aggregate, Callable[[Sequence[int]], int]] = {"max": max, "last": itemgetter(0), "unique": sum}


class Gauge(NamedTuple):
    """How a meter's events become one number; ``of`` is the field whose different values ``unique`` counts."""

    meter: str
    aggregate: Aggregate
    of: Field | None = None

    @property
    def key(self) -> str:
        """The gauge in one word, as it is stored: ``max:users``, ``unique:workflow:runs``."""
        return ":".join(part for part in (self.aggregate, self.of, self.meter) if part)

    @staticmethod
    def is_key(text: str) -> bool:
        """Tell a stored gauge from a stored meter: no meter's name has a colon in it."""
        return ":" in text

    @classmethod
    def parse(cls, key: str) -> "Gauge":
        """Read a gauge as it is stored."""
        aggregate, *of, meter = key.split(":")
        return cls(meter, cast("Aggregate", aggregate), cast("Field", of[0]) if of else None)


def value_of(gauge: Gauge, readings: Readings, first: date = date.min, last: date = date.max) -> int:
    """Return what a gauge says from the first to the last day, both included; 0 when there were no events."""
    values = [value for day, value in readings if first <= day <= last]
    return _OF_DAYS[gauge.aggregate](values) if values else 0


def together(everyone: Iterable[Mapping[Gauge, Readings]]) -> dict[Gauge, Readings]:
    """Return the readings of several counters as one, day by day: the highest, the first counter's, the sum.

    What one event of each counter names, ``unique`` counts for each: the readings do not say which values they were.
    """
    found: dict[Gauge, dict[date, list[int]]] = defaultdict(lambda: defaultdict(list))
    for gauge, day, value in (
        (gauge, day, value) for each in everyone for gauge, readings in each.items() for day, value in readings
    ):
        found[gauge][day].append(value)
    return {
        gauge: tuple((day, _OF_COUNTERS[gauge.aggregate](days[day])) for day in sorted(days))
        for gauge, days in found.items()
    }
