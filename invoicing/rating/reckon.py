"""Rating: what a month costs under a contract, as amounts. Pure, fast, and from zero every month.

How an amount is said in words is apart (``charge``): a million customers are reckoned without a word.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from invoicing.contract.parts import Part
from invoicing.prices import Allowance, Basis, Flat, Metered, PassThrough, above_allowance
from invoicing.rating.measure import measured
from invoicing.rating.plan import ADDONS, PACKAGES, Owed, Slot, plan
from invoicing.rating.span import Span
from invoicing.terms import Addon, Package, Terms
from metering.usage import Usage


def reckon(terms: Terms, parts: Sequence[Part], usage: Usage) -> list[Owed]:
    """Return what the month costs: base prices, usage, booked add-ons; no carry-over.

    Contract: fluks AGB Anlage 3 fn 2
    """
    owed = _in_trial(terms, parts, usage)
    for slot in plan(terms, parts):
        metered = _metered(terms, slot, parts, usage) if slot.metered else ()
        owed += slot.base
        owed += metered
        if slot.derived:
            owed += _derived(slot, (*slot.base, *metered))
    return owed


class Allowed(NamedTuple):
    """What meters measured against an allowance of an item on some days, and what of it is free."""

    item: str
    meters: tuple[str, ...]
    first: date
    last: date
    used: int
    included: int

    @property
    def overage(self) -> int:
        """What is above."""
        return above_allowance(self.used, self.included)


def allowed(terms: Terms, parts: Sequence[Part], usage: Usage) -> tuple[Allowed, ...]:
    """Return what a month's allowances include, and how much of it was used.

    Contract: fluks AGB Anlage 3 fn 1
    """
    return tuple(
        Allowed(
            slot.item,
            price.meters,
            first,
            last,
            measured(terms, usage, price.meters, first, last),
            span.share.of_units(price.included),
        )
        for slot in plan(terms, parts)
        for price in slot.metered
        if isinstance(price, Allowance)
        for span in slot.measuring
        for first, last in [_reach(span.first, span.last, parts, usage)]
    )


def units_of(terms: Terms, parts: Sequence[Part], usage: Usage, item: str, meters: tuple[str, ...]) -> int:
    """Return what meters measured for an item of the terms, on the days on which it was booked or tried.

    Contract: fluks AGB Anlage 3 §2, cunio AGB 8.4
    """
    return sum(measured(terms, usage, meters, *days) for days in days_of(terms, parts, usage, item))


def days_of(terms: Terms, parts: Sequence[Part], usage: Usage, item: str) -> list[tuple[date, date]]:
    """Return the spans of days, first and last, on which usage is measured for an item of the terms.

    Contract: fluks AGB Anlage 3 §2, cunio AGB 8.4
    """
    days = [(span.first, span.last) for slot in plan(terms, parts) if slot.item == item for span in slot.measuring]
    days += [(part.first, part.last) for part in parts if part.is_trial and item in dict(_offers(terms, part))]
    return [_reach(first, last, parts, usage) for first, last in days]


def base(terms: Terms, parts: Sequence[Part]) -> list[Owed]:
    """Return what the month costs whatever is used: what can be charged in advance.

    Contract: Cloudeteer AGB 6(1)
    """
    return [each for slot in plan(terms, parts) for each in slot.base]


def priced(terms: Terms, parts: Sequence[Part]) -> tuple[str, ...]:
    """Return every meter that has a price in a month, in the order of the price list."""
    offers = (offer for part in parts for _, offer in _offers(terms, part))
    meters = {
        meter for offer in offers for price in offer.prices if isinstance(price, Metered) for meter in price.meters
    }
    return tuple(meter for meter in terms.meters if meter in meters)


def _metered(terms: Terms, slot: Slot, parts: Sequence[Part], usage: Usage) -> list[Owed]:
    """Charge what was used on the days on which it was booked, in a month of its own allowance, or in its share.

    Contract: fluks AGB Anlage 3 §2
    """
    owed: list[Owed] = []
    for price in slot.metered:
        for span in slot.measuring:
            first, last = _reach(span.first, span.last, parts, usage)
            basis = Basis(measured(terms, usage, price.meters, first, last), span.share)
            owed += [Owed(slot.item, slot.offer, price, amount, basis, first, last) for amount in price.amounts(basis)]
    return owed


def _reach(first: date, last: date, parts: Sequence[Part], usage: Usage) -> tuple[date, date]:
    """Measure with the first and the last day of the contract what was used before and after them: nothing is lost."""
    if usage.days:
        earliest, latest = usage.days[0].day, usage.days[-1].day
        if earliest < first == parts[0].first:
            first = earliest
        if latest > last == parts[-1].last:
            last = latest
    return first, last


def _derived(slot: Slot, own: Sequence[Owed]) -> Iterator[Owed]:
    """Charge what is missing to a minimum, credit a percentage of what is charged; neither counts for the other."""
    for price in slot.derived:
        for span in slot.booked:
            counted = (each for each in own if _within(slot.booked, each) is span and _counts(price.of, each))
            basis = Basis(sum(each.amount.cents for each in counted), span.share)
            for amount in price.amounts(basis):
                yield Owed(slot.item, slot.offer, price, amount, basis, span.first, span.last)


def _in_trial(terms: Terms, parts: Sequence[Part], usage: Usage) -> list[Owed]:
    """Charge in a free trial what third parties charge for, and nothing else.

    Contract: cunio AGB 8.4
    """
    owed: list[Owed] = []
    for part in parts:
        if part.is_trial:
            first, last = _reach(part.first, part.last, parts, usage)
            for item, offer in _offers(terms, part):
                for price in offer.prices:
                    if isinstance(price, PassThrough):
                        basis = Basis(measured(terms, usage, price.meters, first, last))
                        owed += [
                            Owed(item, offer, price, amount, basis, first, last, in_trial=True)
                            for amount in price.amounts(basis)
                        ]
    return owed


def _offers(terms: Terms, part: Part) -> Iterator[tuple[str, Package | Addon]]:
    yield f"{PACKAGES}.{part.contract.package}", terms.packages[part.contract.package]
    for key, addon in terms.addons.items():
        if key in part.contract.addons:
            yield f"{ADDONS}.{key}", addon


def _within(booked: Sequence[Span], owed: Owed) -> Span:
    """Return the span to which an amount belongs; usage may reach beyond the days on which it was booked."""
    return next(span for span in reversed(booked) if span.first <= owed.last)


def _counts(of: str, owed: Owed) -> bool:
    return of == "all" or isinstance(owed.price, Flat) == (of == "base")
