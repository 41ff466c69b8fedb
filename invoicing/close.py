"""The monthly run: check → freeze → rate → issue, one customer one transaction, resumable anywhere.

A customer with a problem is parked and never stops the rest; running again takes up what was mended.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from invoicing import history
from invoicing.check import Case, Problem, examine
from invoicing.contract import in_month
from invoicing.invoice import Invoice
from invoicing.issue import Run, draft, is_billed, issue
from invoicing.ledger import Ledger, serialize
from invoicing.records import InvoiceRecord, MonthRecord, ProblemRecord, UsageDecision
from metering.month import BillingMonth
from metering.redis import Client
from metering.usage import customers_with_usage, freeze, merge, read_many

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


def close(ledger: Ledger, counter: Client, run: Run) -> MonthReport:
    """Bill everyone whose data are sound; park the others; leave the month closed or blocked."""
    refuse_unfinished(run.month, run.today)
    _set_state(ledger, run, "closing")
    problems: list[Problem] = []
    for case in cases(ledger, counter, run):
        if problem := examine(case):
            problems.append(problem)
        else:
            _bill(ledger, counter, run, case)
    _finish(ledger, run, problems)
    with ledger.read() as session:
        return report(session, run.month)


def preview(ledger: Ledger, counter: Client, run: Run) -> tuple[tuple[Invoice, ...], tuple[Problem, ...]]:
    """Return what ``close`` would issue and park now; nothing is frozen, drawn or stored."""
    refuse_unfinished(run.month, run.today)
    drafts: list[Invoice] = []
    problems: list[Problem] = []
    for case in cases(ledger, counter, run):
        if problem := examine(case):
            problems.append(problem)
        else:
            drafts.append(draft(run, case, case.usage, number="ENTWURF"))
    return tuple(drafts), tuple(problems)


def refuse_unfinished(month: BillingMonth, today: date) -> None:
    """Raise CloseError while the month has days to come."""
    if today <= month.last_day:
        first = month.next().first_day
        raise CloseError(f"{month} has not ended: it can be closed from {first.isoformat()} on")


def cases(ledger: Ledger, counter: Client, run: Run) -> Iterator[Case]:
    """Gather every customer who has a contract or usage in the month and is neither billed nor set aside."""
    with ledger.read() as session:
        masters = history.customers(session)
        contracts = {
            key: contract
            for key, events in history.contracts(session).items()
            if (contract := in_month(events, run.month))
        }
        query = select(InvoiceRecord.customer).where(InvoiceRecord.month == str(run.month))
        billed = set(session.exec(query))
        decisions = _decisions(session, run.month)
    known = contracts.keys() | customers_with_usage(counter, run.month)
    wanted = sorted(known - billed - decisions.keys())
    usages = read_many(counter, [*wanted, *decisions], run.month)
    for key in wanted:
        extra = tuple(sorted(source for source, target in decisions.items() if target == key))
        contract = contracts.get(key)
        yield Case(
            customer=key,
            master=masters.get(key),
            contract=contract,
            terms=run.terms.get(contract.terms) if contract else None,
            usage=merge(usages[key], *(usages[source] for source in extra)),
            extra=extra,
        )


def _bill(ledger: Ledger, counter: Client, run: Run, case: Case) -> None:
    """Freeze what was counted, then issue in one transaction: number, invoice, mail; or nothing."""
    frozen = merge(*(freeze(counter, key, run.month) for key in (case.customer, *case.extra)))
    with ledger.write() as session:
        serialize(session, "invoice numbers")
        if not is_billed(session, case.customer, run.month):
            issue(session, run, case, frozen)


def report(session: Session, month: BillingMonth) -> MonthReport:
    """Return where a month stands, with what is parked."""
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
    parked = {problem.customer for problem in problems}
    return MonthReport(str(month), state, invoices + len(parked), invoices, int(net), int(vat), int(gross), problems)


def _decisions(session: Session, month: BillingMonth) -> dict[str, str | None]:
    query = select(UsageDecision).where(UsageDecision.month == str(month))
    return {row.customer: row.assigned_to for row in session.exec(query)}


def _set_state(ledger: Ledger, run: Run, state: State) -> None:
    with ledger.write() as session:
        serialize(session, "billing month")
        session.merge(MonthRecord(month=str(run.month), state=state, changed_at=run.now))


def _finish(ledger: Ledger, run: Run, problems: list[Problem]) -> None:
    """Replace the list of parked customers and set the month's state, in one transaction."""
    with ledger.write() as session:
        serialize(session, "billing month")
        session.execute(delete(ProblemRecord).where(col(ProblemRecord.month) == str(run.month)))
        for each in problems:
            session.add(
                ProblemRecord(month=str(run.month), customer=each.customer, rule=each.rule, message=each.message)
            )
        state = "blocked" if problems else "closed"
        session.merge(MonthRecord(month=str(run.month), state=state, changed_at=run.now))
