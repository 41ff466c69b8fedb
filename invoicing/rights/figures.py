"""Figures that stand in no contract, as data: the law's, and our suggestions where nobody gives one."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from pydantic import TypeAdapter

from invoicing.rights.error import RightsError
from invoicing.values import CLOSED, Count, Percent, Positive, Text

HALVES = (1, 7)  # the months in which a half-year begins


@dataclass(frozen=True, slots=True)
class DefaultFigures:
    """Points of interest above the base rate, the lump sum, and the days until default without a reminder."""

    __pydantic_config__ = CLOSED

    points_business: Decimal
    points_consumer: Decimal
    lump_sum_cents: Count
    days: Count


@dataclass(frozen=True, slots=True)
class LockFigures:
    """From which reminder on a warning counts; how much overdue, which deadline and how much overuse justify a lock."""

    __pydantic_config__ = CLOSED

    reminders: Positive
    overdue_percent_of_fee: Percent
    deadline_days: Count
    overuse_percent: Percent


@dataclass(frozen=True, slots=True)
class WithdrawalFigures:
    """How many months longer a consumer may withdraw who was never told of it."""

    __pydantic_config__ = CLOSED

    untold_months: Count


@dataclass(frozen=True, slots=True)
class RemedyFigures:
    """How many attempts to mend a defect must have failed."""

    __pydantic_config__ = CLOSED

    attempts: Positive


@dataclass(frozen=True, slots=True)
class Retention:
    """A kind of record, how many years it must be kept, and which law says so."""

    __pydantic_config__ = CLOSED

    label: Text
    years: Positive
    law: Text


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that the rules of this room need and no terms file says."""

    __pydantic_config__ = CLOSED

    base_rate_percent: Mapping[date, Decimal]
    default: DefaultFigures
    withdrawal: WithdrawalFigures
    remedy: RemedyFigures
    lock: LockFigures
    retention: Mapping[str, Retention]

    def default_rate(self, day: date, *, of_consumer: bool) -> Decimal:
        """Return the percent a year that default costs on a day; raise RightsError where the base rate is not known.

        Law: § 247 BGB, § 288 Abs. 1 und 2 BGB
        """
        half = half_year(day)
        if half not in self.base_rate_percent:
            raise RightsError(
                "base_rate_percent",
                f"the base rate from {half} on is not known: add the row {half} = … to figures.toml",
            )
        points = self.default.points_consumer if of_consumer else self.default.points_business
        return self.base_rate_percent[half] + points


_SHAPE = TypeAdapter(Figures)


def half_year(day: date) -> date:
    """Return the first day of a day's half-year: 1 January or 1 July."""
    return date(day.year, max(month for month in HALVES if month <= day.month), 1)


def load_figures(path: Path) -> Figures:
    """Return the checked figures of a file; raise pydantic's ValidationError for a broken one."""
    return _SHAPE.validate_python(tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal))


@lru_cache
def shipped_figures() -> Figures:
    """Return the figures that come with the product."""
    return load_figures(Path(__file__).with_name("figures.toml"))
