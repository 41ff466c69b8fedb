"""Customers and contracts as recorded: effective-dated, append-only, readable as of any instant."""

from collections import defaultdict
from datetime import date

from sqlalchemy import func
from sqlmodel import Session, col, select

from invoicing.contract import ContractEvent
from invoicing.invoice import Party
from invoicing.records import ContractEventRecord, CustomerVersion, InvoiceRecord
from metering.month import BillingMonth


def customers(session: Session) -> dict[str, CustomerVersion]:
    """Return every customer's newest master data by id."""
    newest = select(func.max(CustomerVersion.id)).group_by(col(CustomerVersion.customer))
    rows = session.exec(select(CustomerVersion).where(col(CustomerVersion.id).in_(newest)))
    return {row.customer: row for row in rows}


def customer(session: Session, key: str) -> CustomerVersion | None:
    """Return a customer's newest master data, or None."""
    query = select(CustomerVersion).where(CustomerVersion.customer == key)
    return session.exec(query.order_by(col(CustomerVersion.id).desc()).limit(1)).first()


def party(version: CustomerVersion) -> Party:
    """Return the buyer as printed on an invoice."""
    return Party(
        name=version.name,
        street=version.street,
        postcode=version.postcode,
        city=version.city,
        country=version.country,
        email=version.email,
        vat_id=version.vat_id,
        buyer_reference=version.buyer_reference,
    )


def contracts(session: Session) -> dict[str, tuple[ContractEvent, ...]]:
    """Return every customer's contract events in the order they were recorded."""
    grouped: dict[str, list[ContractEvent]] = defaultdict(list)
    for row in session.exec(select(ContractEventRecord).order_by(col(ContractEventRecord.id))):
        grouped[row.customer].append(_event(row))
    return {key: tuple(events) for key, events in grouped.items()}


def contract(session: Session, key: str) -> tuple[ContractEvent, ...]:
    """Return one customer's contract events in the order they were recorded."""
    query = select(ContractEventRecord).where(ContractEventRecord.customer == key)
    return tuple(_event(row) for row in session.exec(query.order_by(col(ContractEventRecord.id))))


def record(session: Session, key: str, event: ContractEvent) -> None:
    """Append one event to a customer's contract."""
    session.add(
        ContractEventRecord(
            customer=key,
            kind=event.kind,
            effective_on=event.effective_on,
            recorded_at=event.recorded_at,
            terms=event.terms,
            package=event.package,
            addons=list(event.addons),
            add_addons=list(event.add_addons),
            remove_addons=list(event.remove_addons),
            received_on=event.received_on,
        )
    )


def billed_through(session: Session, key: str) -> date | None:
    """Return the last day of the last month a customer was invoiced for."""
    month = session.exec(select(func.max(InvoiceRecord.month)).where(InvoiceRecord.customer == key)).one()
    return BillingMonth.parse(month).last_day if month else None


def _event(row: ContractEventRecord) -> ContractEvent:
    return ContractEvent(
        kind=row.kind,  # type: ignore[arg-type]  # only `record` writes it
        effective_on=row.effective_on,
        recorded_at=row.recorded_at,
        terms=row.terms,
        package=row.package,
        addons=tuple(row.addons),
        add_addons=tuple(row.add_addons),
        remove_addons=tuple(row.remove_addons),
        received_on=row.received_on,
    )
