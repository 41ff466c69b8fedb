"""The invoice: everything that is printed on it, frozen in one value.

PDF, mail, pain.008 and explanation are made from this value alone; nothing is looked up again.
Amounts are whole cents, unit prices and quantities ``Decimal``. It travels as JSON through ``msgspec``.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, Protocol

import msgspec

from invoicing.bill import Bill
from invoicing.booking import TimesheetRow
from invoicing.money import net_of, percent_of
from invoicing.party import Party
from invoicing.payment import Deadline, Transfer
from invoicing.rating import Charge, Days
from invoicing.statement import UsageStatement, counting_clause, statement


@dataclass(frozen=True, slots=True)
class Line:
    """One line: quantity × unit price, rounded once to whole cents, with the clause that owes it.

    Under gross prices ``unit_price`` and ``gross_cents`` are gross, and ``net_cents`` is what of it is no VAT. The rest
    is as in a charge: ``item`` of the terms, days, meters, units used, and of these free.
    """

    position: int
    kind: str
    text: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    net_cents: int
    vat_rate: Decimal
    clause: str
    included: bool = False
    formula: str = ""
    gross_cents: int | None = None
    item: str = ""
    first: date | None = None
    last: date | None = None
    meters: tuple[str, ...] = ()
    used: int = 0
    allowed: int = 0
    days: Days = ()

    @property
    def cents(self) -> int:
        """The amount as the terms' prices are: net, or gross."""
        return self.net_cents if self.gross_cents is None else self.gross_cents


@dataclass(frozen=True, slots=True)
class VatTotal:
    """The net sum of one VAT rate (percent) and the tax on it, rounded once."""

    rate: Decimal
    net_cents: int
    vat_cents: int


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
    """An issued invoice. ``clauses`` maps cited clauses to their meaning; no ``package``: only bookings are billed."""

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
    timesheet: tuple[TimesheetRow, ...] = ()
    transfer: Transfer | None = None
    dispute_until: Deadline | None = None


class Taxed(Protocol):
    """A line's amounts in cents and its VAT rate in percent; ``gross_cents`` under gross prices only."""

    @property
    def net_cents(self) -> int: ...  # noqa: D102
    @property
    def gross_cents(self) -> int | None: ...  # noqa: D102
    @property
    def vat_rate(self) -> Decimal: ...  # noqa: D102


def compose(
    *,
    number: str,
    customer: str,
    issued_on: date,
    seller: Party,
    buyer: Party,
    bill: Bill,
    payment: DirectDebit | None,
    timesheet: tuple[TimesheetRow, ...] = (),
) -> Invoice:
    """Return the invoice of a bill; raise ValueError when it is for no day.

    Law: § 14 Abs. 4 UStG
    """
    terms, charges = bill.terms, bill.charges
    lines = lines_of(charges, is_gross=terms.rules.prices.value == "gross")
    vat, net_cents, vat_cents, gross_cents = totals(lines)
    return Invoice(
        number=number,
        customer=customer,
        month=str(bill.usage.month),
        issued_on=issued_on,
        period_from=(period := _period(customer, bill))[0],
        period_to=period[1],
        seller=seller,
        buyer=buyer,
        terms=terms.id,
        terms_title=terms.title,
        package=terms.packages[booked[-1].contract.package].label if (booked := bill.parts or bill.ahead) else "",
        lines=lines,
        vat=vat,
        net_cents=net_cents,
        vat_cents=vat_cents,
        gross_cents=gross_cents,
        usage=statement(terms, bill.parts, bill.usage),
        payment=payment,
        clauses=_cited(bill, lines, payment),
        timesheet=timesheet,
    )


