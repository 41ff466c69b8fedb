"""The monthly run: gather → check → rate → issue, one customer one transaction, resumable anywhere.

It bills exactly what was recounted; what is counted afterwards is late, by subtraction. A customer with a problem
is parked and never stops the rest; running again takes up what was mended.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import delete, func, union
from sqlmodel import Session, col, select

from invoicing import billed, booked
from invoicing.billed import Billed
from invoicing.booking import ids_of
from invoicing.check import Case, Problem, examine
from invoicing.gather import cases
from invoicing.invoice import Invoice
from invoicing.issue import Run, draft, is_billed, issue
from invoicing.ledger import Ledger, serialize
from invoicing.records import InvoiceRecord, MonthRecord, ProblemRecord
from invoicing.recounts import Counts
from metering.month import BillingMonth
from metering.usage import Usage

State = Literal["open", "closing", "blocked", "closed"]


class CloseError(ValueError):
    """The month cannot be closed now; the message says from when on."""


@dataclass(frozen=True, slots=True)
class MonthReport:
    """Where a month stands."""

    month: str
    state: State
    customers: int
    invoices: int
    net_cents: int
    vat_cents: int
    gross_cents: int
    problems: tuple[Problem, ...]


def close(ledger: Ledger, run: Run, counts: Counts) -> MonthReport:
    """Bill everyone whose data are sound; park the others; leave the month closed or blocked."""
    refuse_unfinished(run.month, run.today)
    refuse_lost(counts)
    _set_state(ledger, run, "closing")
    problems: list[Problem] = []
    for case in cases(ledger, run, counts):
        if problem := examine(case):
            problems.append(problem)
        else:
            _bill(ledger, run, case, counts.seen)
    return _finish(ledger, run, problems)


def preview(ledger: Ledger, run: Run, counts: Counts) -> tuple[tuple[Invoice, ...], tuple[Problem, ...]]:
    """Return what ``close`` would issue and park now; nothing is drawn or stored."""
    refuse_unfinished(run.month, run.today)
    refuse_lost(counts)
    drafts: list[Invoice] = []
    problems: list[Problem] = []
    for case in cases(ledger, run, counts):
        if problem := examine(case):
            problems.append(problem)
        elif not case.bill.is_free:
            drafts.append(draft(run, case, number="ENTWURF"))
    return tuple(drafts), tuple(problems)


def refuse_unfinished(month: BillingMonth, today: date) -> None:
    """Raise CloseError while the month has days to come."""
    if today <= month.last_day:
        first = month.next().first_day
        raise CloseError(f"{month} has not ended: it can be closed from {first.isoformat()} on")


def refuse_lost(counts: Counts) -> None:
    """Raise CloseError when a billed month is not in the journal: what it was billed would be given back."""
    if counts.lost:
        months = ", ".join(map(str, counts.lost))
        raise CloseError(f"{months} was billed, but the journal has nothing of it: check ZAEHLWERK_JOURNAL_URL")


def _bill(ledger: Ledger, run: Run, case: Case, seen: int) -> None:
    """Issue in one transaction: number, invoice, what it bills, mail; or nothing. What is free needs no invoice.

    A difference from what was billed holds only as long as nobody has billed more since the counters were read, and
    a booking only as long as it was not taken back.
    """
    with ledger.write() as session:
        serialize(session, "invoice numbers")
        if is_billed(session, case.customer, run.month):
            return
        for each in case.earlier:
            month, counters = each.now.month, {reading.customer for reading in each.readings}
            known = billed.newest(session, month, counters)
            if max(entry.row for entry in known.values()) > seen:
                raise CloseError(f"{month} of {case.customer!r} was billed by another close meanwhile: close again")
        if booked.settlement(session, ids_of(each.item for each in case.booked)):
            raise CloseError(f"a booking of {case.customer!r} was billed or taken back meanwhile: close again")
        if case.bill.is_free:
            _settle(session, run, case)
        else:
            issue(session, run, case)


def _settle(session: Session, run: Run, case: Case) -> None:
    """Remember what cost nothing, so that it is told when something comes late.

    Contract: KLUGO AGB 10.2
    """
    known = billed.newest(session, run.month, [each.customer for each in case.readings])
    fresh = [each for each in case.readings if each.days and _is_new(each, known.get(each.customer))]
    billed.record(session, fresh, run.now, None)


def _is_new(reading: Usage, known: Billed | None) -> bool:
    return known is None or known.usage.days != reading.days


def report(session: Session, month: BillingMonth) -> MonthReport:
    """Return where a month stands, with what is parked; what was invoiced at once in the month is part of it."""
    record = session.get(MonthRecord, str(month))
    sums = select(
        func.count(),
        func.coalesce(func.sum(InvoiceRecord.net_cents), 0),
        func.coalesce(func.sum(InvoiceRecord.vat_cents), 0),
        func.coalesce(func.sum(InvoiceRecord.gross_cents), 0),
    ).where(InvoiceRecord.month == str(month))
    invoices, net, vat, gross = session.exec(sums).one()
    query = select(ProblemRecord).where(ProblemRecord.month == str(month))
    problems = tuple(
        Problem(row.customer, row.rule, row.message)
        for row in session.exec(query.order_by(col(ProblemRecord.customer)))
    )
    state: State = record.state if record else "open"  # type: ignore[assignment]  # only this module writes it
    parked = select(ProblemRecord.customer).where(ProblemRecord.month == str(month))
    invoiced = select(InvoiceRecord.customer).where(InvoiceRecord.month == str(month))
    customers = session.exec(select(func.count()).select_from(union(parked, invoiced).subquery())).one()
    return MonthReport(str(month), state, customers, invoices, int(net), int(vat), int(gross), problems)


def _set_state(ledger: Ledger, run: Run, state: State) -> None:
    with ledger.write() as session:
        serialize(session, "billing month")
        session.merge(MonthRecord(month=str(run.month), state=state, changed_at=run.now))


def _finish(ledger: Ledger, run: Run, problems: list[Problem]) -> MonthReport:
    """Replace the list of parked customers and set the month's state, in one transaction; return where it stands."""
    with ledger.write() as session:
        serialize(session, "billing month")
        session.execute(delete(ProblemRecord).where(col(ProblemRecord.month) == str(run.month)))
        for each in problems:
            session.add(
                ProblemRecord(month=str(run.month), customer=each.customer, rule=each.rule, message=each.message)
            )
        state = "blocked" if problems else "closed"
        session.merge(MonthRecord(month=str(run.month), state=state, changed_at=run.now))
        return report(session, run.month)
