"""What other packages would have cost, and how a month differs from the one before."""

from datetime import date
from typing import Any

import pytest

from invoicing.contract.parts import parts_of
from invoicing.preview import Month, MonthDifference, differences, what_if
from invoicing.terms import Terms
from metering.month import BillingMonth
from metering.usage import DayCount, Usage
from tests.invoicing.contract.story import CONNECTAVO, CUNIO, FLUKS, KLUGO, history


def month(terms: Terms, life: str, name: str, **counts: int) -> Month:
    which = BillingMonth.parse(name)
    days = (DayCount(which.first_day, counts),) if counts else ()
    return Month(terms, parts_of(history(life, terms), which, terms.rules.proration.value), Usage("k-1", which, days))


BASIC = "2026-01-01 started basic-2500"


def ranked(months: list[Month]) -> list[str]:
    return [f"{each.package} {each.total_cents} {each.difference_cents:+}" for each in what_if(months).options[:3]]


@pytest.mark.clause("fluks Anlage 3 §1")
@pytest.mark.parametrize(
    ("used", "expected"),
    [
        (0, ["schnupperpaket 6000 -19000", "basic-2500 25000 +0", "basic-5000 35000 +10000"]),
        # 500 are included, each more costs ten cents: 2,400 of them are as dear as the bigger package
        (2_399, ["schnupperpaket 24990 -10", "basic-2500 25000 +0", "basic-5000 35000 +10000"]),
        (2_400, ["basic-2500 25000 +0", "schnupperpaket 25000 +0", "basic-5000 35000 +10000"]),
        (2_401, ["basic-2500 25000 +0", "schnupperpaket 25010 +10", "basic-5000 35000 +10000"]),
        (3_499, ["basic-2500 34990 +0", "basic-5000 35000 +10", "schnupperpaket 35990 +1000"]),
        (3_500, ["basic-2500 35000 +0", "basic-5000 35000 +0", "schnupperpaket 36000 +1000"]),
        (3_501, ["basic-5000 35000 -10", "basic-2500 35010 +0", "schnupperpaket 36010 +1000"]),
        (50_000, ["premium-50000 80000 -420000", "premium-100000 110000 -390000", "standard-10000 370000 -130000"]),
    ],
)
def test_the_cheapest_package_goes_first_and_of_equals_the_booked_one(used: int, expected: list[str]) -> None:
    assert ranked([month(FLUKS, BASIC, "2026-10", trigger=used)]) == expected


def test_several_months_are_added_up() -> None:
    found = what_if([month(FLUKS, BASIC, f"2026-{each}", trigger=units) for each, units in (("09", 0), ("10", 4_000))])
    assert (found.months, found.cents, found.total_cents) == (("2026-09", "2026-10"), (25_000, 40_000), 65_000)
    best = found.options[0]
    assert (best.package, best.cents, best.difference_cents) == ("schnupperpaket", (6_000, 41_000), -18_000)


def test_what_a_package_includes_is_not_charged_beside_it() -> None:
    found = what_if([month(FLUKS, f"{BASIC} +forms", "2026-10", trigger=50_000)])
    assert found.options[0].total_cents == 80_000, "the forms are included"
    assert {each.package: each.total_cents for each in found.options}["standard-10000"] == 373_000


def test_a_part_of_a_month_stays_a_part() -> None:
    found = what_if([month(CUNIO, "2026-10-17 started basis", "2026-10", sms=1)])
    assert [(each.package, each.total_cents) for each in found.options] == [("basis", 7_459), ("plus", 17_459)]


def test_what_cannot_be_booked_is_left_out_with_the_reason() -> None:
    found = what_if([month(CONNECTAVO, "2026-01-01 started standard", "2026-10")])
    assert [each.package for each in found.options] == ["standard", "professional"]
    assert found.left_out == {"start": "läuft von selbst aus und kann nicht gewechselt werden"}


def test_without_a_package_that_all_months_had_there_is_no_cheapest() -> None:
    found = what_if([month(KLUGO, "2026-01-01 started user-login", "2026-09"), month(FLUKS, BASIC, "2026-10")])
    assert (found.options, found.cheapest, found.total_cents) == ((), None, 25_000)
    assert found.left_out["basic-2500"] == "gab es nicht in 2026-09"


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        ("premium-50000", ["basic-2500 25000", "premium-50000 80000"]),
        ("schnupperpaket", ["schnupperpaket 6000", "basic-2500 25000"]),
        ("basic-2500", ["basic-2500 25000"]),
        ("gold", ["basic-2500 25000"]),
    ],
)
def test_one_package_alone_stands_beside_the_booked_one(package: str, expected: list[str]) -> None:
    found = what_if([month(FLUKS, BASIC, "2026-10")]).only(package)
    assert [f"{each.package} {each.total_cents}" for each in found.options] == expected


def test_why_one_package_alone_is_left_out_is_kept_and_of_others_not() -> None:
    found = what_if([month(CONNECTAVO, "2026-01-01 started standard", "2026-10")])
    assert list(found.only("start").left_out) == ["start"]
    assert list(found.only("professional").left_out) == []


@pytest.mark.parametrize(
    ("now", "before", "mark"), [(0, None, "new"), (1, None, "new"), (None, 0, "gone"), (None, 1, "gone"), (1, 2, "")]
)
def test_new_and_gone_customers_are_marked(now: int | None, before: int | None, mark: str) -> None:
    assert MonthDifference("k-1", now, before).mark == mark


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        ({}, {}, []),
        ({"a": 100}, {"a": 100}, []),
        ({"a": 101}, {"a": 100}, ["a 1"]),
        ({"a": 99}, {"a": 100}, ["a -1"]),
        ({"a": 100}, {}, ["a 100"]),
        ({}, {"a": 100}, ["a -100"]),
        ({"a": 0}, {}, ["a 0"]),
        ({"a": 10, "b": 500, "c": 7}, {"a": 20, "b": 100, "d": 400}, ["b 400", "d -400", "a -10", "c 7"]),
    ],
)
def test_the_largest_differences_go_first(now: dict[str, int], before: dict[str, int], expected: list[str]) -> None:
    assert [f"{each.customer} {each.difference_cents}" for each in differences(now, before)] == expected


def test_a_month_is_what_rating_says(fluks: Terms) -> None:
    kwargs: dict[str, Any] = {"trigger": 2_501}
    assert month(fluks, BASIC, "2026-10", **kwargs).cents_on() == 25_010
    assert month(fluks, BASIC, "2026-10").month.first_day == date(2026, 10, 1)
