"""What a customer's month is billed. Pure.

That is what it costs itself, the next month's base prices where they fall due in advance, what was booked, and what
earlier months still owe.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import NamedTuple, Protocol

from invoicing.contract.event import Contract
from invoicing.contract.parts import Part
from invoicing.difference import Earlier
from invoicing.money import euro, german_month
from invoicing.prices import Flat, cents_text
from invoicing.rating import PACKAGES, Charge, Owed, base, charge, reckon
from invoicing.terms import Terms
from metering.month import BillingMonth
from metering.usage import Usage


class Advance(NamedTuple):
    """What was billed in advance of one item of a month: cents as the line's prices are, and the line's words."""

    cents: int
    text: str
    clause: str
    vat_rate: Decimal
    gross: bool


@dataclass(frozen=True, slots=True)
class Bill:
    """What a month's invoice is reckoned from.

    ``parts`` and ``next_parts`` are those of the month and of the next one, ``next_terms`` those of the next one;
    ``in_advance`` is what of the month's base prices was billed before, by item; ``booked`` are charges for work,
    expenses, orders and credits. Without ``parts`` a contract that starts next month, or what was booked, is billed.
    """

    terms: Terms
    parts: Sequence[Part]
    usage: Usage
    next_terms: Terms | None = None
    next_parts: Sequence[Part] = ()
    in_advance: Mapping[str, Advance] = field(default_factory=dict)
    booked: tuple[Charge, ...] = ()
    earlier: tuple[Earlier, ...] = ()

    @property
    def charges(self) -> tuple[Charge, ...]:
        """Every charge, in the order in which they are printed."""
        late = chain.from_iterable(each.charges for each in self.earlier)
        return (*self._month(), *self._next_month(), *self.booked, *late)

    @property
    def is_free(self) -> bool:
        """Tell whether there is nothing to pay or to give back: such a month has no invoice.

        Contract: KLUGO AGB 10.2
        """
        return not any(each.cents for each in self.charges)

    @property
    def ahead(self) -> Sequence[Part]:
        """The next month's parts, where its base prices fall due in advance: by its own terms, as it is agreed now.

        Contract: Cloudeteer AGB 6(1)
        """
        parts, terms = self.next_parts, self.next_terms
        return parts if terms and parts and is_prepaid(terms, parts[0].contract) else ()

    def _month(self) -> Iterator[Charge]:
        owed = reckon(self.terms, self.parts, self.usage)
        month = self.usage.month
        if not self.in_advance:
            named = german_month(month) if self.ahead or self._is_prepaid else ""
            yield from (charge(self.terms, each, named if isinstance(each.price, Flat) else "") for each in owed)
            return
        fixed = [each for each in owed if isinstance(each.price, Flat)]
        yield from _adjusted(self.terms, fixed, self.in_advance, month)
        yield from (charge(self.terms, each) for each in owed if not isinstance(each.price, Flat))

    def _next_month(self) -> Iterator[Charge]:
        """Charge the next month's base prices, as it is agreed now.

        Contract: Cloudeteer AGB 6(1)
        """
        if self.ahead and self.next_terms:
            month = german_month(self.usage.month.next())
            yield from (charge(self.next_terms, each, month) for each in base(self.next_terms, self.ahead))

    @property
    def _is_prepaid(self) -> bool:
        return bool(self.parts) and is_prepaid(self.terms, self.parts[-1].contract)


def is_prepaid(terms: Terms, contract: Contract) -> bool:
    """Tell whether base prices fall due in advance: by the terms, or because prepayment was asked for.

    Contract: Connectavo AGB I 2.4
    """
    return terms.rules.billing.value == "advance" or contract.prepaid


class Billed(Protocol):
    """A line of an issued invoice: what of the terms it is for, its first day, its cents as the terms' prices are."""

    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def item(self) -> str: ...  # noqa: D102
    @property
    def first(self) -> date | None: ...  # noqa: D102
    @property
    def cents(self) -> int: ...  # noqa: D102
    @property
    def text(self) -> str: ...  # noqa: D102
    @property
    def clause(self) -> str: ...  # noqa: D102
    @property
    def vat_rate(self) -> Decimal: ...  # noqa: D102
    @property
    def gross_cents(self) -> int | None: ...  # noqa: D102


