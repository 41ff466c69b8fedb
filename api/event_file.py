"""Events from a file: NDJSON, CSV (both also ``.gz``) or Parquet, one at a time, in constant memory.

Line numbers are what an editor shows: the header of a CSV file is line 1, a record that spans several lines
counts by its first. In Parquet they are row numbers from 1. The mapping's syntax stands in api/event_mapping.

``time`` is RFC 3339 with ``Z`` or an offset (a blank instead of ``T`` will do), or a Parquet timestamp with
time zone; a time without an offset is refused, because nobody can tell which instant it means.

Shifting by months keeps the wall clock of Europe/Berlin: 09:30 in winter stays 09:30 in summer. A day that
the target month has not is cut to its last day (31 August → 30 September). A wall-clock time that the spring
change skips is read with the offset from before the change, so 02:30 becomes 03:30+02:00. One that the autumn
change repeats is the first pass (+02:00), unless the original instant itself lay in a second pass.
"""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, TextIO, cast

import duckdb
import msgspec
from dateutil.relativedelta import relativedelta

from api.event_mapping import FIELDS, Event, EventMapping, Record
from metering.month import BERLIN

_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d(?:\.\d{1,9})?)(Z|z|[+-]\d\d:\d\d)?", flags=re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SPELLINGS = ".ndjson, .jsonl, .csv, .ndjson.gz, .jsonl.gz, .csv.gz or .parquet"
_PEEK = 100
_ROWS = 1_000


class EventFileError(ValueError):
    """A file that cannot be read as events at all; the message says why and from which line on."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that is no event; the rest of the file may be sound."""

    field: str
    message: str


Line = tuple[int, Event | Unreadable]
_Numbered = Iterator[tuple[int, Record | Unreadable]]


def read_events(path: Path, mapping: Sequence[str] = (), shift_months: int = 0) -> Iterator[Line]:
    """Yield every line's number with its event, or with what is wrong with it.

    Raises EventFileError for a file that cannot be read, MappingError for a mapping that does not fit it.
    """
    rules = EventMapping.parse(mapping)
    event_of = rules.start()
    for number, record in _records(path, rules):
        if isinstance(record, Unreadable):
            yield number, record
        else:
            yield number, _timed(event_of(number, record), shift_months)


def record_count(path: Path) -> int:
    """Return how many records a progress bar may expect; blank and continued lines are counted too."""
    if _format(path) == ".parquet":
        with _parquet(path) as rows:
            return int(rows.execute("SELECT count(*) FROM events").fetchall()[0][0])
    with _readable(path), (gzip.open if _zipped(path) else open)(path, "rb") as file:
        lines = sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    return max(0, lines - 1) if _format(path) == ".csv" else lines


def shift_wall_clock(instant: datetime, months: int) -> datetime:
    """Move an aware instant by whole months, keeping the wall clock of Europe/Berlin (see the module)."""
    local = instant.astimezone(BERLIN)
    wall = local.replace(tzinfo=None) + relativedelta(months=months)
    shifted = _existing(wall.replace(tzinfo=BERLIN, fold=local.fold))
    return shifted if shifted.replace(tzinfo=None) == wall else _existing(wall.replace(tzinfo=BERLIN, fold=0))


def _existing(moment: datetime) -> datetime:
    return moment.astimezone(UTC).astimezone(BERLIN)


def _format(path: Path) -> str:
    name = path.name.lower().removesuffix(".gz")
    for suffix in (".ndjson", ".jsonl", ".csv"):
        if name.endswith(suffix):
            return suffix
    if path.name.lower().endswith(".parquet"):
        return ".parquet"
    raise EventFileError(f"{path.name}: what kind of file is it? Name it {_SPELLINGS}")


def _zipped(path: Path) -> bool:
    return path.name.lower().endswith(".gz")


def _records(path: Path, rules: EventMapping) -> _Numbered:
    kind = _format(path)
    if kind == ".parquet":
        yield from _parquet_rows(path, rules)
        return
    with _text(path) as file:
        yield from _csv_rows(file, path, rules) if kind == ".csv" else _json_lines(file, rules)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as error:
        raise EventFileError(f"{path.name} is not UTF-8 text: {error.reason}; convert it first") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise EventFileError(f"{path.name} is damaged or cut off: {error}; what came before is fine") from error
    except csv.Error as error:
        raise EventFileError(f"{path.name} cannot be read as CSV: {error}") from error
    except OSError as error:
        raise EventFileError(f"{path} cannot be read: {error.strerror or error}") from error


