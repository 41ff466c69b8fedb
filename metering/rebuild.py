"""Make counters again from the journal: all of them after a loss, or one that differs from it.

Counting is set union, so replaying what was counted already changes nothing: a rebuild may run while events arrive,
and may be broken off and repeated. Nothing is journaled again.
"""

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime, time
from itertools import groupby

import pyarrow as pa
import pyarrow.compute as pc

from metering.batch import fingerprint
from metering.event import Event
from metering.fold import keys_of
from metering.folder import Folder
from metering.journal import Journal
from metering.month import BillingMonth
from metering.redis import Client, Connection
from metering.tally import Tally
from metering.usage import Usage, read_usage
from metering.void import void_key

_PER_BATCH = 10_000
_NOON = time(12, tzinfo=UTC)  # of the day that counts, whatever the hour was


def rebuild(
    journal: Journal,
    counter: Connection,
    months: Collection[BillingMonth] = (),
    customers: Collection[str] | None = None,
) -> int:
    """Count the journal's events of some months (none: all) and customers; return how many rows were replayed."""
    journal.archive(counter.client)
    named = {str(month) for month in months} or {*journal.events.months(), *journal.voids.months()}
    for month in sorted(named):
        _void(journal.voids, counter.client, month, customers)
    return asyncio.run(_replay(journal, counter, sorted(named), customers))


def correct(journal: Journal, counter: Connection, customer: str, month: BillingMonth) -> tuple[Usage, Usage]:
    """Make one customer's month again from nothing but the journal; return how it was and how it is.

    What arrives meanwhile is counted. Broken off, the counter shows too little, and the recount shows that.
    """
    before = read_usage(counter.client, customer, month)
    counter.client.delete(*keys_of(customer, month))
    rebuild(journal, counter, [month], [customer])
    return before, read_usage(counter.client, customer, month)


async def _replay(
    journal: Journal, counter: Connection, months: Collection[str], customers: Collection[str] | None
) -> int:
    tally = Tally(counter.lanes(), journal=False)
    rows = 0
    try:
        for month in months:
            for name in journal.events.names(month):
                events = _events(_wanted(journal.events, month, name, customers))
                for start in range(0, len(events), _PER_BATCH):
                    await tally.count(events[start : start + _PER_BATCH])
                rows += len(events)
    finally:
        await tally.close()
    return rows


def _wanted(folder: Folder, month: str, name: str, customers: Collection[str] | None) -> pa.Table:
    columns = ["customer", "id", "meter", "day", "quantity"]
    rows = folder.read(month, name, columns)
    if customers is None:
        return rows
    return rows.filter(pc.is_in(rows["customer"], pa.array(customers, pa.string())))


def _events(rows: pa.Table) -> list[Event]:
    noons = {day: datetime.combine(day, _NOON) for day in pc.unique(rows["day"]).to_pylist()}
    columns = (rows[name].to_pylist() for name in ("customer", "id", "meter", "day", "quantity"))
    return [
        Event(identity, customer, meter, noons[day], quantity=quantity)
        for customer, identity, meter, day, quantity in zip(*columns, strict=True)
    ]


def _void(folder: Folder, client: Client, month: str, customers: Collection[str] | None) -> None:
    """Make the sets of voided ids, before their events are counted."""
    for name in folder.names(month):
        rows = _wanted(folder, month, name, customers)
        pairs = sorted(zip(rows["customer"].to_pylist(), rows["id"].to_pylist(), strict=True))
        for customer, voided in groupby(pairs, key=lambda pair: pair[0]):
            marks = [fingerprint(identity) for _, identity in voided]
            client.sadd(void_key(customer, BillingMonth.parse(month)), *marks)
