"""Write the pain.008 files that may leave today: load, decide, save.

A file lies hidden beside its final name until the ledger has it; then it is renamed. So a file that a
person can upload is always recorded, and a recorded file can always be completed after a crash.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlmodel import Session, col, select

from invoicing import history
from invoicing.archive import write_whole
from invoicing.ledger import Ledger, serialize
from invoicing.records import CustomerVersion, InvoiceRecord, OutboxMail
from metering.month import local_day
from sepa.account_id import AccountError, IbanVault
from sepa.collection import ANNOUNCED, EXPORTED, Waiting, payment_of, send_back_stale
from sepa.debit import SequenceType
from sepa.mandate import DebitPolicy
from sepa.pain008 import Address, Amendment, Creditor, Debit, ExportProblem, split, write
from sepa.pain008_check import check
from sepa.prenotification import Refusal, may_leave
from sepa.records import CollectionRecord, ExportRecord, MandateVersion

SEQUENCE: SequenceType = "RCUR"


@dataclass(frozen=True, slots=True)
class Desk:
    """What an export needs: who collects, the key to the IBANs, where files lie, what the bank wants."""

    creditor: Creditor
    vault: IbanVault
    folder: Path
    policy: DebitPolicy
    max_per_file: int
    batch_booking: bool


@dataclass(frozen=True, slots=True)
class ExportReport:
    """The files written, and the collections that stay behind with the reason."""

    files: tuple[ExportRecord, ...]
    held: tuple[Waiting, ...]


def export(ledger: Ledger, desk: Desk, now: datetime) -> ExportReport:
    """Put every collection that was announced in time into a file, all files of a run in one transaction.

    A single transaction writes each file hidden, records it, and moves its collections to ``exported``.
    """
    with _alone(ledger) as session:
        finish(session, desk.folder)
        send_back_stale(session, local_day(now), desk.policy)
        ready, held = decide(session, desk, local_day(now))
        records = [_save(session, desk, part, now) for part in split(ready, desk.max_per_file)]
    with _alone(ledger) as session:
        finish(session, desk.folder)
    return ExportReport(tuple(records), tuple(held))


@contextmanager
def _alone(ledger: Ledger) -> Iterator[Session]:
    """Give a transaction beside which no other export runs: a hidden file is its own, or a dead run's."""
    with ledger.write() as session:
        serialize(session, "sepa export")
        yield session


def decide(session: Session, desk: Desk, today: date) -> tuple[list[Debit], list[Waiting]]:
    """Return the debits that may leave today, and those held back with the reason.

    A collection that the bank does not take yet is in neither list: it has nothing wrong with it.
    """
    ready: list[Debit] = []
    held: list[Waiting] = []
    customers = history.customers(session)
    for collection, mandate, mail, invoice in _announced(session):
        payment = payment_of(mail)
        if payment is None or mail.sent_at is None or collection.due_on is None:
            held.append(Waiting(collection.customer, collection.invoice, "Der Einzug wurde nicht angekündigt."))
            continue
        refusal = may_leave(
            today,
            collection.due_on,
            local_day(mail.sent_at),
            payment.notice_days,
            desk.policy.lead_days,
            desk.policy.horizon_days,
        )
        if refusal is None and payment.due_on == collection.due_on:
            try:
                ready.append(_debit(session, desk, collection, mandate, invoice, customers[collection.customer]))
            except AccountError as error:
                held.append(Waiting(collection.customer, collection.invoice, error.german))
        elif refusal is not Refusal.TOO_EARLY:
            reason = refusal.german if refusal else "Der angekündigte Tag ist ein anderer."
            held.append(Waiting(collection.customer, collection.invoice, reason))
    problems = check(desk.creditor, ready, today)
    faulty = {problem.invoice for problem in problems}
    if "" in faulty:  # the creditor's own data are wrong: nothing may leave
        faulty |= {debit.invoice for debit in ready}
    held += [Waiting(each.customer, each.invoice, _said(each)) for each in problems]
    return [debit for debit in ready if debit.invoice not in faulty], held


def _said(problem: ExportProblem) -> str:
    """Return what finance reads; what is wrong with our own data names the field."""
    return problem.message if problem.invoice else f"{problem.field}: {problem.message}"


