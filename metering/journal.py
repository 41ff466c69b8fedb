"""The journal: every event that was received, in Parquet files that DuckDB, pandas or Spark read.

Counting writes each batch into a stream in the same step. The archiver moves what the streams hold into files and
then trims the streams. A file ``<url>/month=2026-10/<tag>-<first entry>-<last entry>.parquet`` holds the events of one
month from one stretch of one stream, compressed with zstd, in the order of the stream:

    customer, id, meter   text         as received; the meter is the event's type
    day                   date         calendar day in Europe/Berlin; ``month`` is that of the folder
    time                  timestamp    microseconds, UTC
    workflow, connector   text, null   as received
    quantity              integer      as received, 1 by default
    entry, place          text, int    where it stood in the stream: sorted by both, rows are in order of arrival

An event that was sent again is there again: what counts are distinct (customer, id) of a month. Voids lie beside it,
in ``<url>-voids/month=…``: the columns of the event as it had counted, and reason, who, voided_at.

Exactly once without a lock: the stretch is fixed before it is written, by moving the mark of the consumer group
``archive`` from the end of the last stretch to the end of this one. Whoever dies or races after that writes the same
rows into the same file. Only then is the stretch trimmed, at once. Should the store itself forget the mark, as one that
was cut back or failed over may, rows that another file holds already are left out.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import shuffle
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import redis
from redis.cluster import RedisCluster
from redis.exceptions import ResponseError

from metering.folder import Folder
from metering.keys import STREAMS, TAGS
from metering.redis import Client
from metering.rows import Entry, by_month, entry_of, entry_text, event_rows, void_rows

STRETCH_BYTES = 8_000_000
_GROUP = "archive"
_TRIP_BYTES, _MOST_ENTRIES = 1_000_000, 2_000
_MOVE = (Path(__file__).parent / "journal.lua").read_text(encoding="utf-8")
_PLAIN = ("id", "time", "place")  # columns that hardly repeat, so that a dictionary of their values would not help


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Consecutive entries of a stream, and the server's own spelling of where they end."""

    entries: list[Entry]
    end: bytes


class Journal:
    """The journal of one folder or object store."""

    def __init__(self, url: str) -> None:
        """Use a path or an fsspec URL; nothing is created yet."""
        self.events, self.voids = Folder(url), Folder(f"{url.rstrip('/')}-voids")

    def archive(self, client: Client, at_least: int = 0, stopping: Callable[[], bool] = lambda: False) -> int:
        """Write everything that is in the streams now; return how many rows this took. Repeat it after any failure.

        Streams smaller than ``at_least`` bytes are left alone; ``stopping`` is asked before each file.
        """
        self.events.sweep()
        self.voids.sweep()
        numbers = _present(client)
        shuffle(numbers)  # so that several archivers hardly ever do the same work
        streams = (_Stream(client, number) for number in numbers)
        return sum(self._archive(stream, stopping) for stream in streams if stream.size() >= at_least)

    def _archive(self, stream: "_Stream", stopping: Callable[[], bool]) -> int:
        stream.begin()
        newest, rows = stream.newest(), 0
        while not stopping() and (stretch := stream.next_stretch()):
            rows += self._write(stream.tag, stretch.entries)
            stream.trim(stretch.end)
            if stretch.entries[-1].id >= newest:
                break
        return rows

    def _write(self, tag: str, entries: list[Entry]) -> int:
        name = f"{tag}-{entries[0].id}-{entries[-1].id}.parquet"
        rows = 0
        for folder, found in ((self.events, event_rows(entries)), (self.voids, void_rows(entries))):
            for month, part in by_month(found):
                if fresh := _without_known(folder, month, name, part):
                    folder.put(month, name, _parquet(fresh))
                    rows += len(fresh)
        return rows


def waiting(client: Client, streams: Collection[str] = STREAMS) -> pa.Table:
    """Return the events that are in some streams, oldest first: received, but perhaps not in any file yet."""
    wanted = [_Stream(client, number) for number in _present(client) if STREAMS[number] in streams]
    return event_rows(entry for stream in wanted for trip in stream.read("-", "+") for entry in trip)


def oldest_waiting(client: Client) -> datetime | None:
    """Return when the oldest entry of all streams was received, by the store's clock; None when all is archived."""
    firsts = [entry for number in _present(client) if (entry := _Stream(client, number).first())]
    return min((datetime.fromtimestamp(int(entry.partition("-")[0]) / 1000, UTC) for entry in firsts), default=None)


