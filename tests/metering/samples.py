"""Events as the reader makes them, in a few letters."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import redis

from metering.batch import fingerprint
from metering.event import Event
from metering.keys import STREAMS, key_of
from metering.month import BillingMonth, day_span
from metering.redis import Connection

OCTOBER = BillingMonth(2026, 10)
NOVEMBER = BillingMonth(2026, 11)


def event(
    identity: str,
    cell: str = "trigger:05",
    *,
    customer: str = "k-1",
    month: BillingMonth = OCTOBER,
    quantity: int = 1,
    workflow: str | None = None,
    connector: str | None = None,
) -> Event:
    meter, _, day = cell.partition(":")
    time = datetime(month.year, month.month, int(day), 12, tzinfo=UTC)
    return Event(identity, customer, meter, time, workflow, connector, quantity)


def cell_of(each: Event) -> str:
    """Month, type and day that an event counts for, for example ``2026-10 trigger:05``."""
    day = day_span(each.time).day
    return f"{BillingMonth.of(day)} {each.type}:{day:%d}"


def batch(count: int, prefix: str = "e") -> list[Event]:
    return [event(f"{prefix}-{n}") for n in range(count)]


def parts(events: list[Event], size: int) -> list[list[Event]]:
    return [events[start : start + size] for start in range(0, len(events), size)]


def void(connection: Connection, customer: str, *ids: str, month: BillingMonth = OCTOBER) -> None:
    """Void ids of a customer's month as the command does."""
    if ids:
        connection.client.sadd(f"{key_of(customer, month)}:void", *map(fingerprint, ids))


def journaled(connection: Connection) -> list[list[Event]]:
    """Return the batches in the journal's streams, in the order in which they came."""
    decode = msgspec.msgpack.Decoder(list[Event]).decode
    client: Any = redis.Redis(connection_pool=connection.client.connection_pool)
    client.set_response_callback("XRANGE", lambda entries, **_: entries)  # the usual one keeps one field of each name
    entries = [entry for stream in STREAMS for entry in client.execute_command("XRANGE", stream, "-", "+")]
    assert {name for _, fields in entries for name in fields[::2]} <= {b"e"}
    return [decode(body) for _, fields in entries for body in fields[1::2]]
