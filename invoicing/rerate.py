"""An issued invoice rated again: from what was recorded when it was issued, and from the counts that it billed.

What was recorded later, though it may hold from an earlier day on, is not looked at: so every cent must come out again.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby, zip_longest

import msgspec
from sqlmodel import Session, col, select

from invoicing import billed, history
from invoicing.bill import Advance, Bill, billed_in_advance, is_prepaid
from invoicing.booked import booking_of
from invoicing.booking import charge
from invoicing.contract import ContractEvent, in_month, known_by, parts_of
from invoicing.difference import Earlier
from invoicing.gather import billed_under
from invoicing.invoice import Invoice, Line, from_json, lines_of, totals
from invoicing.money import german_amount
from invoicing.rating import Charge
from invoicing.records import MONTHLY, BilledBooking, BilledUsage, BookingRecord, InvoiceRecord
from invoicing.terms import Terms
from metering.month import BillingMonth
from metering.usage import Usage, merge

_SHARED = ("number", "customer", "month", "issued_on", "net_cents", "vat_cents", "gross_cents")


def rerated(session: Session, known: Mapping[str, Terms], record: InvoiceRecord) -> Iterator[str]:
    """Yield how an invoice differs from what its history gives now, in German; nothing when every line is the same."""
    if hashlib.sha256(record.document.encode()).hexdigest() != record.sha256:
        yield "Das Dokument ist nicht das ausgestellte: Die Prüfsumme ist eine andere."
    try:
        invoice = from_json(record.document)
    except msgspec.MsgspecError:
        yield "Das Dokument ist nicht lesbar."
        return
    yield from _differing(session, known, record, invoice)


def _differing(session: Session, known: Mapping[str, Terms], record: InvoiceRecord, invoice: Invoice) -> Iterator[str]:
    if other := [name for name in _SHARED if getattr(record, name) != getattr(invoice, name)]:
        yield f"Im Verzeichnis der Rechnungen steht anderes als im Dokument: {', '.join(other)}."
    if (terms := known.get(invoice.terms)) is None:
        yield f"Die Bedingungen {invoice.terms} liegen nicht vor."
        return
    master = history.customer(session, record.customer, record.issued_at)
    if master is None or history.party(master) != invoice.buyer:
        yield "Die Kundendaten waren bei der Ausstellung andere."
    bill = _bill(session, known, terms, record)
    if lost := {part.contract.package for part in bill.parts} - terms.packages.keys():
        yield f"Das Paket {', '.join(sorted(lost))} steht nicht in {terms.id}."
        return
    lines = lines_of(bill.charges, is_gross=terms.rules.prices.value == "gross")
    for place, (printed, again) in enumerate(zip_longest(invoice.lines, lines), start=1):
        if _weight(printed) != _weight(again):
            yield f"Position {place}: berechnet {_said(printed)}, nachberechnet {_said(again)}."
    if totals(lines) != (invoice.vat, invoice.net_cents, invoice.vat_cents, invoice.gross_cents):
        yield f"Die Summen der nachberechneten Positionen sind andere als die der Rechnung {_sum(invoice)}."


def _bill(session: Session, known: Mapping[str, Terms], terms: Terms, record: InvoiceRecord) -> Bill:
    """Return what an invoice is reckoned from, as it was recorded when it was issued."""
    month, key = BillingMonth.parse(record.month), record.customer
    booked = tuple(_booked(session, known, record.number))
    if record.occasion != MONTHLY:
        return Bill(terms, (), Usage(key, month), booked=booked)
    events = known_by(history.contract(session, key), record.issued_at)
    rows = _rows(session, record.number)
    own = [billed.usage_of(row.customer, month, row.counts) for row in rows if row.month == record.month]
    ahead = None if _is_invoiced(session, record, month.next()) else in_month(events, month.next())
    next_terms = known.get(ahead.terms) if ahead else None
    return Bill(
        terms=terms,
        parts=parts_of(events, month, terms.rules.proration.value),
        usage=merge(Usage(key, month), *own),
        next_terms=next_terms,
        next_parts=parts_of(events, month.next(), next_terms.rules.proration.value) if next_terms else (),
        in_advance=_in_advance(session, known, events, record),
        booked=booked,
        earlier=tuple(_earlier(session, known, events, key, [row for row in rows if row.month != record.month])),
    )


def _booked(session: Session, known: Mapping[str, Terms], number: str) -> Iterator[Charge]:
    query = select(BookingRecord).join(BilledBooking, col(BilledBooking.booking) == col(BookingRecord.id))
    wanted = query.where(BilledBooking.invoice == number)
    for row in session.exec(wanted.order_by(col(BookingRecord.day), col(BookingRecord.id))):
        yield charge(booking_of(row), known[row.terms])


def _rows(session: Session, number: str) -> Sequence[BilledUsage]:
    query = select(BilledUsage).where(BilledUsage.invoice == number)
    return session.exec(query.order_by(col(BilledUsage.month), col(BilledUsage.id))).all()


def _in_advance(
    session: Session, known: Mapping[str, Terms], events: Sequence[ContractEvent], record: InvoiceRecord
) -> Mapping[str, Advance]:
    """Return what the last month's invoice billed of this month's base prices, if it was issued by then."""
    month = BillingMonth.parse(record.month)
    agreed = [contract for each in (month.previous(), month) if (contract := in_month(events, each))]
    if not any(each.terms in known and is_prepaid(known[each.terms], each) for each in agreed):
        return {}
    document = _document(session, record, month.previous())
    return billed_in_advance(from_json(document).lines, month) if document else {}


def _is_invoiced(session: Session, record: InvoiceRecord, month: BillingMonth) -> bool:
    """Tell whether a month of the same customer was invoiced before."""
    return _document(session, record, month) is not None


def _document(session: Session, record: InvoiceRecord, month: BillingMonth) -> str | None:
    """Return the invoice of another month of the same customer, if it was issued by then."""
    query = select(InvoiceRecord.document).where(
        InvoiceRecord.customer == record.customer,
        InvoiceRecord.month == str(month),
        InvoiceRecord.occasion == MONTHLY,
        InvoiceRecord.issued_at <= record.issued_at,
    )
    return session.exec(query).first()


def _earlier(
    session: Session,
    known: Mapping[str, Terms],
    events: Sequence[ContractEvent],
    key: str,
    rows: Sequence[BilledUsage],
) -> Iterator[Earlier]:
    """Yield the earlier months whose differences an invoice bills: what had been billed before, and what it bills."""
    for name, those in groupby(rows, key=lambda row: row.month):
        month, now = BillingMonth.parse(name), list(those)
        invoice, terms, parts = billed_under(session, known, events, key, month)
        was = [_before(session, row, month) for row in now]
        readings = tuple(billed.usage_of(row.customer, month, row.counts) for row in now)
        yield Earlier(invoice, terms, parts, merge(Usage(key, month), *was), readings)


def _before(session: Session, row: BilledUsage, month: BillingMonth) -> Usage:
    """Return what had been billed of a counter's month before a row."""
    query = select(BilledUsage).where(
        BilledUsage.customer == row.customer, BilledUsage.month == row.month, col(BilledUsage.id) < row.id
    )
    found = session.exec(query.order_by(col(BilledUsage.id).desc()).limit(1)).first()
    return billed.usage_of(row.customer, month, found.counts) if found else Usage(row.customer, month)


def _weight(line: Line | None) -> object:
    """Return what of a line decides about money; its words may have become better since."""
    return line and replace(line, kind="", text="", unit="", formula="")


def _said(line: Line | None) -> str:
    return f"„{line.text}“ mit {german_amount(line.cents)} €" if line else "nichts"


def _sum(invoice: Invoice) -> str:
    return f"({german_amount(invoice.gross_cents)} €)"
