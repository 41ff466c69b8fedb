"""The month's work: close, decide about unknown usage, announce, collect. CLI, API and demo share it."""

from dataclasses import dataclass, replace
from datetime import timedelta

from sqlmodel import Session, col, select

from api.audit import note
from api.errors import Conflict, NotFound
from api.forms import DecisionForm
from api.workplace import Workplace
from invoicing import billed, history
from invoicing.archive import archive, write_whole
from invoicing.check import Problem
from invoicing.close import CloseError, MonthReport, close, preview, refuse_unfinished
from invoicing.close import report as month_report
from invoicing.contract import in_month
from invoicing.document.slip_pdf import render_slip
from invoicing.invoice import Invoice, from_json
from invoicing.issue import Run
from invoicing.payment import BankAccount
from invoicing.preview import MonthDifference, differences
from invoicing.rating import gauges_of
from invoicing.records import MONTHLY, InvoiceRecord, MonthRecord, UsageDecision
from invoicing.recounts import recounts
from metering.month import BillingMonth, local_day
from metering.usage import Usage, customers_with_usage, read_many
from sepa import mandate
from sepa.account_id import AccountError, parse_iban
from sepa.collection import open_missing
from sepa.export import ExportReport, export
from sepa.notice import NoticeReport, send_notices
from sepa.slip import slip_of


@dataclass(frozen=True, slots=True)
class Preview:
    """What closing would issue and park now, and how the month differs from the one before, the largest first."""

    month: str
    invoices: tuple[Invoice, ...]
    problems: tuple[Problem, ...]
    differences: tuple[MonthDifference, ...]


_FAILED = "failed"
_BEGINS_WITHIN = timedelta(minutes=1)
_BROKE_OFF = Problem(
    customer="",
    rule="close_broke_off",
    message="Der Abschluss brach ab. Bitte erneut abschließen: Fertige Rechnungen bleiben, keine entsteht doppelt.",
)


def run_of(work: Workplace, month: BillingMonth, customer: str | None = None) -> Run:
    """Return what a close is given today, with the debit that each usable mandate allows, or that of one customer."""
    now = work.clock()
    today = local_day(now)
    with work.ledger.read() as session:
        mandates = mandate.current(session, customer)
        terms = {**work.terms, **history.pinned_terms(session)}
    payments = mandate.debits(mandates.values(), today, work.agreed_notices(customer), work.policy)
    return Run(month, today, now, work.settings.seller, terms, payments, _account(work))


def _account(work: Workplace) -> BankAccount:
    """Return the account that transfers go to; raise CloseError when no money can arrive there."""
    each = work.settings
    try:
        return BankAccount(each.creditor_name, parse_iban(each.creditor_iban), each.creditor_bic)
    except AccountError as error:
        raise CloseError(f"ZAEHLWERK_CREDITOR_IBAN {error.message}") from error


def close_month(work: Workplace, who: str, month: BillingMonth) -> MonthReport:
    """Recount and close a month, render its documents, open its collections; safe to repeat and to kill."""
    refuse_unfinished(month, local_day(work.clock()))
    with work.alone("close"):
        _note(work, who, "month.close_started", str(month))
        counts = recounts(work.ledger, work.journal, work.counter.client, month, gauges_of(work.terms))
        result = close(work.ledger, run_of(work, month), counts)
        with work.ledger.write() as session:
            open_missing(session)
    archive(work.settings.data_dir, invoices_of(work, month))
    _note(work, who, "month.close_ended", str(month), state=result.state, invoices=result.invoices)
    return result


def start_close(work: Workplace, who: str, month: BillingMonth) -> None:
    """Close a month in the background; it shows as closing from now on, and as blocked when that fails."""
    refuse_unfinished(month, local_day(work.clock()))
    _mark(work, month, "closing")
    work.background.submit(_task(month), lambda: _close_or_say(work, who, month))


def _close_or_say(work: Workplace, who: str, month: BillingMonth) -> None:
    try:
        close_month(work, who, month)
    except Exception:
        _mark(work, month, _FAILED)
        _note(work, who, "month.close_failed", str(month))
        raise


def preview_month(work: Workplace, month: BillingMonth) -> Preview:
    """Return what closing would do; nothing is stored."""
    refuse_unfinished(month, local_day(work.clock()))
    counts = recounts(work.ledger, work.journal, work.counter.client, month, gauges_of(work.terms))
    drafts, problems = preview(work.ledger, run_of(work, month), counts)
    now = _nets(work, month) | {each.customer: each.net_cents for each in drafts}
    return Preview(str(month), drafts, problems, differences(now, _nets(work, month.previous())))


def _nets(work: Workplace, month: BillingMonth) -> dict[str, int]:
    """Return the net sum of each customer's own invoice of a month."""
    query = select(InvoiceRecord.customer, InvoiceRecord.net_cents)
    with work.ledger.read() as session:
        found = query.where(InvoiceRecord.month == str(month), InvoiceRecord.occasion == MONTHLY)
        return dict(session.exec(found).all())


def invoices_of(work: Workplace, month: BillingMonth) -> list[Invoice]:
    """Return a month's issued invoices in order of their numbers."""
    with work.ledger.read() as session:
        query = select(InvoiceRecord.document).where(InvoiceRecord.month == str(month))
        return [from_json(text.encode()) for text in session.exec(query.order_by(col(InvoiceRecord.number)))]


