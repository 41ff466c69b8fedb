"""Gauges read the highest, the newest or the number of different values, of exactly the events that count."""

import threading
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metering.batch import METERS
from metering.count import Count
from metering.event import Event
from metering.gauge import Gauge, Readings, value_of
from metering.journal import Journal
from metering.kinds import with_gauges
from metering.month import BillingMonth, day_span
from metering.recount import Recount, recount
from metering.redis import Connection
from metering.usage import DayCount, Usage, merge, read_many, read_usage, split
from metering.void import Void, void
from tests.metering.samples import OCTOBER, event
from tests.redis_fixtures import counted

MAX, LAST = Gauge("users", "max"), Gauge("users", "last")
WORKFLOWS, CONNECTORS = Gauge("users", "unique", "workflow"), Gauge("users", "unique", "connector")
ALL = (MAX, LAST, WORKFLOWS, CONNECTORS)
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


@dataclass
class Desk:
    """A counter with its journal."""

    counter: Connection
    journal: Journal
    told: list[Event] = field(default_factory=list)

    def tell(self, story: str) -> None:
        """Count or void line by line; each line arrives on its own."""
        for line in story.strip().splitlines():
            match line.split():
                case ["void", identity]:
                    void(self.journal, self.counter.client, Void("k-1", OCTOBER, [identity], "wrong", "anna", NOON))
                case words:
                    counted(self.counter, [told(*words)])

    def recount(self, *gauges: Gauge, month: BillingMonth = OCTOBER) -> Recount:
        return recount(self.journal, self.counter.client, month, gauges=gauges)

    def live(self, *gauges: Gauge) -> Usage:
        usage = read_usage(self.counter.client, "k-1", OCTOBER)
        return with_gauges(usage, self.journal, self.counter.client, gauges)


def told(identity: str, instant: str, what: str, workflow: str = "-", connector: str = "-") -> Event:
    """``05T12:00`` is UTC and October unless it says the month; ``-`` is no workflow, no connector."""
    meter, _, quantity = what.partition(":")
    time = datetime.fromisoformat(f"2026-{instant if instant.count('-') else f'10-{instant}'}+00:00").astimezone(UTC)
    named = [None if each == "-" else each.strip("'") for each in (workflow, connector)]
    return Event(identity, "k-1", meter, time, named[0], named[1], int(quantity or 1))


def says(usage: Usage, gauge: Gauge) -> str:
    """``12: 05=12 06=7`` is the month's value, and what each day reads."""
    readings = usage.gauges.get(gauge, ())
    return " ".join([f"{value_of(gauge, readings)}:", *(f"{day:%d}={value}" for day, value in readings)])


@pytest.fixture
def desk(counter: Connection, tmp_path: Path) -> Desk:
    return Desk(counter, Journal(str(tmp_path / "journal")))


