"""The routing slip of a written file, for the person who uploads it: taken from the ledger alone."""

from itertools import groupby
from operator import itemgetter

from sqlmodel import select

from invoicing.document.slip_pdf import DueSum, RoutingSlip
from invoicing.ledger import Ledger
from sepa.account_id import mask_iban
from sepa.export import SEQUENCE, Desk
from sepa.prenotification import last_submission_day
from sepa.records import CollectionRecord, ExportRecord


def slip_of(ledger: Ledger, desk: Desk, record: ExportRecord) -> RoutingSlip:
    """Return what the slip says: count and sum per due date, scheme, SHA-256, and the last day to upload."""
    with ledger.read() as session:
        rows = session.exec(select(CollectionRecord).where(CollectionRecord.export_id == record.id)).all()
    due = sorted((row.due_on, row.amount_cents) for row in rows if row.due_on)
    days = [(day, [cents for _, cents in of_day]) for day, of_day in groupby(due, key=itemgetter(0))]
    return RoutingSlip(
        file_name=record.file_name,
        message_id=record.message_id,
        created_at=record.created_at,
        count=record.count,
        sum_cents=record.control_sum_cents,
        due=tuple(DueSum(day, len(amounts), sum(amounts)) for day, amounts in days),
        scheme=record.scheme,
        sequence_types=(SEQUENCE,),
        sha256=record.sha256,
        creditor_name=desk.creditor.name,
        creditor_id=desk.creditor.creditor_id,
        masked_iban=mask_iban(desk.creditor.iban),
        submit_by=last_submission_day(days[0][0], desk.policy.lead_days),
    )