def finish(session: Session, folder: Path) -> None:
    """Give every recorded file its final name; what was never recorded, or never whole, is removed."""
    recorded = {record.file_name: record.sha256 for record in session.exec(select(ExportRecord))}
    for part in folder.glob("..*.xml.*.part"):
        part.unlink()
    for hidden in folder.glob(".*.xml"):
        name = hidden.name[1:]
        if recorded.get(name) == hashlib.sha256(hidden.read_bytes()).hexdigest():
            hidden.replace(folder / name)
        else:
            hidden.unlink()


def _save(session: Session, desk: Desk, part: list[Debit], now: datetime) -> ExportRecord:
    """Write one file hidden, record it, and mark its collections."""
    file = write(desk.creditor, part, now, batch_booking=desk.batch_booking)
    record = ExportRecord(
        message_id=file.message_id,
        created_at=now,
        scheme=file.scheme,
        count=file.count,
        control_sum_cents=file.control_sum_cents,
        due_dates=[day.isoformat() for day in file.due_dates],
        sha256=file.sha256,
        file_name=f"{file.message_id}.xml",
    )
    write_whole(desk.folder / f".{record.file_name}", file.xml)
    session.add(record)
    session.flush()
    ids = [debit.end_to_end_id for debit in part]
    for collection in session.exec(select(CollectionRecord).where(col(CollectionRecord.end_to_end_id).in_(ids))):
        collection.state, collection.export_id = EXPORTED, record.id
    return record


def _announced(
    session: Session,
) -> Sequence[tuple[CollectionRecord, MandateVersion, OutboxMail, InvoiceRecord]]:
    query = (
        select(CollectionRecord, MandateVersion, OutboxMail, InvoiceRecord)
        .join(MandateVersion, col(MandateVersion.id) == col(CollectionRecord.mandate_id))
        .join(OutboxMail, col(OutboxMail.id) == col(CollectionRecord.mail_id))
        .join(InvoiceRecord, col(InvoiceRecord.number) == col(CollectionRecord.invoice))
        .where(CollectionRecord.state == ANNOUNCED)
        .order_by(col(CollectionRecord.id))
    )
    return session.exec(query).all()


def _debit(
    session: Session,
    desk: Desk,
    collection: CollectionRecord,
    mandate: MandateVersion,
    invoice: InvoiceRecord,
    customer: CustomerVersion,
) -> Debit:
    """Return a collection as the bank must read it."""
    return Debit(
        end_to_end_id=collection.end_to_end_id,
        invoice=collection.invoice,
        customer=collection.customer,
        amount_cents=collection.amount_cents,
        due_on=collection.due_on or invoice.issued_on,
        scheme=mandate.scheme,  # type: ignore[arg-type]  # checked when it was recorded
        sequence=SEQUENCE,
        mandate_reference=mandate.reference,
        mandate_signed_on=mandate.signed_on,
        debtor_name=mandate.account_holder,
        iban=desk.vault.open(mandate.iban_token, mandate.customer),
        bic=mandate.bic or None,
        remittance=f"Rechnung {invoice.number} vom {invoice.issued_on:%d.%m.%Y}",
        address=Address(customer.street, None, customer.postcode, customer.city, customer.country),
        amendment=Amendment(smnda=True) if _amended(session, desk.vault, mandate) else None,
    )


def _amended(session: Session, vault: IbanVault, mandate: MandateVersion) -> bool:
    """Tell whether the bank knows this mandate with another account.

    Scheme: EPC016-06 4.5 (an amendment is told with the next collection)
    """
    if not mandate.amends_account:
        return False
    query = (
        select(MandateVersion)
        .join(CollectionRecord, col(CollectionRecord.mandate_id) == col(MandateVersion.id))
        .where(MandateVersion.reference == mandate.reference, col(CollectionRecord.export_id).is_not(None))
        .order_by(col(CollectionRecord.export_id).desc())
    )
    told = session.exec(query).first()
    return told is not None and vault.open(told.iban_token, told.customer) != vault.open(
        mandate.iban_token, mandate.customer
    )
