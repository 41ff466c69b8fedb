"""Pure rating: what a month costs, for 10,000 to 1,000,000 customers on one core; time, memory, and how both grow.

A customer's month is its contract's parts and ten days of usage; 600 different ones, on every package, come again and
again, so that making them costs nothing of what is measured. Every net sum is kept.
"""

import gc
import os
from array import array
from collections.abc import Iterator
from datetime import date
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest

from invoicing.contract import Contract
from invoicing.contract.parts import Part, whole
from invoicing.money import to_cents
from invoicing.prices import Allowance, Flat
from invoicing.rating import reckon
from invoicing.terms import Terms, find
from metering.month import BillingMonth
from metering.usage import DayCount, Usage

_SIZES = (10_000, 100_000, 1_000_000)
_MONTH = BillingMonth(2026, 10)
_DIFFERENT = 600
_PAGE = os.sysconf("SC_PAGE_SIZE")

Case = tuple[tuple[Part, ...], Usage]


def cases(terms: Terms) -> list[Case]:
    """Contracts on every package, each third with an add-on; some below and some above the allowance."""
    packages, addons = list(terms.packages), list(terms.addons)
    found = []
    for number in range(_DIFFERENT):
        booked = frozenset(addons[-1:] if number % 3 == 0 else ())
        contract = Contract(terms.id, packages[number % len(packages)], booked, date(2026, 1, 1))
        counts = [{"trigger": number % 97 * day, "action": number % 89 * day} for day in range(1, 31, 3)]
        days = (DayCount(_MONTH.first_day.replace(day=3 * at + 1), each) for at, each in enumerate(counts))
        found.append((whole(contract, _MONTH), Usage(f"k-{number}", _MONTH, tuple(days))))
    return found


def rated(terms: Terms, months: Iterator[Case]) -> "array[int]":
    return array("q", (sum(each.amount.cents for each in reckon(terms, *month)) for month in months))


def by_hand(terms: Terms, months: Iterator[Case]) -> "array[int]":
    """Do the arithmetic alone, for these terms only: no parts, shares, clauses, tiers or explanation."""
    found = array("q")
    for (part,), usage in months:
        package = terms.packages[part.contract.package]
        used = sum(day.counts["trigger"] + day.counts["action"] for day in usage.days)
        base, allowance = package.prices
        assert isinstance(base, Flat)
        assert isinstance(allowance, Allowance)
        net = to_cents(base.price) + to_cents(max(0, used - allowance.included) * allowance.price)
        for key in part.contract.addons:
            net += 0 if key in package.includes else to_cents(terms.addons[key].price)
        found.append(net)
    return found


def resident() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE


@pytest.mark.parametrize("size", _SIZES)
@pytest.mark.parametrize("way", ["rating", "by hand"])
@pytest.mark.benchmark(group="rating")
def test_rating(benchmark: Any, way: str, size: int) -> None:
    terms = find("fluks-2023-03")
    months = cases(terms)
    work = rated if way == "rating" else by_hand
    assert rated(terms, iter(months)) == by_hand(terms, iter(months))
    gc.collect()
    before = resident()
    sums = benchmark.pedantic(lambda: work(terms, islice(cycle(months), size)), rounds=3)
    benchmark.extra_info["bytes"] = (resident() - before) / size
    benchmark.extra_info["items"] = len(sums)
