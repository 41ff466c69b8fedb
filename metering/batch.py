"""A batch as commands: what counting it changes in the store, written in the store's own protocol.

Counting is set union, so it can be repeated, reordered and interrupted without harm. An event is a member of its
customer's month: a whole number that carries its id's fingerprint, its day and its type, so that the members of a
month are its counts (``usage`` folds them). Members lie in integer sets of eight bytes each, one per five days of the
month; the day stands in the high bits, so that today's members are inserted near a set's end, where it is cheap.
An event that says more (another meter, a quantity) is a member of the set ``<key>:more``, in words.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import msgspec
from xxhash import xxh3_64_intdigest

from metering.event import Event
from metering.keys import key_of
from metering.month import day_span

METERS = ("trigger", "action")
PIECES = 6
FINGERPRINT_BITS = 56
_TOP = 1 << 62  # set in every member, so that all have nineteen digits
_MEMBER = "$19\r\n%d\r\n"
_DAYS = 1_000
_DROPPED = 64 - FINGERPRINT_BITS
_encode = msgspec.msgpack.Encoder().encode


def fingerprint(identity: str) -> int:
    """Return an id's fingerprint; two of a customer's n ids of a month share one by chance n²/2⁵⁷."""
    return xxh3_64_intdigest(identity.encode()) >> _DROPPED


def piece_of(day: date) -> int:
    """Return which of a month's sets holds a day: 0 for the first five days, 5 for all from the 26th on."""
    return min((day.day - 1) // 5, PIECES - 1)


def code_of(day: date, meter: str) -> int:
    """Return the six bits that say day and type."""
    return 2 * day.day + METERS.index(meter)


@dataclass(slots=True)
class Batch:
    """Commands and how many there are; what the journal keeps; how many events."""

    commands: str
    answers: int
    journal: bytes
    events: int


@dataclass(frozen=True, slots=True, eq=False)
class _Day:
    """What a day's keys end with, and what its members begin with."""

    month: str
    piece: int
    trigger: int
    action: int


@lru_cache(_DAYS)
def _of(day: date) -> _Day:
    trigger, action = (_TOP | code_of(day, meter) << FINGERPRINT_BITS for meter in METERS)
    return _Day(f"{day:%Y-%m}", piece_of(day), trigger, action)


def batch_of(events: list[Event], *, journal: bool = True) -> Batch:
    """Return the commands that count events; each answers how many of its events were new."""
    found: dict[_Day, dict[str, list[int]]] = {}
    more: list[str] = []
    digest, start, end = xxh3_64_intdigest, events[0].time, events[0].time
    members: dict[str, list[int]] = {}
    trigger = action = 0
    for event in events:
        if not start <= event.time < end:
            span = day_span(event.time)
            start, end, day = span.start, span.end, _of(span.day)
            members, trigger, action = found.setdefault(day, {}), day.trigger, day.action
        kind = event.type
        base = trigger if kind == "trigger" else action if kind == "action" else 0
        if not base or event.quantity != 1:
            more.append(_more(event, day_span(event.time).day))
            continue
        member = base | digest(event.id.encode()) >> _DROPPED
        known = members.get(event.customer)
        if known is None:
            members[event.customer] = [member]
        else:
            known.append(member)
    commands = [_add(day, *each) for day, members in found.items() for each in members.items()]
    commands += more
    return Batch("".join(commands), len(commands), _encode(events) if journal else b"", len(events))


def _add(day: _Day, customer: str, members: list[int]) -> str:
    key, count = f"{key_of(customer, day.month)}:{day.piece}", len(members)
    return f"*{count + 2}\r\n$4\r\nSADD\r\n${len(key)}\r\n{key}\r\n" + _MEMBER * count % tuple(members)


def _more(event: Event, day: date) -> str:
    key = f"{key_of(event.customer, f'{day:%Y-%m}')}:more"
    return command("SADD", key, f"{fingerprint(event.id)} {day:%d} {event.type} {event.quantity}")


def command(*parts: str) -> str:
    """Return one command in the store's protocol."""
    return f"*{len(parts)}\r\n" + "".join(f"${len(part.encode())}\r\n{part}\r\n" for part in parts)