STORIES = {
    "one event": ("a 05T12:00 users:12 w c", "12: 05=12", "12: 05=12", "1: 05=1", "1: 05=1"),
    "a day falls": (
        """
        a 05T08:00 users:12 w1
        b 05T09:00 users:9 w2
        """,
        *("12: 05=12", "9: 05=9", "2: 05=2", "0:"),
    ),
    "a day rises, and the newest arrived first": (
        """
        b 05T09:00 users:12 w1
        a 05T08:00 users:9 w1
        """,
        *("12: 05=12", "12: 05=12", "1: 05=1", "0:"),
    ),
    "several days, and a value seen before": (
        """
        a 05T12:00 users:12 w1 c1
        b 31T12:00 users:7 w1 c2
        c 06T12:00 users:30 w2 c1
        """,
        *("30: 05=12 06=30 31=7", "7: 05=12 06=30 31=7", "2: 05=1 06=1", "2: 05=1 31=1"),
    ),
    "two in one instant: the greater id is the newer": (
        """
        b 05T12:00 users:3
        c 05T12:00 users:2
        a 05T12:00 users:1
        """,
        *("3: 05=3", "2: 05=2", "0:", "0:"),
    ),
    "two a microsecond apart": (
        """
        a 05T12:00:00.000001 users:3
        b 05T12:00:00.000000 users:2
        """,
        *("3: 05=3", "3: 05=3", "0:", "0:"),
    ),
    "an empty value is none": ("a 05T12:00 users:12 '' -", "12: 05=12", "12: 05=12", "0:", "0:"),
    "sent again": (
        """
        a 05T12:00 users:12 w
        a 05T12:00 users:12 w
        """,
        *("12: 05=12", "12: 05=12", "1: 05=1", "0:"),
    ),
    "came again for an earlier day": (
        """
        a 06T12:00 users:2 w1
        a 05T12:00 users:12 w2
        """,
        *("12: 05=12", "12: 05=12", "1: 05=1", "0:"),
    ),
    "came again with a greater quantity": (
        """
        a 05T12:00 users:12 w1
        a 05T13:00 users:13 w2
        """,
        *("12: 05=12", "12: 05=12", "1: 05=1", "0:"),
    ),
    "came again with another time and workflow: what came first counts": (
        """
        a 05T12:00 users:12 w1
        b 05T11:00 users:11 w1
        a 05T10:00 users:12 w2
        """,
        *("12: 05=12", "12: 05=12", "1: 05=1", "0:"),
    ),
    "came again as a trigger: is one": (
        """
        a 05T12:00 users:12 w1
        b 05T12:00 users:3 w2
        a 05T12:00 trigger w1
        """,
        *("3: 05=3", "3: 05=3", "1: 05=1", "0:"),
    ),
    "came again as a trigger of a later day: is none": (
        """
        a 05T12:00 users:12 w1
        a 06T12:00 trigger w1
        """,
        *("12: 05=12", "12: 05=12", "1: 05=1", "0:"),
    ),
    "voided": (
        """
        a 05T08:00 users:5 w1 c1
        b 05T09:00 users:12 w2 c1
        void b
        """,
        *("5: 05=5", "5: 05=5", "1: 05=1", "1: 05=1"),
    ),
    "what was seen first is voided: then it was seen later": (
        """
        a 05T12:00 users:5 w1
        b 07T12:00 users:4 w1
        void a
        """,
        *("4: 07=4", "4: 07=4", "1: 07=1", "0:"),
    ),
    "voided and sent again": (
        """
        a 05T12:00 users:5 w1
        void a
        a 05T12:00 users:5 w1
        a 06T12:00 users:6 w2
        """,
        *("0:", "0:", "0:", "0:"),
    ),
    "the long day of the clock change": (
        """
        a 24T21:59:59 users:24
        b 24T22:00:00 users:25
        c 25T22:59:59 users:26
        d 25T23:00:00 users:27
        """,
        *("27: 24=24 25=26 26=27", "27: 24=24 25=26 26=27", "0:", "0:"),
    ),
    "the month's bounds": (
        """
        a 09-30T21:59:59 users:1
        b 09-30T22:00:00 users:2
        c 10-31T22:59:59 users:3
        d 10-31T23:00:00 users:4
        """,
        *("3: 01=2 31=3", "3: 01=2 31=3", "0:", "0:"),
    ),
    "another meter": ("a 05T12:00 seats:12 w c", "0:", "0:", "0:", "0:"),
}


@pytest.mark.parametrize(("story", "highest", "newest", "workflows", "connectors"), STORIES.values(), ids=STORIES)
@pytest.mark.clause("Cloudeteer 15(1)")
def test_what_gauges_read(desk: Desk, story: str, highest: str, newest: str, workflows: str, connectors: str) -> None:
    desk.tell(story)
    found = desk.recount(*ALL)
    usage = found.usages.get("k-1", Usage("k-1", OCTOBER))
    assert [says(usage, gauge) for gauge in ALL] == [highest, newest, workflows, connectors]
    assert found.differences == ()
    assert desk.live(*ALL).gauges == usage.gauges, "the live view says the same"


def test_the_short_day_of_the_clock_change(desk: Desk) -> None:
    desk.tell("""
        a 03-28T22:59:59 users:28
        b 03-28T23:00:00 users:29
        c 03-29T21:59:59 users:30
        d 03-29T22:00:00 users:31
    """)
    usage = desk.recount(MAX, LAST, month=BillingMonth(2026, 3)).usages["k-1"]
    assert [says(usage, MAX), says(usage, LAST)] == ["31: 28=28 29=30 30=31"] * 2


def test_a_month_without_events(desk: Desk) -> None:
    assert desk.recount(*ALL) == Recount(OCTOBER, 0, {}, (), ())
    assert desk.live(*ALL) == Usage("k-1", OCTOBER)


def test_each_customer_and_each_meter_for_itself(desk: Desk) -> None:
    others = [event("a", "users:05", customer="k-2", quantity=8), event("a", "seats:05", customer="k-3", quantity=9)]
    counted(desk.counter, [*others, event("a", "users:05", quantity=7), event("b", "seats:06", quantity=6)])
    found = desk.recount(MAX, Gauge("seats", "last"))
    assert {key: {gauge.key: days for gauge, days in each.gauges.items()} for key, each in found.usages.items()} == {
        "k-1": {"max:users": ((date(2026, 10, 5), 7),), "last:seats": ((date(2026, 10, 6), 6),)},
        "k-2": {"max:users": ((date(2026, 10, 5), 8),)},
        "k-3": {"last:seats": ((date(2026, 10, 5), 9),)},
    }


