"""What has been billed of each counter's month, as the ledger knows it: the newest record holds."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import starmap

from sqlalchemy import func
from sqlmodel import Session, col, select

from invoicing.records import BilledUsage, InvoiceRecord
from metering.gauge import Gauge, Readings
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


def counters(session: Session, invoice: str, month: BillingMonth) -> set[str]:
    """Return whose counters of a month an invoice bills."""
    query = select(BilledUsage.customer).where(BilledUsage.invoice == invoice, BilledUsage.month == str(month))
    return set(session.exec(query))


def counters_of(session: Session, owner: str) -> set[str]:
    """Return whose counters a customer's invoices bill, in whatever month."""
    query = select(BilledUsage.customer).join(InvoiceRecord, col(BilledUsage.invoice) == col(InvoiceRecord.number))
    return set(session.exec(query.where(InvoiceRecord.customer == owner).distinct()))


def last_row(session: Session) -> int:
    """Return the newest row of all, 0 when nothing was billed."""
    return session.exec(select(func.max(BilledUsage.id))).one() or 0


def counts_of(usage: Usage) -> dict[str, dict[str, int]]:
    """Return counts, and what gauges read, as they are stored: ``{"05": {"max:users": 12, "users": 40}}``."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for each in usage.days:
        found[f"{each.day:%d}"].update(each.counts)
    for gauge, readings in usage.gauges.items():
        for day, value in readings:
            found[f"{day:%d}"][gauge.key] = value
    return {day: dict(sorted(found[day].items())) for day in sorted(found)}


def usage_of(customer: str, month: BillingMonth, counts: Mapping[str, Mapping[str, int]]) -> Usage:
    """Return stored counts as usage."""
    days: dict[date, dict[str, int]] = defaultdict(dict)
    gauges: dict[Gauge, Readings] = defaultdict(tuple)
    for number, counted in sorted(counts.items()):
        day = month.first_day.replace(day=int(number))
        for key, units in counted.items():
            if Gauge.is_key(key):
                gauges[Gauge.parse(key)] += ((day, units),)
            else:
                days[day][key] = units
    return Usage(customer, month, tuple(starmap(DayCount, days.items())), gauges=dict(gauges))
