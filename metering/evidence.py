"""The events behind a count: each once, as it counts, in the order of their times; from the journal and what waits."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

import duckdb

from metering.batch import METERS
from metering.journal import Journal, waiting
from metering.month import BillingMonth
from metering.redis import Client
from metering.rows import EVENTS, VOIDS
from metering.snapshot import stream_for

_MEMORY = "1GB"
_ONCE = """
WITH received AS (SELECT * FROM filed UNION ALL BY NAME SELECT * FROM waiting),
     once AS (
        SELECT DISTINCT ON (id) * FROM received WHERE customer = $customer AND day BETWEEN $month_first AND $month_last
        ORDER BY id, day, list_position($order, meter) NULLS LAST, meter, quantity, entry, place)
SELECT id, day, make_timestamp(epoch_us(time)), meter, workflow, connector, quantity
FROM once ANTI JOIN (FROM voided WHERE customer = $customer) USING (id)
WHERE list_contains($meters, meter) AND day BETWEEN $first AND $last
ORDER BY time, id LIMIT $limit OFFSET $offset
"""


@dataclass(frozen=True, slots=True)
class CountedEvent:
    """An event as it counts: on its day in Berlin, at an instant in UTC, under a meter, for so many units."""

    id: str
    day: date
    time: datetime
    meter: str
    workflow: str | None
    connector: str | None
    quantity: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events: of a customer's month, under some meters, from the first to the last day."""

    customer: str
    month: BillingMonth
    meters: tuple[str, ...]
    first: date
    last: date


def counted_events(
    journal: Journal, client: Client, wanted: Wanted, limit: int, offset: int = 0
) -> tuple[CountedEvent, ...]:
    """Return some of the events that count, after the first ``offset`` of them; what waits is archived first."""
    journal.archive(client)
    named = {
        "customer": wanted.customer,
        "month_first": wanted.month.first_day,
        "month_last": wanted.month.last_day,
        "order": list(METERS),
        "meters": list(wanted.meters),
        "first": wanted.first,
        "last": wanted.last,
        "limit": limit,
        "offset": offset,
    }
    with received(journal, client, wanted.customer, wanted.month) as base:
        rows = base.execute(_ONCE, named).fetchall()
    return tuple(CountedEvent(row[0], row[1], row[2].replace(tzinfo=UTC), *row[3:]) for row in rows)


@contextmanager
def received(
    journal: Journal, client: Client, customer: str, month: BillingMonth
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection with the views ``filed``, ``waiting`` and ``voided``: what was received for a customer."""
    with duckdb.connect(config={"memory_limit": _MEMORY}) as base:
        base.register("waiting", waiting(client, [stream_for(client, customer)]))
        journal.events.rows(base, str(month), EVENTS).create_view("filed")
        journal.voids.rows(base, str(month), VOIDS).create_view("voided")
        yield base
