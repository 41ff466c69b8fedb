"""A contract's life as an append-only, effective-dated history: what was true on a day, as known when.

Convention, stated once: a contract is active from its first to its last day, both included. ``started``
is effective on the first day, ``changed`` on the first day of the new state, ``terminated`` on the last.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

from dateutil.relativedelta import relativedelta

from invoicing.money import german_date
from invoicing.terms import Terms
from metering.month import BillingMonth


class ContractError(ValueError):
    """A contract cannot be started, changed or ended like this; names the field and says the fix."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class ContractEvent:
    """One entry of the history; which fields matter depends on its kind."""

    kind: Literal["started", "changed", "terminated"]
    effective_on: date
    recorded_at: datetime
    terms: str | None = None
    package: str | None = None
    addons: tuple[str, ...] = ()
    add_addons: tuple[str, ...] = ()
    remove_addons: tuple[str, ...] = ()
    received_on: date | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """What was agreed on a day: pinned terms, package, booked add-ons; ``ends_on`` is the last day."""

    terms: str
    package: str
    addons: frozenset[str]
    starts_on: date
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class Termination:
    """The last day of a terminated contract, and one German sentence that says why."""

    ends_on: date
    why: str


def state_on(events: Sequence[ContractEvent], day: date, known_at: datetime | None = None) -> Contract | None:
    """Return the contract on a day, as known at an instant (default: now); None when inactive."""
    known = [event for event in events if known_at is None or event.recorded_at <= known_at]
    lives = [life for life in _lives(known) if _is_active(life[0], day)]
    if not lives:
        return None
    state, changes = lives[-1]
    for change in sorted(changes, key=lambda event: event.effective_on):
        if change.effective_on <= day:
            state = _changed(state, change)
    return state


def in_month(events: Sequence[ContractEvent], month: BillingMonth) -> Contract | None:
    """Return the contract that a month is billed by: its state on the last active day of the month.

    Contract: fluks AGB 13.1
    """
    lives = [start for start, _ in _lives(events) if service_period(start, month)]
    if not lives or (period := service_period(lives[-1], month)) is None:
        return None
    return state_on(events, period[1])


def service_period(contract: Contract, month: BillingMonth) -> tuple[date, date] | None:
    """Return the first and the last day of the month on which the contract is active, or None.

    Law: § 14 Abs. 4 Nr. 6 UStG
    """
    first = max(month.first_day, contract.starts_on)
    last = min(month.last_day, contract.ends_on or month.last_day)
    return (first, last) if first <= last else None


def termination_end(terms: Terms, received_on: date) -> Termination:
    """Return the first month end a whole notice period after receipt; the day of receipt never counts.

    Contract: fluks AGB 16.1
    """
    notice = terms.rules.notice_months
    runs_out = received_on + relativedelta(months=notice.value)
    ends_on = BillingMonth.of(runs_out).last_day
    months = "1 Monat" if notice.value == 1 else f"{notice.value} Monate"
    return Termination(
        ends_on,
        f"Kündigung eingegangen am {german_date(received_on)}, Frist {months} zum Monatsende "
        f"({terms.cited(notice.clause)}; §§ 187, 188 BGB): Die Frist läuft am {german_date(runs_out)} ab, "
        f"der Vertrag endet mit Ablauf des {german_date(ends_on)}.",
    )


def check_start(
    events: Sequence[ContractEvent],
    starts_on: date,
    package: str,
    addons: Iterable[str],
    terms: Terms,
    billed_through: date | None,
) -> None:
    """Raise ContractError unless a contract may start like this: one at a time, no month billed twice.

    Contract: fluks AGB 5.2
    """
    _check_package(package, terms)
    _check_known("addons", addons, terms)
    for life, _ in _lives(events):
        if life.ends_on is None:
            raise ContractError("starts_on", f"a contract runs since {life.starts_on}: change or end it instead")
        free = BillingMonth.of(life.ends_on).next().first_day
        if life.starts_on <= life.ends_on and starts_on < free:
            raise ContractError("starts_on", f"a contract runs until {life.ends_on}: start on {free} or later")
    if billed_through and starts_on <= billed_through:
        free = billed_through + timedelta(days=1)
        raise ContractError("starts_on", f"{BillingMonth.of(starts_on)} is already invoiced: start on {free}")


def check_change(
    events: Sequence[ContractEvent],
    effective_on: date,
    package: str | None,
    add: Iterable[str],
    remove: Iterable[str],
    terms: Terms,
    billed_through: date | None,
) -> None:
    """Raise ContractError unless a change may take effect then: at the start of a month not yet billed.

    Contract: fluks AGB 13.1
    """
    add, remove = frozenset(add), frozenset(remove)
    state = _changeable(events, effective_on, billed_through)
    if package is not None:
        _check_package(package, terms)
    _check_known("add_addons", add, terms)
    _check_known("remove_addons", remove, terms)
    if booked := add & state.addons:
        raise ContractError("add_addons", f"already booked: {_names(booked)}; leave it out")
    if absent := remove - state.addons:
        raise ContractError("remove_addons", f"not booked: {_names(absent)}; leave it out")
    if not add and not remove and package in {None, state.package}:
        raise ContractError("package", "this changes nothing: name another package, or add-ons to add or remove")


