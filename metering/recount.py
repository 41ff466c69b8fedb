"""Recount: count a month's events again from the journal, and compare with the counter.

The journal is counted by DuckDB from what was received, without the counter's sets or fingerprints. The one rule both
follow: each (customer, id) counts once; of several contents the earliest day counts, of these a trigger before an
action before other meters by name, of these the smallest quantity; a voided id does not count.

Events may arrive meanwhile. Whoever differs at first sight gets an exact second look: the counter is read in one step
with how far the journal had come, and the journal is counted up to there. Only a difference that persists is told.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from metering.count import Count, Tallied
from metering.gauge import Gauge
from metering.journal import Journal
from metering.month import BillingMonth
from metering.redis import Client
from metering.snapshot import read_at_once
from metering.usage import Usage, customers_with_usage, days_of, read_many

_PER_LOOK = 5_000


@dataclass(frozen=True, slots=True)
class Difference:
    """What the counter and the journal say of one day and meter."""

    customer: str
    day: date
    meter: str
    counter: int
    journal: int


@dataclass(frozen=True, slots=True)
class OtherContent:
    """An id that came again with another content: one field, as it counted and as it came too."""

    customer: str
    id: str
    field: str
    counted: str
    came_again: str


@dataclass(frozen=True, slots=True)
class Recount:
    """A month counted again. ``events`` are the distinct ids in the journal, voided ones too.

    ``usages`` are the counter's readings that were compared, of everyone with usage in counter or journal. What their
    gauges read comes from the very events of the journal that they were compared with.
    """

    month: BillingMonth
    events: int
    usages: Mapping[str, Usage]
    differences: tuple[Difference, ...]
    other_content: tuple[OtherContent, ...]

    @property
    def differing(self) -> Mapping[str, tuple[Difference, ...]]:
        """The differences by customer."""
        found: dict[str, list[Difference]] = {}
        for each in self.differences:
            found.setdefault(each.customer, []).append(each)
        return {customer: tuple(those) for customer, those in found.items()}


def recount(
    journal: Journal,
    client: Client,
    month: BillingMonth,
    customers: Collection[str] | None = None,
    gauges: Collection[Gauge] = (),
) -> Recount:
    """Count a month again, or only some customers of it; return how the counter differs, and what gauges read."""
    journal.archive(client)
    with Count(journal, month, customers) as count:
        counted, levels = count.tallied(), count.gauges(gauges)
        events, other = count.events(), tuple(OtherContent(*each) for each in count.other_content())
        everyone = counted.keys() | (customers_with_usage(client, month) if customers is None else set(customers))
        usages = read_many(client, sorted(everyone), month)
        usages |= {customer: replace(usages[customer], gauges=read) for customer, read in levels.items()}
        doubtful = [customer for customer, usage in usages.items() if _differences(usage, counted.get(customer, {}))]
        newest = count.newest(doubtful)
    differences: list[Difference] = []
    for part in (doubtful[start : start + _PER_LOOK] for start in range(0, len(doubtful), _PER_LOOK)):
        positions = {customer: newest[customer] for customer in part}
        for usage, found in _second_look(journal, client, month, positions, gauges):
            usages[usage.customer] = usage
            differences += found
    told = {customer: usage for customer, usage in usages.items() if usage.days or customer in counted}
    return Recount(month, events, told, tuple(differences), other)


def _second_look(
    journal: Journal, client: Client, month: BillingMonth, newest: Mapping[str, str], gauges: Collection[Gauge]
) -> Iterator[tuple[Usage, list[Difference]]]:
    """Yield each customer's counter, and how it differs from the journal as it was at that moment.

    That is what was archived before, up to the ``newest`` entry, and what came since, up to the stream's position.
    """
    looks = {customer: read_at_once(client, customer, month) for customer in newest}
    journal.archive(client)
    until = {customer: max(look.position, newest[customer]) for customer, look in looks.items()}
    with Count(journal, month, newest, until) as count:
        counted, levels = count.tallied(), count.gauges(gauges)
    for customer, look in looks.items():
        usage = Usage(customer, month, days_of(look.cells), gauges=levels.get(customer, {}))
        yield usage, _differences(usage, counted.get(customer, {}))


def _differences(usage: Usage, counted: Tallied) -> list[Difference]:
    counter = {(each.day, meter): units for each in usage.days for meter, units in each.counts.items()}
    return [
        Difference(usage.customer, day, meter, counter.get((day, meter), 0), counted.get((day, meter), 0))
        for day, meter in sorted(counter.keys() | counted.keys())
        if counter.get((day, meter), 0) != counted.get((day, meter), 0)
    ]
