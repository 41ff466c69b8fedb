"""An event taken back does not count any more, nor again; who took it back and why is kept."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from metering.count import AsCounted
from metering.journal import Journal
from metering.keys import STREAMS
from metering.recount import recount
from metering.redis import Connection
from metering.usage import read_usage
from metering.void import Void, VoidProblem, void
from tests.metering.samples import NOVEMBER, OCTOBER, event
from tests.redis_fixtures import counted

AT = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
TWICE = Void("k-1", OCTOBER, ["a"], "ran twice", "anna", AT)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(str(tmp_path / "journal"))


def units(counter: Connection, customer: str = "k-1") -> int:
    return read_usage(counter.client, customer, OCTOBER).total("trigger", "action", "volume")


def test_a_voided_event_does_not_count_and_is_kept_with_its_reason(counter: Connection, journal: Journal) -> None:
    counted(counter, [event("a", workflow="wf", connector="forms"), event("b"), event("a", customer="k-2")])
    assert void(journal, counter.client, TWICE) == (
        [AsCounted("k-1", "a", date(2026, 10, 5), "trigger", "wf", "forms", 1)],
        [],
    )
    assert (units(counter), units(counter, "k-2")) == (1, 1)
    assert recount(journal, counter.client, OCTOBER).differences == ()
    row = ("k-1", "a", "trigger", date(2026, 10, 5), "wf", "forms", 1, "ran twice", "anna", AT.timestamp(), 0)
    told = duckdb.read_parquet(f"{journal.voids.root}/month=2026-10/*.parquet", hive_partitioning=False)
    assert told.project("* EXCLUDE entry REPLACE (epoch(voided_at) AS voided_at)").fetchall() == [row]


def test_a_quantity_goes_as_a_whole(counter: Connection, journal: Journal) -> None:
    counted(counter, [event("a", "volume:06", quantity=17), event("b")])
    voided, _ = void(journal, counter.client, TWICE)
    assert [(each.meter, each.quantity) for each in voided] == [("volume", 17)]
    assert units(counter) == 1


def test_what_came_with_several_contents_is_voided_as_it_counted(counter: Connection, journal: Journal) -> None:
    counted(counter, [event("a", "trigger:07")], [event("a", "action:06")], [event("a", "trigger:06", quantity=2)])
    voided, _ = void(journal, counter.client, TWICE)
    assert [(each.day.day, each.meter, each.quantity) for each in voided] == [(6, "trigger", 2)]
    assert units(counter) == 0
    assert recount(journal, counter.client, OCTOBER).differences == ()


def test_voiding_again_changes_nothing_and_says_so(counter: Connection, journal: Journal) -> None:
    counted(counter, [event("a"), event("b")])
    void(journal, counter.client, TWICE)
    before = counter.client.xinfo_stream(STREAMS[0])["last-generated-id"]
    done = void(journal, counter.client, replace(TWICE, ids=["a", "b", "b", "c"]))
    assert [each.id for each in done[0]] == ["b"]
    assert done[1] == [
        VoidProblem("a", "was voided before"),
        VoidProblem("c", "is no event of 'k-1' in 2026-10: check id, customer and month"),
    ]
    assert before != counter.client.xinfo_stream(STREAMS[0])["last-generated-id"]
    again, problems = void(journal, counter.client, replace(TWICE, ids=["a", "b"]))
    assert (again, len(problems)) == ([], 2)
    assert recount(journal, counter.client, OCTOBER).differences == ()


def test_a_voided_event_that_is_sent_again_is_a_duplicate(counter: Connection, journal: Journal) -> None:
    counted(counter, [event("a")])
    void(journal, counter.client, TWICE)
    assert counted(counter, [event("a")])[0].duplicates == 1
    counted(counter, [event("a", "trigger:20"), event("a", "volume:20", quantity=4)])
    assert units(counter) == 0
    assert recount(journal, counter.client, OCTOBER).differences == ()


def test_an_id_of_another_month_or_customer_is_left_alone(counter: Connection, journal: Journal) -> None:
    counted(counter, [event("a", month=NOVEMBER), event("a", customer="k-2")])
    voided, problems = void(journal, counter.client, TWICE)
    assert (voided, [each.id for each in problems]) == ([], ["a"])
    assert units(counter, "k-2") == 1


def test_nothing_to_void(counter: Connection, journal: Journal) -> None:
    assert void(journal, counter.client, replace(TWICE, ids=[])) == ([], [])
