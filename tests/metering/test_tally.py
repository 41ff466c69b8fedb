import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metering.batch import METERS
from metering.event import Event
from metering.month import BillingMonth, day_span
from metering.redis import Connection
from metering.tally import Counted, Tally
from metering.usage import Usage, customers_with_usage, read_usage
from tests.metering.samples import NOVEMBER, OCTOBER, batch, cell_of, event, journaled, parts, void
from tests.redis_fixtures import counted, kill, run

Cells = Counter[tuple[str, str]]


def usage(connection: Connection, customer: str = "k-1", month: BillingMonth = OCTOBER) -> Usage:
    return read_usage(connection.client, customer, month)


def by_cell(found: Usage) -> dict[str, int]:
    return {f"{meter}:{each.day:%d}": units for each in found.days for meter, units in each.counts.items()}


def test_an_event_counts_once_in_a_batch(each_counter: Connection) -> None:
    assert counted(each_counter, [event("a"), event("b"), event("a")]) == [Counted(2, 1)]
    assert by_cell(usage(each_counter)) == {"trigger:05": 2}


def test_an_event_counts_once_across_batches(each_counter: Connection) -> None:
    assert counted(each_counter, batch(5), batch(7), batch(7)) == [Counted(5, 0), Counted(2, 5), Counted(0, 7)]
    assert by_cell(usage(each_counter)) == {"trigger:05": 7}


def test_no_event_is_no_trip(each_counter: Connection) -> None:
    assert counted(each_counter, []) == [Counted(0, 0)]
    assert each_counter.client.dbsize() == 0


@pytest.mark.parametrize(
    "said",
    [
        event("a"),
        event("a", "action:31"),
        event("a", quantity=7),
        event("a", "volume:05"),
        event("a", "volume:05", quantity=9),
    ],
    ids=lambda each: f"{each.type} {each.quantity}",
)
def test_the_same_event_again_is_a_duplicate(each_counter: Connection, said: Event) -> None:
    again = msgspec.structs.replace(said, workflow="another word about it", connector="x")
    assert counted(each_counter, [said], [said, again], [again]) == [Counted(1, 0), Counted(0, 2), Counted(0, 1)]
    assert usage(each_counter).total(said.type) == said.quantity


CONTRADICTIONS = [
    ("trigger:05", 1, "trigger:06", 1),
    ("action:05", 1, "trigger:06", 1),
    ("trigger:05", 1, "action:05", 1),
    ("trigger:05", 1, "trigger:05", 7),
    ("trigger:05", 2, "trigger:05", 7),
    ("trigger:05", 7, "action:05", 1),
    ("action:05", 7, "trigger:06", 1),
    ("action:05", 1, "volume:05", 1),
    ("alpha:05", 9, "volume:05", 1),
    ("volume:05", 2, "volume:05", 3),
    ("volume:01", 1_000_000, "trigger:31", 1),
]


@pytest.mark.parametrize(("cell", "quantity", "other_cell", "other_quantity"), CONTRADICTIONS)
@pytest.mark.parametrize("way", ["as written", "the other way round", "in one batch", "again and again"])
def test_an_id_that_comes_again_with_other_content_is_accepted_and_counts_once_as_the_smaller_content(
    each_counter: Connection, cell: str, quantity: int, other_cell: str, other_quantity: int, way: str
) -> None:
    """It is accepted, for it is kept as another statement about the event; which of them counts, no order decides."""
    first, other = event("a", cell, quantity=quantity), event("a", other_cell, quantity=other_quantity)
    batches = {
        "as written": [[first], [other]],
        "the other way round": [[other], [first]],
        "in one batch": [[other, first]],
        "again and again": [[other], [first], [other, first], [first]],
    }[way]
    assert sum(each.accepted for each in counted(each_counter, *batches)) == 2
    assert by_cell(usage(each_counter)) == {cell: quantity}


