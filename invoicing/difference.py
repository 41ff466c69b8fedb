"""What an earlier month costs now, less what was billed of it: events that came late, or were voided. Pure.

The difference of two reckonings of one month under one contract, each rounded as a bill is: however often something
changes afterwards, what was billed adds up to what a single bill of everything would have said.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from invoicing.contract.parts import Part
from invoicing.money import euro, german_amount, german_month, german_number, to_cents
from invoicing.rating import Charge, Days, allowed, days_of, rate, readings, units_of
from invoicing.terms import Terms
from metering.recount import Difference
from metering.usage import Usage, merge


@dataclass(frozen=True, slots=True)
class Earlier:
    """A customer's earlier month: the invoice that billed it, what was billed so far, what its counters say now.

    ``terms`` and ``parts`` are those it was billed under, None and empty when they are not known any more; ``invoice``
    is empty when nobody was billed. ``differences`` are those between the counters and the journal.
    """

    invoice: str
    terms: Terms | None
    parts: Sequence[Part]
    billed: Usage
    readings: tuple[Usage, ...]
    differences: tuple[Difference, ...] = ()

    @property
    def now(self) -> Usage:
        """What is counted now: all its counters together."""
        return merge(Usage(self.billed.customer, self.billed.month), *self.readings)

    @property
    def is_known(self) -> bool:
        """Tell whether the month can be rated again."""
        terms = self.terms
        return bool(terms and self.parts and all(part.contract.package in terms.packages for part in self.parts))

    @property
    def charges(self) -> tuple[Charge, ...]:
        """What is owed, or owed back, for what changed."""
        if self.terms is None or not self.is_known:
            return ()
        return difference(self.terms, self.parts, self.billed, self.now, self.invoice)


class _Of(NamedTuple):
    """What charges of two reckonings must share to be compared."""

    kind: str
    item: str
    clause: str
    vat_rate: Decimal
    meters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Reckoning:
    """What some usage costs: the charges for one thing, and how many units were measured for it."""

    units: int
    included: int
    charges: Sequence[Charge]

    @property
    def cents(self) -> int:
        return sum(each.cents for each in self.charges)

    @property
    def formula(self) -> str:
        if self.charges:
            return " + ".join(each.formula for each in self.charges)
        if not self.units:
            return "nichts = 0,00 €"
        enthalten = f", {german_number(self.included)} enthalten" if self.included else ""
        return f"{german_number(self.units)} genutzt{enthalten} = 0,00 €"


def difference(terms: Terms, parts: Sequence[Part], billed: Usage, now: Usage, invoice: str) -> tuple[Charge, ...]:
    """Return one charge for each thing whose amount is another now; nothing while the allowance still covers it.

    Contract: fluks AGB Anlage 3 fn 1
    """
    rated = [_grouped(rate(terms, parts, usage)) for usage in (billed, now)]
    late: list[Charge] = []
    for of in rated[1] | rated[0]:
        before, after = (
            _Reckoning(*_used(terms, parts, usage, of), charges.get(of, ()))
            for usage, charges in zip((billed, now), rated, strict=True)
        )
        if before.cents != after.cents:
            text = _text(terms, of, before, after, f"{german_month(now.month)} zu {invoice}")
            days = tuple(_changed(terms, parts, billed, now, of))
            late.append(_charge(of, text, days, before, after))
    return tuple(late)


def _changed(
    terms: Terms, parts: Sequence[Part], billed: Usage, now: Usage, of: _Of
) -> Iterator[tuple[date, Mapping[str, int]]]:
    """Yield each day that says something else now, and what its meters say more, or less."""
    before, after = (readings(terms, usage, of.meters) for usage in (billed, now))
    spans = [days for usage in (billed, now) for days in days_of(terms, parts, usage, of.item)]
    for day in sorted(before.keys() | after.keys()):
        more = {key: after.get(day, {}).get(key, 0) - before.get(day, {}).get(key, 0) for key in of.meters}
        if any(more.values()) and any(first <= day <= last for first, last in spans):
            yield day, more


def _charge(of: _Of, text: str, days: Days, before: _Reckoning, after: _Reckoning) -> Charge:
    """Charge the difference as units × their price, or as one amount where that would not give it to the cent."""
    both = (*after.charges, *before.charges)
    cents = after.cents - before.cents
    quantity = sum((each.quantity for each in after.charges), Decimal())
    quantity -= sum((each.quantity for each in before.charges), Decimal())
    unit, price = both[0].unit, both[0].unit_price
    if any(each.unit_price != price for each in both) or to_cents(quantity * price) != cents:
        quantity, unit, price = Decimal(1), "Differenz", euro(cents)
    sums = f"{german_amount(after.cents)} € − {german_amount(before.cents)} € = {german_amount(cents)} €"
    return Charge(
        kind="late",
        text=text,
        quantity=quantity,
        unit=unit,
        unit_price=price,
        cents=cents,
        vat_rate=of.vat_rate,
        clause=of.clause,
        formula=f"neu: {after.formula}; berechnet: {before.formula}; {sums}",
        item=of.item,
        meters=of.meters,
        used=after.units - before.units,
        gross=both[0].gross,
        days=days,
    )


def _text(terms: Terms, of: _Of, before: _Reckoning, after: _Reckoning, which: str) -> str:
    units = after.units - before.units
    if not units:
        return f"Nachberechnung {which}: {(*after.charges, *before.charges)[0].text}"
    named = terms.unit(of.meters) if abs(units) == 1 else terms.units(of.meters)
    what = "nachträglich gezählt" if units > 0 else "storniert"
    return f"Nachberechnung {which}: {german_number(abs(units))} {named} {what}"


def _used(terms: Terms, parts: Sequence[Part], usage: Usage, of: _Of) -> tuple[int, int]:
    """Return how many units a month has of something, and how many of them an allowance includes."""
    if drawn := [each for each in allowed(terms, parts, usage) if (each.item, each.meters) == (of.item, of.meters)]:
        return sum(each.used for each in drawn), sum(each.included for each in drawn)
    return units_of(terms, parts, usage, of.item, of.meters) if of.meters else 0, 0


def _grouped(charges: Sequence[Charge]) -> dict[_Of, tuple[Charge, ...]]:
    grouped: dict[_Of, tuple[Charge, ...]] = defaultdict(tuple)
    for each in charges:
        grouped[_Of(each.kind, each.item, each.clause, each.vat_rate, each.meters)] += (each,)
    return grouped
