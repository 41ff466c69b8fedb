"""Count once: the online counter. One atomic step in Redis per batch (per customer on a cluster).

Keys of a customer's month carry one hash tag: ``zw:{k-1007}:2026-10`` and what begins with it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from redis.asyncio.cluster import RedisCluster
from redis.exceptions import NoScriptError
from xxhash import xxh3_64_intdigest

from metering.event import Event
from metering.month import BillingMonth

IDS_PER_BUCKET = 4_096
_SCRIPT = (Path(__file__).parent / "tally.lua").read_text(encoding="utf-8")
_encode = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True)
class Counted:
    """What became of valid events."""

    accepted: int
    duplicates: int


def key_of(customer: str, month: BillingMonth | str) -> str:
    """Return the key of a customer's month."""
    return f"zw:{{{customer}}}:{month}"


def fingerprint(identity: str) -> str:
    """Return an id's 62-bit fingerprint in decimal digits, as an integer set holds it."""
    return str(xxh3_64_intdigest(identity.encode()) >> 2)


@dataclass(slots=True)
class _Group:
    """The events of one customer's month in a batch, each id once."""

    fingerprints: dict[str, int] = field(default_factory=dict)
    cells: dict[tuple[str, str, str], int] = field(default_factory=dict)
    quantities: list[int] = field(default_factory=list)

    def add(self, event: Event) -> None:
        mark = fingerprint(event.id)
        if mark in self.fingerprints:
            return
        cell = (event.cell, event.workflow or "", event.connector or "")
        self.fingerprints[mark] = self.cells.setdefault(cell, len(self.cells) + 1)
        self.quantities.append(event.quantity)

    def packed(self) -> list[Any]:
        quantities = self.quantities if max(self.quantities) > 1 else None
        marks = self.fingerprints
        return [list(marks), list(marks.values()), list(self.cells), quantities]


def grouped(events: Iterable[Event]) -> dict[str, _Group]:
    """Return the events by key; a second event with the same id in a batch is dropped."""
    groups: dict[str, _Group] = {}
    for event in events:
        key = key_of(event.customer, event.month)
        if (group := groups.get(key)) is None:
            group = groups[key] = _Group()
        group.add(event)
    return groups


class Tally:
    """The counter behind an asynchronous client."""

    def __init__(self, client: Any, ids_per_bucket: int = IDS_PER_BUCKET) -> None:
        """Count with ``client``; ``ids_per_bucket`` says when the sets of ids are split."""
        self._client, self._fill = client, ids_per_bucket
        self._sha = ""

    async def count(self, events: list[Event]) -> Counted:
        """Count events that are valid; raise redis' errors when nothing of a customer's part is certain."""
        groups = grouped(events)
        if isinstance(self._client, RedisCluster):
            accepted = sum([await self._run({key: group}) for key, group in groups.items()])
        else:
            accepted = await self._run(groups) if groups else 0
        return Counted(accepted, len(events) - accepted)

    async def _run(self, groups: dict[str, _Group]) -> int:
        arguments = (_encode([group.packed() for group in groups.values()]), self._fill)
        try:
            return int(await self._client.evalsha(self._sha, len(groups), *groups, *arguments))
        except NoScriptError:
            self._sha = await self._client.script_load(_SCRIPT)
            return int(await self._client.evalsha(self._sha, len(groups), *groups, *arguments))