def billed_in_advance(lines: Iterable[Billed], month: BillingMonth) -> dict[str, Advance]:
    """Return what of a month's base prices some lines bill, by item."""
    found: dict[str, Advance] = {}
    for each in lines:
        if each.kind in {"base", "addon", "adjustment"} and each.first and each.first in month:
            before = found[each.item].cents if each.item in found else 0
            gross = each.gross_cents is not None
            found[each.item] = Advance(before + each.cents, each.text, each.clause, each.vat_rate, gross)
    return found


def _adjusted(
    terms: Terms, owed: Sequence[Owed], billed: Mapping[str, Advance], month: BillingMonth
) -> Iterator[Charge]:
    """Charge what was not billed in advance, and the difference where another amount was; give back what is gone."""
    now: dict[str, list[Owed]] = {}
    for each in owed:
        now.setdefault(each.item, []).append(each)
    for item, those in now.items():
        before, cents = billed.get(item), sum(each.amount.cents for each in those)
        if before is None or not _is_alike(terms, before):
            yield from (charge(terms, each, german_month(month)) for each in those)
        elif cents != before.cents:
            yield _adjustment(terms, item, (cents, before.cents), month)
    for item, before in billed.items():
        if before.cents and not (item in now and _is_alike(terms, before)):
            yield _given_back(terms, item, before, month)


def _is_alike(terms: Terms, billed: Advance) -> bool:
    """Tell whether what was billed has the tax and the kind of prices of these terms: then amounts can be compared."""
    return (billed.vat_rate, billed.gross) == (terms.rules.vat_percent.value, terms.rules.prices.value == "gross")


def _given_back(terms: Terms, item: str, billed: Advance, month: BillingMonth) -> Charge:
    """Give back all that was billed in advance for what is not there any more, or is under other terms by now."""
    table, _, key = item.partition(".")
    if _is_alike(terms, billed) and key in (terms.packages if table == PACKAGES else terms.addons):
        return _adjustment(terms, item, (0, billed.cents), month)
    return Charge(
        kind="adjustment",
        text=f"Berichtigung: {billed.text}",
        quantity=Decimal(1),
        unit="Differenz",
        unit_price=euro(-billed.cents),
        cents=-billed.cents,
        vat_rate=billed.vat_rate,
        clause=billed.clause,
        gross=billed.gross,
        formula=f"zu berechnen 0,00 € − im Voraus berechnet {cents_text(billed.cents)} = {cents_text(-billed.cents)}",
        item=item,
        first=month.first_day,
        last=month.last_day,
    )


def _adjustment(terms: Terms, item: str, cents: tuple[int, int], month: BillingMonth) -> Charge:
    """Charge, or give back, what the month's base price differs from what was billed of it."""
    table, _, key = item.partition(".")
    offer = (terms.packages if table == PACKAGES else terms.addons)[key]
    now, before = cents
    what = f"{terms.label(item)}, Grundpreis" if table == PACKAGES else terms.label(item)
    flat = next(price for price in offer.prices if isinstance(price, Flat))
    return Charge(
        kind="adjustment",
        text=f"{what}, Berichtigung {german_month(month)}",
        quantity=Decimal(1),
        unit="Differenz",
        unit_price=euro(now - before),
        cents=now - before,
        vat_rate=terms.rules.vat_percent.value,
        clause=terms.cited(flat.clause),
        gross=terms.rules.prices.value == "gross",
        formula=(
            f"zu berechnen {cents_text(now)} − im Voraus berechnet {cents_text(before)} = {cents_text(now - before)}"
        ),
        item=item,
        first=month.first_day,
        last=month.last_day,
    )
