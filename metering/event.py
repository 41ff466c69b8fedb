"""The event: its two accepted spellings (own JSON, CloudEvents), what is refused and why.

A batch is decoded in one step; only when something in it is wrong is it taken apart, so that the valid
events are counted and each refused one is named by index, id, field and fix.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec

from metering.month import BERLIN, BillingMonth, local_day

MOST_EVENTS = 10_000
_CACHED_HOURS = 20_000

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Customer = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}\Z")]
Label = Annotated[str, msgspec.Meta(max_length=128)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Quantity = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class _Own(msgspec.Struct, gc=False):
    id: Id
    customer: Customer
    type: str
    time: Instant
    workflow: Label | None = None
    connector: Label | None = None
    quantity: Quantity = 1


class _CloudData(msgspec.Struct, gc=False):
    workflow: Label | None = None
    connector: Label | None = None
    quantity: Quantity = 1


class _Cloud(msgspec.Struct, gc=False):
    specversion: str
    id: Id
    subject: Customer
    type: str
    time: Instant
    data: _CloudData | None = None


class Event(msgspec.Struct, gc=False, frozen=True):
    """A valid event. ``month`` and ``cell`` (``<meter>:<day>``) are those of its local day in Europe/Berlin."""

    id: str
    customer: str
    month: str
    cell: str
    workflow: str | None
    connector: str | None
    quantity: int


class Rejected(msgspec.Struct, frozen=True):
    """A refused event: its place in the request, its id if it has one, the field, and the fix."""

    index: int
    id: str | None
    field: str
    message: str
    raw: str


class BodyError(ValueError):
    """The request's body is refused as a whole, nothing in it was counted; ``status`` is HTTP's word for why."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Window:
    """Which times are taken now: from ``earliest`` (a month's start) up to and including ``latest``.

    Both are in UTC, as most events are: Python compares instants of one zone several times faster.
    """

    earliest: datetime
    latest: datetime

    @classmethod
    def at(cls, now: datetime, late_days: int, future_minutes: int) -> "Window":
        """Return the window at an instant: months stay open for ``late_days`` after their end."""
        month = BillingMonth.of(now)
        while now < month.start + timedelta(days=late_days):
            month = month.previous()
        return cls(month.start.astimezone(UTC), now.astimezone(UTC) + timedelta(minutes=future_minutes))


Decoded = tuple[list[Event], list[Rejected]]
_Wire = _Own | _Cloud
_own_lines = msgspec.json.Decoder(_Own)
# The decoder rounds to microseconds: a month's last nanosecond would become the next month. Finer digits are cut.
_FINER = re.compile(rb'("time"\s*:\s*"[^"]{19}\.\d{6})\d+')
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_LINE_FIELD = re.compile(r"`\$(?:\[\d+\])?\.(?:data\.)?([A-Za-z_]+)`|field `([A-Za-z_]+)`")
_FIXES = {
    "id": "give a text of 1 to 128 characters, the same when the event is sent again",
    "customer": "give the customer's id: letters, digits and . _ : @ -, at most 64",
    "subject": "give the customer's id: letters, digits and . _ : @ -, at most 64",
    "type": "give one of the meters: {meters}",
    "time": "give RFC 3339 with an offset, for example 2026-10-05T12:00:00Z",
    "workflow": "give a text of at most 128 characters, or leave it out",
    "connector": "give a text of at most 128 characters, or leave it out",
    "quantity": "give a whole number from 1 to 1,000,000, or leave it out for 1",
    "specversion": "give 1.0",
    "data": "give an object with workflow, connector and quantity, or leave it out",
}
_FAULTS = {
    "type": ("type", "is unknown: give one of the meters: {meters}"),
    "future": ("time", "lies in the future: check the sender's clock and its offset"),
    "past": ("time", "is too old: events are taken from {earliest} on"),
    "specversion": ("specversion", "is not supported: give 1.0"),
}