@pytest.mark.parametrize("other", [event("a", month=NOVEMBER), event("a", customer="k-2"), event("A"), event("a ")])
def test_another_customer_month_or_id_is_another_event(each_counter: Connection, other: Event) -> None:
    assert counted(each_counter, [event("a")], [other], [event("a"), other]) == [*[Counted(1, 0)] * 2, Counted(0, 2)]


def test_quantities_add_up(each_counter: Connection) -> None:
    counted(each_counter, [event("a"), event("b", quantity=1_000_000), event("c", "action:06", quantity=3), event("d")])
    assert by_cell(usage(each_counter)) == {"trigger:05": 1_000_002, "action:06": 3}


def test_every_day_of_a_month_is_kept_apart(each_counter: Connection) -> None:
    days = [
        event(f"{meter}{n}-{each}", f"{meter}:{n:02}") for n in range(1, 32) for meter in METERS for each in range(n)
    ]
    assert counted(each_counter, days) == [Counted(len(days), 0)]
    assert by_cell(usage(each_counter)) == {f"{meter}:{n:02}": n for n in range(1, 32) for meter in METERS}


def test_one_batch_serves_many_customers(each_counter: Connection) -> None:
    mixed = [event(f"e-{n}", customer=f"k-{n % 300}", month=(OCTOBER, NOVEMBER)[n % 2]) for n in range(3_000)]
    assert counted(each_counter, mixed, mixed) == [Counted(3_000, 0), Counted(0, 3_000)]
    assert [by_cell(usage(each_counter, "k-7", month)) for month in (OCTOBER, NOVEMBER)] == [{}, {"trigger:05": 10}]


@pytest.mark.parametrize("size", [1, 2, 9_999, 10_000])
def test_a_batch_of_any_size_counts_whole(each_counter: Connection, size: int) -> None:
    assert counted(each_counter, batch(size), batch(size)) == [Counted(size, 0), Counted(0, size)]
    assert by_cell(usage(each_counter)) == {"trigger:05": size}


def test_voided_ids_never_count_whatever_was_said_about_them(each_counter: Connection) -> None:
    counted(each_counter, batch(5), [event("big", quantity=50), event("other", "volume:05"), event("twice")])
    void(each_counter, "k-1", "e-0", "big", "other", "twice", "never seen")
    counted(each_counter, [event("twice", "action:01"), event("e-0", "volume:01", quantity=4)])
    assert by_cell(usage(each_counter)) == {"trigger:05": 4}
    assert usage(each_counter, month=NOVEMBER).days == ()


def test_an_id_voided_before_it_comes_does_not_count(each_counter: Connection) -> None:
    void(each_counter, "k-1", "a", "b")
    counted(each_counter, [event("a"), event("b", quantity=2)])
    assert usage(each_counter).days == ()
    assert customers_with_usage(each_counter.client, OCTOBER) == set()


def test_everything_valid_that_came_is_journaled_as_it_came_repeats_too(each_counter: Connection) -> None:
    odd = event("ä", "volume:31", customer="a:b:c", quantity=9, workflow="wf", connector="漢")
    batches = [[event("a"), event("a")], [event("a"), odd], [event("n", month=NOVEMBER)]]
    counted(each_counter, *batches)
    assert journaled(each_counter) == batches


OTHER_PROCESS = """
import asyncio, sys
from metering.tally import OneServer, Tally
from tests.metering.samples import batch

async def main():
    tally = Tally(OneServer(sys.argv[1]))
    print(sum([(await tally.count(batch(2000)[part : part + 100])).accepted for part in range(0, 2000, 100)]))
    await tally.close()

asyncio.run(main())
"""


def test_processes_that_send_the_same_count_it_once(each_counter: Connection) -> None:
    embedded = each_counter.embedded
    where = f"unix://{embedded.socket}" if embedded else each_counter.url
    command = [sys.executable, "-c", OTHER_PROCESS, where]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path.cwd()) for _ in range(3)]
    accepted = [int(process.communicate(timeout=60)[0]) for process in processes]
    assert sum(accepted) == 2_000
    assert by_cell(usage(each_counter)) == {"trigger:05": 2_000}


