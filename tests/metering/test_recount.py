"""The recount finds every difference between counter and journal, and none that is not there."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metering.batch import fingerprint
from metering.event import Event
from metering.journal import Journal
from metering.keys import key_of
from metering.recount import Difference, OtherContent, Recount, recount
from metering.redis import Connection
from metering.usage import read_many
from tests.metering.samples import NOVEMBER, OCTOBER, batch, event
from tests.redis_fixtures import counted


@dataclass
class Desk:
    """A counter with its journal."""

    counter: Connection
    journal: Journal

    def count(self, *events: Event) -> None:
        counted(self.counter, *([each] for each in events))

    def recount(self, *customers: str) -> Recount:
        return recount(self.journal, self.counter.client, OCTOBER, customers or None)

    def members(self, piece: str = "0", customer: str = "k-1") -> tuple[str, list[bytes]]:
        key = f"{key_of(customer, OCTOBER)}:{piece}"
        return key, sorted(self.counter.client.smembers(key))


@pytest.fixture
def desk(counter: Connection, tmp_path: Path) -> Desk:
    return Desk(counter, Journal(str(tmp_path / "journal")))


def difference(counter: int, journal: int, cell: str = "trigger:05", customer: str = "k-1") -> Difference:
    meter, _, day = cell.partition(":")
    return Difference(customer, date(2026, 10, int(day)), meter, counter, journal)


def test_nothing_was_received(desk: Desk) -> None:
    assert desk.recount() == Recount(OCTOBER, 0, {}, (), ())


def test_what_was_counted_agrees(desk: Desk) -> None:
    desk.count(event("a"), event("a"), event("b", "action:06"), event("c", customer="k-2"))
    desk.count(event("d", "volume:07", quantity=17), event("e", "trigger:07", quantity=3), event("n", month=NOVEMBER))
    found = desk.recount()
    assert (found.events, found.differences, found.other_content) == (5, (), ())
    assert found.usages == read_many(desk.counter.client, ["k-1", "k-2"], OCTOBER)


def lose_one(desk: Desk) -> None:
    key, members = desk.members()
    desk.counter.client.srem(key, members[0])


def add_one(desk: Desk) -> None:
    key, members = desk.members()
    desk.counter.client.sadd(key, int(members[0]) + 1)


def lose_quantity(desk: Desk) -> None:
    key, members = desk.members("more")
    desk.counter.client.srem(key, *members)


def void_one(desk: Desk) -> None:
    desk.counter.client.sadd(f"{key_of('k-1', OCTOBER)}:void", fingerprint("a"))


def move_one(desk: Desk) -> None:
    key, members = desk.members()
    desk.counter.client.srem(key, members[0])
    desk.counter.client.sadd(f"{key_of('k-1', OCTOBER)}:1", int(members[0]) + (2 << 56))


def lose_everything(desk: Desk) -> None:
    desk.counter.client.flushall()


@pytest.mark.parametrize(
    ("harm", "expected"),
    [
        (lose_one, [difference(1, 2)]),
        (add_one, [difference(3, 2)]),
        (lose_quantity, [difference(0, 17, "volume:09")]),
        (void_one, [difference(1, 2)]),
        (move_one, [difference(1, 2), difference(1, 0, "trigger:06")]),
        (lose_everything, [difference(0, 2), difference(0, 17, "volume:09"), difference(0, 1, customer="k-2")]),
    ],
)
def test_every_difference_is_listed(desk: Desk, harm: Callable[[Desk], None], expected: list[Difference]) -> None:
    desk.count(event("a"), event("b"), event("v", "volume:09", quantity=17), event("c", customer="k-2"))
    desk.journal.archive(desk.counter.client)
    harm(desk)
    found = desk.recount()
    assert list(found.differences) == expected
    assert set(found.usages) == {"k-1", "k-2"}
    assert set(found.differing) == {each.customer for each in expected}


def test_usage_that_only_the_counter_knows_is_a_difference(desk: Desk) -> None:
    counted_elsewhere = 1 << 62 | 10 << 56 | 7
    desk.counter.client.sadd(f"{key_of('k-9', OCTOBER)}:0", counted_elsewhere)
    found = desk.recount()
    assert found.differences == (difference(1, 0, customer="k-9"),)


def test_only_some_customers_are_counted_again(desk: Desk) -> None:
    desk.count(event("a"), event("b", customer="k-2"), event("b", customer="k-3"))
    desk.journal.archive(desk.counter.client)
    lose_everything(desk)
    found = desk.recount("k-2", "k-7")
    assert (found.events, list(found.usages)) == (1, ["k-2"])
    assert found.differences == (difference(0, 1, customer="k-2"),)


@pytest.mark.parametrize(
    ("again", "told"),
    [
        (event("a", "trigger:06"), {"day": ("2026-10-05", "2026-10-06"), "time": ("…05T12:00:00Z", "…06T12:00:00Z")}),
        (event("a", "trigger:04"), {"day": ("2026-10-04", "2026-10-05"), "time": ("…04T12:00:00Z", "…05T12:00:00Z")}),
        (event("a", "action:05"), {"meter": ("trigger", "action")}),
        (event("a", "volume:05", quantity=2), {"meter": ("trigger", "volume"), "quantity": ("1", "2")}),
        (event("a", quantity=5), {"quantity": ("1", "5")}),
        (event("a", workflow="other"), {"workflow": ("", "other")}),
        (event("a", connector="other"), {"connector": ("", "other")}),
        (event("a"), {}),
    ],
)
def test_an_id_that_came_again_with_other_content_is_listed_and_counts_once(
    desk: Desk, again: Event, told: dict[str, tuple[str, str]]
) -> None:
    desk.count(event("a"), again, again)
    found = desk.recount()
    assert (found.events, found.differences) == (1, ())
    expected = {
        OtherContent("k-1", "a", name, *(each.replace("…", "2026-10-") for each in pair)) for name, pair in told.items()
    }
    assert set(found.other_content) == expected
    assert len(found.other_content) == len(expected)


def test_events_that_arrive_meanwhile_are_no_difference(desk: Desk) -> None:
    """Somebody sends without pause, for the very customer that is counted again."""
    ended = threading.Event()
    numbers = iter(range(1_000_000))

    def send() -> None:
        while not ended.is_set():
            counted(desk.counter, batch(200, f"x{next(numbers)}"))

    sender = threading.Thread(target=send)
    sender.start()
    try:
        for _ in range(3):
            assert desk.recount().differences == ()
        lost = event("lost", customer="k-2")
        desk.count(lost)
        key, members = desk.members(customer="k-2")
        desk.counter.client.srem(key, *members)
        assert desk.recount().differences == (difference(0, 1, customer="k-2"),)
    finally:
        ended.set()
        sender.join()


def test_a_difference_is_found_on_a_server_that_keeps_small_sets_only(desk: Desk) -> None:
    desk.counter.client.config_set("set-max-intset-entries", 512)
    desk.count(*batch(600))
    lose_one(desk)
    assert desk.recount().differences == (difference(599, 600),)


CONTENTS = st.builds(
    event,
    st.sampled_from([f"id-{n}" for n in range(12)]),
    st.sampled_from(["trigger:05", "action:05", "trigger:06", "volume:06", "actions:06", "trigger:31"]),
    customer=st.sampled_from(["k-1", "k-2"]),
    quantity=st.sampled_from([1, 1, 2, 3]),
)


@given(batches=st.lists(st.lists(CONTENTS, min_size=1, max_size=10), min_size=1, max_size=6), order=st.randoms())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_sent_in_whatever_order_counter_and_journal_agree(
    valkey_tcp: Connection, tmp_path_factory: pytest.TempPathFactory, batches: list[list[Event]], order: object
) -> None:
    journal = Journal(str(tmp_path_factory.mktemp("property") / "journal"))
    valkey_tcp.client.flushall()
    sent = batches + batches[:2]
    order.shuffle(sent)  # type: ignore[attr-defined]
    counted(valkey_tcp, *sent)
    found = recount(journal, valkey_tcp.client, OCTOBER)
    assert found.differences == ()
    assert found.events == len({(each.customer, each.id) for part in sent for each in part})
