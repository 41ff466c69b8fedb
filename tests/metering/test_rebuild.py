"""From the journal alone the counters come back exactly as they were."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from metering.event import Event
from metering.journal import Journal
from metering.keys import key_of
from metering.month import BillingMonth
from metering.rebuild import correct, rebuild
from metering.recount import recount
from metering.redis import Connection
from metering.usage import customers_with_usage, read_many
from metering.void import Void, void
from tests.metering.samples import NOVEMBER, OCTOBER, batch, event
from tests.redis_fixtures import counted

CONTENTS: list[Event] = [
    *batch(50),
    *batch(20),
    event("w", "trigger:31", workflow="wf"),
    event("a", "action:09"),
    event("a", "trigger:11"),
    event("v", "volume:30", quantity=1_000_000),
    event("t", "trigger:30", quantity=3),
    event("x", customer="k-2"),
    event("n", month=NOVEMBER),
    event("gone", customer="k-2"),
]


@pytest.fixture
def journal(tmp_path: Path, counter: Connection) -> Journal:
    """A journal with everything that makes a count hard; the events wait in the stream still."""
    opened = Journal(str(tmp_path / "journal"))
    counted(counter, CONTENTS)
    void(opened, counter.client, Void("k-2", OCTOBER, ["gone"], "twice", "anna", datetime(2026, 11, 1, tzinfo=UTC)))
    return opened


def keys(counter: Connection) -> dict[bytes, set[bytes]]:
    return {key: counter.client.smembers(key) for key in counter.client.scan_iter("zw:*:2026-*")}


def test_after_a_total_loss_every_set_is_as_it_was(counter: Connection, journal: Journal) -> None:
    journal.archive(counter.client)
    before = keys(counter)
    counter.client.flushall()
    assert rebuild(journal, counter) == len(CONTENTS)
    assert keys(counter) == before
    assert recount(journal, counter.client, OCTOBER).differences == ()


def test_rebuilding_what_is_there_changes_nothing_and_journals_nothing(counter: Connection, journal: Journal) -> None:
    before = keys(counter)
    for _ in range(2):
        rebuild(journal, counter, [OCTOBER, NOVEMBER])
        assert keys(counter) == before
    assert journal.archive(counter.client) == 0


def test_one_month_or_some_customers_only(counter: Connection, journal: Journal) -> None:
    journal.archive(counter.client)
    counter.client.flushall()
    assert rebuild(journal, counter, [NOVEMBER]) == 1
    assert customers_with_usage(counter.client, OCTOBER) == set()
    assert rebuild(journal, counter, [OCTOBER], ["k-2"]) == 2
    assert customers_with_usage(counter.client, OCTOBER) == {"k-2"}
    assert rebuild(journal, counter, [BillingMonth(2020, 1)]) == 0


def test_events_that_came_before_the_rebuild_are_counted_once(counter: Connection, journal: Journal) -> None:
    journal.archive(counter.client)
    counter.client.flushall()
    counted(counter, batch(60))
    rebuild(journal, counter)
    assert recount(journal, counter.client, OCTOBER).differences == ()
    assert read_many(counter.client, ["k-2"], OCTOBER)["k-2"].total("trigger") == 1


def test_a_counter_that_differs_is_corrected_and_nobody_else(counter: Connection, journal: Journal) -> None:
    right = read_many(counter.client, ["k-1", "k-2"], OCTOBER)
    wrong = f"{key_of('k-1', OCTOBER)}:0"
    counter.client.srem(wrong, counter.client.srandmember(wrong))
    counter.client.sadd(wrong, 1 << 62 | 2 << 56 | 7)
    other = f"{key_of('k-2', OCTOBER)}:more"
    counter.client.sadd(other, "7 09 volume 1")
    before, after = correct(journal, counter, "k-1", OCTOBER)
    assert (before.total("trigger"), after) == (right["k-1"].total("trigger"), right["k-1"])
    assert before != after
    found = recount(journal, counter.client, OCTOBER)
    assert set(found.differing) == {"k-2"}
    correct(journal, counter, "k-2", OCTOBER)
    assert read_many(counter.client, ["k-1", "k-2"], OCTOBER) == right
