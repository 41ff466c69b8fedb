"""The invoice: everything that is printed on it, frozen in one value.

PDF, mail, pain.008 and explanation are made from this value alone; nothing is looked up again.
Amounts are whole cents, unit prices and quantities ``Decimal``. It travels as JSON through ``msgspec``.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import Literal, Protocol

import msgspec

from invoicing.contract import Contract, service_period
from invoicing.difference import Earlier
from invoicing.money import percent_of
from invoicing.rating import Charge, above_allowance, counted, rate
from invoicing.terms import Terms
from metering.month import BillingMonth
from metering.usage import Usage


@dataclass(frozen=True, slots=True)
class Party:
    """Name and address as they were on the day of issue (§ 14 Abs. 4 Nr. 1, 2 UStG)."""

    name: str
    street: str
    postcode: str
    city: str
    country: str
    email: str = ""
    phone: str = ""
    vat_id: str = ""
    buyer_reference: str = ""
    register: str = ""
    directors: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: quantity × unit price, rounded once to whole cents, with the clause that owes it."""

    position: int
    kind: Literal["base", "overage", "addon", "late"]
    text: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    net_cents: int
    vat_rate: Decimal
    clause: str
    included: bool = False
    formula: str = ""


@dataclass(frozen=True, slots=True)
class VatTotal:
    """The net sum of one VAT rate (percent) and the tax on it, rounded once."""

    rate: Decimal
    net_cents: int
    vat_cents: int


@dataclass(frozen=True, slots=True)
class UsageStatement:
    """The month's counted units: used, included, above the allowance; by day and meter."""

    used: int
    included: int
    overage: int
    days: tuple[tuple[date, Mapping[str, int]], ...]
    clause: str


@dataclass(frozen=True, slots=True)
class DirectDebit:
    """The announced debit as printed: date, mandate, creditor identifier, masked account, agreed days."""

    due_on: date
    mandate_reference: str
    creditor_id: str
    masked_iban: str
    scheme: Literal["CORE", "B2B"]
    notice_days: int
    account_holder: str
    clause: str


@dataclass(frozen=True, slots=True)
class Invoice:
    """An issued invoice. ``clauses`` maps each cited clause to its meaning in one German sentence."""

    number: str
    customer: str
    month: str
    issued_on: date
    period_from: date
    period_to: date
    seller: Party
    buyer: Party
    terms: str
    terms_title: str
    package: str
    lines: tuple[Line, ...]
    vat: tuple[VatTotal, ...]
    net_cents: int
    vat_cents: int
    gross_cents: int
    usage: UsageStatement
    payment: DirectDebit | None
    clauses: Mapping[str, str]


class Taxed(Protocol):
    """A net amount in cents and its VAT rate in percent: a charge, or a line."""

    @property
    def net_cents(self) -> int: ...  # noqa: D102
    @property
    def vat_rate(self) -> Decimal: ...  # noqa: D102


def compose(
    *,
    number: str,
    customer: str,
    month: BillingMonth,
    issued_on: date,
    seller: Party,
    buyer: Party,
    terms: Terms,
    contract: Contract,
    usage: Usage,
    payment: DirectDebit | None,
    earlier: Sequence[Earlier] = (),
) -> Invoice:
    """Return the invoice of a month and of what earlier ones owe; raise ValueError without an active contract.

    Law: § 14 Abs. 4 UStG
    """
    lines, (vat, net_cents, vat_cents, gross_cents) = _reckoned(terms, contract, usage, earlier)
    return Invoice(
        number=number,
        customer=customer,
        month=str(month),
        issued_on=issued_on,
        period_from=(period := _period(contract, usage, month))[0],
        period_to=period[1],
        seller=seller,
        buyer=buyer,
        terms=terms.id,
        terms_title=terms.title,
        package=terms.packages[contract.package].label,
        lines=lines,
        vat=vat,
        net_cents=net_cents,
        vat_cents=vat_cents,
        gross_cents=gross_cents,
        usage=statement(terms, contract, usage),
        payment=payment,
        clauses=_cited((terms, *_terms(earlier)), lines, payment),
    )


