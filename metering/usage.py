"""What a customer used in a month: units only, never money."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain, islice

from metering.fold import keys_of, read_cells
from metering.gauge import Gauge, Readings, together
from metering.month import BillingMonth
from metering.redis import Client

_CUSTOMERS_PER_TRIP, _KEYS_PER_SCAN = 200, 5_000


@dataclass(frozen=True, slots=True)
class DayCount:
    """What was counted on one calendar day in Europe/Berlin, by meter (``trigger``, ``action``, …)."""

    day: date
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Usage:
    """A customer's month: per day and meter, per workflow, per connector; late events apart.

    ``days`` holds only days with usage, in order. ``late`` is what ``split`` set apart: what was counted
    (or, below zero, voided) after the month was billed. A counter knows no late events, and no ``gauges``: what these
    read on each day with events, in order, comes from the journal.
    """

    customer: str
    month: BillingMonth
    days: tuple[DayCount, ...] = ()
    late: tuple[DayCount, ...] = ()
    workflows: Mapping[str, int] = field(default_factory=dict)
    connectors: Mapping[str, int] = field(default_factory=dict)
    gauges: Mapping[Gauge, Readings] = field(default_factory=dict)

    def total(self, *meters: str) -> int:
        """Units of the given meters over the whole month, late ones excluded."""
        return sum(day.counts.get(meter, 0) for day in self.days for meter in meters)

    def total_late(self, *meters: str) -> int:
        """Units of the given meters that came after the month was billed; below zero when more were voided."""
        return sum(day.counts.get(meter, 0) for day in self.late for meter in meters)


def read_usage(client: Client, customer: str, month: BillingMonth) -> Usage:
    """Return what was counted for one customer."""
    return read_many(client, [customer], month)[customer]


def read_many(client: Client, customers: Iterable[str], month: BillingMonth) -> dict[str, Usage]:
    """Return what was counted for many customers: days only; workflows and connectors stand in the journal."""
    found: dict[str, Usage] = {}
    rest = iter(customers)
    while part := tuple(islice(rest, _CUSTOMERS_PER_TRIP)):
        for customer, cells in read_cells(client, part, month):
            found[customer] = Usage(customer, month, days_of(cells))
    return found


def at_most(client: Client, customers: Iterable[str], month: BillingMonth) -> dict[str, int | None]:
    """Return a bound of the units counted per customer without reading them: the sizes of its sets; None: not known."""
    found: dict[str, int | None] = {}
    rest = iter(customers)
    while part := tuple(islice(rest, _CUSTOMERS_PER_TRIP)):
        keys = [keys_of(customer, month)[:-1] for customer in part]
        with client.pipeline(transaction=False) as pipe:
            for key in chain.from_iterable(keys):
                pipe.scard(key)
            sizes = iter(pipe.execute())
        for customer, of_customer in zip(part, keys, strict=True):
            *pieces, more = islice(sizes, len(of_customer))
            found[customer] = None if more else sum(pieces)
    return found


def days_of(cells: Mapping[tuple[date, str], int]) -> tuple[DayCount, ...]:
    """Return counts per day and meter as days, in order."""
    days: dict[date, dict[str, int]] = defaultdict(dict)
    for (day, meter), units in cells.items():
        days[day][meter] = units
    return tuple(DayCount(day, days[day]) for day in sorted(days))


def customers_with_usage(client: Client, month: BillingMonth) -> set[str]:
    """Return everyone for whom something was counted in the month, known or not."""
    named = set(_customers(client, month))
    return {customer for customer, usage in read_many(client, sorted(named), month).items() if usage.days}


def merge(first: Usage, *others: Usage) -> Usage:
    """Return the first customer's month with the usage of others added to it; its own newest level outweighs theirs."""
    everyone = (first, *others)
    own_first = sorted(everyone, key=lambda each: (each.customer != first.customer, each.customer))
    return Usage(
        customer=first.customer,
        month=first.month,
        days=_added(each.days for each in everyone),
        late=_added(each.late for each in everyone),
        workflows=_summed(each.workflows for each in everyone),
        connectors=_summed(each.connectors for each in everyone),
        gauges=together(each.gauges for each in own_first),
    )


def split(now: Usage, billed: Usage) -> Usage:
    """Return what was billed as the month's days, and what the counter says beyond it as late: now − billed.

    Gauges are as billed: a level that changed has no late part.
    """
    less = (DayCount(each.day, {meter: -units for meter, units in each.counts.items()}) for each in billed.days)
    beyond = _added([now.days, tuple(less)])
    late = (DayCount(each.day, {meter: units for meter, units in each.counts.items() if units}) for each in beyond)
    return replace(now, days=billed.days, late=tuple(each for each in late if each.counts), gauges=billed.gauges)


def _customers(client: Client, month: BillingMonth) -> Iterator[str]:
    """Read customers from the names of keys; a customer's name may hold colons and even a month."""
    for raw in client.scan_iter(match=f"zw:{{*}}:*:{month}:*", count=_KEYS_PER_SCAN):
        key = raw.decode()
        customer = key.partition("}:")[2].rpartition(f":{month}:")[0]
        if key in keys_of(customer, month):
            yield customer


def _added(parts: Iterable[tuple[DayCount, ...]]) -> tuple[DayCount, ...]:
    days: dict[date, Counter[str]] = defaultdict(Counter)
    for each in chain.from_iterable(parts):
        days[each.day].update(each.counts)
    return tuple(DayCount(day, dict(days[day])) for day in sorted(days))


def _summed(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in parts:
        total.update(each)
    return dict(sorted(total.items()))
