"""The journal's rows: what the entries of a stream hold, column by column.

An entry holds events (fields ``e``, each a list of events) or voids (fields ``voids``, each a list of rows).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import chain
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from metering.event import Event
from metering.month import BERLIN, BillingMonth, local_day

_INSTANT = pa.timestamp("us", "UTC")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EVENTS = pa.schema(
    [
        pa.field("customer", pa.string(), nullable=False),
        pa.field("id", pa.string(), nullable=False),
        pa.field("meter", pa.string(), nullable=False),
        pa.field("day", pa.date32(), nullable=False),
        pa.field("time", _INSTANT, nullable=False),
        pa.field("workflow", pa.string()),
        pa.field("connector", pa.string()),
        pa.field("quantity", pa.int32(), nullable=False),
        pa.field("entry", pa.string(), nullable=False),
        pa.field("place", pa.int32(), nullable=False),
    ]
)
VOIDS = pa.schema(
    [
        *(EVENTS.field(name) for name in ("customer", "id", "meter", "day")),
        *(EVENTS.field(name) for name in ("workflow", "connector", "quantity")),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("who", pa.string(), nullable=False),
        pa.field("voided_at", _INSTANT, nullable=False),
        *(EVENTS.field(name) for name in ("entry", "place")),
    ]
)
_MOST_AT_ONCE = 2_000  # events held as objects: few enough for the cache


class VoidRow(msgspec.Struct, array_like=True, gc=False):
    """A voided event: which one, as what it had counted, why, by whom and when."""

    customer: str
    month: str
    id: str
    day: int
    meter: str
    workflow: str | None
    connector: str | None
    quantity: int
    reason: str
    who: str
    voided_at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a stream: its id as ``entry_text`` writes it, and its fields in order."""

    id: str
    events: tuple[bytes, ...]
    voids: tuple[bytes, ...]


_events = msgspec.msgpack.Decoder(list[Event])
_voids = msgspec.msgpack.Decoder(list[VoidRow])


def entry_text(raw: bytes | str) -> str:
    """Return a stream's id padded with zeros, so that ids sort as text as they do in the stream."""
    milliseconds, _, number = (raw.decode() if isinstance(raw, bytes) else raw).partition("-")
    return f"{int(milliseconds):015d}-{int(number or 0):010d}"


def entry_of(raw: Sequence[Any]) -> Entry:
    """Read an entry as the server sends it: its id, and names and values in turn."""
    found: dict[bytes, list[bytes]] = {b"e": [], b"voids": []}
    for name, value in zip(raw[1][::2], raw[1][1::2], strict=True):
        found[name].append(value)
    return Entry(entry_text(raw[0]), tuple(found[b"e"]), tuple(found[b"voids"]))


def event_rows(entries: Iterable[Entry]) -> pa.Table:
    """Return the events of entries, in the order of the stream."""
    return pa.Table.from_batches([_columns(*part) for part in _parts(entries)], EVENTS)


def void_rows(entries: Iterable[Entry]) -> pa.Table:
    """Return the voids of entries, in the order of the stream."""
    rows = [
        {
            **{name: getattr(row, name) for name in VOIDS.names if hasattr(row, name)},
            "day": BillingMonth.parse(row.month).first_day.replace(day=row.day),
            "entry": entry.id,
            "place": place,
        }
        for entry in entries
        for place, row in enumerate(chain.from_iterable(map(_voids.decode, entry.voids)))
    ]
    return pa.Table.from_pylist(rows, VOIDS)


def by_month(rows: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """Yield the rows of each month that has some, in order."""
    if not rows:
        return
    bounds = pc.min_max(rows["day"]).as_py()
    month = BillingMonth.of(bounds["min"])
    while month.first_day <= bounds["max"]:
        chosen = rows
        if bounds["min"] not in month or bounds["max"] not in month:
            days = pc.and_(pc.greater_equal(rows["day"], month.first_day), pc.less_equal(rows["day"], month.last_day))
            chosen = rows.filter(days)
        if chosen:
            yield str(month), chosen
        month = month.next()


def _parts(entries: Iterable[Entry]) -> Iterator[tuple[list[Event], list[str], list[int]]]:
    """Yield events with the entries they came in and how many each held; never too many at once."""
    events: list[Event] = []
    ids: list[str] = []
    counts: list[int] = []
    for entry in entries:
        before = len(events)
        for body in entry.events:
            events += _events.decode(body)
        if len(events) > before:
            ids.append(entry.id)
            counts.append(len(events) - before)
        if len(events) >= _MOST_AT_ONCE:
            yield events, ids, counts
            events, ids, counts = [], [], []
    if events:
        yield events, ids, counts


def _columns(events: list[Event], ids: list[str], counts: list[int]) -> pa.RecordBatch:
    since = pa.array([each.time - _EPOCH for each in events], pa.duration("us"))  # far quicker than instants
    times = since.cast(pa.int64()).cast(_INSTANT)
    places = np.arange(len(events)) - np.repeat(np.cumsum(counts) - counts, counts)
    columns = {
        "customer": pa.array([each.customer for each in events], pa.string()),
        "id": pa.array([each.id for each in events], pa.string()),
        "meter": pa.array([each.type for each in events], pa.string()),
        "day": _days(times),
        "time": times,
        "workflow": pa.array([each.workflow for each in events], pa.string()),
        "connector": pa.array([each.connector for each in events], pa.string()),
        "quantity": pa.array([each.quantity for each in events], pa.int32()),
        "entry": pa.array(ids, pa.string()).take(pa.array(np.repeat(np.arange(len(ids)), counts))),
        "place": pa.array(places, pa.int32()),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in EVENTS.names], schema=EVENTS)


def _days(times: pa.Array) -> pa.Array:
    """Return each instant's calendar day in Europe/Berlin."""
    instants = times.cast(pa.int64()).to_numpy()
    first, last = (local_day(_EPOCH + timedelta(microseconds=int(each))) for each in (instants.min(), instants.max()))
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    starts = [datetime.combine(day, time(), BERLIN) - _EPOCH for day in days]
    places = np.searchsorted([start // timedelta(microseconds=1) for start in starts], instants, "right") - 1
    return pa.array(np.array(days, "datetime64[D]")[places], pa.date32())