def test_gauges_change_nothing_in_what_is_counted(desk: Desk) -> None:
    desk.tell("""
        a 05T12:00 trigger w1
        a 06T12:00 trigger w1
        b 05T12:00 action w1
        c 05T12:00 users:12 w1
        d 05T13:00 users:30 w1
        e 05T12:00 action w1
        void e
    """)
    without, found = desk.recount(), desk.recount(*ALL)
    assert (without.events, without.differences, without.other_content) == (
        *(found.events, found.differences),
        found.other_content,
    )
    assert without.usages == read_many(desk.counter.client, ["k-1"], OCTOBER)
    assert found.usages["k-1"].days == (DayCount(date(2026, 10, 5), {"trigger": 1, "action": 1, "users": 42}),)
    assert without.usages["k-1"].gauges == {}


def test_nothing_is_asked_when_no_gauge_is_wanted(desk: Desk) -> None:
    desk.tell("a 05T12:00 users:12 w1")
    desk.journal.archive(desk.counter.client)
    with Count(desk.journal, OCTOBER) as count:
        assert count.gauges([]) == count.gauges([Gauge("seats", "max")]) == {}


def test_a_customer_whose_counter_differs_is_read_too(desk: Desk) -> None:
    desk.tell("a 05T12:00 users:12 w1")
    desk.journal.archive(desk.counter.client)
    desk.counter.client.flushall()
    found = desk.recount(MAX)
    assert [each.journal for each in found.differences] == [12]
    assert says(found.usages["k-1"], MAX) == "12: 05=12"


def test_what_arrives_meanwhile_is_in_sums_and_levels_or_in_none(desk: Desk) -> None:
    """Each event names a workflow of its own and counts one: both must give the same number at any moment."""
    ended, begun = threading.Event(), threading.Event()

    def send() -> None:
        number = 0
        while not ended.wait(0.01):
            names = [f"{number}-{n}" for n in range(50)]
            counted(desk.counter, [event(name, "users:05", workflow=name) for name in names])
            number += 1
            begun.set()

    sender = threading.Thread(target=send)
    sender.start()
    try:
        assert begun.wait(30)
        for _ in range(5):
            found = desk.recount(WORKFLOWS)
            usage = found.usages["k-1"]
            assert found.differences == ()
            assert value_of(WORKFLOWS, usage.gauges[WORKFLOWS]) == usage.total("users") > 0
    finally:
        ended.set()
        sender.join()


def test_the_live_view_knows_what_lies_in_files_and_what_waits(desk: Desk) -> None:
    desk.tell("""
        a 05T12:00 users:12 w1
        b 05T13:00 users:10 w2
    """)
    desk.journal.archive(desk.counter.client)
    desk.tell("""
        c 05T14:00 users:11 w3
        b 05T13:00 users:4 w2
        n 11-05T14:00 users:99 w4
    """)
    counted(desk.counter, [event("x", "users:05", customer="k-2", quantity=77)])
    usage = desk.live(MAX, LAST, WORKFLOWS)
    assert [says(usage, gauge) for gauge in (MAX, LAST, WORKFLOWS)] == ["12: 05=12", "11: 05=11", "3: 05=3"]
    assert usage.days == (DayCount(date(2026, 10, 5), {"users": 27}),)
    assert desk.live() == read_usage(desk.counter.client, "k-1", OCTOBER)


def days(*values: int) -> Readings:
    return tuple((date(2026, 10, day), value) for day, value in enumerate(values, 1) if value)


@pytest.mark.parametrize(
    ("first", "last", "highest", "newest", "different"),
    [
        (1, 31, 9, 4, 21),
        (1, 1, 5, 5, 5),
        (1, 2, 5, 3, 8),
        (2, 4, 9, 9, 12),
        (3, 3, 0, 0, 0),
        (5, 31, 4, 4, 4),
        (6, 31, 0, 0, 0),
    ],
)
@pytest.mark.clause("Cloudeteer 15(1)")
def test_some_days_of_a_month(first: int, last: int, highest: int, newest: int, different: int) -> None:
    """Days that belong to the span at both ends; a span without events reads nothing."""
    span = date(2026, 10, first), date(2026, 10, last)
    found = [value_of(gauge, days(5, 3, 0, 9, 4), *span) for gauge in (MAX, LAST, WORKFLOWS)]
    assert found == [highest, newest, different]


@pytest.mark.parametrize("gauge", ALL)
def test_no_events_read_nothing(gauge: Gauge) -> None:
    assert value_of(gauge, ()) == 0