def lines_of(charges: Iterable[Charge], *, is_gross: bool) -> tuple[Line, ...]:
    """Return charges as lines. Of gross prices the net is taken so that all lines together are exact.

    Law: § 10 Abs. 1 UStG
    """
    charged = tuple(charges)
    amounts = [(each.cents, each.vat_rate) for each in charged]
    nets = nets_of(amounts) if is_gross else [cents for cents, _ in amounts]
    return tuple(
        Line(
            position=position,
            kind=charge.kind,
            text=charge.text,
            quantity=charge.quantity,
            unit=charge.unit,
            unit_price=charge.unit_price,
            net_cents=net,
            vat_rate=charge.vat_rate,
            clause=charge.clause,
            included=charge.included,
            formula=charge.formula,
            gross_cents=charge.cents if is_gross else None,
            item=charge.item,
            first=charge.first,
            last=charge.last,
            meters=charge.meters,
            used=charge.used,
            allowed=charge.allowed,
            days=charge.days,
        )
        for position, (charge, net) in enumerate(zip(charged, nets, strict=True), start=1)
    )


def nets_of(gross: Iterable[tuple[int, Decimal]]) -> Iterator[int]:
    """Yield what of gross amounts, each with its VAT rate, is no VAT: those of one rate are exact together.

    Law: § 10 Abs. 1 UStG
    """
    before: Counter[Decimal] = Counter()
    for cents, rate in gross:
        yield net_of(before[rate] + cents, rate) - net_of(before[rate], rate)
        before[rate] += cents


def totals(lines: Iterable[Taxed]) -> tuple[tuple[VatTotal, ...], int, int, int]:
    """Return VAT per rate, net, VAT and gross: VAT once per rate, on its net lines or out of its gross ones.

    Contract: fluks AGB 13.2
    """
    nets: Counter[Decimal] = Counter()
    gross: Counter[Decimal] = Counter()
    for line in lines:
        nets[line.vat_rate] += line.net_cents
        if line.gross_cents is not None:
            gross[line.vat_rate] += line.gross_cents
    vat = tuple(
        VatTotal(each, net, gross[each] - net if each in gross else percent_of(net, each))
        for each, net in sorted(nets.items())
    )
    net_cents, vat_cents = sum(each.net_cents for each in vat), sum(each.vat_cents for each in vat)
    return vat, net_cents, vat_cents, net_cents + vat_cents


def to_json(invoice: Invoice) -> bytes:
    """Return the invoice as JSON: the same bytes for the same invoice, also after it was read back."""
    return msgspec.json.encode(invoice)


def from_json(document: bytes | str) -> Invoice:
    """Return the invoice that was written by ``to_json``."""
    return msgspec.json.decode(document, type=Invoice)


def _period(customer: str, bill: Bill) -> tuple[date, date]:
    """Return the service period: from the first to the last day of what is billed; raise ValueError for none."""
    if not bill.parts:
        if days := [each.first for each in bill.booked if each.first]:
            return min(days), max(days)
        if bill.ahead:
            return bill.ahead[0].first, bill.ahead[-1].last
        raise ValueError(f"{customer}: no contract in {bill.usage.month}")
    if any(part.first not in bill.usage.month for part in bill.parts):
        raise ValueError(f"{customer}: contract and usage must be of {bill.usage.month}")
    return bill.parts[0].first, bill.parts[-1].last


def _cited(bill: Bill, lines: Iterable[Line], payment: DirectDebit | None) -> dict[str, str]:
    """Return every clause that the invoice cites, with its meaning in the terms of its month, or another's."""
    terms, rules = bill.terms, bill.terms.rules
    known = (terms, *filter(None, (bill.next_terms, *(each.terms for each in bill.earlier))))
    of_rules = [rules.prices.clause, rules.vat_percent.clause, rules.carry_over.clause, rules.proration.clause]
    citations = [*(line.clause for line in lines), counting_clause(terms), *map(terms.cited, of_rules)]
    if payment:
        citations.append(payment.clause)
    found = {each: [one.meaning(each.rpartition("; ")[2]) for one in known] for each in citations}
    return {each: meaning for each, meanings in found.items() if (meaning := next(filter(None, meanings), ""))}
