"""Every event that was received is in the journal exactly once, whoever archives and whenever he dies."""

import os
import signal
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import pyarrow.parquet as pq
import pytest

from metering.event import Event
from metering.folder import Folder
from metering.journal import STRETCH_BYTES, Journal, waiting
from metering.keys import STREAMS
from metering.month import day_span
from metering.redis import Connection
from metering.rows import EVENTS
from tests.metering.journals import STEPS, archiving, ask, files, ids
from tests.metering.samples import NOVEMBER, batch, event
from tests.redis_fixtures import counted


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(str(tmp_path / "journal"))


def names(events: list[Event]) -> list[str]:
    return sorted(each.id for each in events)


def test_an_event_is_a_row_as_it_was_received(counter: Connection, journal: Journal) -> None:
    full = Event("a", "k-1", "action", datetime(2026, 10, 5, 12, 0, 0, 123456, UTC), "wf", "forms", 17)
    bare = Event("b", "k-2", "trigger", datetime(2026, 10, 6, 23, 30, tzinfo=UTC))
    counted(counter, [full, bare], [full])
    assert journal.archive(counter.client) == 3
    (path,) = files(journal)
    rows = pq.read_table(path)
    assert path.parent.name == "month=2026-10"
    assert rows.schema.equals(EVENTS)
    columns = ("customer", "id", "meter", "day", "workflow", "connector", "quantity", "place")
    assert list(zip(*(rows[name].to_pylist() for name in columns), strict=True)) == [
        ("k-1", "a", "action", date(2026, 10, 5), "wf", "forms", 17, 0),
        ("k-2", "b", "trigger", date(2026, 10, 7), None, None, 1, 1),
        ("k-1", "a", "action", date(2026, 10, 5), "wf", "forms", 17, 0),
    ]
    assert [each.replace(tzinfo=UTC) for each in rows["time"].to_pylist()] == [full.time, bare.time, full.time]
    first, second, third = rows["entry"].to_pylist()
    assert first == second < third


def test_the_streams_are_empty_afterwards_and_nothing_is_written_twice(counter: Connection, journal: Journal) -> None:
    counted(counter, batch(10))
    assert [journal.archive(counter.client), journal.archive(counter.client)] == [10, 0]
    assert counter.client.xlen(STREAMS[0]) == 0
    counted(counter, batch(5, "later"))
    assert journal.archive(counter.client) == 5
    assert ids(journal) == names(batch(10) + batch(5, "later"))
    assert len(files(journal)) == 2


def test_a_store_without_events_needs_no_folder(counter: Connection, journal: Journal) -> None:
    assert journal.archive(counter.client) == 0
    assert files(journal) == []


def test_a_single_event_and_a_whole_batch_lie_side_by_side(counter: Connection, journal: Journal) -> None:
    counted(counter, *[[each] for each in batch(300, "single")], batch(10_000, "large"))
    journal.archive(counter.client)
    assert ids(journal) == names(batch(300, "single") + batch(10_000, "large"))


def test_much_becomes_several_files_in_order(counter: Connection, journal: Journal) -> None:
    events = [event(f"{n}-{'x' * 100}") for n in range(100_000)]
    counted(counter, *(events[start : start + 2_000] for start in range(0, len(events), 2_000)))
    journal.archive(counter.client)
    assert len(files(journal)) > 1
    told = ask(journal, "SELECT id FROM events ORDER BY entry, place")
    assert [row[0] for row in told] == [each.id for each in events]


