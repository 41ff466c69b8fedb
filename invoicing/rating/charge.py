"""Charges: what is owed, in words. The invoice gives each a position."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from invoicing.contract.parts import Part
from invoicing.money import german_date, german_number
from invoicing.prices import Flat, Metered, Words
from invoicing.rating.plan import Owed
from invoicing.rating.reckon import reckon
from invoicing.terms import Addon, Package, Terms
from metering.usage import Usage

Days = tuple[tuple[date, Mapping[str, int]], ...]


@dataclass(frozen=True, slots=True)
class Charge:
    """Quantity × unit price, rounded once; ``formula`` shows the reckoning in German.

    ``cents`` and ``unit_price`` are net or gross as the prices of the terms are. ``item`` says what of the terms it is
    for, ``first`` and ``last`` the days, ``meters`` what was measured, ``used`` how much (of work: the minutes that are
    charged), ``allowed`` what is free, ``gross`` which kind of prices it is. ``days``: what each day counts of an
    earlier month.
    """

    kind: str
    text: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    cents: int
    vat_rate: Decimal
    clause: str
    included: bool = False
    formula: str = ""
    item: str = ""
    first: date | None = None
    last: date | None = None
    meters: tuple[str, ...] = ()
    used: int = 0
    allowed: int = 0
    gross: bool = False
    days: Days = ()


def rate(terms: Terms, parts: Sequence[Part], usage: Usage) -> tuple[Charge, ...]:
    """Return what a month costs, in words.

    Contract: fluks AGB 13.1
    """
    return tuple(charge(terms, each) for each in reckon(terms, parts, usage))


def charge(terms: Terms, owed: Owed, month: str = "") -> Charge:
    """Say one amount in words, with its clause; ``month`` names it where an invoice holds several."""
    price, amount, offer = owed.price, owed.amount, owed.offer
    meters: tuple[str, ...] = getattr(price, "meters", ())
    words = Words(terms.unit(meters), terms.units(meters)) if meters else Words()
    wording = price.wording(amount, owed.basis, words)
    gift = f"Im Paket {terms.packages[owed.within].label} enthalten: " if owed.within else ""
    return Charge(
        kind="addon" if isinstance(offer, Addon) and isinstance(price, Flat) else price.kind,
        text=_text(terms, owed, wording.text, month),
        quantity=amount.quantity,
        unit=wording.unit,
        unit_price=amount.unit_price,
        cents=amount.cents,
        vat_rate=terms.rules.vat_percent.value,
        clause=terms.cited(_clause(terms, owed)),
        included=bool(owed.within),
        formula=gift + wording.formula,
        item=owed.item,
        first=owed.first,
        last=owed.last,
        meters=meters,
        used=owed.basis.used if isinstance(price, Metered) else 0,
        allowed=amount.included,
        gross=terms.rules.prices.value == "gross",
    )


def _clause(terms: Terms, owed: Owed) -> str:
    """Return the clause that owes it; for what the package includes, the one that says so."""
    return (terms.packages[owed.within].includes_clause if owed.within else None) or owed.price.clause


def _text(terms: Terms, owed: Owed, what: str, month: str) -> str:
    offer = owed.offer
    days = f", {month}" if month else ""
    if owed.in_trial or not owed.basis.share.is_whole:
        trial = ", kostenlose Testphase" if owed.in_trial else ""
        days = f"{trial}, {german_date(owed.first)} – {german_date(owed.last)}"
    if isinstance(offer, Package):
        return f"Paket {offer.label}, {what}{_inclusive(terms, owed, offer)}{days}"
    gift = " (im Paket enthalten)" if owed.within else ""
    more = "" if isinstance(owed.price, Flat) else f", {what}"
    return f"Zusatzmodul {offer.label}{more}{gift}{days}"


def _inclusive(terms: Terms, owed: Owed, package: Package) -> str:
    """Say what the base price includes: ``inklusive 10.000 Auslöser/Aktionen``."""
    allowance = package.allowance
    if not isinstance(owed.price, Flat) or allowance is None or not allowance.included:
        return ""
    units = (
        allowance.included if terms.rules.allowance.value == "full" else owed.basis.share.of_units(allowance.included)
    )
    return f" inklusive {german_number(units)} {terms.units(allowance.meters)}"
