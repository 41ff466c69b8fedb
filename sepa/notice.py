"""Send what must be announced, and keep the proof: when, to whom, Message-ID, answer, attachment's SHA-256.

A mail is recorded as being sent before it is; a crash in between sends the same Message-ID again. A failed
sending never shortens the notice: the next attempt moves the date.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

import msgspec
from sqlmodel import Session, col, select

from invoicing.archive import invoice_pdf
from invoicing.document.mail import mail_text
from invoicing.invoice import Invoice, from_json
from invoicing.ledger import Ledger
from invoicing.mail import MailError, Transport, compose
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
    ledger: Ledger, post: Post, now: datetime, agreed: Mapping[str, AgreedNotice], policy: DebitPolicy
) -> NoticeReport:
    """Announce everything that is to be announced; every mail its own transactions, before and after."""
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
        invoice, message = _prepare(ledger, post, mail_id, now, policy)
        try:
            answer = post.transport.send(message)
        except MailError as error:
            _record_failure(ledger, mail_id, str(error))
            failed.append(Waiting(invoice.customer, invoice.number, f"Mail nicht zugestellt: {error}"))
        else:
            _record_sent(ledger, mail_id, answer, now)
            sent.append(invoice.number)
    return NoticeReport(tuple(sent), tuple(failed), tuple(waiting))


def _prepare(
    ledger: Ledger, post: Post, mail_id: int | None, now: datetime, policy: DebitPolicy
) -> tuple[Invoice, EmailMessage]:
    """Record the attempt, with a later date where today's notice needs one, and return the mail."""
    with ledger.write() as session:
        mail = session.get_one(OutboxMail, mail_id)
        record = session.get_one(InvoiceRecord, mail.invoice)
        invoice = from_json(record.document.encode())
        _move(session, mail, record, now, policy)
        pdf = invoice_pdf(post.data_dir, invoice)
        domain = post.sender.rpartition("@")[2]
        mail.state, mail.attempts = "sending", mail.attempts + 1
        mail.message_id = f"<{mail.invoice}.{mail.id}@{domain}>"
        mail.attachment_sha256 = hashlib.sha256(pdf).hexdigest()
        subject, body = mail_text(invoice, payment_of(mail), mail.moved_from)
        attachment = (f"{invoice.number}.pdf", pdf)
        return invoice, compose(post.sender, mail.recipient, subject, body, mail.message_id, now, attachment)


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
    mail.moved_from = record.due_on
    for collection in session.exec(select(CollectionRecord).where(CollectionRecord.mail_id == mail.id)):
        collection.due_on = earliest


def _record_failure(ledger: Ledger, mail_id: int | None, error: str) -> None:
    with ledger.write() as session:
        mail = session.get_one(OutboxMail, mail_id)
        mail.state, mail.answer = "queued", error


def _record_sent(ledger: Ledger, mail_id: int | None, answer: str, now: datetime) -> None:
    with ledger.write() as session:
        mail = session.get_one(OutboxMail, mail_id)
        mail.state, mail.answer, mail.sent_at = "sent", answer, now
        query = select(CollectionRecord).where(CollectionRecord.mail_id == mail_id)
        for collection in session.exec(query.where(CollectionRecord.state == PLANNED)):
            collection.state = ANNOUNCED