def totals(lines: Iterable[Taxed]) -> tuple[tuple[VatTotal, ...], int, int, int]:
    """Return VAT per rate, net, VAT and gross: VAT once per rate on the sum of its net lines.

    Contract: fluks AGB 13.2
    """
    nets: Counter[Decimal] = Counter()
    for line in lines:
        nets[line.vat_rate] += line.net_cents
    vat = tuple(VatTotal(each, net, percent_of(net, each)) for each, net in sorted(nets.items()))
    net_cents, vat_cents = sum(each.net_cents for each in vat), sum(each.vat_cents for each in vat)
    return vat, net_cents, vat_cents, net_cents + vat_cents


def statement(terms: Terms, contract: Contract, usage: Usage) -> UsageStatement:
    """Return what was counted against the allowance, day by day.

    Contract: fluks AGB 1.2
    """
    used, included = counted(terms, usage), terms.packages[contract.package].included
    meters = terms.counting
    return UsageStatement(
        used=used,
        included=included,
        overage=above_allowance(used, included),
        days=tuple(
            (day.day, {meter: day.counts.get(meter, 0) for meter in meters})
            for day in usage.days
            if any(day.counts.get(meter) for meter in meters)
        ),
        clause=_counting_clause(terms),
    )


def to_json(invoice: Invoice) -> bytes:
    """Return the invoice as JSON: the same bytes for the same invoice, also after it was read back."""
    return msgspec.json.encode(invoice)


def from_json(document: bytes | str) -> Invoice:
    """Return the invoice that was written by ``to_json``."""
    return msgspec.json.decode(document, type=Invoice)


def _reckoned(
    terms: Terms, contract: Contract, usage: Usage, earlier: Iterable[Earlier]
) -> tuple[tuple[Line, ...], tuple[tuple[VatTotal, ...], int, int, int]]:
    """Return the month's own lines and then those of earlier months, and their totals."""
    lines = _lines(chain(rate(terms, contract, usage), *(each.charges for each in earlier)))
    return lines, totals(lines)


def _lines(charges: Iterable[Charge]) -> tuple[Line, ...]:
    return tuple(
        Line(
            position=position,
            kind=charge.kind,
            text=charge.text,
            quantity=charge.quantity,
            unit=charge.unit,
            unit_price=charge.unit_price,
            net_cents=charge.net_cents,
            vat_rate=charge.vat_rate,
            clause=charge.clause,
            included=charge.included,
            formula=charge.formula,
        )
        for position, charge in enumerate(charges, start=1)
    )


def _period(contract: Contract, usage: Usage, month: BillingMonth) -> tuple[date, date]:
    """Return the service period; raise ValueError when contract or usage are not of this month."""
    if usage.month != month or (period := service_period(contract, month)) is None:
        raise ValueError(f"{usage.customer}: contract and usage must be of {month}")
    return period


def _terms(earlier: Iterable[Earlier]) -> Iterator[Terms]:
    return (each.terms for each in earlier if each.terms)


def _counting_clause(terms: Terms) -> str:
    return terms.cited(terms.meters[terms.counting[0]].clause)


def _cited(known: Sequence[Terms], lines: Iterable[Line], payment: DirectDebit | None) -> dict[str, str]:
    """Return every clause that the invoice cites, with its meaning in the invoice's own terms or an earlier month's."""
    terms, rules = known[0], known[0].rules
    of_rules = [rules.prices.clause, rules.vat_percent.clause, rules.carry_over.clause, rules.proration.clause]
    citations = [*(line.clause for line in lines), _counting_clause(terms), *map(terms.cited, of_rules)]
    if payment:
        citations.append(payment.clause)
    found = ((citation, next(filter(None, (each.meaning(citation) for each in known)), "")) for citation in citations)
    return {citation: meaning for citation, meaning in found if meaning}
