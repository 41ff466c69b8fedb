"""A month that is not whole: which days are charged at which share, under each proration, to the cent.

A story is told in lines: the day, and what happens from this day on. The terms are a small price list of our own.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.bill import Advance, Bill, billed_in_advance
from invoicing.contract import ContractEvent
from invoicing.contract.parts import Proration, parts_of
from invoicing.invoice import Line, lines_of
from invoicing.money import german_amount
from invoicing.prices import Allowance, Flat, Minimum, MonthlyPrice, PassThrough, PercentageCredit
from invoicing.rating import Charge, allowed, priced, rate
from invoicing.terms import Addon, Meter, Package, Setting, Terms, find
from metering.month import BillingMonth
from metering.usage import DayCount, Usage

FLUKS = find("fluks-2023-03")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def flat(price: str) -> Flat:
    return Flat("flat", Decimal(price), "1")


def terms(proration: Proration, *, allowance: str = "prorated", **rules: object) -> Terms:
    """Packages small (300 €) and large (600 €) with allowances, modules mail (30 €) and sms (pass-through)."""
    settings: dict[str, Any] = {"proration": proration, "allowance": allowance, **rules}
    per_call = ("calls",)
    prices: dict[str, tuple[MonthlyPrice, ...]] = {
        "small": (flat("300.00"), Allowance("allowance", per_call, 300, Decimal("0.10"), "2")),
        "large": (flat("600.00"), Allowance("allowance", per_call, 900, Decimal("0.05"), "2")),
        "least": (
            flat("10.00"),
            Allowance("allowance", per_call, 0, Decimal("0.01"), "2"),
            Minimum("minimum", Decimal("15.00"), "all", "3"),
            PercentageCredit("percentage_credit", Decimal(10), "base", "4"),
        ),
    }
    return replace(
        FLUKS,
        id="ours",
        rules=replace(FLUKS.rules, **{name: Setting(value, "0") for name, value in settings.items()}),
        meters={"calls": Meter("Aufruf", "Aufrufe", "2"), "sms": Meter("SMS", "SMS", "2")},
        packages={
            **{key: Package(key.title(), each) for key, each in prices.items()},
            "full": Package("Full", (flat("900.00"),), includes=("mail",), includes_clause="5"),
        },
        addons={
            "mail": Addon("Mail", (flat("30.00"),)),
            "sms": Addon("SMS", (PassThrough("pass_through", ("sms",), Decimal("0.09"), "6"),)),
        },
        clauses={},
    )


def story(text: str) -> list[ContractEvent]:
    """``2026-10-16 package large``: what happens on a day; the first line starts the contract."""
    events: list[ContractEvent] = []
    for line in text.strip().splitlines():
        day, verb, *words = line.split()
        on = date.fromisoformat(day)
        match verb:
            case "starts":
                events.append(ContractEvent("started", on, NOW, "ours", words[0], addons=tuple(words[1:])))
            case "trial":
                events[0] = replace(events[0], trial_ends_on=on)
            case "package":
                events.append(ContractEvent("changed", on, NOW, package=words[0]))
            case "adds":
                events.append(ContractEvent("changed", on, NOW, add_addons=tuple(words)))
            case "drops":
                events.append(ContractEvent("changed", on, NOW, remove_addons=tuple(words)))
            case "raises":
                events.append(ContractEvent("price_raised", on, NOW, prices={words[0]: Decimal(words[1])}))
            case "prepays":
                events.append(ContractEvent("prepayment_asked", on, NOW))
            case _:
                events.append(ContractEvent("terminated", on, NOW))
    return events


def told(charges: Iterable[Charge | Line]) -> list[str]:
    """Each charge as item, share or unit, and amount: ``small 15/30 150,00``."""
    return [
        f"{each.item.partition('.')[2]} {each.unit.removeprefix('anteilig ')} {german_amount(each.cents)}"
        for each in charges
    ]


def charged(of: Terms, text: str, month: str, usage: Usage | None = None) -> list[str]:
    """What a month costs."""
    billing = BillingMonth.parse(month)
    parts = parts_of(story(text), billing, of.rules.proration.value)
    return told(rate(of, parts, usage or Usage("k", billing)))


WHOLE_YEAR = "2026-01-01 starts small"


@pytest.mark.clause("cunio 8.1")
@pytest.mark.clause("cunio 8.2")
@pytest.mark.parametrize(
    ("proration", "text", "month", "expected"),
    [
        ("none", "2026-10-31 starts small", "2026-10", ["small Monat 300,00"]),
        ("none", "2026-01-01 starts small \n 2026-10-16 package large", "2026-10", ["large Monat 600,00"]),
        # a month begun: each day a thirtieth
        ("thirtieths", "2026-10-01 starts small", "2026-10", ["small Monat 300,00"]),
        ("thirtieths", "2026-10-02 starts small", "2026-10", ["small Monat 300,00"]),
        ("thirtieths", "2026-10-03 starts small", "2026-10", ["small 29/30 290,00"]),
        ("thirtieths", "2026-10-31 starts small", "2026-10", ["small 1/30 10,00"]),
        ("thirtieths", "2026-02-02 starts small", "2026-02", ["small 27/30 270,00"]),
        ("thirtieths", "2028-02-02 starts small", "2028-02", ["small 28/30 280,00"]),
        ("thirtieths", f"{WHOLE_YEAR} \n 2026-10-30 ends", "2026-10", ["small Monat 300,00"]),
        ("thirtieths", f"{WHOLE_YEAR} \n 2026-10-29 ends", "2026-10", ["small 29/30 290,00"]),
        ("thirtieths", f"{WHOLE_YEAR} \n 2026-10-01 ends", "2026-10", ["small 1/30 10,00"]),
        ("thirtieths", f"{WHOLE_YEAR} \n 2026-09-30 ends", "2026-10", []),
        # an upgrade: both parts make up the month
        (
            "thirtieths",
            f"{WHOLE_YEAR} \n 2026-10-16 package large",
            "2026-10",
            ["small 15/30 150,00", "large 15/30 300,00"],
        ),
        (
            "thirtieths",
            f"{WHOLE_YEAR} \n 2026-10-02 package large",
            "2026-10",
            ["small 1/30 10,00", "large 29/30 580,00"],
        ),
        (
            "thirtieths",
            f"{WHOLE_YEAR} \n 2026-10-31 package large",
            "2026-10",
            ["small 29/30 290,00", "large 1/30 20,00"],
        ),
        (
            "thirtieths",
            f"{WHOLE_YEAR} \n 2026-11-30 package large",
            "2026-11",
            ["small 29/30 290,00", "large 1/30 20,00"],
        ),
        (
            "thirtieths",
            f"{WHOLE_YEAR} \n 2026-02-28 package large",
            "2026-02",
            ["small 29/30 290,00", "large 1/30 20,00"],
        ),
        (
            "thirtieths",
            f"{WHOLE_YEAR} \n 2028-02-29 package large",
            "2028-02",
            ["small 29/30 290,00", "large 1/30 20,00"],
        ),
        # the longest part makes up for what the month has more or less than thirty; of two the later one
        (
            "thirtieths",
            f"{WHOLE_YEAR} \n 2026-02-02 package large",
            "2026-02",
            ["small 1/30 10,00", "large 29/30 580,00"],
        ),
        (
            "thirtieths",
            f"{WHOLE_YEAR} \n 2026-02-15 package large",
            "2026-02",
            ["small 14/30 140,00", "large 16/30 320,00"],
        ),
        (
            "thirtieths",
            f"{WHOLE_YEAR} \n 2026-02-16 package large",
            "2026-02",
            ["small 17/30 170,00", "large 13/30 260,00"],
        ),
        (
            "thirtieths",
            f"{WHOLE_YEAR} \n 2026-10-17 package large",
            "2026-10",
            ["small 15/30 150,00", "large 15/30 300,00"],
        ),
        ("thirtieths", f"{WHOLE_YEAR} \n 2026-10-01 package large", "2026-10", ["large Monat 600,00"]),
        # two changes in a month, and back again
        (
            "thirtieths",
            f"{WHOLE_YEAR} \n 2026-10-11 package large \n 2026-10-21 package small",
            "2026-10",
            ["small 10/30 100,00", "small 10/30 100,00", "large 10/30 200,00"],
        ),
        # a module that was not there all month
        ("thirtieths", f"{WHOLE_YEAR} \n 2026-10-16 adds mail", "2026-10", ["small Monat 300,00", "mail 16/30 16,00"]),
        ("thirtieths", f"{WHOLE_YEAR} \n 2026-10-31 adds mail", "2026-10", ["small Monat 300,00", "mail 1/30 1,00"]),
        (
            "thirtieths",
            f"{WHOLE_YEAR} \n 2026-10-02 adds mail \n 2026-10-04 drops mail \n 2026-10-31 adds mail",
            "2026-10",
            ["small Monat 300,00", "mail 2/30 2,00", "mail 1/30 1,00"],
        ),
        # calendar days
        ("calendar_days", "2026-10-16 starts small", "2026-10", ["small 16/31 154,84"]),
        (
            "calendar_days",
            f"{WHOLE_YEAR} \n 2026-10-16 package large",
            "2026-10",
            ["small 15/31 145,16", "large 16/31 309,68"],
        ),
        (
            "calendar_days",
            f"{WHOLE_YEAR} \n 2028-02-29 package large",
            "2028-02",
            ["small 28/29 289,66", "large 1/29 20,69"],
        ),
        (
            "calendar_days",
            "2026-01-01 starts small mail \n 2026-10-16 package full",
            "2026-10",
            ["small 15/31 145,16", "full 16/31 464,52", "mail 15/31 14,52", "mail 16/31 0,00"],
        ),
        # three changes: the parts of each package are rounded together
        (
            "calendar_days",
            f"{WHOLE_YEAR} \n 2026-10-02 package large \n 2026-10-04 package small \n 2026-10-06 package large",
            "2026-10",
            ["small 1/31 9,68", "small 2/31 19,35", "large 2/31 38,71", "large 26/31 503,23"],
        ),
        (
            "calendar_days",
            f"{WHOLE_YEAR} \n 2026-10-16 raises packages.small 330.00",
            "2026-10",
            ["small 15/31 145,16", "small 16/31 170,32"],
        ),
    ],
)
def test_a_month_that_is_not_whole(proration: Proration, text: str, month: str, expected: list[str]) -> None:
    assert charged(terms(proration), text, month) == expected


def used(**days: int) -> Usage:
    """October with calls on some days: ``d05=40``."""
    month = BillingMonth(2026, 10)
    return Usage("k", month, tuple(DayCount(date(2026, 10, int(key[1:])), {"calls": n}) for key, n in days.items()))


@pytest.mark.clause("fluks 5.2")
@pytest.mark.parametrize(
    ("allowance", "text", "calls", "expected"),
    [
        # half a month, half the allowance: 150 of 300
        ("prorated", "2026-10-17 starts small", {"d20": 149}, ["small 15/30 150,00"]),
        ("prorated", "2026-10-17 starts small", {"d20": 150}, ["small 15/30 150,00"]),
        ("prorated", "2026-10-17 starts small", {"d20": 151}, ["small 15/30 150,00", "small Aufruf 0,10"]),
        ("full", "2026-10-17 starts small", {"d20": 300}, ["small 15/30 150,00"]),
        ("full", "2026-10-17 starts small", {"d20": 301}, ["small 15/30 150,00", "small Aufruf 0,10"]),
        # used before the contract began: counted with its first day, not lost
        ("prorated", "2026-10-17 starts small", {"d01": 1, "d31": 150}, ["small 15/30 150,00", "small Aufruf 0,10"]),
        # used after it ended: counted with its last day
        (
            "prorated",
            f"{WHOLE_YEAR} \n 2026-10-15 ends",
            {"d15": 150, "d31": 1},
            ["small 15/30 150,00", "small Aufruf 0,10"],
        ),
        # used before, in the middle of, and after a contract that changed twice
        (
            "prorated",
            "2026-10-05 starts small \n 2026-10-11 package large \n 2026-10-21 package small \n 2026-10-25 ends",
            {"d02": 61, "d15": 301, "d28": 52},
            [
                "small 6/30 60,00",
                "small 5/30 50,00",
                "small Aufruf 0,10",
                "small Aufruf 0,20",
                "large 10/30 200,00",
                "large Aufruf 0,05",
            ],
        ),
        # an upgrade: each part measured against its own share
        (
            "prorated",
            f"{WHOLE_YEAR} \n 2026-10-16 package large",
            {"d15": 151, "d16": 451},
            ["small 15/30 150,00", "small Aufruf 0,10", "large 15/30 300,00", "large Aufruf 0,05"],
        ),
        # one contract follows another: each has its own allowance
        (
            "full",
            "2026-10-01 starts small \n 2026-10-15 ends \n 2026-10-16 starts large",
            {"d15": 301, "d16": 901},
            ["small 15/30 150,00", "small Aufruf 0,10", "large 15/30 300,00", "large Aufruf 0,05"],
        ),
        # with a full allowance the month is measured by what was booked last
        (
            "full",
            f"{WHOLE_YEAR} \n 2026-10-16 package large",
            {"d15": 500, "d16": 401},
            ["small 15/30 150,00", "large 15/30 300,00", "large Aufruf 0,05"],
        ),
    ],
)
def test_the_allowance_of_a_month_that_is_not_whole(
    allowance: str, text: str, calls: dict[str, int], expected: list[str]
) -> None:
    assert charged(terms("thirtieths", allowance=allowance), text, "2026-10", used(**calls)) == expected


@pytest.mark.clause("fluks 5.2")
@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ({}, ["large Monat 600,00"]),
        ({"d15": 900}, ["large Monat 600,00"]),
        ({"d15": 900, "d16": 1}, ["large Monat 600,00", "large Aufruf 0,05"]),
    ],
)
def test_without_proration_two_contracts_of_a_month_are_one_month_of_the_later(
    calls: dict[str, int], expected: list[str]
) -> None:
    text = "2026-10-05 starts small \n 2026-10-15 ends \n 2026-10-16 starts large"
    assert charged(terms("none"), text, "2026-10", used(**calls)) == expected


@pytest.mark.clause("cunio 8.4")
@pytest.mark.parametrize(
    ("trial", "expected"),
    [
        ("2026-10-31", ["sms SMS 0,45"]),
        ("2026-10-30", ["sms SMS 0,45", "small 1/30 10,00"]),
        ("2026-10-01", ["sms SMS 0,09", "small Monat 300,00", "sms SMS 0,36"]),
        ("2026-09-30", ["small Monat 300,00", "sms SMS 0,45"]),
    ],
)
def test_a_trial_costs_what_third_parties_charge(trial: str, expected: list[str]) -> None:
    counts = ((date(2026, 10, 1), {"sms": 1, "calls": 200}), (date(2026, 10, 2), {"sms": 4, "calls": 100}))
    usage = Usage("k", BillingMonth(2026, 10), tuple(DayCount(*each) for each in counts))
    assert charged(terms("thirtieths"), f"2026-09-01 starts small sms \n {trial} trial", "2026-10", usage) == expected


@pytest.mark.clause("cunio 8.4")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # before its first day, within, and after its last: of a contract that ends with its trial nothing is lost
        ("2026-10-05 starts small sms \n 2026-10-15 trial \n 2026-10-15 ends", ["sms SMS 0,63"]),
        # what came after a trial that was paid for is charged with the paid days
        (
            "2026-10-05 starts small sms \n 2026-10-15 trial \n 2026-10-17 ends",
            ["sms SMS 0,27", "small 2/30 20,00", "sms SMS 0,36"],
        ),
    ],
)
def test_usage_outside_a_trial_counts_with_its_first_and_last_day(text: str, expected: list[str]) -> None:
    counts = ((date(2026, 10, day), {"sms": number}) for day, number in ((4, 1), (10, 2), (16, 4)))
    usage = Usage("k", BillingMonth(2026, 10), tuple(DayCount(*each) for each in counts))
    assert charged(terms("thirtieths"), text, "2026-10", usage) == expected


@pytest.mark.clause("cunio 8.4")
@pytest.mark.parametrize("proration", ["none", "thirtieths", "calendar_days"])
@pytest.mark.parametrize(("addon", "expected"), [("sms", ["sms SMS 0,45"]), ("mail", [])])
def test_a_month_of_trial_costs_only_what_is_booked(proration: Proration, addon: str, expected: list[str]) -> None:
    month = BillingMonth(2026, 10)
    usage = Usage("k", month, (DayCount(month.first_day, {"sms": 5, "calls": 400}),))
    trial = f"2026-09-01 starts small {addon} \n 2026-10-31 trial"
    assert charged(terms(proration), trial, "2026-10", usage) == expected


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        (0, ["least Monat 10,00", "least Monat 5,00", "least Gutschrift -1,00"]),
        (499, ["least Monat 10,00", "least Aufruf 4,99", "least Monat 0,01", "least Gutschrift -1,00"]),
        (500, ["least Monat 10,00", "least Aufruf 5,00", "least Gutschrift -1,00"]),
        (501, ["least Monat 10,00", "least Aufruf 5,01", "least Gutschrift -1,00"]),
    ],
)
def test_a_minimum_and_a_credit_are_of_what_the_package_costs(calls: int, expected: list[str]) -> None:
    assert charged(terms("calendar_days"), "2026-01-01 starts least", "2026-10", used(d05=calls)) == expected


@pytest.mark.parametrize(
    ("allowance", "text", "expected"),
    [
        ("prorated", "2026-10-01 starts small", ["Paket Small, Grundpreis inklusive 300 Aufrufe"]),
        (
            "prorated",
            "2026-10-17 starts small mail",
            [
                "Paket Small, Grundpreis inklusive 150 Aufrufe, 17.10.2026 – 31.10.2026",
                "Zusatzmodul Mail, 17.10.2026 – 31.10.2026",
            ],
        ),
        (
            "full",
            "2026-10-17 starts small",
            ["Paket Small, Grundpreis inklusive 300 Aufrufe, 17.10.2026 – 31.10.2026"],
        ),
        (
            "full",
            "2026-10-01 starts full mail sms",
            [
                "Paket Full, Grundpreis",
                "Zusatzmodul Mail (im Paket enthalten)",
                "Zusatzmodul SMS, SMS (Leistung von Drittanbietern)",
            ],
        ),
        (
            "full",
            "2026-10-01 starts full sms \n 2026-10-05 trial",
            [
                "Zusatzmodul SMS, SMS (Leistung von Drittanbietern), kostenlose Testphase, 01.10.2026 – 05.10.2026",
                "Paket Full, Grundpreis, 06.10.2026 – 31.10.2026",
                "Zusatzmodul SMS, SMS (Leistung von Drittanbietern)",
            ],
        ),
        (
            "full",
            "2026-10-01 starts full sms \n 2026-10-31 trial",
            ["Zusatzmodul SMS, SMS (Leistung von Drittanbietern), kostenlose Testphase, 01.10.2026 – 31.10.2026"],
        ),
    ],
)
def test_a_charge_says_what_it_is_for(allowance: str, text: str, expected: list[str]) -> None:
    month = BillingMonth(2026, 10)
    days = tuple(DayCount(date(2026, 10, day), {"sms": 3}) for day in (2, 20))
    charges = rate(
        terms("thirtieths", allowance=allowance), parts_of(story(text), month, "thirtieths"), Usage("k", month, days)
    )
    assert [each.text for each in charges] == expected
    assert all((each.used, each.allowed) == (0, 0) for each in charges if not each.meters)
    gifts = [each.formula.startswith("Im Paket Full enthalten: ") for each in charges]
    assert gifts == ["(im Paket enthalten)" in each.text for each in charges]


def test_a_charge_for_usage_says_what_was_used_and_what_of_it_was_free() -> None:
    month = BillingMonth(2026, 10)
    parts = parts_of(story("2026-01-01 starts least"), month, "calendar_days")
    charges = rate(terms("calendar_days"), parts, used(d05=499))
    assert [(each.kind, each.used, each.allowed) for each in charges] == [
        ("base", 0, 0),
        ("overage", 499, 0),
        ("minimum", 0, 0),
        ("credit", 0, 0),
    ]
    parts = parts_of(story("2026-10-17 starts small"), month, "thirtieths")
    (_, overage) = rate(terms("thirtieths"), parts, used(d20=151))
    assert (overage.used, overage.allowed) == (151, 150)


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ({"d05": 100}, ["least 15/30 5,00", "least Aufruf 1,00", "least Monat 1,50", "least Gutschrift -0,50"]),
        (
            {"d05": 100, "d20": 1},
            ["least 15/30 5,00", "least Aufruf 1,01", "least Monat 1,49", "least Gutschrift -0,50"],
        ),
    ],
)
def test_what_is_used_after_the_end_counts_for_the_minimum_too(calls: dict[str, int], expected: list[str]) -> None:
    text = "2026-01-01 starts least \n 2026-10-15 ends"
    assert charged(terms("thirtieths"), text, "2026-10", used(**calls)) == expected


@pytest.mark.parametrize("first", ["minimum", "credit"])
@pytest.mark.parametrize(
    ("of", "least", "missing"),
    [
        ("usage", "9.99", []),
        ("usage", "10.00", []),
        ("usage", "10.01", ["small Monat 0,01"]),
        ("base", "300.00", []),
        ("base", "300.01", ["small Monat 0,01"]),
        ("all", "310.00", []),
        ("all", "310.01", ["small Monat 0,01"]),
    ],
)
def test_a_minimum_counts_usage_and_base_price_but_no_credit(
    of: Literal["usage", "base", "all"], least: str, missing: list[str], first: str
) -> None:
    ours = terms("calendar_days")
    small = ours.packages["small"]
    minimum = Minimum("minimum", Decimal(least), of, "3")
    credit = PercentageCredit("percentage_credit", Decimal(10), of, "4")
    both = (minimum, credit) if first == "minimum" else (credit, minimum)
    ours = replace(ours, packages={**ours.packages, "small": replace(small, prices=(*small.prices, *both))})
    credited = {"usage": "small Gutschrift -1,00", "base": "small Gutschrift -30,00", "all": "small Gutschrift -31,00"}
    assert charged(ours, WHOLE_YEAR, "2026-10", used(d05=400)) == [
        "small Monat 300,00",
        "small Aufruf 10,00",
        *([*missing, credited[of]] if first == "minimum" else [credited[of], *missing]),
    ]


@pytest.mark.parametrize(("since", "topped_up"), [("2026-10-31", "0,15"), ("2026-10-30", "0,32")])
def test_a_minimum_of_a_single_day(since: str, topped_up: str) -> None:
    """A day of the month: its share of the base price, of the minimum, and all that was used."""
    usage = used(d31=1 if since == "2026-10-31" else 0)
    assert charged(terms("calendar_days"), f"{since} starts least", "2026-10", usage)[-2] == f"least Monat {topped_up}"


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ({"d05": 249}, ["least Monat 0,01", "least Monat 1,50"]),
        ({"d15": 250}, ["least Monat 1,50"]),
        ({"d16": 250}, ["least Monat 2,50"]),
        ({"d15": 250, "d31": 149}, ["least Monat 0,01"]),
        ({"d15": 250, "d31": 150}, []),
    ],
)
def test_each_part_of_a_month_has_its_share_of_a_minimum_and_its_own_usage(
    calls: dict[str, int], expected: list[str]
) -> None:
    """Half a month at 10 €, half at 12 €: 7.50 € at least in each."""
    text = "2026-01-01 starts least \n 2026-10-16 raises packages.least 12.00"
    told = charged(terms("thirtieths"), text, "2026-10", used(**calls))
    assert [each for each in told if "Monat" in each] == expected


@pytest.mark.clause("cunio 8.2")
@pytest.mark.parametrize("allowance", ["prorated", "full"])
def test_what_an_add_on_measures_while_it_is_not_booked_costs_nothing(allowance: str) -> None:
    month = BillingMonth(2026, 10)
    usage = Usage("k", month, tuple(DayCount(date(2026, 10, day), {"sms": 100}) for day in (9, 10, 15, 16)))
    text = "2026-01-01 starts small \n 2026-10-10 adds sms \n 2026-10-16 drops sms"
    assert charged(terms("thirtieths", allowance=allowance), text, "2026-10", usage) == [
        "small Monat 300,00",
        "sms SMS 18,00",
    ]


def test_priced_are_the_meters_of_what_is_booked() -> None:
    october = BillingMonth(2026, 10)
    for booked, meters in (("small", ("calls",)), ("small sms", ("calls", "sms")), ("full", ()), ("full mail", ())):
        parts = parts_of(story(f"2026-10-01 starts {booked}"), october, "none")
        assert priced(terms("none"), parts) == meters


@pytest.mark.clause("cunio 8.1")
def test_what_an_add_on_measures_after_the_contract_is_not_lost() -> None:
    month = BillingMonth(2026, 10)
    usage = Usage("k", month, tuple(DayCount(date(2026, 10, day), {"sms": 100}) for day in (10, 16)))
    text = "2026-01-01 starts small sms \n 2026-10-15 ends"
    assert charged(terms("thirtieths"), text, "2026-10", usage) == ["small 15/30 150,00", "sms SMS 18,00"]


MONTHS = st.sampled_from([(2026, 2), (2028, 2), (2026, 10), (2026, 11)])
CHANGES = st.lists(st.tuples(st.integers(2, 31), st.sampled_from(["small", "large"])), max_size=5)


@given(
    CHANGES,
    st.sampled_from(["thirtieths", "calendar_days"]),
    st.sampled_from([(2026, 2), (2028, 2), (2026, 10), (2026, 11)]),
)
def test_parts_of_one_price_add_up_to_the_month(
    changes: list[tuple[int, str]], proration: Proration, which: tuple[int, int]
) -> None:
    """When both packages cost the same, a month costs the same however often they change."""
    month = BillingMonth(*which)
    days = [month.first_day.replace(day=min(day, month.last_day.day)) for day, _ in changes]
    text = "\n".join([WHOLE_YEAR, *(f"{day} package {to}" for day, (_, to) in zip(days, changes, strict=True))])
    of = terms(proration)
    of = replace(of, packages={**of.packages, "large": of.packages["small"]})
    parts = parts_of(story(text), month, proration)
    charges = rate(of, parts, Usage("k", month))
    assert abs(sum(each.cents for each in charges) - 30_000) <= 1
    assert sum(int(each.unit.split()[-1].split("/")[0]) for each in charges if "/" in each.unit) in {
        0,
        30,
        month.last_day.day,
    }
    assert sum(each.included for each in allowed(of, parts, Usage("k", month))) in range(298, 303)


ADVANCE = """
month   | what happens                 | lines
2026-01 | 2026-01-16 starts small mail | small 16/31 154,84; mail 16/31 15,48; small Monat 300,00; mail Monat 30,00
2026-02 |                              | small Monat 300,00; mail Monat 30,00
2026-03 | 2026-03-11 package large | small Differenz -203,23; large 21/31 406,45; large Monat 600,00; mail Monat 30,00
2026-04 |                              | large Aufruf 0,05; large Monat 600,00; mail Monat 30,00
2026-05 | 2026-05-31 ends              |
2026-06 |                              |
"""


@pytest.mark.clause("Cloudeteer 6(1)")
def test_base_prices_in_advance_and_what_became_of_them() -> None:
    of = terms("calendar_days", billing="advance")
    said, before = "", list[Line]()
    for row in ADVANCE.strip().splitlines()[1:]:
        name, happening, expected = (cell.strip() for cell in row.split("|"))
        month, said = BillingMonth.parse(name), f"{said}\n{happening}" if happening else said
        events = story(said)
        counts = (DayCount(month.first_day, {"calls": 901}),) if name == "2026-04" else ()
        bill = Bill(
            of,
            parts_of(events, month, "calendar_days"),
            Usage("k", month, counts),
            next_terms=of,
            next_parts=parts_of(events, month.next(), "calendar_days"),
            in_advance=billed_in_advance(before, month),
        )
        before = list(lines_of(bill.charges, is_gross=False))
        lines = told(before)
        assert (name, "; ".join(lines)) == (name, expected)
        assert bill.is_free is not any(each.cents for each in before)


@pytest.mark.clause("Cloudeteer 6(1)")
def test_only_base_prices_of_the_next_month_were_billed_in_advance() -> None:
    """Two parts of it add up; what was used, what was booked, and the month itself are none of it."""
    of, months = terms("calendar_days", billing="advance"), (BillingMonth(2026, 3), BillingMonth(2026, 4))
    events = story("2026-01-01 starts small mail \n 2026-04-16 raises packages.small 330.00")
    parts = [parts_of(events, month, "calendar_days") for month in months]
    usage = Usage("k", months[0], (DayCount(months[0].first_day, {"calls": 301}),))
    (work,) = rate(of, parts[0][:1], usage)[1:2]
    booked = (replace(work, kind="work", first=months[1].first_day), replace(work, kind="order", first=None, last=None))
    bill = Bill(of, parts[0], usage, of, parts[1], booked=booked)
    lines = lines_of(bill.charges, is_gross=False)
    found = billed_in_advance([*lines, replace(lines[0], first=None, last=None)], months[1])
    assert {key: each.cents for key, each in found.items()} == {"packages.small": 31_500, "addons.mail": 3_000}


@pytest.mark.clause("Cloudeteer 6(1)")
def test_a_correction_says_of_what_and_of_which_month() -> None:
    month = BillingMonth(2026, 4)
    paid = {
        "packages.small": Advance(30_000, "Paket Small, Grundpreis, April 2026", "AGB 3", Decimal(19), gross=False),
        "addons.mail": Advance(3_000, "Zusatzmodul Mail, April 2026", "AGB 3", Decimal(19), gross=False),
    }
    nothing = Bill(terms("calendar_days", billing="advance"), (), Usage("k", month), in_advance=paid)
    assert [(each.text, each.cents, each.formula) for each in nothing.charges] == [
        (
            "Paket Small, Grundpreis, Berichtigung April 2026",
            -30_000,
            "zu berechnen 0,00 € − im Voraus berechnet 300,00 € = -300,00 €",
        ),
        (
            "Zusatzmodul Mail, Berichtigung April 2026",
            -3_000,
            "zu berechnen 0,00 € − im Voraus berechnet 30,00 € = -30,00 €",
        ),
    ]
    assert [each.quantity * each.unit_price * 100 for each in nothing.charges] == [-30_000, -3_000]
    more = replace(nothing, parts=parts_of(story("2026-01-01 starts large mail"), month, "calendar_days"))
    assert [(each.item, each.cents, each.unit_price) for each in more.charges if each.kind == "adjustment"] == [
        ("packages.small", -30_000, Decimal(-300))
    ]


FULL = "Paket Small, Grundpreis inklusive 300 Aufrufe, April 2026 300,00"
BACK = "Paket Small, Grundpreis, Berichtigung April 2026 -300,00"
ALL_BACK = "Berichtigung: Paket Small, Grundpreis, April 2026 -300,00"


@pytest.mark.clause("Cloudeteer 6(1)")
@pytest.mark.parametrize(
    ("item", "change", "gone", "stays"),
    [
        ("packages.small", {}, [BACK], []),
        (
            "packages.small",
            {"cents": 29_999},
            ["Paket Small, Grundpreis, Berichtigung April 2026 -299,99"],
            [BACK[:-7] + "0,01"],
        ),
        ("packages.small", {"cents": 0}, [], [BACK[:-7] + "300,00"]),
        # of a package that the terms do not have, with another tax, or another kind of prices: all of it as it was
        ("packages.gone", {}, [ALL_BACK], [FULL, ALL_BACK]),
        ("packages.gone", {"cents": 0}, [], [FULL]),
        ("packages.small", {"vat_rate": Decimal(7)}, [ALL_BACK], [FULL, ALL_BACK]),
        ("packages.small", {"gross": True}, [ALL_BACK], [FULL, ALL_BACK]),
    ],
)
def test_what_was_paid_in_advance_is_netted_or_goes_back_under_whatever_terms(
    item: str, change: dict[str, Any], gone: list[str], stays: list[str]
) -> None:
    of, month = terms("calendar_days", billing="advance"), BillingMonth(2026, 4)
    paid = Advance(30_000, "Paket Small, Grundpreis, April 2026", "AGB 3", Decimal(19), gross=False)._replace(**change)
    for parts, expected in (((), gone), (parts_of(story("2026-01-01 starts small"), month, "calendar_days"), stays)):
        charges = Bill(of, parts, Usage("k", month), in_advance={item: paid}).charges
        assert [f"{each.text} {german_amount(each.cents)}" for each in charges] == expected
        back = [(each.vat_rate, each.gross, each.clause) for each in charges if each.text.startswith("Berichtigung:")]
        assert back == [(paid.vat_rate, paid.gross, "AGB 3")] * len(back)


@pytest.mark.clause("Cloudeteer 6(1)")
@pytest.mark.parametrize("prices", ["net", "gross"])
@pytest.mark.parametrize(
    ("item", "cents", "expected"),
    [
        (
            "packages.small",
            29_999,
            "0.01 1 AGB 1: zu berechnen 300,00 € − im Voraus berechnet 299,99 € = 0,01 €",
        ),
        (
            "packages.gone",
            29_999,
            "-299.99 -29999 AGB 3: zu berechnen 0,00 € − im Voraus berechnet 299,99 € = -299,99 €",
        ),
    ],
)
def test_a_correction_says_for_which_days_and_how_it_is_reckoned(
    prices: str, item: str, cents: int, expected: str
) -> None:
    """Under gross prices too; whatever stands first in the price list, it is the base price that is corrected."""
    of, month = terms("calendar_days", billing="advance", prices=prices), BillingMonth(2026, 4)
    small = of.packages["small"]
    of = replace(of, packages={"small": replace(small, prices=small.prices[::-1])})
    paid = {item: Advance(cents, "Paket Small", "AGB 3", Decimal(19), gross=prices == "gross")}
    parts = parts_of(story("2026-01-01 starts small"), month, "calendar_days")
    (found,) = (
        each for each in Bill(of, parts, Usage("k", month), in_advance=paid).charges if each.kind == "adjustment"
    )
    clause = found.clause.removeprefix("fluks ")
    assert f"{found.unit_price} {found.cents} {clause}: {found.formula}" == expected
    assert (found.item, found.first, found.last) == (item, month.first_day, month.last_day)
    assert (found.quantity, found.gross) == (Decimal(1), prices == "gross")


@pytest.mark.clause("Cloudeteer 6(1)")
def test_the_next_month_is_charged_by_its_own_terms() -> None:
    of, month = terms("calendar_days", billing="advance"), BillingMonth(2026, 3)
    dearer = replace(of.packages["small"], prices=(Flat("flat", Decimal(333), "9"),))
    new = replace(of, id="new", packages={"small": dearer}, rules=replace(of.rules, billing=Setting("advance", "9")))
    parts = [parts_of(story("2026-01-01 starts small"), each, "calendar_days") for each in (month, month.next())]
    bill = Bill(of, parts[0], Usage("k", month), new, parts[1])
    assert [(each.cents, each.clause) for each in bill.charges] == [(30_000, "fluks AGB 1"), (33_300, "fluks AGB 9")]
    arrears = replace(new, rules=replace(of.rules, billing=Setting("arrears", "9")))
    assert [each.cents for each in replace(bill, next_terms=arrears).charges] == [30_000]
    assert [each.cents for each in replace(bill, terms=arrears, next_terms=of).charges] == [33_300, 30_000]
    assert [each.cents for each in replace(bill, next_terms=None).charges] == [30_000]


@pytest.mark.clause("Connectavo I 2.4")
@pytest.mark.parametrize(
    ("text", "expected"),
    [  # a contract's last month is named when it is prepaid in the end
        ("2026-01-01 starts small \n 2026-10-31 ends", [""]),
        ("2026-01-01 starts small \n 2026-10-01 prepays \n 2026-10-31 ends", [", Oktober 2026"]),
        ("2026-01-01 starts small \n 2026-10-20 prepays \n 2026-10-31 ends", [", Oktober 2026"]),
    ],
)
def test_the_last_month_of_who_prepays_is_named(text: str, expected: list[str]) -> None:
    of, month = terms("calendar_days"), BillingMonth(2026, 10)
    charges = Bill(of, parts_of(story(text), month, "calendar_days"), Usage("k", month), of).charges
    assert [each.text.removeprefix("Paket Small, Grundpreis inklusive 300 Aufrufe") for each in charges] == expected


@pytest.mark.clause("Connectavo I 2.4")
def test_prepayment_flips_to_advance() -> None:
    of = terms("calendar_days")
    events = story("2026-01-01 starts small \n 2026-10-20 prepays")
    october = BillingMonth(2026, 10)
    bills = [
        Bill(
            of,
            parts_of(events, month, "calendar_days"),
            Usage("k", month),
            of,
            parts_of(events, month.next(), "calendar_days"),
        )
        for month in (october.previous(), october)
    ]
    bills[1] = replace(bills[1], usage=used(d05=301))
    assert [[(each.text, each.cents) for each in bill.charges] for bill in bills] == [
        [("Paket Small, Grundpreis inklusive 300 Aufrufe", 30_000)],
        [
            ("Paket Small, Grundpreis inklusive 300 Aufrufe, Oktober 2026", 30_000),
            ("Paket Small, Aufrufe über 300 hinaus", 10),
            ("Paket Small, Grundpreis inklusive 300 Aufrufe, November 2026", 30_000),
        ],
    ]
