"""A customer's usage against the allowance, and what the month will probably cost."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date

from pydantic import BaseModel, ConfigDict
from sqlmodel import Session, col, select

from api.workplace import Workplace
from invoicing import billed, history
from invoicing.contract import ContractEvent, in_month
from invoicing.contract.parts import Part, parts_of
from invoicing.invoice import lines_of, totals
from invoicing.rating import allowed, gauge_of, gauges_of, measured, priced, rate, readings
from invoicing.records import UsageDecision
from invoicing.terms import Terms
from metering.batch import METERS
from metering.gauge import Gauge
from metering.kinds import with_gauges, with_kinds
from metering.month import BillingMonth, local_day
from metering.usage import DayCount, Usage, merge, read_usage, split


class DayAnswer(BaseModel):
    """One calendar day in Europe/Berlin; only days with usage are listed.

    Other meters that the contract has a price for stand beside these two, by their key. Of a level it is the day's.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, int]

    date: date
    trigger: int
    action: int


class UsageAnswer(BaseModel):
    """Usage of a month; ``late`` came after its bill and is not billed yet; projections are net, in cents.

    ``used`` is what draws on allowances; ``included``, ``remaining`` and ``overage`` are null where there is none.
    ``meters`` is what each meter that has a price says of the month: units added up, or the level, from the journal.
    """

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
    meters: dict[str, int]
    projected_net_cents: int | None


def usage_answer(work: Workplace, customer: str, month: BillingMonth) -> UsageAnswer:
    """Return what was counted, also for a customer without a contract."""
    with work.ledger.read() as session:
        events = history.contract(session, customer)
        contract = in_month(events, month)
        counters = (customer, *_assigned(session, customer, month))
        known = billed.newest(session, month, counters)
    terms = work.terms.get(contract.terms) if contract else None
    gauges = gauges_of({terms.id: terms}) if terms else ()
    now = merge(*(_now(work, key, month, gauges) for key in counters))
    usage = split(now, merge(Usage(customer, month), *(each.usage for each in known.values()))) if known else now
    parts = _parts(terms, events, month)
    meters = _meters(terms, parts, usage)
    drawn = allowed(terms, parts, usage) if terms and parts else ()
    return UsageAnswer(
        customer=customer,
        month=str(month),
        used=sum(each.used for each in drawn) if parts else usage.total(*METERS),
        trigger=meters.get("trigger", usage.total("trigger")),
        action=meters.get("action", usage.total("action")),
        included=sum(each.included for each in drawn) if drawn else None,
        remaining=sum(max(each.included - each.used, 0) for each in drawn) if drawn else None,
        overage=sum(each.overage for each in drawn) if drawn else None,
        late=usage.total_late(*_added_up(terms, meters)),
        days=_days(terms, usage, meters),
        connectors=dict(usage.connectors),
        workflows=dict(usage.workflows),
        meters=meters,
        projected_net_cents=_projected(terms, parts, usage, local_day(work.clock())),
    )


def _now(work: Workplace, customer: str, month: BillingMonth, gauges: Collection[Gauge]) -> Usage:
    client = work.counter.client
    usage = with_kinds(read_usage(client, customer, month), work.journal, client)
    return with_gauges(usage, work.journal, client, gauges)


def _meters(terms: Terms | None, parts: Sequence[Part], usage: Usage) -> dict[str, int]:
    """Return what each meter that has a price says of the month; nothing where nothing is agreed."""
    if terms is None or not parts:
        return {}
    first, last = usage.month.first_day, usage.month.last_day
    return {key: measured(terms, usage, (key,), first, last) for key in priced(terms, parts)}


def _added_up(terms: Terms | None, meters: Collection[str]) -> tuple[str, ...]:
    """Return the meters that can be late: a level that changed is none."""
    if terms is None or not meters:
        return METERS
    return tuple(key for key in meters if gauge_of(key, terms.meters[key]) is None)


def _days(terms: Terms | None, usage: Usage, meters: Collection[str]) -> list[DayAnswer]:
    wanted = dict.fromkeys((*METERS, *meters), 0)
    days = {each.day: wanted | {key: each.counts.get(key, 0) for key in METERS} for each in usage.days}
    if terms:
        for day, values in readings(terms, usage, [key for key in wanted if key in terms.meters]).items():
            days[day] = days.get(day, wanted) | values
    return [DayAnswer.model_validate({**days[day], "date": day}) for day in sorted(days)]


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
    """Return the usage of the whole month if each day of the contract to come is like those so far, on average.

    Levels stay as they are.
    """
    first, last = parts[0].first, parts[-1].last
    if not first <= today < last:
        return usage
    passed, whole = (today - first).days + 1, (last - first).days + 1
    used: Counter[str] = Counter()
    for day in usage.days:
        used.update(day.counts)
    average = {meter: units * whole // passed for meter, units in used.items()}
    return Usage(usage.customer, usage.month, (DayCount(today, average),), gauges=usage.gauges)
