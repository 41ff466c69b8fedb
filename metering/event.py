"""The event: its two accepted spellings (own JSON, CloudEvents), what is refused and why.

A batch is decoded and judged as a whole; only when something in it is wrong, or needs a closer look, is it taken
apart, so that the valid events are counted and each refused one is named by index, id, field and fix.
"""

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, Literal

import msgspec

from metering.month import BillingMonth, day_span, local_day

MOST_EVENTS = 10_000
_MOST_REMEMBERED = 100_000
_LONGEST_RAW = 8_192  # bytes; enough for the 2,048 characters of a dead letter

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Label = Annotated[str, msgspec.Meta(max_length=128)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Quantity = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class Event(msgspec.Struct, gc=False, omit_defaults=True):
    """An event as it is sent and as it is journaled; valid when the reader returns it."""

    id: Id
    customer: str
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
    specversion: Literal["1.0"]
    id: Id
    subject: str
    type: str
    time: Instant
    data: _CloudData | None = None


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
        earliest = _earliest(local_day(now) if now.tzinfo is not UTC else day_span(now).day, late_days)
        return cls(earliest, now.astimezone(UTC) + timedelta(minutes=future_minutes))


@lru_cache(64)
def _earliest(today: date, late_days: int) -> datetime:
    """Return the start of the first month that is still open on a day."""
    month = BillingMonth.of(today)
    while today < month.first_day + timedelta(days=late_days):
        month = month.previous()
    return month.start.astimezone(UTC)


Decoded = tuple[list[Event], list[Rejected]]
_Wire = Event | _Cloud
_event_lines = msgspec.json.Decoder(Event)
_event_array = msgspec.json.Decoder(list[Event])
_cloud_array = msgspec.json.Decoder(list[_Cloud])
# The decoder rounds to microseconds: a month's last nanosecond would become the next month. Finer digits are cut.
_FINER = re.compile(rb'("time"\s*:\s*"[^"]{19}\.\d{6})\d+')
_CUSTOMER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}")
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
    "customer": ("customer", "is not valid: give the customer's id: letters, digits and . _ : @ -, at most 64"),
}


