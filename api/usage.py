"""A customer's usage against the allowance, and what the month will probably cost."""

from collections import Counter
from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel
from sqlmodel import Session, col, select

from api.workplace import Workplace
from invoicing import billed, history
from invoicing.contract import ContractEvent, in_month
from invoicing.contract.parts import Part, parts_of
from invoicing.invoice import lines_of, totals
from invoicing.rating import allowed, rate
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
        events = history.contract(session, customer)
        contract = in_month(events, month)
        counters = (customer, *_assigned(session, customer, month))
        known = billed.newest(session, month, counters)
    now = merge(*(_now(work, key, month) for key in counters))
    usage = split(now, merge(Usage(customer, month), *(each.usage for each in known.values()))) if known else now
    terms = work.terms.get(contract.terms) if contract else None
    meters = tuple(terms.counting) if terms else ("trigger", "action")
    used = usage.total(*meters)
    parts = _parts(terms, events, month)
    included = sum(each.included for each in allowed(terms, parts, usage)) if terms and parts else None
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
        projected_net_cents=_projected(terms, parts, usage, local_day(work.clock())),
    )


def _now(work: Workplace, customer: str, month: BillingMonth) -> Usage:
    return with_kinds(read_usage(work.counter.client, customer, month), work.journal, work.counter.client)


def _assigned(session: Session, customer: str, month: BillingMonth) -> list[str]:
    query = select(UsageDecision.customer).where(
        UsageDecision.month == str(month), UsageDecision.assigned_to == customer
    )
    return list(session.exec(query.order_by(col(UsageDecision.customer))))


def _parts(terms: Terms | None, events: Sequence[ContractEvent], month: BillingMonth) -> tuple[Part, ...]:
    """Return the month's parts; none when one of their packages is not known here."""
    found = parts_of(events, month, terms.rules.proration.value) if terms else ()
    return found if terms and all(part.contract.package in terms.packages for part in found) else ()


def _projected(terms: Terms | None, parts: Sequence[Part], usage: Usage, today: date) -> int | None:
    """Return the net sum the month would cost if it went on as until today."""
    if terms is None or not parts:
        return None
    charges = rate(terms, parts, continued(usage, parts, today))
    return totals(lines_of(charges, is_gross=terms.rules.prices.value == "gross"))[1]


def continued(usage: Usage, parts: Sequence[Part], today: date) -> Usage:
    """Return the usage of the whole month if each day of the contract to come is like those so far, on average."""
    first, last = parts[0].first, parts[-1].last
    if not first <= today < last:
        return usage
    passed, whole = (today - first).days + 1, (last - first).days + 1
    used: Counter[str] = Counter()
    for day in usage.days:
        used.update(day.counts)
    return Usage(
        usage.customer,
        usage.month,
        (DayCount(today, {meter: units * whole // passed for meter, units in used.items()}),),
    )
