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
    running = _running(events, month)
    return running[-1][0].on(running[-1][2]) if running else None


def parts_of(events: Sequence[ContractEvent], month: BillingMonth, proration: Proration) -> tuple[Part, ...]:
    """Return the parts of a month, in order; none without a contract in it.

    Without proration a month is billed whole, by what the contract is on its last active day; a free trial is apart.
    One contract may follow another from one day to the next, as a licence follows a starter package.

    Contract: fluks AGB 5.2, Connectavo AGB II 9.2
    """
    return tuple(part for life, first, last in _running(events, month) for part in _parts(life, first, last, proration))


def _parts(life: Life, first: date, last: date, proration: Proration) -> Iterator[Part]:
    begins = {first, *(each.effective_on for each in life.changes if first < each.effective_on <= last)}
    if proration == "none":
        begins = {first}
    if (trial := life.start.trial_ends_on) and first <= trial < last:
        begins.add(trial + timedelta(days=1))
    ends = [*(day - timedelta(days=1) for day in sorted(begins)[1:]), last]
    for begin, end in zip(sorted(begins), ends, strict=True):
        yield Part(begin, end, life.on(last if proration == "none" else begin), is_trial=end <= (trial or date.min))


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


def _running(events: Sequence[ContractEvent], month: BillingMonth) -> list[tuple[Life, date, date]]:
    """Return the contracts of a month, each with its first and last day in it."""
    return [(life, *period) for life in lives(events) if (period := service_period(life.start, month))]
