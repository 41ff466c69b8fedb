"""A contract's life as an append-only, effective-dated history, and what it makes of the contract on a day.

Convention, stated once: a contract is active from its first to its last day, both included. ``terminated`` is effective
on the last day, every other event on the first day of what it begins.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

Kind = Literal[
    "started",  # terms, package, addons; perhaps trial_ends_on, term_months or term_ends_on, ends_on, prices
    "changed",  # package, add_addons, remove_addons; received_on when it is a partial termination
    "terminated",  # received_on, by, cause
    "terms_changed",  # terms: takes effect unless objected; received_on: when the customer was told
    "terms_objected",  # takes back the newest terms_changed of this day
    "price_raised",  # prices: takes effect unless waived; received_on: when the customer was told
    "price_waived",  # takes back the newest price_raised of this day, those on top of it, and a termination for it
    "prepayment_asked",  # base fees in advance from this day on
    "prepayment_lifted",
]
Cause = Literal["notice", "trial", "price_rise", "default", "important_reason", "withdrawal", "objection"]


@dataclass(frozen=True, slots=True)
class ContractEvent:
    """One entry of the history; which fields matter depends on its kind.

    ``prices`` are agreed monthly prices in euro by what they are for: ``packages.basic-2500``, ``addons.forms``.
    """

    kind: Kind
    effective_on: date
    recorded_at: datetime
    terms: str | None = None
    package: str | None = None
    addons: tuple[str, ...] = ()
    add_addons: tuple[str, ...] = ()
    remove_addons: tuple[str, ...] = ()
    received_on: date | None = None
    trial_ends_on: date | None = None
    term_months: int | None = None
    term_ends_on: date | None = None
    ends_on: date | None = None
    prices: Mapping[str, Decimal] = field(default_factory=dict)
    by: Literal["customer", "provider"] = "customer"
    cause: Cause = "notice"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Contract:
    """What was agreed on a day: pinned terms, package, booked add-ons; ``ends_on`` is the last day.

    ``trial_ends_on`` is the last day of a free trial, ``term_months`` a minimum term agreed instead of the terms' own,
    ``term_ends_on`` its agreed last day, ``prices`` the monthly prices agreed or raised for this contract alone;
    ``prepaid``: base fees fall due in advance.
    """

    terms: str
    package: str
    addons: frozenset[str]
    starts_on: date
    ends_on: date | None = None
    trial_ends_on: date | None = None
    term_months: int | None = None
    term_ends_on: date | None = None
    prices: Mapping[str, Decimal] = field(default_factory=dict, hash=False)
    prepaid: bool = False

    def is_active(self, day: date) -> bool:
        """Tell whether the contract runs on a day."""
        return self.starts_on <= day <= (self.ends_on or date.max)


@dataclass(frozen=True, slots=True)
class Life:
    """A contract as started, with its end if known, and the changes that hold, by the day they take effect."""

    start: Contract
    changes: tuple[ContractEvent, ...]

    def on(self, day: date) -> Contract:
        """Return what the contract is on a day of its life."""
        state = self.start
        for change in self.changes:
            if change.effective_on > day:
                break
            state = _changed(state, change)
        return state


def known_by(events: Sequence[ContractEvent], known_at: datetime | None) -> Sequence[ContractEvent]:
    """Return the events that were recorded by an instant (default: all)."""
    return events if known_at is None else [event for event in events if event.recorded_at <= known_at]


def state_on(events: Sequence[ContractEvent], day: date, known_at: datetime | None = None) -> Contract | None:
    """Return the contract on a day, as known at an instant (default: now); None when inactive."""
    return next((life.on(day) for life in lives(known_by(events, known_at)) if life.start.is_active(day)), None)


def lives(events: Iterable[ContractEvent]) -> list[Life]:
    """Return each contract of a history with what holds of it; by day of start, after those that never had a day.

    A termination ends what runs on its day, and what would have begun after it; a change belongs to the contract that
    runs on its day. What was taken back (a change of terms by objection, a price rise by waiver, and then the
    termination for it) is left out.
    """
    found: list[tuple[Contract, list[ContractEvent]]] = []
    for event in holding(events):
        if event.kind == "started":
            found.append((_started(event), []))
        elif event.kind == "terminated":
            end = event.effective_on
            found = [(replace(start, ends_on=min(start.ends_on or end, end)), changes) for start, changes in found]
        elif found:
            home = [changes for start, changes in found if start.starts_on <= event.effective_on]
            (home or [found[-1][1]])[-1].append(event)
    ordered = sorted(found, key=lambda life: (life[0].is_active(life[0].starts_on), life[0].starts_on))
    return [Life(start, tuple(sorted(changes, key=lambda each: each.effective_on))) for start, changes in ordered]


def holding(events: Iterable[ContractEvent]) -> list[ContractEvent]:
    """Return the events that were not taken back by a later one."""
    held: list[ContractEvent] = []
    for event in events:
        if event.kind == "terms_objected":
            _take_back(held, "terms_changed", event.effective_on)
        elif event.kind == "price_waived":
            at = _take_back(held, "price_raised", event.effective_on)
            held[at:] = [each for each in held[at:] if not _falls_with(each, event.effective_on)]
        else:
            held.append(event)
    return held


def _falls_with(event: ContractEvent, day: date) -> bool:
    """Tell whether an event falls with a price rise of a day that is waived: a later rise, or an end for it."""
    return event.cause == "price_rise" or (event.kind == "price_raised" and event.effective_on > day)


def _take_back(held: list[ContractEvent], kind: Kind, day: date) -> int:
    """Remove the newest event of a kind that takes effect on a day; return where it stood."""
    found = (at for at, each in enumerate(held) if (each.kind, each.effective_on) == (kind, day))
    at = max(found, default=len(held))
    del held[at : at + 1]
    return at


def _started(event: ContractEvent) -> Contract:
    if event.terms is None or event.package is None:
        raise ValueError(f"the contract started on {event.effective_on} names no terms or package")
    return Contract(
        terms=event.terms,
        package=event.package,
        addons=frozenset(event.addons),
        starts_on=event.effective_on,
        ends_on=event.ends_on,
        trial_ends_on=event.trial_ends_on,
        term_months=event.term_months,
        term_ends_on=event.term_ends_on,
        prices=event.prices,
    )


def _changed(state: Contract, change: ContractEvent) -> Contract:
    return replace(
        state,
        terms=change.terms or state.terms,
        package=change.package or state.package,
        addons=(state.addons - frozenset(change.remove_addons)) | frozenset(change.add_addons),
        prices={**state.prices, **change.prices} if change.prices else state.prices,
        prepaid={"prepayment_asked": True, "prepayment_lifted": False}.get(change.kind, state.prepaid),
    )
