"""The archiver writes what is due, outlives its store, and ends when it should."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from metering.archiver import Archiver
from metering.event import Event
from metering.journal import STRETCH_BYTES, Journal
from metering.keys import STREAMS
from metering.redis import Connection
from tests.metering.journals import ids
from tests.metering.samples import batch, event
from tests.redis_fixtures import counted, kill
from tests.waiting import until


@dataclass
class HandClock:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(str(tmp_path / "journal"))


def large() -> list[list[Event]]:
    """As much as makes a file."""
    events = [event(f"{n}-{'x' * 100}") for n in range(STRETCH_BYTES // 100)]
    return [events[start : start + 5_000] for start in range(0, len(events), 5_000)]


def test_events_are_archived_when_they_have_waited_long_enough(counter: Connection, journal: Journal) -> None:
    clock = HandClock()
    archiver = Archiver(journal, counter, 300, clock)
    counted(counter, batch(3))
    assert archiver.look() == 3
    counted(counter, batch(4, "later"))
    clock.now += 299
    assert archiver.look() == 0
    clock.now += 1
    assert archiver.look() == 4


def test_what_fills_a_file_is_archived_at_once(counter: Connection, journal: Journal) -> None:
    archiver = Archiver(journal, counter, 300, HandClock())
    archiver.look()
    parts = large()
    counted(counter, *parts)
    assert archiver.look() == sum(map(len, parts))


@contextmanager
def running(archiver: Archiver) -> Iterator[None]:
    thread = threading.Thread(target=archiver.run)
    thread.start()
    try:
        yield
    finally:
        archiver.stop()
        thread.join()


def test_a_store_that_died_is_brought_back_and_nothing_is_missing(counter: Connection, journal: Journal) -> None:
    clock = HandClock()
    counted(counter, batch(10))
    kill(counter)
    with running(Archiver(journal, counter, 300, clock)):
        until(lambda: len(ids(journal)) == 10, "the events are archived")
    assert counter.client.xlen(STREAMS[0]) == 0
