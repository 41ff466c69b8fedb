"""What has been billed of each counter's month, as the ledger knows it: the newest record holds."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from invoicing.records import BilledUsage, InvoiceRecord
from metering.month import BillingMonth
from metering.usage import DayCount, Usage


@dataclass(frozen=True, slots=True)
class Billed:
    """What was last billed of a counter, by which row; ``owner`` is the invoiced customer, empty when set aside."""

    row: int
    owner: str
    usage: Usage


def newest(session: Session, month: BillingMonth, counters: Collection[str] | None = None) -> dict[str, Billed]:
    """Return what has been billed of a month, by the customer whose counter was read; only of some when named."""
    last = select(func.max(BilledUsage.id)).where(BilledUsage.month == str(month))
    bills = select(BilledUsage.customer, InvoiceRecord.customer).where(
        BilledUsage.month == str(month), col(BilledUsage.invoice) == col(InvoiceRecord.number)
    )
    if counters is not None:
        last = last.where(col(BilledUsage.customer).in_(counters))
        bills = bills.where(col(BilledUsage.customer).in_(counters))
    owners = dict(session.exec(bills.distinct()).all())
    query = select(BilledUsage.id, BilledUsage.customer, BilledUsage.counts).where(
        col(BilledUsage.id).in_(last.group_by(col(BilledUsage.customer)))
    )
    return {
        key: Billed(row or 0, owners.get(key, ""), usage_of(key, month, counts))
        for row, key, counts in session.exec(query)
    }


def record(session: Session, readings: Iterable[Usage], at: datetime, invoice: str | None) -> None:
    """Record that these readings have been billed by an invoice; without one they are set aside."""
    for each in readings:
        session.add(
            BilledUsage(
                invoice=invoice,
                customer=each.customer,
                month=str(each.month),
                counts=counts_of(each),
                recorded_at=at,
            )
        )


def last_row(session: Session) -> int:
    """Return the newest row of all, 0 when nothing was billed."""
    return session.exec(select(func.max(BilledUsage.id))).one() or 0


def counts_of(usage: Usage) -> dict[str, dict[str, int]]:
    """Return counts as they are stored: ``{"05": {"trigger": 3}}``."""
    return {f"{each.day:%d}": dict(sorted(each.counts.items())) for each in usage.days}


def usage_of(customer: str, month: BillingMonth, counts: Mapping[str, Mapping[str, int]]) -> Usage:
    """Return stored counts as usage."""
    first = month.first_day
    days = ((int(day), counted) for day, counted in sorted(counts.items()))
    return Usage(customer, month, tuple(DayCount(first.replace(day=day), dict(counted)) for day, counted in days))
