"""Invoices beside their collections: each invoice once, with the newest attempt to collect it."""

from sqlalchemy import func
from sqlmodel import Session, and_, col, select
from sqlmodel.sql.expression import Select

from invoicing.records import InvoiceRecord
from sepa.records import CollectionRecord


def with_collection() -> Select[InvoiceRecord, CollectionRecord]:
    """Return the query for every invoice and its newest collection, by number."""
    newest = select(func.max(CollectionRecord.id)).group_by(col(CollectionRecord.invoice))
    return (
        select(InvoiceRecord, CollectionRecord)
        .join(
            CollectionRecord,
            and_(col(CollectionRecord.invoice) == col(InvoiceRecord.number), col(CollectionRecord.id).in_(newest)),
            isouter=True,
        )
        .order_by(col(InvoiceRecord.number))
    )


def newest_collection(session: Session, number: str) -> CollectionRecord | None:
    """Return the newest attempt to collect an invoice."""
    query = select(CollectionRecord).where(CollectionRecord.invoice == number)
    return session.exec(query.order_by(col(CollectionRecord.id).desc()).limit(1)).first()