def check_termination(events: Sequence[ContractEvent], received_on: date, terms: Terms) -> Termination:
    """Return when a termination ends the contract; raise ContractError when it would end anyway by then.

    Received before the contract starts it may end it before its first day: then nothing is ever billed.

    Contract: fluks AGB 16.1
    """
    lives = [life for life, _ in _lives(events) if life.ends_on is None or _is_active(life, life.ends_on)]
    if not lives:
        raise ContractError("received_on", "there is no contract to end")
    end = termination_end(terms, received_on)
    if (ends_on := lives[-1].ends_on) and ends_on <= end.ends_on:
        raise ContractError("received_on", f"the contract already ends on {ends_on}: nothing is left to end")
    return end


def _lives(events: Sequence[ContractEvent]) -> Iterable[tuple[Contract, list[ContractEvent]]]:
    """Return each contract as started, with its end if known, and its changes; by day of start.

    A termination ends the contract recorded last, a change belongs to the contract that runs on its day.
    """
    lives: list[tuple[Contract, list[ContractEvent]]] = []
    for event in events:
        if event.kind == "started":
            if event.terms is None or event.package is None:
                raise ValueError(f"the contract started on {event.effective_on} names no terms or package")
            addons = frozenset(event.addons)
            lives.append((Contract(event.terms, event.package, addons, event.effective_on), []))
        elif event.kind == "terminated" and lives:
            start, changes = lives[-1]
            lives[-1] = replace(start, ends_on=min(start.ends_on or date.max, event.effective_on)), changes
        elif lives:
            home = [changes for start, changes in lives if start.starts_on <= event.effective_on]
            (home or [lives[-1][1]])[-1].append(event)
    return sorted(lives, key=lambda life: life[0].starts_on)


def _is_active(life: Contract, day: date) -> bool:
    return life.starts_on <= day <= (life.ends_on or date.max)


def _changed(state: Contract, change: ContractEvent) -> Contract:
    return replace(
        state,
        terms=change.terms or state.terms,
        package=change.package or state.package,
        addons=(state.addons - frozenset(change.remove_addons)) | frozenset(change.add_addons),
    )


def _changeable(events: Sequence[ContractEvent], effective_on: date, billed_through: date | None) -> Contract:
    """Return the state that a change would meet; raise ContractError when the date allows none."""
    lives = [life for life, _ in _lives(events) if life.ends_on is None or _is_active(life, life.ends_on)]
    if not lives:
        raise ContractError("effective_on", "there is no contract to change: start one")
    life = next((each for each in lives if _is_active(each, effective_on)), lives[-1])
    if life.ends_on and effective_on > life.ends_on:
        raise ContractError("effective_on", f"the contract ends on {life.ends_on}: a change must come before")
    earliest = _month_start(max(life.starts_on, billed_through or life.starts_on) + timedelta(days=1))
    if effective_on != _month_start(effective_on) or effective_on < earliest:
        possible = max(_month_start(effective_on), earliest)
        if life.ends_on and possible > life.ends_on:
            raise ContractError("effective_on", f"no change is possible before the contract ends on {life.ends_on}")
        raise ContractError("effective_on", f"{_why_not(effective_on, life, billed_through)}: choose {possible}")
    state = state_on(events, effective_on)
    if state is None:
        raise ContractError("effective_on", f"there is no contract on {effective_on}")
    return state


def _why_not(effective_on: date, life: Contract, billed_through: date | None) -> str:
    if effective_on <= life.starts_on:
        return f"the contract starts on {life.starts_on} and can change only after that"
    if billed_through and effective_on <= billed_through:
        return f"{BillingMonth.of(effective_on)} is already invoiced"
    return f"{effective_on} is not the first day of a month"


def _month_start(day: date) -> date:
    """Return this day when it starts a month, else the start of the next month."""
    month = BillingMonth.of(day)
    return day if day == month.first_day else month.next().first_day


def _check_package(package: str, terms: Terms) -> None:
    if package not in terms.packages:
        raise ContractError("package", f"{package!r} is no package of {terms.id}: one of {_names(terms.packages)}")


def _check_known(field: str, addons: Iterable[str], terms: Terms) -> None:
    if unknown := set(addons) - terms.addons.keys():
        known = ", ".join(terms.addons)
        raise ContractError(field, f"{_names(unknown)}: no add-on of {terms.id}, choose from {known}")


def _names(keys: Iterable[str]) -> str:
    return ", ".join(sorted(keys))
