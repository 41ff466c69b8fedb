"""Customers, contracts and terms as recorded: effective-dated, append-only, readable as of any instant."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
from sqlalchemy import func
from sqlmodel import Session, col, select

from invoicing.contract import ContractEvent
from invoicing.party import Party
from invoicing.records import MONTHLY, ContractEventRecord, CustomerVersion, InvoiceRecord, TermsVersion
from invoicing.terms import Terms, read
from metering.month import BillingMonth

_COLUMNS = set(ContractEventRecord.model_fields)
_DETAILS = {name: kind for name, kind in get_type_hints(ContractEvent).items() if name not in _COLUMNS}
_UNSAID = {
    each.name: each.default if each.default_factory is MISSING else each.default_factory()
    for each in fields(ContractEvent)
}


def customers(session: Session, known_at: datetime | None = None) -> dict[str, CustomerVersion]:
    """Return every customer's master data by id, as known at an instant (default: now)."""
    newest = select(func.max(CustomerVersion.id)).group_by(col(CustomerVersion.customer))
    if known_at:
        newest = newest.where(CustomerVersion.recorded_at <= known_at)
    rows = session.exec(select(CustomerVersion).where(col(CustomerVersion.id).in_(newest)))
    return {row.customer: row for row in rows}


def customer(session: Session, key: str, known_at: datetime | None = None) -> CustomerVersion | None:
    """Return a customer's master data as known at an instant (default: now), or None."""
    query = select(CustomerVersion).where(CustomerVersion.customer == key)
    if known_at:
        query = query.where(CustomerVersion.recorded_at <= known_at)
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
            details=_details(event),
        )
    )


def billed_through(session: Session, key: str) -> date | None:
    """Return the last day of the last month a customer was invoiced for."""
    query = select(func.max(InvoiceRecord.month)).where(
        InvoiceRecord.customer == key, InvoiceRecord.occasion == MONTHLY
    )
    month = session.exec(query).one()
    return BillingMonth.parse(month).last_day if month else None


def pin_terms(session: Session, terms: Terms, text: str, at: datetime) -> None:
    """Keep the text of terms that a contract uses; once kept, it holds whatever becomes of the file.

    Contract: fluks AGB 2.4
    """
    if session.get(TermsVersion, terms.id) is None:
        digest = hashlib.sha256(text.encode()).hexdigest()
        session.add(TermsVersion(id=terms.id, text=text, sha256=digest, recorded_at=at))


def pinned_terms(session: Session) -> dict[str, Terms]:
    """Return the terms that contracts use, as they were when one first did."""
    return {row.id: read_terms(row.id, row.text) for row in session.exec(select(TermsVersion))}


@lru_cache(64)
def read_terms(terms_id: str, text: str) -> Terms:
    """Return the terms that a contract uses; remembered. A check that is newer than the contract breaks it not."""
    return read(Path(f"{terms_id}.toml"), text, checks=())


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
        **_said(row.details or {}),
    )


def _details(event: ContractEvent) -> dict[str, object] | None:
    """Return what only some kinds of events say, as JSON; nothing when this one says none of it."""
    said = {name: getattr(event, name) for name in _DETAILS}
    kept = {name: value for name, value in said.items() if value != _UNSAID[name]}
    return msgspec.to_builtins(kept) or None


def _said(details: Mapping[str, object]) -> dict[str, Any]:
    return {name: msgspec.convert(value, _DETAILS[name], strict=False) for name, value in details.items()}