@contextmanager
def _text(path: Path) -> Iterator[TextIO]:
    with _readable(path), path.open("rb") as raw:
        plain = cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if _zipped(path) else raw
        with io.TextIOWrapper(plain, encoding="utf-8-sig", newline="") as file:
            yield file


def _csv_rows(file: TextIO, path: Path, rules: EventMapping) -> _Numbered:
    first = next(file, "")
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(chain([first], file), delimiter=delimiter, strict=True)
    header = [name.strip() for name in next(rows, [])]
    if not any(header) or len(set(header)) < len(header):
        raise EventFileError(f"{path.name}, line 1: a header with a different name for each column is needed")
    rules.check(header)
    begins = rows.line_num + 1
    for row in rows:
        number, begins = begins, rows.line_num + 1
        if len(row) == len(header):
            yield number, dict(zip(header, row, strict=True))
        elif row:
            yield number, Unreadable("line", f"has another number of columns than the header ({len(header)})")


def _json_lines(file: TextIO, rules: EventMapping) -> _Numbered:
    lines = _decoded(file)
    peeked = list(islice(lines, _PEEK))
    names = {name: None for _, record in peeked if isinstance(record, dict) for name in record}
    if names:
        rules.check(names)
    yield from chain(peeked, lines)


def _decoded(file: TextIO) -> _Numbered:
    decoder = msgspec.json.Decoder()
    for number, line in enumerate(file, start=1):
        if line.isspace():
            continue
        try:
            record = decoder.decode(line)
        except msgspec.DecodeError:
            record = None
        yield number, record if isinstance(record, dict) else Unreadable("line", "is not one JSON object")


@contextmanager
def _parquet(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    if not path.is_file():
        raise EventFileError(f"{path} cannot be read: no such file")
    try:
        with duckdb.connect(":memory:", config={"autoinstall_known_extensions": False, "threads": 1}) as rows:
            rows.read_parquet(str(path)).create_view("events")
            yield rows
    except duckdb.Error as error:
        raise EventFileError(f"{path.name} cannot be read as Parquet: {error}") from error


def _parquet_rows(path: Path, rules: EventMapping) -> _Numbered:
    with _parquet(path) as rows:
        types = {name: kind for name, kind, *_ in rows.execute("DESCRIBE events").fetchall()}
        rules.check(types)
        names = [name for name in types if name in rules.columns or name in FIELDS]
        zoned = {name for name in names if types[name] == "TIMESTAMP WITH TIME ZONE"}
        selected = ", ".join(f"epoch_us({_quoted(n)})" if n in zoned else _quoted(n) for n in names)
        rows.execute(f"SELECT {selected or 'NULL'} FROM events")  # noqa: S608 - quoted names of the file itself
        blocks = iter(lambda: rows.fetchmany(_ROWS), [])
        for number, row in enumerate(chain.from_iterable(blocks), start=1):
            record = dict(zip(names, row, strict=bool(names)))
            yield number, {n: _instant(v) if n in zoned else v for n, v in record.items()}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _instant(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)


def _timed(event: Event, shift_months: int) -> Event | Unreadable:
    if "time" not in event:
        return event
    try:
        event["time"] = _rfc3339(event["time"], shift_months)
    except ValueError as error:
        return Unreadable("time", str(error))
    return event


def _rfc3339(value: Any, shift_months: int) -> str:
    text = value.isoformat() if isinstance(value, datetime) else value
    if not isinstance(text, str) or not (match := _INSTANT.fullmatch(text.strip())):
        raise ValueError("is not an RFC 3339 time: write it like 2026-10-05T12:00:00+02:00")
    day, clock, offset = match.groups()
    if offset is None:
        raise ValueError(
            "has no offset: write it like 2026-10-05T12:00:00+02:00 "
            "(when the whole file keeps one offset, --map 'time={column}+01:00' adds it)"
        )
    if not shift_months:
        return f"{day}T{clock}{offset.upper()}"
    return _shifted(f"{day}T{clock}{offset.upper()}", shift_months)


def _shifted(text: str, months: int) -> str:
    try:
        return shift_wall_clock(datetime.fromisoformat(text), months).isoformat()
    except (ValueError, OverflowError) as error:
        raise ValueError("is no time of the calendar, or leaves it when it is moved") from error
