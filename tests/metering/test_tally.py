import asyncio
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metering.event import Event
from metering.month import BillingMonth
from metering.redis import Connection
from metering.tally import Counted, Tally, fingerprint, key_of
from metering.usage import Usage, freeze, read_usage
from tests.metering.samples import NOVEMBER, OCTOBER, batch, event, parts
from tests.redis_fixtures import counted, kill, run


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


@pytest.mark.parametrize(
    "again",
    [
        event("a"),
        event("a", "action:05"),
        event("a", "trigger:31"),
        event("a", quantity=7),
        event("a", workflow="other"),
    ],
    ids=["the same", "other type", "other day", "other quantity", "other workflow"],
)
def test_the_same_id_in_the_month_is_the_same_event(each_counter: Connection, again: Event) -> None:
    assert counted(each_counter, [event("a")], [again]) == [Counted(1, 0), Counted(0, 1)]
    assert counted(each_counter, [event("b"), Event("b", *list(_rest(again)))]) == [Counted(1, 1)]
    assert by_cell(usage(each_counter)) == {"trigger:05": 2}


def _rest(each: Event) -> tuple[Any, ...]:
    return (each.customer, each.month, each.cell, each.workflow, each.connector, each.quantity)


@pytest.mark.parametrize("other", [event("a", month=NOVEMBER), event("a", customer="k-2"), event("A"), event("a ")])
def test_another_customer_month_or_id_is_another_event(each_counter: Connection, other: Event) -> None:
    assert counted(each_counter, [event("a")], [other], [event("a"), other]) == [*[Counted(1, 0)] * 2, Counted(0, 2)]


def test_quantities_add_up(each_counter: Connection) -> None:
    counted(each_counter, [event("a"), event("b", quantity=1_000_000), event("c", "action:06", quantity=3), event("d")])
    assert by_cell(usage(each_counter)) == {"trigger:05": 1_000_002, "action:06": 3}


def test_one_batch_serves_many_customers(each_counter: Connection) -> None:
    mixed = [event(f"e-{n}", customer=f"k-{n % 300}", month=(OCTOBER, NOVEMBER)[n % 2]) for n in range(3_000)]
    assert counted(each_counter, mixed, mixed) == [Counted(3_000, 0), Counted(0, 3_000)]
    assert [by_cell(usage(each_counter, "k-7", month)) for month in (OCTOBER, NOVEMBER)] == [{}, {"trigger:05": 10}]


def test_workflows_and_connectors_are_summed(each_counter: Connection) -> None:
    counted(
        each_counter,
        [
            event("a", workflow="wf-17", connector="fluks:forms"),
            event("b", workflow="wf-17", quantity=4),
            event("c", workflow="c:wf", connector="fluks:forms"),
            event("d", workflow="", connector=""),
            event("e", workflow="ÄÖ 漢"),
        ],
    )
    found = usage(each_counter)
    assert found.workflows == {"c:wf": 1, "wf-17": 5, "ÄÖ 漢": 1}
    assert found.connectors == {"fluks:forms": 2}
    assert found.total("trigger") == 8


def test_events_after_the_freeze_are_late_and_still_counted_once(each_counter: Connection) -> None:
    counted(each_counter, [event("a", workflow="w")])
    frozen = freeze(each_counter.client, "k-1", OCTOBER)
    late = [event("b", "action:31", quantity=2, workflow="w")]
    assert counted(each_counter, late, late, [event("a")]) == [Counted(1, 0), Counted(0, 1), Counted(0, 1)]
    found = usage(each_counter)
    assert (by_cell(found), found.days, found.workflows) == ({"trigger:05": 1}, frozen.days, frozen.workflows)
    assert (found.total_late("trigger", "action"), found.late[0].day, found.frozen) == (2, OCTOBER.last_day, True)


def test_a_freeze_concerns_one_customer_s_month_only(each_counter: Connection) -> None:
    freeze(each_counter.client, "k-1", OCTOBER)
    counted(each_counter, [event("a"), event("b", customer="k-2"), event("c", month=NOVEMBER)])
    months = [("k-1", OCTOBER), ("k-2", OCTOBER), ("k-1", NOVEMBER)]
    totals = [usage(each_counter, customer, month).total("trigger") for customer, month in months]
    assert totals == [0, 1, 1]
    assert usage(each_counter).total_late("trigger") == 1


def test_every_event_is_before_or_after_the_freeze(each_counter: Connection) -> None:
    """While several writers count, the month freezes: what the freeze returned never changes again."""

    async def race() -> Usage:
        client = each_counter.async_client()
        tally = Tally(client)
        writers = [tally.count(batch(20, f"{n}")) for n in range(100)]
        _, frozen = await asyncio.gather(
            asyncio.gather(*writers), asyncio.to_thread(freeze, each_counter.client, "k-1", OCTOBER)
        )
        await client.aclose()
        return frozen

    frozen = run(race())
    found = usage(each_counter)
    assert found.days == frozen.days
    assert found.total("trigger") + found.total_late("trigger") == 2_000


OTHER_PROCESS = """
import asyncio, sys
import redis.asyncio
from metering.tally import Tally
from tests.metering.samples import batch

async def main():
    where = {"unix_socket_path": sys.argv[1]} if sys.argv[1].startswith("/") else {"port": int(sys.argv[1])}
    async with redis.asyncio.Redis(**where) as client:
        tally = Tally(client)
        accepted = 0
        for part in range(0, 2000, 100):
            accepted += (await tally.count(batch(2000)[part : part + 100])).accepted
        print(accepted)

asyncio.run(main())
"""


