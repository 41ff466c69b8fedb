"""Issue: draw the number, freeze the invoice, queue its mail, all in the caller's transaction."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

import msgspec
from sqlalchemy import func
from sqlmodel import Session, select

from invoicing import billed, booked, history
from invoicing.booking import ids_of
from invoicing.check import Case
from invoicing.invoice import DirectDebit, Invoice, compose, to_json
from invoicing.party import Party
from invoicing.payment import BankAccount, dispute_until, transfer_of
from invoicing.records import MONTHLY, InvoiceRecord, NumberRecord, OutboxMail
from invoicing.terms import Terms
from metering.month import BillingMonth


@dataclass(frozen=True, slots=True)
class Run:
    """What a run is given: month, day, seller, terms, who can be debited how, and the account that transfers go to."""

    month: BillingMonth
    today: date
    now: datetime
    seller: Party
    terms: Mapping[str, Terms]
    payments: Mapping[str, DirectDebit]
    account: BankAccount | None = None


def issue(session: Session, run: Run, case: Case, occasion: str = MONTHLY) -> Invoice:
    """Draw the next number, store the frozen invoice and what it bills, and queue the mail that announces it."""
    invoice = draft(run, case, number=draw_number(session, run.today.year, run.now))
    document = to_json(invoice)
    payment = invoice.payment if invoice.gross_cents else None
    due = payment or invoice.transfer
    session.add(
        InvoiceRecord(
            number=invoice.number,
            customer=invoice.customer,
            month=invoice.month,
            occasion=occasion,
            issued_on=invoice.issued_on,
            issued_at=run.now,
            due_on=due.due_on if due else None,
            net_cents=invoice.net_cents,
            vat_cents=invoice.vat_cents,
            gross_cents=invoice.gross_cents,
            document=document.decode(),
            sha256=hashlib.sha256(document).hexdigest(),
        )
    )
    session.flush()
    readings = (*case.readings, *(each for month in case.earlier for each in month.readings))
    billed.record(session, readings, run.now, invoice.number)
    booked.settle(session, ids_of(line.item for line in invoice.lines), invoice.number, run.now)
    session.add(
        OutboxMail(
            invoice=invoice.number,
            recipient=invoice.buyer.email,
            payment=msgspec.json.encode(payment).decode() if payment else None,
            queued_at=run.now,
        )
    )
    return invoice


def draw_number(session: Session, year: int, now: datetime) -> str:
    """Return the next number of the year and log it; rolled back with its invoice, so no gap appears.

    Law: § 14 Abs. 4 Nr. 4 UStG, UStAE 14.5 Abs. 10.
    """
    last = session.exec(select(func.max(NumberRecord.sequence)).where(NumberRecord.year == year)).one()
    sequence = (last or 0) + 1
    number = f"RE-{year}-{sequence:06d}"
    session.add(NumberRecord(year=year, sequence=sequence, number=number, drawn_at=now, state="issued"))
    return number


def draft(run: Run, case: Case, number: str) -> Invoice:
    """Return the invoice of an examined customer, with the way to pay it; raise ValueError for one that was not.

    A usable mandate is debited where the terms allow it; else they may allow a transfer; else the invoice waits for a
    mandate.

    Contract: KLUGO AGB 20, fluks AGB 13.3
    """
    if case.master is None or case.terms is None:
        raise ValueError(f"{case.customer} was not examined before it was billed")
    by_debit = "direct_debit" in case.terms.rules.payment.value
    invoice = compose(
        number=number,
        customer=case.customer,
        issued_on=run.today,
        seller=run.seller,
        buyer=history.party(case.master),
        bill=case.bill,
        payment=run.payments.get(case.customer) if by_debit else None,
        timesheet=case.timesheet,
    )
    prepaid = any(part.contract.prepaid for part in (*case.parts[-1:], *case.bill.ahead[:1]))
    return _payable(invoice, case.terms, run.account, prepaid=prepaid) if invoice.gross_cents > 0 else invoice


def _payable(invoice: Invoice, terms: Terms, account: BankAccount | None, *, prepaid: bool) -> Invoice:
    """Ask for a transfer of what is not debited, where the terms allow it, and say until when it may be disputed."""
    debit_on = invoice.payment.due_on if invoice.payment else None
    transfer = None
    if debit_on is None and "bank_transfer" in terms.rules.payment.value:
        if account is None:
            raise ValueError(f"{invoice.number}: there is no account to transfer to")
        transfer = transfer_of(terms, invoice.issued_on, account, invoice.number, prepaid=prepaid)
    disputable = dispute_until(terms, invoice.issued_on, debit_on) if debit_on or transfer else None
    cited = {each.clause: terms.meaning(each.clause) for each in (transfer, disputable) if each}
    clauses = {**invoice.clauses, **{clause: meaning for clause, meaning in cited.items() if meaning}}
    return replace(invoice, transfer=transfer, dispute_until=disputable, clauses=clauses)


def is_billed(session: Session, customer: str, month: BillingMonth) -> bool:
    """Tell whether the customer's month has an invoice."""
    query = select(InvoiceRecord.number).where(
        InvoiceRecord.customer == customer, InvoiceRecord.month == str(month), InvoiceRecord.occasion == MONTHLY
    )
    return session.exec(query).first() is not None
