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
CREATE TEMP TABLE once AS
WITH received AS (SELECT * FROM filed UNION ALL BY NAME SELECT * FROM waiting)
SELECT DISTINCT ON (id) * FROM received
WHERE customer = $customer AND day BETWEEN $first AND $last
    AND id NOT IN (SELECT id FROM voided WHERE customer = $customer)
ORDER BY id, day, list_position($meters, meter) NULLS LAST, meter, quantity, entry, place
"""
_SHOWN = """
SELECT id, day, make_timestamp(epoch_us(time)), meter, workflow, connector, quantity FROM once
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
    named = {"meters": list(wanted.meters), "first": wanted.first, "last": wanted.last}
    with counting(journal, client, wanted.customer, wanted.month) as base:
        rows = base.execute(_SHOWN, {**named, "limit": limit, "offset": offset}).fetchall()
    return tuple(CountedEvent(row[0], row[1], row[2].replace(tzinfo=UTC), *row[3:]) for row in rows)


@contextmanager
def counting(
    journal: Journal, client: Client, customer: str, month: BillingMonth
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection with the table ``once``: a customer's events of a month, each as it counts, without voids."""
    named = {"customer": customer, "meters": list(METERS), "first": month.first_day, "last": month.last_day}
    with duckdb.connect(config={"memory_limit": _MEMORY}) as base:
        base.register("waiting", waiting(client, [stream_for(client, customer)]))
        journal.events.rows(base, str(month), EVENTS).create_view("filed")
        journal.voids.rows(base, str(month), VOIDS).create_view("voided")
        base.execute(_ONCE, named)
        yield base
