"""What a customer used in a month: units only, never money."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, islice

from metering.month import BillingMonth
from metering.redis import Client
from metering.tally import key_of

_CUSTOMERS_PER_TRIP, _KEYS_PER_SCAN = 1_000, 5_000


@dataclass(frozen=True, slots=True)
class DayCount:
    """What was counted on one calendar day in Europe/Berlin, by meter (``trigger``, ``action``, …)."""

    day: date
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Usage:
    """A customer's month: per day and meter, per workflow, per connector; late events apart.

    ``days`` holds only days with usage, in order. ``late`` are the days of events that came after the
    month was frozen for billing: they are not in ``days``.
    """

    customer: str
    month: BillingMonth
    days: tuple[DayCount, ...] = ()
    late: tuple[DayCount, ...] = ()
    workflows: Mapping[str, int] = field(default_factory=dict)
    connectors: Mapping[str, int] = field(default_factory=dict)
    frozen: bool = False

    def total(self, *meters: str) -> int:
        """Units of the given meters over the whole month, late ones excluded."""
        return sum(day.counts.get(meter, 0) for day in self.days for meter in meters)

    def total_late(self, *meters: str) -> int:
        """Units of the given meters that came after the month was frozen."""
        return sum(day.counts.get(meter, 0) for day in self.late for meter in meters)


def read_usage(client: Client, customer: str, month: BillingMonth) -> Usage:
    """Return what was counted for one customer."""
    key = key_of(customer, month)
    with client.pipeline(transaction=False) as pipe:
        pipe.hgetall(key)
        pipe.hgetall(f"{key}:by")
        counts, kinds = pipe.execute()
    return _usage(customer, month, counts, kinds)


def read_many(client: Client, customers: Iterable[str], month: BillingMonth) -> dict[str, Usage]:
    """Return what was counted for many customers: days only, without workflows and connectors."""
    found: dict[str, Usage] = {}
    rest = iter(customers)
    while part := tuple(islice(rest, _CUSTOMERS_PER_TRIP)):
        with client.pipeline(transaction=False) as pipe:
            for customer in part:
                pipe.hgetall(key_of(customer, month))
            found |= {
                customer: _usage(customer, month, counts, {})
                for customer, counts in zip(part, pipe.execute(), strict=True)
            }
    return found


def customers_with_usage(client: Client, month: BillingMonth) -> set[str]:
    """Return everyone for whom something was counted in the month, known or not."""
    pattern = key_of("*", month)
    keys = (key.decode() for key in client.scan_iter(match=pattern, count=_KEYS_PER_SCAN))
    named = {key.partition("{")[2].partition("}")[0]: key for key in keys}
    return {customer for customer, usage in read_many(client, sorted(named), month).items() if usage.days or usage.late}


def freeze(client: Client, customer: str, month: BillingMonth) -> Usage:
    """Freeze a customer's month and return what was counted, in one step; later events count as late.

    Repeating it changes nothing. A month without usage is frozen too.
    """
    key = key_of(customer, month)
    with client.pipeline(transaction=True) as pipe:
        pipe.hset(key, "frozen", 1)
        pipe.hgetall(key)
        pipe.hgetall(f"{key}:by")
        _, counts, kinds = pipe.execute()
    return _usage(customer, month, counts, kinds)


def merge(first: Usage, *others: Usage) -> Usage:
    """Return the first customer's month with the usage of others added to it."""
    everyone = (first, *others)
    return Usage(
        customer=first.customer,
        month=first.month,
        days=_added(each.days for each in everyone),
        late=_added(each.late for each in everyone),
        workflows=_summed(each.workflows for each in everyone),
        connectors=_summed(each.connectors for each in everyone),
        frozen=all(each.frozen for each in everyone),
    )


def _usage(customer: str, month: BillingMonth, counts: dict[bytes, bytes], kinds: dict[bytes, bytes]) -> Usage:
    """Read the hashes that ``tally.lua`` writes."""
    days: dict[date, dict[str, int]] = defaultdict(dict)
    late: dict[date, dict[str, int]] = defaultdict(dict)
    for raw, units in counts.items():
        *prefix, meter, day = ["", *raw.decode().split(":")]
        if meter:
            place = late if "late" in prefix else days
            place[month.first_day.replace(day=int(day))][meter] = int(units)
    named = {kind.decode(): int(units) for kind, units in kinds.items()}
    return Usage(
        customer=customer,
        month=month,
        days=tuple(DayCount(day, days[day]) for day in sorted(days)),
        late=tuple(DayCount(day, late[day]) for day in sorted(late)),
        workflows={name[2:]: units for name, units in sorted(named.items()) if name.startswith("w:")},
        connectors={name[2:]: units for name, units in sorted(named.items()) if name.startswith("c:")},
        frozen=b"frozen" in counts,
    )


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
