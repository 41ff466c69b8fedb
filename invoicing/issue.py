"""Issue: draw the number, freeze the invoice, queue its mail, all in the caller's transaction."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import msgspec
from sqlalchemy import func
from sqlmodel import Session, select

from invoicing import billed, history
from invoicing.check import Case
from invoicing.invoice import DirectDebit, Invoice, Party, compose, to_json
from invoicing.records import InvoiceRecord, NumberRecord, OutboxMail
from invoicing.terms import Terms
from metering.month import BillingMonth


@dataclass(frozen=True, slots=True)
class Run:
    """What a run is given: the month, the day, who sells, under which terms, and who can be debited how."""

    month: BillingMonth
    today: date
    now: datetime
    seller: Party
    terms: Mapping[str, Terms]
    payments: Mapping[str, DirectDebit]


def issue(session: Session, run: Run, case: Case) -> Invoice:
    """Draw the next number, store the frozen invoice and what it bills, and queue the mail that announces it."""
    invoice = draft(run, case, number=draw_number(session, run.today.year, run.now))
    document = to_json(invoice)
    payment = invoice.payment if invoice.gross_cents else None
    session.add(
        InvoiceRecord(
            number=invoice.number,
            customer=invoice.customer,
            month=invoice.month,
            issued_on=invoice.issued_on,
            issued_at=run.now,
            due_on=payment.due_on if payment else None,
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
    """Return the invoice of an examined customer; raise ValueError for one that was not."""
    if case.master is None or case.contract is None or case.terms is None:
        raise ValueError(f"{case.customer} was not examined before it was billed")
    return compose(
        number=number,
        customer=case.customer,
        month=run.month,
        issued_on=run.today,
        seller=run.seller,
        buyer=history.party(case.master),
        terms=case.terms,
        contract=case.contract,
        usage=case.usage,
        payment=run.payments.get(case.customer),
        earlier=case.earlier,
    )


def is_billed(session: Session, customer: str, month: BillingMonth) -> bool:
    """Tell whether the customer's month has an invoice."""
    query = select(InvoiceRecord.number).where(InvoiceRecord.customer == customer, InvoiceRecord.month == str(month))
    return session.exec(query).first() is not None