def test_processes_that_send_the_same_count_it_once(each_counter: Connection) -> None:
    embedded = each_counter.embedded
    where = str(embedded.socket) if embedded else each_counter.url.rpartition(":")[2]
    command = [sys.executable, "-c", OTHER_PROCESS, where]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path.cwd()) for _ in range(3)]
    accepted = [int(process.communicate(timeout=60)[0]) for process in processes]
    assert sum(accepted) == 2_000
    assert by_cell(usage(each_counter)) == {"trigger:05": 2_000}


def test_a_flushed_script_is_loaded_again(each_counter: Connection) -> None:
    async def count() -> list[Counted]:
        async with each_counter.async_client() as client:
            tally = Tally(client)
            first = await tally.count(batch(2))
            await client.script_flush()
            return [first, await tally.count(batch(3))]

    assert run(count()) == [Counted(2, 0), Counted(1, 2)]


def buckets_of(connection: Connection, customer: str = "k-1") -> dict[str, int]:
    pattern = f"{key_of(customer, OCTOBER)}:ids:*"
    return {
        key.decode(): connection.client.scard(key) for key in connection.client.scan_iter(match=pattern, count=1000)
    }


@pytest.mark.parametrize("size", [1, 97, 10_000])
def test_sets_of_ids_split_before_they_grow_large(each_counter: Connection, size: int) -> None:
    fill, many = (100, batch(2_000)) if size == 1 else (500, batch(60_000))
    batches = parts(many, size)
    assert sum(each.accepted for each in counted(each_counter, *batches, ids_per_bucket=fill)) == len(many)
    buckets = buckets_of(each_counter)
    assert sum(buckets.values()) == len(many)
    assert len(buckets) == -(-len(many) // fill)
    assert max(buckets.values()) < 3 * fill
    if each_counter.embedded:
        assert {each_counter.client.object("encoding", key) for key in buckets} == {b"intset"}
    again = [event("new"), *many[:: max(1, len(many) // 9_000)]]
    assert counted(each_counter, again, ids_per_bucket=fill) == [Counted(1, len(again) - 1)]
    assert by_cell(usage(each_counter)) == {"trigger:05": len(many) + 1}


def test_another_bucket_size_later_loses_nothing(each_counter: Connection) -> None:
    for fill in (700, 50, 5_000, 100):
        counted(each_counter, batch(3_000, str(fill)), ids_per_bucket=fill)
        assert counted(each_counter, batch(3_000, "700"), ids_per_bucket=fill) == [Counted(0, 3_000)]
    assert usage(each_counter).total("trigger") == 12_000


def test_fingerprints_fit_an_integer_set() -> None:
    marks = [fingerprint(f"e-{n}") for n in range(100_000)]
    assert len(set(marks)) == len(marks)
    assert 0 <= min(map(int, marks)) < max(map(int, marks)) < 2**62


def test_a_restarted_server_still_knows_what_it_counted(counter: Connection) -> None:
    counted(counter, batch(10), [event("x", "action:06", quantity=5)])
    before = usage(counter)
    kill(counter)
    counter.ensure_running()
    assert usage(counter) == before
    assert counted(counter, batch(11)) == [Counted(1, 10)]


EVENTS = st.builds(
    event,
    st.integers(0, 40).map(str),
    st.sampled_from(["trigger:01", "action:01", "trigger:30"]),
    customer=st.sampled_from(["k-1", "k-2"]),
    month=st.sampled_from([OCTOBER, NOVEMBER]),
    quantity=st.integers(1, 5),
    workflow=st.sampled_from([None, "w"]),
)


def model(events: list[Event]) -> tuple[int, Counter[tuple[str, str, str]]]:
    """Count in plain Python: the first of an identity counts."""
    first: dict[tuple[str, str, str], Event] = {}
    for each in events:
        first.setdefault((each.customer, each.month, each.id), each)
    totals: Counter[tuple[str, str, str]] = Counter()
    for each in first.values():
        totals[each.customer, each.month, each.cell] += each.quantity
    return len(first), totals


def found_in(connection: Connection) -> Counter[tuple[str, str, str]]:
    return Counter(
        {
            (customer, str(month), cell): units
            for customer in ("k-1", "k-2")
            for month in (OCTOBER, NOVEMBER)
            for cell, units in by_cell(usage(connection, customer, month)).items()
        }
    )


EACH_EXAMPLE_EMPTIES_THE_SERVER = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@EACH_EXAMPLE_EMPTIES_THE_SERVER
@given(st.lists(EVENTS, max_size=120), st.integers(1, 40), st.integers(2, 20))
def test_any_sequence_counts_as_the_plain_model(
    valkey_tcp: Connection, events: list[Event], size: int, fill: int
) -> None:
    valkey_tcp.client.flushall()
    batches = parts(events, size)
    results = counted(valkey_tcp, *batches, ids_per_bucket=fill)
    accepted, totals = model(events)
    assert sum(each.accepted for each in results) == accepted
    assert sum(each.duplicates for each in results) == len(events) - accepted
    assert found_in(valkey_tcp) == totals


@EACH_EXAMPLE_EMPTIES_THE_SERVER
@given(
    st.lists(EVENTS, max_size=60, unique_by=lambda each: (each.customer, each.month, each.id)),
    st.integers(1, 3),
    st.integers(1, 50),
    st.randoms(use_true_random=False),
)
def test_order_batching_and_repetition_change_no_total(
    valkey_tcp: Connection, events: list[Event], times: int, size: int, chance: Any
) -> None:
    valkey_tcp.client.flushall()
    shuffled = events * times
    chance.shuffle(shuffled)
    counted(valkey_tcp, *parts(shuffled, size), ids_per_bucket=7)
    assert found_in(valkey_tcp) == model(events)[1]
