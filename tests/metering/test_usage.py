from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metering.keys import key_of
from metering.month import BillingMonth
from metering.redis import Connection
from metering.usage import DayCount, Usage, customers_with_usage, merge, read_many, read_usage, split
from tests.metering.samples import NOVEMBER, OCTOBER, event
from tests.redis_fixtures import counted


def day(number: int, **counts: int) -> DayCount:
    return DayCount(date(2026, 10, number), counts)


def usage(*days: DayCount, customer: str = "k-1", month: BillingMonth = OCTOBER) -> Usage:
    return Usage(customer, month, days)


STRANGE = ["k.1", "k_1", "k:1", "k@1", "k-1", "K-1", "0", "a:b:c", "k:2026-10", "x" * 64, "zw:ids", "late:01"]


def test_nothing_counted_is_an_empty_usage(each_counter: Connection) -> None:
    assert read_usage(each_counter.client, "k-1", OCTOBER) == usage()
    assert read_many(each_counter.client, ["k-1"], OCTOBER) == {"k-1": usage()}
    assert read_many(each_counter.client, [], OCTOBER) == {}
    assert customers_with_usage(each_counter.client, OCTOBER) == set()


def test_days_come_in_order_and_only_those_with_usage(each_counter: Connection) -> None:
    cells = ["action:31", "trigger:02", "trigger:31", "action:10", "trigger:02"]
    counted(each_counter, [event(str(n), cell) for n, cell in enumerate(cells)])
    assert read_usage(each_counter.client, "k-1", OCTOBER).days == (
        day(2, trigger=2),
        day(10, action=1),
        day(31, action=1, trigger=1),
    )


def test_february_29_is_a_day(each_counter: Connection) -> None:
    leap = BillingMonth(2028, 2)
    counted(each_counter, [event("a", "trigger:29", month=leap)])
    assert read_usage(each_counter.client, "k-1", leap).days == (DayCount(date(2028, 2, 29), {"trigger": 1}),)


def test_many_are_read_as_one_by_one(each_counter: Connection) -> None:
    customers = [f"k-{n}" for n in range(2_500)]
    counted(each_counter, [event("a", f"trigger:{n % 31 + 1:02d}", customer=each) for n, each in enumerate(customers)])
    found = read_many(each_counter.client, iter(customers), OCTOBER)
    assert list(found) == customers
    assert all(found[each] == read_usage(each_counter.client, each, OCTOBER) for each in customers[::250])
    assert customers_with_usage(each_counter.client, OCTOBER) == set(customers)


def test_customers_are_found_however_they_are_written(each_counter: Connection) -> None:
    counted(each_counter, [event("a", customer=each) for each in STRANGE])
    counted(each_counter, [event("a", customer="november", month=NOVEMBER)])
    for foreign in ("zw:{[a-z]*}:2026-11", "[zw]:*", "zw:dead-letters", "zw:x:2026-10", "?{k-9}:2026-10"):
        each_counter.client.set(foreign, "1")
    assert customers_with_usage(each_counter.client, OCTOBER) == set(STRANGE)
    assert all(
        read_usage(each_counter.client, each, OCTOBER) == usage(day(5, trigger=1), customer=each) for each in STRANGE
    )


def test_totals_are_asked_by_meter() -> None:
    found = Usage("k-1", OCTOBER, (day(1, trigger=2, action=3), day(2, action=4)), (day(3, trigger=5),))
    assert [found.total(), found.total("trigger"), found.total("trigger", "action"), found.total("x")] == [0, 2, 9, 0]
    assert [found.total_late("trigger"), found.total_late("action")] == [5, 0]


def test_merging_adds_day_by_day_and_keeps_the_first_customer() -> None:
    first = Usage("k-1", OCTOBER, (day(1, trigger=1),), (day(9, action=1),), {"b": 1}, {"c": 1})
    other = Usage("k-2", OCTOBER, (day(1, trigger=2, action=1), day(31, action=4)), (), {"a": 2, "b": 3}, {})
    assert merge(first, other) == Usage(
        "k-1",
        OCTOBER,
        (day(1, trigger=3, action=1), day(31, action=4)),
        (day(9, action=1),),
        {"a": 2, "b": 4},
        {"c": 1},
    )


@pytest.mark.parametrize("others", [[], [usage(customer="k-2")]])
def test_merging_nothing_changes_nothing(others: list[Usage]) -> None:
    alone = usage(day(1, trigger=1))
    assert merge(alone, *others) == alone


@pytest.mark.parametrize(
    ("billed", "now", "late"),
    [
        ([], [], []),
        ([day(5, trigger=3)], [day(5, trigger=3)], []),
        ([day(5, trigger=3)], [day(5, trigger=4)], [day(5, trigger=1)]),
        ([day(5, trigger=3)], [day(5, trigger=2)], [day(5, trigger=-1)]),
        ([day(5, trigger=3)], [], [day(5, trigger=-3)]),
        ([], [day(5, trigger=3)], [day(5, trigger=3)]),
        (
            [day(5, trigger=3, action=1), day(7, action=2)],
            [day(1, connector=9), day(5, trigger=3, action=2), day(7, trigger=1, action=2)],
            [day(1, connector=9), day(5, action=1), day(7, trigger=1)],
        ),
        ([day(5, trigger=3)], [day(6, trigger=3)], [day(5, trigger=-3), day(6, trigger=3)]),
    ],
)
def test_late_is_what_the_counter_says_beyond_the_bill(
    billed: list[DayCount], now: list[DayCount], late: list[DayCount]
) -> None:
    assert split(usage(*now), usage(*billed)) == Usage("k-1", OCTOBER, tuple(billed), tuple(late))


DAYS = st.dictionaries(
    st.integers(1, 31), st.dictionaries(st.sampled_from(["trigger", "action"]), st.integers(1, 9), min_size=1)
)


@given(DAYS, DAYS)
def test_bill_and_late_make_up_what_is_counted(
    billed: dict[int, dict[str, int]], now: dict[int, dict[str, int]]
) -> None:
    of_both = [usage(*(day(number, **each[number]) for number in sorted(each))) for each in (billed, now)]
    found = split(of_both[1], of_both[0])
    for meter in ("trigger", "action"):
        assert found.total(meter) == of_both[0].total(meter)
        assert found.total(meter) + found.total_late(meter) == of_both[1].total(meter)
    added: Counter[tuple[date, str]] = Counter()
    for each in (*found.days, *found.late):
        added.update({(each.day, meter): units for meter, units in each.counts.items()})
    assert {cell: units for cell, units in added.items() if units} == {
        (each.day, meter): units for each in of_both[1].days for meter, units in each.counts.items()
    }


def test_all_keys_of_a_customer_s_month_carry_one_hash_tag(each_counter: Connection) -> None:
    days = [event(str(n), f"trigger:{n:02}") for n in range(1, 32)]
    counted(each_counter, [*days, event("more", "connector:05"), event("two", quantity=2)])
    prefix = f"{key_of('k-1', OCTOBER)}:"
    keys = [key.decode() for key in each_counter.client.scan_iter(match="zw:*k-1*", count=1_000)]
    assert len(keys) > 2
    assert [key for key in keys if not key.startswith(prefix)] == []