def test_a_month_is_that_of_the_day_in_berlin(counter: Connection, journal: Journal) -> None:
    hours = [datetime(2026, 10, 24, hour, 59, 59, 999999, UTC) for hour in range(24)]
    hours += [datetime(2026, 10, day, hour, tzinfo=UTC) for day in (25, 31) for hour in range(24)]
    counted(counter, [Event(str(uuid4()), "k-1", "trigger", hour) for hour in hours])
    journal.archive(counter.client)
    told = ask(journal, "SELECT epoch_us(time), day, month FROM events")
    expected = [(each, day_span(each).day, f"{day_span(each).day:%Y-%m}") for each in hours]
    assert sorted(told) == sorted(((each - datetime(1970, 1, 1, tzinfo=UTC)) // _US, *rest) for each, *rest in expected)


_US = datetime.resolution


@pytest.mark.parametrize("step", STEPS)
def test_an_archiver_that_dies_leaves_nothing_twice_and_nothing_out(
    counter: Connection, journal: Journal, step: str
) -> None:
    october, november = batch(50), [event(f"n-{n}", month=NOVEMBER) for n in range(50)]
    counted(counter, october, november)
    assert archiving(counter, journal, step).wait() == -signal.SIGKILL
    seen = ids(journal)
    assert set(seen) <= set(names(october + november))
    assert len(seen) == len(set(seen))
    counted(counter, batch(20, "later"))
    journal.archive(counter.client)
    assert ids(journal) == names(october + november + batch(20, "later"))


def test_archivers_that_die_again_and_again_get_there(counter: Connection, journal: Journal) -> None:
    expected: list[Event] = []
    for turn, step in enumerate(STEPS * 2):
        fresh = [event(f"{turn}-{n}", month=NOVEMBER) for n in range(10)] + batch(10, f"o-{turn}")
        expected += fresh
        counted(counter, fresh)
        assert archiving(counter, journal, step).wait() == -signal.SIGKILL
    journal.archive(counter.client)
    assert ids(journal) == names(expected)


def test_archivers_at_the_same_time_do_the_same_work(counter: Connection, journal: Journal) -> None:
    expected: list[Event] = []
    for turn in range(4):
        fresh = batch(20_000, f"t-{turn}")
        expected += fresh
        racing = [archiving(counter, journal) for _ in range(3)]
        counted(counter, *(fresh[start : start + 500] for start in range(0, len(fresh), 500)))
        assert [each.wait() for each in racing] == [0, 0, 0]
    journal.archive(counter.client)
    assert ids(journal) == names(expected)


def test_a_store_that_forgot_what_was_archived_writes_nothing_twice(counter: Connection, journal: Journal) -> None:
    """As after a power failure without sync, or a fail-over: trimmed entries are back, the mark is not."""
    counted(counter, batch(10), [event("n", month=NOVEMBER)])
    entries = counter.client.xrange(STREAMS[0])
    journal.archive(counter.client)
    counter.client.delete(STREAMS[0])
    for identity, fields in entries:
        counter.client.xadd(STREAMS[0], fields, id=identity)
    counted(counter, batch(10, "later"))
    assert journal.archive(counter.client) == 10
    assert ids(journal) == names([*batch(10), *batch(10, "later"), event("n", month=NOVEMBER)])


def test_what_a_crash_left_is_removed_when_nobody_can_be_writing_it(counter: Connection, journal: Journal) -> None:
    counted(counter, batch(1))
    archiving(counter, journal, "written").wait()
    (left,) = Path(journal.events.root).glob("*/.*.tmp")
    journal.archive(counter.client)
    assert left.exists()
    os.utime(left, (0, 0))
    journal.archive(counter.client)
    assert not left.exists()
    assert ids(journal) == ["e-0"]


@pytest.fixture
def bucket() -> Iterator[str]:
    url = f"memory://bucket-{uuid4().hex}/journal"
    yield url
    folder = Folder(url)
    folder.files.rm(folder.root, recursive=True)


def test_an_object_store_holds_the_same(counter: Connection, bucket: str) -> None:
    journal = Journal(bucket)
    counted(counter, batch(3), [event("n", month=NOVEMBER)])
    assert journal.archive(counter.client) == 4
    assert journal.events.months() == ["2026-10", "2026-11"]
    (name,) = journal.events.names("2026-10")
    assert journal.events.read("2026-10", name, ["id"])["id"].to_pylist() == ["e-0", "e-1", "e-2"]


def test_what_waits_can_be_read_before_it_is_archived(counter: Connection, journal: Journal) -> None:
    counted(counter, batch(3))
    assert waiting(counter.client)["id"].to_pylist() == ["e-0", "e-1", "e-2"]
    journal.archive(counter.client)
    assert len(waiting(counter.client)) == 0


def test_only_streams_that_are_worth_a_file_are_archived_at_once(counter: Connection, journal: Journal) -> None:
    counted(counter, batch(10))
    assert journal.archive(counter.client, STRETCH_BYTES) == 0
    assert journal.archive(counter.client, stopping=lambda: True) == 0
    assert journal.archive(counter.client, 100) == 10
