"""The parts of a month in which a contract stays as it is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from invoicing.contract.event import Contract, ContractEvent, Life, lives
from metering.month import BillingMonth

Proration = Literal["none", "thirtieths", "calendar_days"]


@dataclass(frozen=True, slots=True)
class Part:
    """Days from ``first`` to ``last``, both included, on which the contract stays as it is."""

    first: date
    last: date
    contract: Contract
    is_trial: bool = False


def in_month(events: Sequence[ContractEvent], month: BillingMonth) -> Contract | None:
    """Return the contract of a month: its state on the last active day of the month.

    Contract: fluks AGB 13.1
    """
    life = _life(events, month)
    period = service_period(life.start, month) if life else None
    return life.on(period[1]) if life and period else None


def parts_of(events: Sequence[ContractEvent], month: BillingMonth, proration: Proration) -> tuple[Part, ...]:
    """Return the parts of a month, in order; none without a contract in it.

    Without proration a month is billed whole, by what the contract is on its last active day; a free trial is apart.

    Contract: fluks AGB 5.2
    """
    life = _life(events, month)
    if life is None or (period := service_period(life.start, month)) is None:
        return ()
    first, last = period
    begins = {first, *(each.effective_on for each in life.changes if first < each.effective_on <= last)}
    if proration == "none":
        begins = {first}
    if (trial := life.start.trial_ends_on) and first <= trial < last:
        begins.add(trial + timedelta(days=1))
    return tuple(_parts(life, sorted(begins), last, last if proration == "none" else None))


def whole(contract: Contract, month: BillingMonth) -> tuple[Part, ...]:
    """Return a month in which nothing changes, as one part; none when the contract is not active in it."""
    period = service_period(contract, month)
    return (Part(*period, contract),) if period else ()


def service_period(contract: Contract, month: BillingMonth) -> tuple[date, date] | None:
    """Return the first and the last day of the month on which the contract is active, or None.

    Law: § 14 Abs. 4 Nr. 6 UStG
    """
    first = max(month.first_day, contract.starts_on)
    last = min(month.last_day, contract.ends_on or month.last_day)
    return (first, last) if first <= last else None


def _life(events: Sequence[ContractEvent], month: BillingMonth) -> Life | None:
    running = [life for life in lives(events) if service_period(life.start, month)]
    return running[-1] if running else None


def _parts(life: Life, begins: Sequence[date], last: date, as_on: date | None) -> Iterator[Part]:
    """Yield the parts that begin on these days; ``as_on``: all of them are as the contract is on this day."""
    ends = [*(day - timedelta(days=1) for day in begins[1:]), last]
    trial = life.start.trial_ends_on or date.min
    for first, until in zip(begins, ends, strict=True):
        yield Part(first, until, life.on(as_on or first), is_trial=until <= trial)