def test_without_a_journal_the_same_is_counted(each_counter: Connection) -> None:
    async def replay() -> Counted:
        tally = Tally(each_counter.lanes(), journal=False)
        try:
            return await tally.count([*batch(10), event("x", "volume:05", quantity=4)])
        finally:
            await tally.close()

    assert run(replay()) == Counted(11, 0)
    assert by_cell(usage(each_counter)) == {"trigger:05": 10, "volume:05": 4}
    assert journaled(each_counter) == []


def test_a_restarted_server_still_knows_what_it_counted(counter: Connection) -> None:
    counted(counter, batch(10), [event("x", "action:06", quantity=5)])
    before, kept = usage(counter), journaled(counter)
    kill(counter)
    counter.ensure_running()
    assert (usage(counter), journaled(counter)) == (before, kept)
    assert counted(counter, batch(11)) == [Counted(1, 10)]


EVENTS = st.builds(
    event,
    st.integers(0, 15).map(str),
    st.sampled_from(["trigger:01", "action:01", "trigger:05", "trigger:06", "action:30", "volume:01", "alpha:06"]),
    customer=st.sampled_from(["k-1", "k-2"]),
    month=st.sampled_from([OCTOBER, NOVEMBER]),
    quantity=st.sampled_from([1, 1, 1, 2, 5]),
    workflow=st.sampled_from([None, "w"]),
)


def size_of(each: Event) -> tuple[int, int, str, int]:
    """Say which of two contents of an event is the smaller one."""
    rank = METERS.index(each.type) if each.type in METERS else len(METERS)
    return day_span(each.time).day.day, rank, each.type, each.quantity


def model(events: list[Event], voided: set[str]) -> Cells:
    """Count in plain Python: of what was said about an identity, the smallest counts."""
    said: dict[tuple[str, str, str], Event] = {}
    for each in sorted(events, key=size_of):
        said.setdefault((each.customer, cell_of(each)[:7], each.id), each)
    totals: Cells = Counter()
    for each in said.values():
        if each.customer != "k-1" or cell_of(each)[:7] != str(OCTOBER) or each.id not in voided:
            totals[each.customer, cell_of(each)] += each.quantity
    return totals


def found_in(connection: Connection) -> Cells:
    return Counter(
        {
            (customer, f"{month} {cell}"): units
            for customer in ("k-1", "k-2")
            for month in (OCTOBER, NOVEMBER)
            for cell, units in by_cell(usage(connection, customer, month)).items()
        }
    )


EACH_EXAMPLE_EMPTIES_THE_SERVER = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@EACH_EXAMPLE_EMPTIES_THE_SERVER
@given(st.lists(EVENTS, max_size=120), st.integers(1, 40), st.sets(st.integers(0, 15).map(str), max_size=3))
def test_any_sequence_counts_as_the_plain_model(
    valkey_tcp: Connection, events: list[Event], size: int, voided: set[str]
) -> None:
    valkey_tcp.client.flushall()
    void(valkey_tcp, "k-1", *voided)
    results = counted(valkey_tcp, *parts(events, size))
    statements = {(each.customer, each.id, cell_of(each), each.quantity) for each in events}
    assert sum(each.accepted for each in results) == len(statements)
    assert sum(each.duplicates for each in results) == len(events) - len(statements)
    assert found_in(valkey_tcp) == model(events, voided)
    assert [each for kept in journaled(valkey_tcp) for each in kept] == events


@EACH_EXAMPLE_EMPTIES_THE_SERVER
@given(st.lists(EVENTS, max_size=60), st.integers(1, 3), st.integers(1, 50), st.randoms(use_true_random=False))
def test_order_batching_and_repetition_change_no_usage(
    valkey_tcp: Connection, events: list[Event], times: int, size: int, chance: Any
) -> None:
    valkey_tcp.client.flushall()
    shuffled = events * times
    chance.shuffle(shuffled)
    counted(valkey_tcp, *parts(shuffled, size))
    assert found_in(valkey_tcp) == model(events, set())
