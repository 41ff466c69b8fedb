"""Send what must be announced, and keep the proof: when, to whom, Message-ID, answer, attachment's SHA-256.

A mail is recorded as being sent before it is; a crash in between sends the same mail with the same Message-ID
again. A failed sending never shortens the notice: the next attempt moves the date, and a mail with another date
has another Message-ID, so that no mailbox drops it as a copy. A mail that cannot leave never stops the others.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

import msgspec
from sqlmodel import Session, col, select

from invoicing import history
from invoicing.archive import invoice_pdf
from invoicing.document.mail import mail_text
from invoicing.invoice import from_json
from invoicing.ledger import Ledger
from invoicing.mail import MailError, Transport, ascii_address, compose
from invoicing.records import InvoiceRecord, OutboxMail
from metering.month import local_day
from sepa.collection import ANNOUNCED, PLANNED, Waiting, open_missing, payment_of, replan, send_back_stale
from sepa.mandate import AgreedNotice, DebitPolicy
from sepa.prenotification import due_date
from sepa.records import CollectionRecord


@dataclass(frozen=True, slots=True)
class NoticeReport:
    """What left, what did not and why, and which collections wait for a mandate."""

    sent: tuple[str, ...]
    failed: tuple[Waiting, ...]
    waiting: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True)
class Post:
    """What sending needs: the way out, the sender's address, where the documents lie."""

    transport: Transport
    sender: str
    data_dir: Path


def send_notices(
    ledger: Ledger,
    post: Post,
    clock: Callable[[], datetime],
    agreed: Mapping[str, AgreedNotice],
    policy: DebitPolicy,
) -> NoticeReport:
    """Announce everything that is to be announced; every mail its own transactions, before and after.

    The clock is asked for every mail, before and after it: a run may pass midnight, and the day counts.
    """
    now = clock()
    with ledger.write() as session:
        open_missing(session)
        send_back_stale(session, local_day(now), policy)
        waiting = replan(session, now, agreed, policy)
    with ledger.read() as session:
        query = select(OutboxMail.id).where(col(OutboxMail.state).in_(("queued", "sending")))
        queue = session.exec(query.order_by(col(OutboxMail.id))).all()
    sent: list[str] = []
    failed: list[Waiting] = []
    for mail_id in queue:
        try:
            answer = post.transport.send(_prepare(ledger, post, mail_id, clock(), policy))
        except (MailError, ValueError, OSError) as error:
            failed.append(_record_failure(ledger, mail_id, str(error)))
        else:
            sent.append(_record_sent(ledger, mail_id, answer, clock()))
    return NoticeReport(tuple(sent), tuple(failed), tuple(waiting))


def _prepare(ledger: Ledger, post: Post, mail_id: int | None, now: datetime, policy: DebitPolicy) -> EmailMessage:
    """Record the attempt, with a later date where today's notice needs one, and return the mail."""
    with ledger.write() as session:
        mail = session.get_one(OutboxMail, mail_id)
        record = session.get_one(InvoiceRecord, mail.invoice)
        invoice = from_json(record.document.encode())
        if mail.attempts and (customer := history.customer(session, invoice.customer)):
            mail.recipient = customer.email
        _move(session, mail, record, now, policy)
        pdf = invoice_pdf(post.data_dir, invoice)
        mail.state, mail.attempts = "sending", mail.attempts + 1
        mail.message_id = _message_id(mail, post.sender)
        mail.attachment_sha256 = hashlib.sha256(pdf).hexdigest()
        subject, body = mail_text(invoice, payment_of(mail))
        attachment = (f"{invoice.number}.pdf", pdf)
        return compose(post.sender, mail.recipient, subject, body, mail.message_id, now, attachment)


def _message_id(mail: OutboxMail, sender: str) -> str:
    """Return the id that this mail has in every attempt, until its date moves."""
    payment = payment_of(mail)
    moved = f".{payment.due_on:%Y%m%d}" if payment and mail.moved_from else ""
    domain = ascii_address(sender).rpartition("@")[2]
    return f"<{mail.invoice}.{mail.id}{moved}@{domain}>"


def _move(session: Session, mail: OutboxMail, record: InvoiceRecord, now: datetime, policy: DebitPolicy) -> None:
    """Move the announced date when sending today leaves too little notice for it.

    Contract: fluks AGB 13.3
    """
    payment = payment_of(mail)
    if payment is None:
        return
    earliest = due_date(local_day(now), payment.notice_days, policy.lead_days)
    if earliest <= payment.due_on:
        return
    mail.payment = msgspec.json.encode(replace(payment, due_on=earliest)).decode()
    mail.moved_from = record.due_on or payment.due_on
    for collection in session.exec(select(CollectionRecord).where(CollectionRecord.mail_id == mail.id)):
        collection.due_on = earliest


def _record_failure(ledger: Ledger, mail_id: int | None, error: str) -> Waiting:
    """Queue the mail again with what went wrong, and return what finance reads about it."""
    with ledger.write() as session:
        mail = session.get_one(OutboxMail, mail_id)
        mail.state, mail.answer = "queued", error
        customer = session.get_one(InvoiceRecord, mail.invoice).customer
        return Waiting(customer, mail.invoice, f"Mail an {mail.recipient} nicht zugestellt: {error}")


def _record_sent(ledger: Ledger, mail_id: int | None, answer: str, now: datetime) -> str:
    """Keep the proof, mark the collection as announced, and return the invoice's number."""
    with ledger.write() as session:
        mail = session.get_one(OutboxMail, mail_id)
        mail.state, mail.answer, mail.sent_at = "sent", answer, now
        query = select(CollectionRecord).where(CollectionRecord.mail_id == mail_id)
        for collection in session.exec(query.where(CollectionRecord.state == PLANNED)):
            collection.state = ANNOUNCED
        return mail.invoice
