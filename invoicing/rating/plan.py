"""The plan of a month: what is booked on which days, what of it costs the same whatever is used, and what is measured.

It is the same for all who booked the same on the same days, so it is made once and remembered: a million customers have
some dozen plans.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

import msgspec

from invoicing.contract.parts import Part
from invoicing.prices import WHOLE, Amount, Basis, Derived, Flat, Metered, MonthlyPrice
from invoicing.rating.span import Booked, Phase, Piece, Span, spans
from invoicing.terms import Addon, Package, Terms
from metering.month import BillingMonth

PACKAGES, ADDONS = "packages", "addons"
_REMEMBERED = 4096
_FREE = Decimal()


class Owed(msgspec.Struct, frozen=True):
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


class Slot(NamedTuple):
    """A package, or an add-on, in a month: its base prices, the prices of what is used, its paid and measured days."""

    item: str
    offer: Package | Addon
    base: tuple[Owed, ...]
    metered: tuple[Metered, ...]
    derived: tuple[Derived, ...]
    booked: tuple[Span, ...]
    measuring: tuple[Span, ...]


def plan(terms: Terms, parts: Sequence[Part]) -> tuple[Slot, ...]:
    """Return what is booked in a month's paid parts: each package, then each add-on, in the order of the price list."""
    if len(parts) == 1 and not parts[0].is_trial:
        return _slots(terms, (_phase(parts[0], parts[0].first),))
    return _slots(terms, tuple([_phase(part, parts[0].first) for part in parts if not part.is_trial]))


def _phase(part: Part, first: date) -> Phase:
    """Return what of a part its plan depends on: which contract it is of tells the day on which that one began."""
    contract = part.contract
    prices = tuple(contract.prices.items()) if contract.prices else ()
    began = max(first, contract.starts_on)
    return Phase(part.first, part.last, contract.package, contract.addons, prices, began)


@lru_cache(_REMEMBERED)
def _slots(terms: Terms, phases: tuple[Phase, ...]) -> tuple[Slot, ...]:
    if not phases:
        return ()
    month = BillingMonth.of(phases[0].first)
    booked, measuring = _days(terms, [(each, _package(each)) for each in phases], month)
    found = []
    for key in dict.fromkeys(span.booked.key for span in booked):
        own = [[span for span in those if span.booked.key == key] for those in (booked, measuring)]
        found.append(_slot(f"{PACKAGES}.{key}", terms.packages[key], *own))
    for key, addon in terms.addons.items():
        if pieces := [(each, _addon(terms, each, key)) for each in phases if key in each.addons]:
            found.append(_slot(f"{ADDONS}.{key}", addon, *_days(terms, pieces, month)))
    return tuple(found)


def _slot(item: str, offer: Package | Addon, booked: Sequence[Span], measuring: Sequence[Span]) -> Slot:
    return Slot(
        item,
        offer,
        tuple(_base(item, offer, booked)),
        tuple(price for price in offer.prices if isinstance(price, Metered)),
        tuple(price for price in offer.prices if isinstance(price, Derived)),
        tuple(booked),
        tuple(measuring),
    )


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


def _days(terms: Terms, pieces: Sequence[Piece], month: BillingMonth) -> tuple[list[Span], list[Span]]:
    """Return the spans in which something is paid, and those in which its usage is measured.

    With a full allowance each contract's usage is measured together, by what it booked last.

    Contract: fluks AGB 5.2, Connectavo AGB II 2.6
    """
    booked = spans(pieces, month, terms.rules.proration.value)
    if terms.rules.allowance.value == "prorated":
        return booked, booked
    contracts = [list(own) for _, own in groupby(pieces, key=lambda piece: piece[0].began)]
    return booked, [Span(own[-1][1], own[0][0].first, own[-1][0].last, WHOLE) for own in contracts]


def _package(phase: Phase) -> Booked:
    return Booked(phase.package, dict(phase.prices).get(f"{PACKAGES}.{phase.package}"))


def _addon(terms: Terms, phase: Phase, key: str) -> Booked:
    """Return an add-on as it is booked.

    Contract: fluks AGB Anlage 3 §3
    """
    within = phase.package if key in terms.packages[phase.package].includes else ""
    return Booked(key, dict(phase.prices).get(f"{ADDONS}.{key}"), within)