class Reader:
    """Decodes bodies for a set of meters."""

    def __init__(self, meters: Iterable[str]) -> None:
        """Accept events of these types."""
        self._meters = frozenset(meters)
        self._named = ", ".join(sorted(self._meters))
        self._named_well: set[str] = set()
        self._whole: dict[str, Callable[[bytes], list[Event]]] = {
            "application/json": _own_events,
            "application/x-ndjson": _event_lines.decode_lines,
            "application/cloudevents+json": lambda body: [_own(msgspec.json.decode(body, type=_Cloud))],
            "application/cloudevents-batch+json": lambda body: [_own(each) for each in _cloud_array.decode(body)],
        }

    @property
    def content_types(self) -> tuple[str, ...]:
        """What can be read."""
        return tuple(self._whole)

    def read(self, content_type: str, body: bytes, window: Window) -> Decoded:
        """Return the valid events and the refused ones; raise BodyError when the body is no such thing at all."""
        with suppress(*_UNREADABLE):
            events = self._whole[content_type](body)
            if self._are_sound(events, window):
                return events, []
        return self._read(_parts(content_type, body), _Cloud if "cloudevents" in content_type else Event, window)

    def _are_sound(self, events: list[Event], window: Window) -> bool:
        """Tell whether all types and times are taken; a time at midnight to the microsecond is looked at closer."""
        meters, known = self._meters, self._named_well
        low, high = window.latest, window.earliest
        for event in events:
            if not low < event.time < high:
                if not window.earliest < event.time < window.latest:
                    return False
                span = day_span(event.time)
                low, high = max(span.start, window.earliest), min(span.end, window.latest)
                if not low < event.time < high:
                    return False
            if event.type not in meters or not (event.customer in known or self._is_named_well(event.customer)):
                return False
        return 0 < len(events) <= MOST_EVENTS

    def _read(self, parts: list[bytes], kind: type[_Wire], window: Window) -> Decoded:
        """Judge each event alone."""
        if len(parts) > MOST_EVENTS:
            raise BodyError(f"{len(parts):,} events in one request; send at most {MOST_EVENTS:,}", status=413)
        if not parts:
            raise BodyError(f"there is no event in the body; send 1 to {MOST_EVENTS:,}", status=422)
        events: list[Event] = []
        bad: list[Rejected] = []
        for index, part in enumerate(parts):
            try:
                wire = msgspec.json.decode(_FINER.sub(rb"\1", part), type=kind)
            except _UNREADABLE as error:
                if len(parts) == 1 and not isinstance(error, msgspec.ValidationError):
                    raise BodyError(f"the body is not JSON: {error}") from error
                bad.append(self._refused(index, part, str(error)))
                continue
            event = wire if isinstance(wire, Event) else _own(wire)
            if fault := self._fault(event, window):
                field, message = self._explained(fault, window)
                name = "subject" if fault == "customer" and kind is _Cloud else field
                bad.append(Rejected(index, event.id, name, message, part[:_LONGEST_RAW].decode(errors="replace")))
            else:
                events.append(event)
        return events, bad

    def _fault(self, event: Event, window: Window) -> str:
        """Return which of the faults an event of the right shape has, or an empty text."""
        if event.type not in self._meters:
            return "type"
        if not self._is_named_well(event.customer):
            return "customer"
        if event.time > window.latest:
            return "future"
        return "past" if event.time < window.earliest else ""

    def _is_named_well(self, customer: str) -> bool:
        """Tell whether this may be a customer's id; good ones are remembered."""
        if customer in self._named_well:
            return True
        if _CUSTOMER.fullmatch(customer) is None:
            return False
        if len(self._named_well) >= _MOST_REMEMBERED:
            self._named_well.clear()
        self._named_well.add(customer)
        return True

    def _explained(self, fault: str, window: Window) -> tuple[str, str]:
        """Return field and message of a fault."""
        field, text = _FAULTS[fault]
        return field, text.format(meters=self._named, earliest=local_day(window.earliest).isoformat())

    def _refused(self, index: int, part: bytes, error: str) -> Rejected:
        found = _LINE_FIELD.search(error)
        field = (found[1] or found[2]) if found else ""
        fix = _FIXES.get(field, "send a JSON object").format(meters=self._named)
        message = f"{'is missing' if error.startswith('Object missing') else 'is not valid'}: {fix}"
        return Rejected(index, _id_of(part), field, message, part[:_LONGEST_RAW].decode(errors="replace"))


def _own_events(body: bytes) -> list[Event]:
    return _event_array.decode(body) if body.lstrip()[:1] == b"[" else [msgspec.json.decode(body, type=Event)]


def _parts(content_type: str, body: bytes) -> list[bytes]:
    """Return a body's events one by one, still encoded."""
    if content_type == "application/x-ndjson":
        return [line for line in body.split(b"\n") if line.strip()]
    if "batch" not in content_type and body.lstrip()[:1] != b"[":
        return [body]
    try:
        return [bytes(each) for each in msgspec.json.decode(body, type=list[msgspec.Raw])]
    except _UNREADABLE as error:
        raise BodyError(f"the body is not a JSON array: {error}") from error


def _own(cloud: "_Cloud") -> Event:
    data = cloud.data or _CloudData()
    kind = cloud.type.rpartition(".")[2]
    return Event(cloud.id, cloud.subject, kind, cloud.time, data.workflow, data.connector, data.quantity)


def _id_of(part: bytes) -> str | None:
    try:
        found: Any = msgspec.json.decode(part)
    except _UNREADABLE:
        return None
    identity = found.get("id") if isinstance(found, dict) else None
    return identity[:128] if isinstance(identity, str) else None