class _Stream:
    """A stream on the server that has it."""

    def __init__(self, client: Client, number: int) -> None:
        self.tag, self._name = TAGS[number], STREAMS[number]
        self._server = server_of(client, self._name)

    def begin(self) -> None:
        """Create the consumer group where there is none yet."""
        try:
            self._server.xgroup_create(self._name, _GROUP, "0")
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    def size(self) -> int:
        """Return how much the stream holds, in bytes of the server's memory."""
        return int(self._server.memory_usage(self._name) or 0) if self._server.xlen(self._name) else 0

    def first(self) -> str:
        """Return the id of the oldest entry, empty when there is none."""
        return next((trip[0].id for trip in self.read("-", "+")), "")

    def newest(self) -> str:
        """Return the id of the last entry that was ever added."""
        return entry_text(self._server.xinfo_stream(self._name)["last-generated-id"])

    def next_stretch(self) -> _Stretch | None:
        """Return the stretch that is fixed and not trimmed yet, whoever fixed it, or fix the next; None at the end."""
        while True:
            mark = self._mark()
            entries = [each for trip in self.read("-", mark) for each in trip]
            # a stretch is trimmed as a whole: who has read its end has read all of it
            if entries and entries[-1].id == entry_text(mark):
                return _Stretch(entries, mark)
            if not (entries := self._following(mark)):
                return None
            end = _spelled(entries[-1].id)
            if self._server.eval(_MOVE, 1, self._name, mark, end):
                return _Stretch(entries, end)

    def trim(self, end: bytes) -> None:
        """Remove everything up to an entry."""
        milliseconds, _, number = end.decode().partition("-")
        self._server.xtrim(self._name, minid=f"{milliseconds}-{int(number) + 1}", approximate=False)

    def _following(self, mark: bytes) -> list[Entry]:
        entries: list[Entry] = []
        size = 0
        for trip in self.read(b"(" + mark, "+"):
            entries += trip
            size += sum(map(_size, trip))
            if size >= STRETCH_BYTES:
                break
        return entries

    def _mark(self) -> bytes:
        groups = self._server.xinfo_groups(self._name)
        return next(bytes(each["last-delivered-id"]) for each in groups if each["name"] == _GROUP.encode())

    def read(self, start: bytes | str, end: bytes | str) -> Iterator[list[Entry]]:
        """Yield entries in trips of about the same size, so that none holds up the server or fills our memory."""
        count = 1
        usual = self.size() // max(1, self._server.xlen(self._name))
        while raw := self._server.execute_command("XRANGE", self._name, start, end, "COUNT", count):
            trip = [entry_of(each) for each in raw]
            yield trip
            if len(raw) < count:
                return
            start = b"(" + raw[-1][0]
            largest = max(usual, *map(_size, trip))
            count = min(2 * count, _TRIP_BYTES // largest + 1, _MOST_ENTRIES)


def _present(client: Client) -> list[int]:
    """Return the partitions whose streams exist; a cluster's client finds out on the way who has what."""
    with client.pipeline(transaction=False) as pipe:
        for stream in STREAMS:
            pipe.exists(stream)
        return [number for number, there in enumerate(pipe.execute()) if there]


def server_of(client: Client, key: str) -> Any:
    """Return a client for the server that has a key, which hands out entries as they are.

    The usual one makes a mapping of an entry's fields, where all of one name become one.
    """
    if isinstance(client, RedisCluster):
        client = client.get_redis_connection(client.get_node_from_key(key))  # type: ignore[no-untyped-call]
    server = redis.Redis(connection_pool=client.connection_pool)
    server.set_response_callback("XRANGE", lambda answer, **_: answer)
    return server


def _size(entry: Entry) -> int:
    return sum(map(len, entry.events)) + sum(map(len, entry.voids)) + len(entry.id)


def _spelled(entry: str) -> bytes:
    milliseconds, _, number = entry.partition("-")
    return f"{int(milliseconds)}-{int(number)}".encode()


def _without_known(folder: Folder, month: str, name: str, rows: pa.Table) -> pa.Table:
    """Return rows without those of entries that another file of the same stream holds."""
    tag, first, last = _bounds(name)
    known: set[str] = set()
    for other in folder.names(month):
        other_tag, begins, ends = _bounds(other)
        if other != name and other_tag == tag and begins <= last and first <= ends:
            known |= set(folder.read(month, other, ["entry"])["entry"].to_pylist())
    if not known:
        return rows
    return rows.filter(pa.array([entry not in known for entry in rows["entry"].to_pylist()]))


def _bounds(name: str) -> tuple[str, str, str]:
    tag, *parts = name.removesuffix(".parquet").split("-")
    return tag, "-".join(parts[:2]), "-".join(parts[2:])


def _parquet(rows: pa.Table) -> pa.Buffer:
    output = pa.BufferOutputStream()
    repeated = [name for name in rows.column_names if name not in _PLAIN]
    pq.write_table(rows, output, compression="zstd", use_dictionary=repeated)
    return output.getvalue()
