"""The journal's own count of a month, by DuckDB, in bounded memory."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, Self

import duckdb
import pyarrow as pa

from metering.batch import METERS
from metering.gauge import Gauge, Readings
from metering.journal import Journal
from metering.month import BillingMonth
from metering.rows import EVENTS, VOIDS

Tallied = Mapping[tuple[date, str], int]
_MEMORY = "1GB"
_FETCHED = 50_000
_LAST = "~"  # sorts after every entry

# One number per event whose smallest is what counts: day, then meter in its order (16 bits), then quantity (24 bits).
_ONCE = """
CREATE TEMP TABLE once AS
SELECT customer, id,
       min((day(day)::BIGINT << 40) + ((list_position(getvariable('meters'), meter) - 1)::BIGINT << 24) + quantity)
           AS content,
       min(hash(meter, time, quantity, workflow, connector))
           <> max(hash(meter, time, quantity, workflow, connector)) AS differs
FROM received GROUP BY customer, id
"""
_TALLIED = """
SELECT customer, (content >> 40)::INTEGER, getvariable('meters')[1 + ((content >> 24) & 65535)],
       sum(content & 16777215)::BIGINT
FROM once ANTI JOIN voided USING (customer, id)
GROUP BY ALL ORDER BY ALL
"""
_OTHER = """
SELECT customer, id, meter, day, make_timestamp(epoch_us(time)), quantity, workflow, connector
FROM received SEMI JOIN (FROM once WHERE differs) USING (customer, id)
ORDER BY customer, id, day, list_position(getvariable('meters'), meter), quantity, entry, place
"""
_AS_COUNTED = """
SELECT DISTINCT ON (customer, id) customer, id, day, meter, workflow, connector, quantity
FROM received SEMI JOIN asked USING (id)
ORDER BY customer, id, day, list_position(getvariable('meters'), meter), quantity, entry, place
"""
_GAUGED = """
CREATE OR REPLACE TEMP TABLE gauged AS
SELECT customer, id, meter, day, time, workflow, connector, quantity
FROM received
SEMI JOIN (FROM once WHERE list_contains(getvariable('asked'), getvariable('meters')[1 + ((content >> 24) & 65535)]))
    USING (customer, id)
ANTI JOIN voided USING (customer, id)
WHERE list_contains(getvariable('asked'), meter)
QUALIFY row_number() OVER (
    PARTITION BY customer, id
    ORDER BY day, list_position(getvariable('meters'), meter), quantity, entry, place) = 1
