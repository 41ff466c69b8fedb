"""The billing month: which month and which day does an instant belong to.

Convention, stated once: a month is a calendar month in Europe/Berlin; its bounds are half-open, so
the first instant of the next month is not in it. Instants are aware datetimes; naive ones are refused.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Self
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
_SPELLING = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


def local_day(instant: datetime) -> date:
    """Return the calendar day in Europe/Berlin; raise ValueError for a naive instant."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant.isoformat()} has no offset: a day needs to know where it is")
    return instant.astimezone(BERLIN).date()


@dataclass(frozen=True, slots=True)
class DaySpan:
    """A calendar day in Europe/Berlin and its bounds in UTC, half-open."""

    day: date
    start: datetime
    end: datetime


def day_span(instant: datetime) -> DaySpan:
    """Return the calendar day that holds an instant; remembered per hour, for our offsets are whole hours."""
    utc = instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    return _day_span(utc.toordinal(), utc.hour)


@lru_cache(20_000)
def _day_span(ordinal: int, hour: int) -> DaySpan:
    day = local_day(datetime.combine(date.fromordinal(ordinal), time(hour), UTC))
    start, end = (datetime.combine(each, time(), BERLIN).astimezone(UTC) for each in (day, day + timedelta(days=1)))
    return DaySpan(day, start, end)


@dataclass(frozen=True, order=True, slots=True)
class BillingMonth:
    """A calendar month in Europe/Berlin, ordered in time."""

    year: int
    month: int

    def __post_init__(self) -> None:
        date(self.year, self.month, 1)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``YYYY-MM``; raise ValueError for anything else."""
        if not (match := _SPELLING.fullmatch(text)):
            raise ValueError(f"{text!r} is not a month: write YYYY-MM, for example 2026-10")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, moment: datetime | date) -> Self:
        """Return the month that holds an aware instant, or a calendar day."""
        day = local_day(moment) if isinstance(moment, datetime) else moment
        return cls(day.year, day.month)

    @property
    def first_day(self) -> date:
        """The first calendar day."""
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        """The last calendar day, leap years included."""
        return date(self.year, self.month, monthrange(self.year, self.month)[1])

    @property
    def start(self) -> datetime:
        """The first instant in it."""
        return datetime.combine(self.first_day, time(), BERLIN)

    @property
    def end(self) -> datetime:
        """The first instant after it."""
        return self.next().start

    def next(self) -> Self:
        """Return the month after."""
        return self.of(self.last_day + timedelta(days=1))

    def previous(self) -> Self:
        """Return the month before."""
        return self.of(self.first_day - timedelta(days=1))

    def days(self) -> Iterator[date]:
        """Every calendar day, in order."""
        first = self.first_day
        return (first + timedelta(days=n) for n in range(self.last_day.day))

    def __contains__(self, moment: object) -> bool:
        return isinstance(moment, date) and self.of(moment) == self