def month_state(work: Workplace, month: BillingMonth) -> MonthReport:
    """Return where a month stands; a close that broke off shows as blocked, with what to do."""
    with work.ledger.read() as session:
        report = month_report(session, month)
        record = session.get(MonthRecord, str(month))
    if work.background.waits(_task(month)):
        return replace(report, state="closing")
    if record and _broke_off(work, record):
        return replace(report, state="blocked", problems=(_BROKE_OFF, *report.problems))
    return report


def _broke_off(work: Workplace, record: MonthRecord) -> bool:
    """Tell whether a close failed, or was killed: it says it runs, but nobody has been at it for a while."""
    if record.state == "closing":
        return work.clock() - record.changed_at > _BEGINS_WITHIN and not work.is_busy("close")
    return record.state == _FAILED


def decide_usage(work: Workplace, who: str, month: BillingMonth, source: str, form: DecisionForm) -> None:
    """Assign a month's usage of an unknown customer, or set it aside with a reason; decided once.

    What was billed or set aside before and has changed since can be set aside again, as it is now.
    """
    with work.alone("close"), work.ledger.write() as session:
        if settled := _settled(session, month, source):
            _settle(work, session, who, month, source, settled, form)
            return
        if history.customer(session, source) and in_month(history.contract(session, source), month):
            raise Conflict(f"{source!r} is a customer with a contract in {month}; its usage is billed to it.")
        if source not in customers_with_usage(work.counter.client, month):
            raise NotFound(f"There is no usage of {source!r} in {month}.")
        query = select(UsageDecision).where(UsageDecision.month == str(month), UsageDecision.customer == source)
        if session.exec(query).first():
            raise Conflict(f"The usage of {source!r} in {month} was decided before.")
        _refuse_target(session, month, form.assign_to)
        session.add(
            UsageDecision(
                month=str(month),
                customer=source,
                assigned_to=form.assign_to,
                reason=form.reason,
                decided_by=who,
                decided_at=work.clock(),
            )
        )
        if form.assign_to is None:
            readings = read_many(work.counter.client, [source], month).values()
            billed.record(session, readings, work.clock(), None)
        action = "usage.assigned" if form.assign_to else "usage.set_aside"
        note(session, work.clock(), who, action, f"{month}/{source}", to=form.assign_to, reason=form.reason)


def notify(work: Workplace, who: str) -> NoticeReport:
    """Send what is to be announced."""
    with work.alone("notify"):
        result = send_notices(work.ledger, work.post, work.clock, work.agreed_notices(), work.policy)
        _note(work, who, "notices.sent", "outbox", sent=len(result.sent), failed=len(result.failed))
        return result


def collect(work: Workplace, who: str) -> ExportReport:
    """Write the pain.008 files that may leave today, each with its routing slip."""
    with work.alone("collect"):
        result = export(work.ledger, work.desk, work.clock())
        for record in result.files:
            pdf = render_slip(slip_of(work.ledger, work.desk, record))
            write_whole(work.settings.data_dir / "sepa" / f"{record.message_id}-begleitzettel.pdf", pdf)
        files = [record.message_id for record in result.files]
        _note(work, who, "collections.exported", "sepa", files=files, held=len(result.held))
        return result


def _settled(session: Session, month: BillingMonth, source: str) -> dict[str, Usage]:
    """Return what was billed or set aside of a customer's month, by the counter that was read."""
    known = billed.newest(session, month)
    return {key: each.usage for key, each in known.items() if source in {key, each.owner}}


def _settle(
    work: Workplace,
    session: Session,
    who: str,
    month: BillingMonth,
    source: str,
    settled: dict[str, Usage],
    form: DecisionForm,
) -> None:
    """Set aside what has changed since: from now on the month counts as billed as it is."""
    now = read_many(work.counter.client, settled, month)
    changed = [now[key] for key, each in settled.items() if now[key].days != each.days]
    if not changed:
        raise Conflict(f"The usage of {source!r} in {month} was decided before, and nothing has changed since.")
    if form.assign_to:
        raise Conflict(
            f"The usage of {source!r} in {month} was billed or set aside before: what is new can be set aside."
        )
    billed.record(session, changed, work.clock(), None)
    note(session, work.clock(), who, "usage.set_aside", f"{month}/{source}", to=None, reason=form.reason)


def _refuse_target(session: Session, month: BillingMonth, target: str | None) -> None:
    if target is None:
        return
    if not in_month(history.contract(session, target), month):
        raise NotFound(f"There is no customer {target!r} with a contract in {month} to assign the usage to.")
    if (billed := history.billed_through(session, target)) and billed >= month.last_day:
        raise Conflict(
            f"{target!r} was already invoiced for {month}. Set the usage aside with a reason, "
            "or create a customer of its own for it."
        )


def _task(month: BillingMonth) -> str:
    return f"close {month}"


def _mark(work: Workplace, month: BillingMonth, state: str) -> None:
    with work.ledger.write() as session:
        session.merge(MonthRecord(month=str(month), state=state, changed_at=work.clock()))


def _note(work: Workplace, who: str, action: str, subject: str, **details: object) -> None:
    with work.ledger.write() as session:
        note(session, work.clock(), who, action, subject, **details)
