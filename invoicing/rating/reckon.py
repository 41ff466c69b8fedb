"""Rating: what a month costs under a contract, as amounts. Pure, fast, and from zero every month.

How an amount is said in words is apart (``charge``): a million customers are reckoned without a word.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from invoicing.contract.parts import Part
from invoicing.prices import (
    WHOLE,
    Allowance,
    Amount,
    Basis,
    Flat,
    Metered,
    Minimum,
    MonthlyPrice,
    PassThrough,
    PercentageCredit,
    above_allowance,
)
from invoicing.rating.measure import measured
from invoicing.rating.span import Booked, Piece, Span, spans
from invoicing.terms import Addon, Package, Terms
from metering.month import BillingMonth
from metering.usage import Usage

PACKAGES, ADDONS = "packages", "addons"
_FREE = Decimal()


class Owed(NamedTuple):
    """One amount that is owed: for which item of the terms, by which price, from what, for which days.

    ``within`` names the package that includes it, at no price; ``in_trial``: its days are those of a free trial.
    """

    item: str
    offer: Package | Addon
    price: MonthlyPrice
    amount: Amount
    basis: Basis
    first: date
    last: date
    within: str = ""
    in_trial: bool = False


def reckon(terms: Terms, parts: Sequence[Part], usage: Usage) -> list[Owed]:
    """Return what the month costs: base prices, usage, booked add-ons; no carry-over.

    Contract: fluks AGB Anlage 3 fn 2
    """
    owed = _in_trial(terms, parts, usage)
    for item, offer, booked, measuring in _slots(terms, parts, usage.month, usage):
        own = [*_base(item, offer, booked), *_metered(terms, item, offer, measuring, usage)]
        owed += own
        owed += _derived(item, offer, booked, own)
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
            item,
            price.meters,
            span.first,
            span.last,
            measured(terms, usage, price.meters, span.first, span.last),
            span.share.of_units(price.included),
        )
        for item, offer, _, measuring in _slots(terms, parts, usage.month, usage)
        for price in offer.prices
        if isinstance(price, Allowance)
        for span in measuring
    )


def base(terms: Terms, parts: Sequence[Part], month: BillingMonth) -> list[Owed]:
    """Return what the month costs whatever is used: what can be charged in advance.

    Contract: Cloudeteer AGB 6(1)
    """
    return [each for item, offer, booked, _ in _slots(terms, parts, month) for each in _base(item, offer, booked)]


def priced(terms: Terms, parts: Sequence[Part]) -> tuple[str, ...]:
    """Return every meter that has a price in a month, in the order of the price list."""
    offers = (offer for part in parts for _, offer in _offers(terms, part))
    meters = {
        meter for offer in offers for price in offer.prices if isinstance(price, Metered) for meter in price.meters
    }
    return tuple(meter for meter in terms.meters if meter in meters)


def _slots(
    terms: Terms, parts: Sequence[Part], month: BillingMonth, usage: Usage | None = None
) -> Iterator[tuple[str, Package | Addon, list[Span], list[Span]]]:
    """Yield each package, and each booked add-on in the order of the price list: its paid and its measured days."""
    paid = [part for part in parts if not part.is_trial]
    if not paid:
        return
    proration = terms.rules.proration.value
    pieces = [(part, _package(part)) for part in paid]
    booked = spans(pieces, month, proration)
    measuring = _reaching(_measuring(terms, pieces, booked), parts, usage) if usage else []
    for key in dict.fromkeys(span.booked.key for span in booked):
        own = [[span for span in those if span.booked.key == key] for those in (booked, measuring)]
        yield f"{PACKAGES}.{key}", terms.packages[key], own[0], own[1]
    if any(part.contract.addons for part in paid):
        for key, addon in terms.addons.items():
            if pieces := [(part, _addon(terms, part, key)) for part in paid if key in part.contract.addons]:
                booked = spans(pieces, month, proration)
                measuring = _reaching(_measuring(terms, pieces, booked), parts, usage) if usage else []
                yield f"{ADDONS}.{key}", addon, booked, measuring


def _reaching(measuring: list[Span], parts: Sequence[Part], usage: Usage) -> list[Span]:
    """Measure with the first and the last day of the contract what was used before and after them: nothing is lost."""
    if not usage.days:
        return measuring
    first, last = usage.days[0].day, usage.days[-1].day
    if first < parts[0].first == measuring[0].first:
        measuring = [measuring[0]._replace(first=first), *measuring[1:]]
    if last > parts[-1].last == measuring[-1].last:
        measuring = [*measuring[:-1], measuring[-1]._replace(last=last)]
    return measuring


def _measuring(terms: Terms, pieces: Sequence[Piece], booked: list[Span]) -> list[Span]:
    """Return the spans in which usage is measured: with a full allowance each contract's, by what it booked last.

    Contract: fluks AGB 5.2, Connectavo AGB II 2.6
    """
    if terms.rules.allowance.value == "prorated" or (len(pieces) == 1 and booked[0].share is WHOLE):
        return booked
    contracts = [list(own) for _, own in groupby(pieces, key=lambda piece: piece[0].contract.starts_on)]
    return [Span(own[-1][1], own[0][0].first, own[-1][0].last, WHOLE) for own in contracts]


def _base(item: str, offer: Package | Addon, booked: Iterable[Span]) -> Iterator[Owed]:
    """Charge the monthly price, or its share; an add-on that the package includes costs nothing.

    Contract: fluks AGB Anlage 3 §1
    """
    for price in offer.prices:
        if isinstance(price, Flat):
            for span in booked:
                agreed = _FREE if span.booked.within else span.booked.agreed
                basis = Basis(0, span.share, agreed)
                for amount in price.amounts(basis):
                    yield Owed(item, offer, price, amount, basis, span.first, span.last, span.booked.within)


def _metered(
    terms: Terms, item: str, offer: Package | Addon, measuring: Sequence[Span], usage: Usage
) -> Iterator[Owed]:
    """Charge what was used on the days on which it was booked, in a month of its own allowance, or in its share.

    Contract: fluks AGB Anlage 3 §2
    """
    for price in offer.prices:
        if isinstance(price, Metered):
            for span in measuring:
                used = measured(terms, usage, price.meters, span.first, span.last)
                basis = Basis(used, span.share)
                for amount in price.amounts(basis):
                    yield Owed(item, offer, price, amount, basis, span.first, span.last)


def _derived(item: str, offer: Package | Addon, booked: Sequence[Span], own: Sequence[Owed]) -> Iterator[Owed]:
    """Charge what is missing to a minimum, credit a percentage of what is charged; neither counts for the other."""
    for price in offer.prices:
        if isinstance(price, Minimum | PercentageCredit):
            for span in booked:
                counted = (each for each in own if _within(booked, each) is span and _counts(price.of, each))
                basis = Basis(sum(each.amount.cents for each in counted), span.share)
                for amount in price.amounts(basis):
                    yield Owed(item, offer, price, amount, basis, span.first, span.last)


def _in_trial(terms: Terms, parts: Sequence[Part], usage: Usage) -> list[Owed]:
    """Charge in a free trial what third parties charge for, and nothing else.

    Contract: cunio AGB 8.4
    """
    owed: list[Owed] = []
    for part in parts:
        if part.is_trial:
            for item, offer in _offers(terms, part):
                for price in offer.prices:
                    if isinstance(price, PassThrough):
                        basis = Basis(measured(terms, usage, price.meters, part.first, part.last))
                        owed += [
                            Owed(item, offer, price, amount, basis, part.first, part.last, in_trial=True)
                            for amount in price.amounts(basis)
                        ]
    return owed


def _offers(terms: Terms, part: Part) -> Iterator[tuple[str, Package | Addon]]:
    yield f"{PACKAGES}.{part.contract.package}", terms.packages[part.contract.package]
    for key, addon in terms.addons.items():
        if key in part.contract.addons:
            yield f"{ADDONS}.{key}", addon


def _package(part: Part) -> Booked:
    contract = part.contract
    return Booked(contract.package, contract.prices.get(f"{PACKAGES}.{contract.package}") if contract.prices else None)


def _addon(terms: Terms, part: Part, key: str) -> Booked:
    """Return an add-on as it is booked in a part.

    Contract: fluks AGB Anlage 3 §3
    """
    contract = part.contract
    within = contract.package if key in terms.packages[contract.package].includes else ""
    return Booked(key, contract.prices.get(f"{ADDONS}.{key}"), within)


def _within(booked: Sequence[Span], owed: Owed) -> Span:
    """Return the span to which an amount belongs; usage may reach beyond the days on which it was booked."""
    return next(span for span in reversed(booked) if span.first <= owed.last)


def _counts(of: str, owed: Owed) -> bool:
    return of == "all" or isinstance(owed.price, Flat) == (of == "base")
