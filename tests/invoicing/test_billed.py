"""What gauges read is kept with what was billed, so that a late or voided event shows, even when the sums agree."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from invoicing import billed
from invoicing.ledger import Ledger
from invoicing.recounts import Counts, recounts
from metering.gauge import Gauge
from metering.journal import Journal
from metering.month import BillingMonth
from metering.recount import recount
from metering.redis import Connection
from metering.usage import DayCount, Usage
from metering.void import Void, void
from tests.metering.samples import OCTOBER, event
from tests.redis_fixtures import counted

NOVEMBER = BillingMonth(2026, 11)
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
MAX, WORKFLOWS = Gauge("users", "max"), Gauge("users", "unique", "workflow")
FIFTH, SIXTH = date(2026, 10, 5), date(2026, 10, 6)


def usage(*days: DayCount, **gauges: int) -> Usage:
    named = {"highest": MAX, "workflows": WORKFLOWS}
    return Usage("k-1", OCTOBER, days, gauges={named[key]: ((FIFTH, value),) for key, value in gauges.items()})


@pytest.mark.parametrize(
    ("counts", "what"),
    [
        ({}, usage()),
        ({"05": {"trigger": 3}}, usage(DayCount(FIFTH, {"trigger": 3}))),
        (
            {"05": {"action": 2, "trigger": 3}, "06": {"trigger": 1}},
            usage(DayCount(FIFTH, {"action": 2, "trigger": 3}), DayCount(SIXTH, {"trigger": 1})),
        ),
        ({"05": {"max:users": 12, "users": 40}}, usage(DayCount(FIFTH, {"users": 40}), highest=12)),
        (
            {"05": {"max:users": 12, "unique:workflow:users": 2, "users": 40}},
            usage(DayCount(FIFTH, {"users": 40}), highest=12, workflows=2),
        ),
        ({"05": {"max:users": 12}}, usage(highest=12)),
    ],
)
def test_counts_and_levels_are_stored_and_read(counts: dict[str, dict[str, int]], what: Usage) -> None:
    """What was stored before there were gauges reads as it did."""
    assert billed.counts_of(what) == counts
    assert billed.usage_of("k-1", OCTOBER, counts) == what


@dataclass
class Desk:
    """A ledger, a counter and its journal."""

    ledger: Ledger
    counter: Connection
    journal: Journal

    def bill(self, *gauges: Gauge) -> None:
        """Record what October counts now as billed."""
        found = recount(self.journal, self.counter.client, OCTOBER, gauges=gauges)
        with self.ledger.write() as session:
            billed.record(session, found.usages.values(), NOON, None)

    def tell(self, story: str) -> None:
        """``a 7 wf`` counts an event of that quantity and workflow on the 5th, ``void a`` takes it back."""
        for line in filter(None, story.split(", ")):
            match line.split():
                case ["void", identity]:
                    void(self.journal, self.counter.client, Void("k-1", OCTOBER, [identity], "wrong", "anna", NOON))
                case [identity, quantity, workflow]:
                    told = event(identity, "users:05", quantity=int(quantity), workflow=workflow)
                    counted(self.counter, [told])

    def recounts(self, *gauges: Gauge) -> Counts:
        return recounts(self.ledger, self.journal, self.counter.client, NOVEMBER, gauges)


@pytest.fixture
def desk(ledger: Ledger, counter: Connection, tmp_path: Path) -> Desk:
    return Desk(ledger, counter, Journal(str(tmp_path / "journal")))


@pytest.mark.parametrize(
    ("before", "after", "sums", "highest", "workflows"),
    [
        ("a 7 w1", "b 9 w2", 16, 9, 2),
        ("a 7 w1", "b 5 w1", 12, 7, 1),
        ("a 7 w1, b 9 w2", "void b", 7, 7, 1),
        ("a 7 w1", "void a", 0, None, None),
        ("a 7 w1, b 7 w2", "void b, c 7 w1", 14, 7, 1),
        ("a 7 w1, b 2 w2", "void a, c 3 w1, d 4 w1", 9, 4, 2),
        ("", "a 7 w1", None, None, None),
    ],
)
@pytest.mark.clause("Cloudeteer 15(1)")
def test_a_month_whose_levels_are_not_as_billed_is_found(
    desk: Desk, before: str, after: str, sums: int | None, highest: int | None, workflows: int | None
) -> None:
    """In the last rows but one the sums are as they were billed; what was never billed is not late."""
    desk.tell(before)
    desk.bill(MAX, WORKFLOWS)
    desk.tell(after)
    earlier = desk.recounts(MAX, WORKFLOWS).earlier
    found = [each.usages["k-1"] for each in earlier]
    days = (DayCount(FIFTH, {"users": sums}),) if sums else ()
    read = {MAX: highest, WORKFLOWS: workflows}
    levels = {gauge: ((FIFTH, value),) for gauge, value in read.items() if value}
    assert found == ([] if sums is None else [Usage("k-1", OCTOBER, days, gauges=levels)])
    if found:
        with desk.ledger.write() as session:
            billed.record(session, found, NOON, None)
        assert desk.recounts(MAX, WORKFLOWS).earlier == (), "once it is billed, it is billed"


@pytest.mark.parametrize("after", ["", "a 7 w1", "a 7 w2", "b 1 w1, void b", "void a, c 7 w1"])
def test_a_month_that_is_as_billed_is_not_found(desk: Desk, after: str) -> None:
    desk.tell("a 7 w1")
    desk.bill(MAX, WORKFLOWS)
    desk.tell(after)
    assert desk.recounts(MAX, WORKFLOWS).earlier == ()


def test_a_gauge_that_was_not_billed_makes_no_month_late(desk: Desk) -> None:
    desk.tell("a 7 w1, b 7 w2")
    desk.bill(MAX)
    desk.tell("void b, c 7 w1")
    assert desk.recounts(MAX, WORKFLOWS).earlier == ()


def test_the_month_itself_is_read_with_its_levels(desk: Desk) -> None:
    counted(desk.counter, [event("a", "users:05", month=NOVEMBER, quantity=7)])
    assert desk.recounts(MAX).month.usages["k-1"].gauges == {MAX: ((date(2026, 11, 5), 7),)}
    assert desk.recounts().month.usages["k-1"].gauges == {}