@pytest.mark.parametrize(
    ("gauge", "key"), [(MAX, "max:users"), (LAST, "last:users"), (WORKFLOWS, "unique:workflow:users")]
)
def test_a_gauge_is_stored_in_a_word(gauge: Gauge, key: str) -> None:
    assert gauge.key == key
    assert Gauge.parse(key) == gauge
    assert [Gauge.is_key(each) for each in (key, gauge.meter, "e-mails", "api_calls")] == [True, False, False, False]


@pytest.mark.parametrize(
    ("gauge", "own", "typo", "other", "both"),
    [
        (MAX, days(5, 0, 7), days(6, 2, 1), days(1, 1, 1), days(6, 2, 7)),
        (LAST, days(5, 0, 7), days(6, 2, 1), days(1, 1, 1, 1), days(5, 1, 7, 1)),
        (WORKFLOWS, days(5, 0, 7), days(6, 2, 1), days(1, 1, 1), days(12, 3, 9)),
        (MAX, days(5), days(), days(), days(5)),
    ],
)
def test_counters_read_together_day_by_day(
    gauge: Gauge, own: Readings, typo: Readings, other: Readings, both: Readings
) -> None:
    """The customer's own newest level outweighs that of others, wherever it stands; of others the first by name."""
    mine, theirs, more = (
        Usage(key, OCTOBER, gauges={gauge: found} if found else {})
        for key, found in (("k-1", own), ("typo", typo), ("other", other))
    )
    for order in ([mine, theirs, more], [Usage("k-1", OCTOBER), more, mine, theirs]):
        assert merge(*order).gauges == {gauge: both}


def test_the_bill_keeps_the_levels_it_was_made_of() -> None:
    now, billed = (Usage("k-1", OCTOBER, gauges={MAX: found}) for found in (days(9), days(5)))
    assert split(now, billed) == billed


IDS = st.sampled_from([f"id-{n}" for n in range(12)])
EVENTS = st.builds(
    lambda identity, meter, hour, quantity, workflow: told(identity, hour, f"{meter}:{quantity}", workflow),
    IDS,
    st.sampled_from(["users", "users", "users", "seats", "trigger", "action"]),
    st.sampled_from(["05T08:00", "05T09:00", "05T21:59", "05T22:00", "06T08:00", "24T22:00", "25T22:59", "31T08:00"]),
    st.sampled_from([1, 1, 2, 3]),
    st.sampled_from(["-", "w1", "w2", "w3"]),
)


@given(batches=st.lists(st.lists(EVENTS, min_size=1, max_size=8), min_size=1, max_size=6), voided=st.sets(IDS))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_gauges_read_what_a_plain_count_of_the_events_gives(
    valkey_tcp: Connection,
    tmp_path_factory: pytest.TempPathFactory,
    batches: list[list[Event]],
    voided: set[str],
) -> None:
    desk = Desk(valkey_tcp, Journal(str(tmp_path_factory.mktemp("property") / "journal")))
    valkey_tcp.client.flushall()
    counted(valkey_tcp, *batches, *batches[:2])
    void(desk.journal, valkey_tcp.client, Void("k-1", OCTOBER, sorted(voided), "wrong", "anna", NOON))
    found = desk.recount(*ALL)
    assert found.differences == ()
    usage = found.usages.get("k-1", Usage("k-1", OCTOBER))
    assert usage.gauges == plainly([each for batch in batches for each in batch if each.id not in voided])
    assert desk.live(*ALL).gauges == usage.gauges


def plainly(events: list[Event]) -> dict[Gauge, Readings]:
    """The same by hand: each id once, as the first of its smallest contents; then day by day."""
    once: dict[str, Event] = {}
    for each in events:
        if each.id not in once or content(each) < content(once[each.id]):
            once[each.id] = each
    counting = sorted((each for each in once.values() if each.type == "users"), key=lambda each: (each.time, each.id))
    highest: dict[date, int] = defaultdict(int)
    newest: dict[date, int] = {}
    seen: dict[str, date] = {}
    for each in counting:
        day = day_span(each.time).day
        highest[day] = max(highest[day], each.quantity)
        newest[day] = each.quantity
        if each.workflow:
            seen.setdefault(each.workflow, day)
    first = {day: list(seen.values()).count(day) for day in seen.values()}
    read = {MAX: highest, LAST: newest, WORKFLOWS: first}
    return {gauge: tuple(sorted(found.items())) for gauge, found in read.items() if found}


def content(each: Event) -> tuple[date, int, str, int]:
    rank = METERS.index(each.type) if each.type in METERS else len(METERS)
    return day_span(each.time).day, rank, each.type, each.quantity
