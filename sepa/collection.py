"""One attempt to collect one invoice: waiting → planned → announced → exported.

``waiting`` has no usable mandate, ``planned`` has a mail on its way, ``announced`` was told in time,
``exported`` lies in a pain.008 file. At most one is live per invoice: the database refuses a second.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import msgspec
from sqlmodel import Session, col, or_, select

from invoicing import history
from invoicing.invoice import DirectDebit
from invoicing.records import InvoiceRecord, OutboxMail
from metering.month import local_day
from sepa import mandate as mandates
from sepa.mandate import AgreedNotice, DebitPolicy, Mandate
from sepa.prenotification import due_date, last_submission_day
from sepa.records import CollectionRecord

_UNSENT = col(OutboxMail.state).in_(("queued", "sending"))
_TO_ANNOUNCE = "Das Mandat kam nach der Rechnung; der Einzug wird noch angekündigt."
WAITING, PLANNED, ANNOUNCED, EXPORTED = "waiting", "planned", "announced", "exported"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A collection that cannot go on: whose, for which invoice, and what to do (German)."""

    customer: str
    invoice: str
    reason: str


def payment_of(mail: OutboxMail) -> DirectDebit | None:
    """Return the debit that a mail announces."""
    return msgspec.json.decode(mail.payment, type=DirectDebit) if mail.payment else None


def open_missing(session: Session) -> int:
    """Open the first collection of every invoice that has an amount and none yet; return how many.

    An invoice that is due without a debit asks for a transfer: there is nothing to collect.

    Contract: KLUGO AGB 20
    """
    is_collected = or_(col(InvoiceRecord.due_on).is_(None), col(OutboxMail.payment).is_not(None))
    query = (
        select(InvoiceRecord, OutboxMail)
        .join(OutboxMail, col(OutboxMail.invoice) == col(InvoiceRecord.number))
        .where(col(InvoiceRecord.number).not_in(select(CollectionRecord.invoice)), InvoiceRecord.gross_cents > 0)
        .where(is_collected)
        .order_by(col(InvoiceRecord.number))
    )
    rows = session.exec(query).all()
    current = mandates.current(session) if rows else {}
    for invoice, mail in rows:
        session.add(_first(invoice, mail, current.get(invoice.customer)))
    return len(rows)


def _first(invoice: InvoiceRecord, mail: OutboxMail, mandate: Mandate | None) -> CollectionRecord:
    """Return the first attempt: planned as printed on the invoice, or waiting for a mandate."""
    payment = payment_of(mail)
    collection = CollectionRecord(
        end_to_end_id=f"{invoice.number}-1",
        invoice=invoice.number,
        customer=invoice.customer,
        amount_cents=invoice.gross_cents,
        state=WAITING,
    )
    if payment and mandate and _names(payment, mandate):
        collection.state, collection.due_on = PLANNED, payment.due_on
        collection.mandate_id, collection.mail_id = mandate.id, mail.id
    else:
        mail.payment = None
        collection.reason = mandates.unusable(mandate, invoice.issued_on, invoice.issued_on) or _TO_ANNOUNCE
    return collection


def _names(payment: DirectDebit, mandate: Mandate) -> bool:
    """Tell whether an announced debit is one of this mandate as it is now."""
    announced = (payment.mandate_reference, payment.masked_iban, payment.scheme)
    return announced == (mandate.reference, mandate.masked_iban, mandate.scheme)


def send_back_stale(session: Session, today: date, policy: DebitPolicy) -> None:
    """Send collections back to waiting whose mandate changed or whose day at the bank was missed.

    Their old announcement no longer holds; ``replan`` announces them anew. An unsent mail still brings the
    invoice, but no longer announces a debit.
    """
    current = mandates.current(session)
    query = select(CollectionRecord).where(col(CollectionRecord.state).in_((PLANNED, ANNOUNCED)))
    for collection in session.exec(query):
        mail = session.get_one(OutboxMail, collection.mail_id)
        if reason := _stale(collection, mail, current.get(collection.customer), today, policy):
            if mail.state != "sent":
                mail.payment = mail.moved_from = None
            collection.state, collection.reason = WAITING, reason


def _stale(
    collection: CollectionRecord, mail: OutboxMail, mandate: Mandate | None, today: date, policy: DebitPolicy
) -> str | None:
    """Return why an announcement no longer holds, in German, or None.

    Scheme: EPC016-06 4.3.4 (a changed amount, date or mandate is notified again)
    """
    if mandate is None or mandate.id != collection.mandate_id:
        return "Das Mandat hat sich seit der Ankündigung geändert; der Einzug wird neu angekündigt."
    payment = payment_of(mail)
    if payment is None or collection.due_on is None:
        return "Ohne Termin; der Einzug wird neu angekündigt."
    if collection.state == PLANNED:
        earliest = due_date(today, payment.notice_days, policy.lead_days)
        return mandates.unusable(mandate, max(earliest, collection.due_on), today)
    if mail.sent_at and due_date(local_day(mail.sent_at), payment.notice_days, policy.lead_days) > collection.due_on:
        return "Die Ankündigung ging zu spät ab; der Einzug wird neu angekündigt."
    if today > last_submission_day(collection.due_on, policy.lead_days):
        return f"Einreichung zum {collection.due_on:%d.%m.%Y} verpasst; der Einzug wird neu angekündigt."
    return mandates.unusable(mandate, collection.due_on, today)


def replan(session: Session, now: datetime, agreed: Mapping[str, AgreedNotice], policy: DebitPolicy) -> list[Waiting]:
    """Queue a new announcement for each waiting collection whose mandate is usable; return the others."""
    current = mandates.current(session)
    left: list[Waiting] = []
    for collection in session.exec(select(CollectionRecord).where(CollectionRecord.state == WAITING)):
        mandate = current.get(collection.customer)
        debit = mandate and mandates.plan(mandate, local_day(now), agreed.get(collection.customer), policy)
        reason = mandates.unusable(mandate, debit.due_on if debit else local_day(now), local_day(now))
        if mandate and debit and reason is None:
            _announce(session, collection, mandate, debit, now)
        else:
            collection.reason = reason or _TO_ANNOUNCE
            left.append(Waiting(collection.customer, collection.invoice, collection.reason))
    return left


def _announce(
    session: Session, collection: CollectionRecord, mandate: Mandate, debit: DirectDebit, now: datetime
) -> None:
    """Queue a mail that announces a debit, in place of any that has not left yet, and plan the collection by it."""
    invoice = session.get_one(InvoiceRecord, collection.invoice)
    customer = history.customer(session, collection.customer)
    mail = OutboxMail(
        invoice=invoice.number,
        recipient=customer.email if customer else "",
        payment=msgspec.json.encode(debit).decode(),
        moved_from=invoice.due_on if invoice.due_on != debit.due_on else None,
        queued_at=now,
    )
    for unsent in session.exec(select(OutboxMail).where(OutboxMail.invoice == invoice.number, _UNSENT)):
        unsent.state = "replaced"
    session.add(mail)
    session.flush()
    collection.state, collection.reason, collection.due_on = PLANNED, "", debit.due_on
    collection.mandate_id, collection.mail_id = mandate.id, mail.id


def waiting(session: Session) -> Iterable[Waiting]:
    """Return every collection that waits, with its reason."""
    query = select(CollectionRecord).where(CollectionRecord.state == WAITING).order_by(col(CollectionRecord.id))
    return [Waiting(each.customer, each.invoice, each.reason) for each in session.exec(query)]