"""
_READ = {
    "max": "SELECT customer, day, max(quantity) FROM gauged WHERE meter = $meter GROUP BY ALL ORDER BY ALL",
    "last": """
        SELECT customer, day, arg_max(quantity, (time, id)) FROM gauged WHERE meter = $meter
        GROUP BY ALL ORDER BY ALL""",
    "unique": """
        WITH seen AS (
            SELECT customer, {of}, min(day) AS first FROM gauged WHERE meter = $meter AND {of} <> '' GROUP BY ALL)
        SELECT customer, first, count(*) FROM seen GROUP BY ALL ORDER BY ALL""",
}
_NEWEST = """
SELECT customer, max(entry)
FROM (SELECT customer, entry FROM received UNION ALL SELECT customer, entry FROM voided)
SEMI JOIN asked USING (customer)
GROUP BY customer
"""
_OTHER_FIELDS = ("meter", "day", "time", "quantity", "workflow", "connector")
_WANTED = pa.schema([("customer", pa.string()), ("until", pa.string())])


class AsCounted(NamedTuple):
    """An event as it counts."""

    customer: str
    id: str
    day: date
    meter: str
    workflow: str | None
    connector: str | None
    quantity: int


class Count:
    """A month of the journal, opened for counting; some customers only, each perhaps only up to an entry."""

    def __init__(
        self,
        journal: Journal,
        month: BillingMonth,
        customers: Collection[str] | None = None,
        positions: Mapping[str, str] | None = None,
        waiting: pa.Table | None = None,
    ) -> None:
        """Read the files that are there now, and events of the month that are ``waiting`` to be in one."""
        self._month = month
        with ExitStack() as stack:
            scratch = stack.enter_context(TemporaryDirectory(prefix="zaehlwerk-"))
            self._base = stack.enter_context(
                duckdb.connect(
                    config={"temp_directory": scratch, "memory_limit": _MEMORY, "preserve_insertion_order": "false"}
                )
            )
            if customers is not None:
                until = positions or dict.fromkeys(customers, _LAST)
                self._base.register("wanted", pa.table([list(until), list(until.values())], schema=_WANTED))
            received = journal.events.rows(self._base, str(month), EVENTS)
            if waiting is not None:
                self._base.register("waiting", waiting)
                received = received.union(self._base.table("waiting"))
            self._view("received", received, chosen=customers is not None)
            voided = journal.voids.rows(self._base, str(month), VOIDS)
            self._view("voided", voided, chosen=customers is not None)
            self._count()
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def events(self) -> int:
        """Return how many distinct ids there are."""
        return int(self._base.execute("SELECT count(*) FROM once").fetchall()[0][0])

    def tallied(self) -> dict[str, Tallied]:
        """Return what counts, by customer, day and meter."""
        found: dict[str, dict[tuple[date, str], int]] = {}
        for customer, day, meter, units in self._rows(_TALLIED):
            found.setdefault(customer, {})[self._month.first_day.replace(day=day), meter] = units
        return dict(found)

    def gauges(self, wanted: Collection[Gauge]) -> dict[str, dict[Gauge, Readings]]:
        """Return what gauges read, by customer; of the events only those of their meters are looked at."""
        present = [gauge for gauge in wanted if gauge.meter in self._meters]
        if not present:
            return {}
        self._base.execute("SET VARIABLE asked = ?", [sorted({gauge.meter for gauge in present})])
        self._base.execute(_GAUGED)
        found: dict[str, dict[Gauge, Readings]] = defaultdict(dict)
        for gauge in present:
            query = _READ[gauge.aggregate].format(of=gauge.of)
            for customer, days in groupby(self._rows(query, {"meter": gauge.meter}), itemgetter(0)):
                found[customer][gauge] = tuple((day, value) for _, day, value in days)
        return dict(found)

    def other_content(self) -> Iterator[tuple[str, str, str, str, str]]:
        """Yield customer, id, field, what counted, what came too; of each id and field every other value once."""
        counted: tuple[object, ...] = ()
        told: set[tuple[str, str]] = set()
        for customer, identity, *content in self._rows(_OTHER):
            if (customer, identity) != counted[:2]:
                counted, told = (customer, identity, *content), set()
            for name, first, again in zip(_OTHER_FIELDS, map(_text, counted[2:]), map(_text, content), strict=True):
                if first != again and (name, again) not in told:
                    told.add((name, again))
                    yield customer, identity, name, first, again

    def newest(self, customers: Collection[str]) -> dict[str, str]:
        """Return the newest entry of each of these customers; empty where there is none."""
        self._base.register("asked", pa.table({"customer": pa.array(customers, pa.string())}))
        return dict.fromkeys(customers, "") | dict(self._base.execute(_NEWEST).fetchall())

    def as_counted(self, ids: Collection[str]) -> Iterator[AsCounted]:
        """Yield each of these ids that is known as what it counts as, voided or not."""
        self._base.register("asked", pa.table({"id": pa.array(ids, pa.string())}))
        for row in self._rows(_AS_COUNTED):
            yield AsCounted(*row)

    def _count(self) -> None:
        named = [name for (name,) in self._base.execute("SELECT DISTINCT meter FROM received").fetchall()]
        others = sorted(set(named) - set(METERS))
        self._meters = [*METERS, *others]
        self._base.execute("SET VARIABLE meters = ?", [self._meters])
        self._base.execute(_ONCE)

    def _view(self, name: str, rows: duckdb.DuckDBPyRelation, *, chosen: bool) -> None:
        """Name a month's rows; ``chosen`` leaves only the wanted customers, up to where each is wanted."""
        if chosen:
            rows = rows.join(self._base.table("wanted"), "customer").filter("entry <= until")
        rows.create_view(name)

    def _rows(self, query: str, named: Mapping[str, str] | None = None) -> Iterator[tuple[Any, ...]]:
        answer = self._base.execute(query, named)
        while rows := answer.fetchmany(_FETCHED):
            yield from rows


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z"
    return str(value)
