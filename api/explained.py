"""From an amount back: an invoice by its number or a collection's EndToEndId, and the events behind its lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, select

from api.errors import Conflict, FieldError, NotFound
from api.workplace import Workplace
from invoicing import billed
from invoicing.explain import UnknownLineError
from invoicing.invoice import Invoice, Line, from_json
from invoicing.records import InvoiceRecord
from metering.evidence import CountedEvent, Wanted, counted_events
from metering.month import BillingMonth
from sepa.records import CollectionRecord


@dataclass(frozen=True, slots=True)
class Evidence:
    """Some of the events behind a line, in order; ``more`` are still to come."""

    events: tuple[CountedEvent, ...]
    more: bool


def invoice_behind(work: Workplace, what: str) -> Invoice:
    """Return the invoice with this number, or the one that a collection with this EndToEndId collects."""
    with work.ledger.read() as session:
        query = select(CollectionRecord.invoice).where(CollectionRecord.end_to_end_id == what)
        record = session.get(InvoiceRecord, session.exec(query).first() or what)
    if record is None:
        raise NotFound(f"There is no invoice and no collection {what!r}.")
    return from_json(record.document)


def events_behind(
    work: Workplace, invoice: Invoice, position: int, day: date | None, offset: int, limit: int
) -> Evidence:
    """Return events of a line, or of one of its days, after the first ``offset`` ones.

    They are read from the journal as it is now: what came, or was voided, after the invoice stands on a later one. Of
    such a line these are all events of the days that changed.
    """
    line = _line(invoice, position)
    first, last = (line.days[0][0], line.days[-1][0]) if line.days else (line.first, line.last)
    if not line.meters or first is None or last is None:
        raise Conflict(f"Line {position} of {invoice.number} counts no events.")
    if day and not first <= day <= last:
        raise FieldError("day", f"line {position} is for {first} to {last}: choose a day of these")
    month, days = BillingMonth.of(first), (day or first, day or last)
    with work.ledger.read() as session:
        counters = _counters(session, invoice, month)
    wanted = [Wanted(each, month, line.meters, *days) for each in counters]
    found = _read(work, wanted, offset, limit + 1)
    return Evidence(found[:limit], len(found) > limit)


def _line(invoice: Invoice, position: int) -> Line:
    for each in invoice.lines:
        if each.position == position:
            return each
    raise UnknownLineError(f"{invoice.number} has no line {position}: choose 1 to {len(invoice.lines)}")


def _counters(session: Session, invoice: Invoice, month: BillingMonth) -> Sequence[str]:
    """Return whose events the invoice bills: the customer's own, then those of ids that were assigned."""
    found = billed.counters(session, invoice.number, month)
    return sorted(found, key=lambda each: (each != invoice.customer, each))


def _read(work: Workplace, wanted: Sequence[Wanted], offset: int, limit: int) -> tuple[CountedEvent, ...]:
    """Read one counter's events after another's, as if they were one list."""
    found: tuple[CountedEvent, ...] = ()
    for each in wanted:
        found += counted_events(work.journal, work.counter.client, each, offset + limit - len(found))
    return found[offset:]
