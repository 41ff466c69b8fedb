"""What an event costs after it was counted: in the store's log and stream, in the journal, and to be counted again."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bench.events import bodies, random_ids
from bench.load import CUSTOMERS
from bench.servers import MONTH
from metering.event import Reader, Window
from metering.journal import Journal
from metering.keys import STREAMS
from metering.rebuild import rebuild
from metering.recount import recount
from metering.redis import Connection, open_redis
from metering.tally import Tally

_EVENTS, _BATCH = 1_000_000, 1_000


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """Count everything and archive nothing."""
    with open_redis("embedded:", tmp_path_factory.mktemp("store")) as connection:
        connection.client.config_set("auto-aof-rewrite-percentage", 0)  # so that the log is as it was written
        asyncio.run(_count(connection))
        yield connection


async def _count(connection: Connection) -> None:
    reader, tally = Reader(["trigger", "action"]), Tally(connection.lanes())
    window = Window.at(datetime(2026, 11, 5, tzinfo=UTC), 35, 5)
    for body in bodies(_EVENTS, _BATCH, CUSTOMERS, random_ids(1)):
        await tally.count(reader.read("application/json", body, window)[0])
    await tally.close()


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Journal:
    return Journal(str(tmp_path_factory.mktemp("files") / "journal"))


@pytest.mark.benchmark(group="journal")
def test_archive(benchmark: Any, counter: Connection, journal: Journal) -> None:
    held = counter.client.memory_usage(STREAMS[0], samples=0)
    logged = counter.client.info("persistence")["aof_current_size"]
    rows = once(benchmark, lambda: journal.archive(counter.client))
    assert rows == _EVENTS
    files = sum(path.stat().st_size for path in Path(journal.events.root).glob("*/*.parquet"))
    sizes = {"stream": held, "append-only file": logged, "Parquet": files}
    benchmark.extra_info["bytes"] = {name: size / _EVENTS for name, size in sizes.items()}


@pytest.mark.benchmark(group="journal")
def test_recount(benchmark: Any, counter: Connection, journal: Journal) -> None:
    found = once(benchmark, lambda: recount(journal, counter.client, MONTH))
    assert (found.events, found.differences) == (_EVENTS, ())


@pytest.mark.benchmark(group="journal")
def test_rebuild(benchmark: Any, counter: Connection, journal: Journal) -> None:
    counter.client.flushall()
    assert once(benchmark, lambda: rebuild(journal, counter)) == _EVENTS
    found = recount(journal, counter.client, MONTH)
    assert (found.events, found.differences) == (_EVENTS, ())


def once(benchmark: Any, work: Callable[[], Any]) -> Any:
    """Measure one run of it."""
    result = benchmark.pedantic(work, rounds=1)
    benchmark.extra_info["items"] = _EVENTS
    return result
