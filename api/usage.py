"""A customer's usage against the allowance, and what the month will probably cost."""

from collections import Counter
from datetime import date

from pydantic import BaseModel
from sqlmodel import Session, col, select

from api.workplace import Workplace
from invoicing import billed, history
from invoicing.contract import Contract, in_month, service_period
from invoicing.invoice import totals
from invoicing.rating import rate
from invoicing.records import UsageDecision
from invoicing.terms import Terms
from metering.kinds import with_kinds
from metering.month import BillingMonth, local_day
from metering.usage import DayCount, Usage, merge, read_usage, split


class DayAnswer(BaseModel):
    """One calendar day in Europe/Berlin; only days with usage are listed."""

    date: date
    trigger: int
    action: int


class UsageAnswer(BaseModel):
    """Usage of a month; ``late`` came after its bill and is not billed yet; projections are net, in cents."""

    customer: str
    month: str
    used: int
    trigger: int
    action: int
    included: int | None
    remaining: int | None
    overage: int | None
    late: int
    days: list[DayAnswer]
    connectors: dict[str, int]
    workflows: dict[str, int]
    projected_net_cents: int | None


def usage_answer(work: Workplace, customer: str, month: BillingMonth) -> UsageAnswer:
    """Return what was counted, also for a customer without a contract."""
    with work.ledger.read() as session:
        contract = in_month(history.contract(session, customer), month)
        counters = (customer, *_assigned(session, customer, month))
        known = billed.newest(session, month, counters)
    now = merge(*(_now(work, key, month) for key in counters))
    usage = split(now, merge(Usage(customer, month), *(each.usage for each in known.values()))) if known else now
    terms = work.terms.get(contract.terms) if contract else None
    meters = tuple(terms.counting) if terms else ("trigger", "action")
    used = usage.total(*meters)
    package = terms.packages.get(contract.package) if terms and contract else None
    included = package.included if package else None
    return UsageAnswer(
        customer=customer,
        month=str(month),
        used=used,
        trigger=usage.total("trigger"),
        action=usage.total("action"),
        included=included,
        remaining=None if included is None else max(included - used, 0),
        overage=None if included is None else max(used - included, 0),
        late=usage.total_late(*meters),
        days=[
            DayAnswer(date=each.day, trigger=each.counts.get("trigger", 0), action=each.counts.get("action", 0))
            for each in usage.days
        ],
        connectors=dict(usage.connectors),
        workflows=dict(usage.workflows),
        projected_net_cents=_projected(terms, contract, usage, local_day(work.clock())) if package else None,
    )


def _now(work: Workplace, customer: str, month: BillingMonth) -> Usage:
    return with_kinds(read_usage(work.counter.client, customer, month), work.journal, work.counter.client)


def _assigned(session: Session, customer: str, month: BillingMonth) -> list[str]:
    query = select(UsageDecision.customer).where(
        UsageDecision.month == str(month), UsageDecision.assigned_to == customer
    )
    return list(session.exec(query.order_by(col(UsageDecision.customer))))


def _projected(terms: Terms | None, contract: Contract | None, usage: Usage, today: date) -> int | None:
    """Return the net sum the month would cost if it went on as until today."""
    if terms is None or contract is None:
        return None
    return totals(rate(terms, contract, continued(usage, contract, today)))[1]


def continued(usage: Usage, contract: Contract, today: date) -> Usage:
    """Return the usage of the whole month if each day of the contract to come is like those so far, on average."""
    period = service_period(contract, usage.month)
    if period is None or not period[0] <= today < period[1]:
        return usage
    first, last = period
    passed, whole = (today - first).days + 1, (last - first).days + 1
    used: Counter[str] = Counter()
    for day in usage.days:
        used.update(day.counts)
    return Usage(
        usage.customer,
        usage.month,
        (DayCount(today, {meter: units * whole // passed for meter, units in used.items()}),),
    )