class Reader:
    """Decodes bodies for a set of meters."""

    def __init__(self, meters: Iterable[str]) -> None:
        """Accept events of these types."""
        self._meters = frozenset(meters)
        self._named = ", ".join(sorted(self._meters))
        self._cells: dict[tuple[int, str], tuple[str, str]] = {}
        self._kinds: dict[str, Callable[[bytes, Window], Decoded]] = {
            "application/json": self._json,
            "application/x-ndjson": self._lines,
            "application/cloudevents+json": lambda body, window: self._read([body], _Cloud, window),
            "application/cloudevents-batch+json": lambda body, window: self._array(body, _Cloud, window),
        }

    @property
    def content_types(self) -> tuple[str, ...]:
        """What can be read."""
        return tuple(self._kinds)

    def read(self, content_type: str, body: bytes, window: Window) -> Decoded:
        """Return the valid events and the refused ones; raise BodyError when the body is no such thing at all."""
        return self._kinds[content_type](_FINER.sub(rb"\1", body), window)

    def _json(self, body: bytes, window: Window) -> Decoded:
        if body.lstrip()[:1] == b"[":
            return self._array(body, _Own, window)
        return self._read([body], _Own, window)

    def _array(self, body: bytes, kind: type[_Wire], window: Window) -> Decoded:
        try:
            wires = msgspec.json.decode(body, type=list[kind])  # type: ignore[valid-type]
            _refuse_count(len(wires))
            return self._checked(enumerate(wires), window)
        except (msgspec.ValidationError, UnicodeDecodeError):
            pass
        except _UNREADABLE as error:
            raise BodyError(f"the body is not JSON: {error}") from error
        try:
            raw = msgspec.json.decode(body, type=list[msgspec.Raw])
        except _UNREADABLE as error:
            raise BodyError(f"the body is not a JSON array: {error}") from error
        return self._read([bytes(each) for each in raw], kind, window)

    def _lines(self, body: bytes, window: Window) -> Decoded:
        try:
            wires = _own_lines.decode_lines(body)
            _refuse_count(len(wires))
            return self._checked(enumerate(wires), window)
        except _UNREADABLE:
            return self._read([line for line in body.split(b"\n") if line.strip()], _Own, window)

    def _read(self, parts: list[bytes], kind: type[_Wire], window: Window) -> Decoded:
        """Take a batch apart and judge each event alone."""
        _refuse_count(len(parts))
        good: list[tuple[int, _Wire]] = []
        bad: list[Rejected] = []
        for index, part in enumerate(parts):
            try:
                good.append((index, msgspec.json.decode(part, type=kind)))
            except _UNREADABLE as error:
                if len(parts) == 1 and not isinstance(error, msgspec.ValidationError):
                    raise BodyError(f"the body is not JSON: {error}") from error
                bad.append(self._refused(index, part, str(error)))
        events, late = self._checked(good, window)
        return events, sorted([*bad, *late], key=lambda each: each.index)

    def _checked(self, wires: Iterable[tuple[int, _Wire]], window: Window) -> Decoded:
        """Judge what the schema cannot: the type, the time, the version."""
        events: list[Event] = []
        bad: list[Rejected] = []
        for index, wire in wires:
            own = wire if isinstance(wire, _Own) else _own(wire)
            if field := _fault(wire, own, self._meters, window):
                bad.append(Rejected(index, own.id, *self._explained(field, window), _raw(wire)))
            else:
                month, cell = self._cell(own.time, own.type)
                events.append(Event(own.id, own.customer, month, cell, own.workflow, own.connector, own.quantity))
        return events, bad

    def _explained(self, fault: str, window: Window) -> tuple[str, str]:
        """Return field and message of a fault."""
        field, text = _FAULTS[fault]
        return field, text.format(meters=self._named, earliest=local_day(window.earliest).isoformat())

    def _refused(self, index: int, part: bytes, error: str) -> Rejected:
        found = _LINE_FIELD.search(error)
        field = (found[1] or found[2]) if found else ""
        fix = _FIXES.get(field, "send a JSON object").format(meters=self._named)
        message = f"{'is missing' if error.startswith('Object missing') else 'is not valid'}: {fix}"
        return Rejected(index, _id_of(part), field, message, part.decode(errors="replace"))

    def _cell(self, time: datetime, meter: str) -> tuple[str, str]:
        """Return local month and ``<meter>:<day>``; remembered per hour, for offsets are whole hours."""
        utc = time.astimezone(UTC) if time.tzinfo is not UTC else time
        key = (utc.toordinal() * 24 + utc.hour, meter)
        if (cell := self._cells.get(key)) is None:
            local = time.astimezone(BERLIN)
            if len(self._cells) > _CACHED_HOURS:
                self._cells.clear()
            cell = self._cells[key] = (f"{local:%Y-%m}", f"{meter}:{local:%d}")
        return cell


def _own(cloud: "_Cloud") -> _Own:
    data = cloud.data or _CloudData()
    kind = cloud.type.rpartition(".")[2]
    return _Own(cloud.id, cloud.subject, kind, cloud.time, data.workflow, data.connector, data.quantity)


def _raw(wire: _Wire) -> str:
    return msgspec.json.encode(wire).decode()


def _fault(wire: _Wire, own: _Own, meters: frozenset[str], window: Window) -> str:
    """Return which of the faults an event of the right shape has, or an empty text."""
    if own.type not in meters:
        return "type"
    if own.time > window.latest:
        return "future"
    if own.time < window.earliest:
        return "past"
    return "specversion" if isinstance(wire, _Cloud) and wire.specversion != "1.0" else ""


def _refuse_count(count: int) -> None:
    if count > MOST_EVENTS:
        raise BodyError(f"{count:,} events in one request; send at most {MOST_EVENTS:,}", status=413)
    if count == 0:
        raise BodyError(f"there is no event in the body; send 1 to {MOST_EVENTS:,}", status=422)


def _id_of(part: bytes) -> str | None:
    try:
        found: Any = msgspec.json.decode(part)
    except _UNREADABLE:
        return None
    identity = found.get("id") if isinstance(found, dict) else None
    return identity[:128] if isinstance(identity, str) else None
