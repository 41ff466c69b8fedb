"""What each price model gives for a quantity, and how it says so: at, below and above each bound, and at zero."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.money import to_cents
from invoicing.prices import (
    WHOLE,
    Allowance,
    Basis,
    Blocks,
    Booked,
    Expenses,
    Flat,
    Graduated,
    Minimum,
    MonthlyPrice,
    OneOff,
    PassThrough,
    PercentageCredit,
    PerUnit,
    Role,
    Seats,
    Share,
    Tier,
    Volume,
    Words,
    Work,
)
from invoicing.prices.tier import ascend

CALL = Words("Aufruf", "Aufrufe")
D = Decimal
TIERS = (Tier(D("0.10"), 1_000), Tier(D("0.08"), 5_000), Tier(D("0.05")))
PER_UNIT = PerUnit("per_unit", ("calls",), D("0.0125"), "1")
ALLOWANCE = Allowance("allowance", ("calls",), 10_000, D("0.08"), "1")
GRADUATED = Graduated("graduated", ("calls",), TIERS, "1")
VOLUME = Volume("volume", ("calls",), TIERS, "1")
BLOCKS = Blocks("blocks", ("calls",), 100, D("5.00"), "1", included=1_000)
SEATS = Seats("seats", ("users",), D("9.90"), "1", included=5)
FEW = Blocks("blocks", ("calls",), 100, D("5.00"), "1")
USERS = Seats("seats", ("users",), D("9.90"), "1")
PASS_THROUGH = PassThrough("pass_through", ("sms",), D("0.075"), "1")
FLAT = Flat("flat", D("500.00"), "1")
MINIMUM = Minimum("minimum", D("100.00"), "usage", "1")
CREDIT = PercentageCredit("percentage_credit", D("12.5"), "base", "1")
WORK = Work("time_and_material", "Beratung", {"senior": Role("Senior", D("120.00"))}, 15, "1")
EXPENSES = Expenses("expenses", ("Reise",), "1")
ONE_OFF = OneOff("one_off", "Erstberatung", D("49.00"), "1")

Said = Sequence[tuple[str, str, int, str]]


def told(price: MonthlyPrice | Booked, used: int, share: Share = WHOLE, agreed: str | None = None) -> Said:
    """Each amount as quantity, unit price, cents and formula."""
    basis = Basis(used, share, Decimal(agreed) if agreed else None)
    return [
        (str(each.quantity), str(each.unit_price), each.cents, price.wording(each, basis, CALL).formula)
        for each in price.amounts(basis)
    ]


@pytest.mark.parametrize(
    ("price", "used", "expected"),
    [
        (PER_UNIT, 0, []),
        (PER_UNIT, 1, [("1", "0.0125", 1, "1 × 0,0125 € = 0,01 €")]),
        (PER_UNIT, 2, [("2", "0.0125", 3, "2 × 0,0125 € = 0,03 €")]),
        (ALLOWANCE, 0, []),
        (ALLOWANCE, 9_999, []),
        (ALLOWANCE, 10_000, []),
        (ALLOWANCE, 10_001, [("1", "0.08", 8, "10.001 genutzt − 10.000 enthalten = 1 × 0,08 € = 0,08 €")]),
        (GRADUATED, 0, []),
        (GRADUATED, 999, [("999", "0.10", 9_990, "999 genutzt, davon 999 × 0,10 € = 99,90 €")]),
        (GRADUATED, 1_000, [("1000", "0.10", 10_000, "1.000 genutzt, davon 1.000 × 0,10 € = 100,00 €")]),
        (
            GRADUATED,
            1_001,
            [
                ("1000", "0.10", 10_000, "1.001 genutzt, davon 1.000 × 0,10 € = 100,00 €"),
                ("1", "0.08", 8, "1.001 genutzt, davon 1 × 0,08 € = 0,08 €"),
            ],
        ),
        (
            GRADUATED,
            5_001,
            [
                ("1000", "0.10", 10_000, "5.001 genutzt, davon 1.000 × 0,10 € = 100,00 €"),
                ("4000", "0.08", 32_000, "5.001 genutzt, davon 4.000 × 0,08 € = 320,00 €"),
                ("1", "0.05", 5, "5.001 genutzt, davon 1 × 0,05 € = 0,05 €"),
            ],
        ),
        (VOLUME, 0, []),
        (VOLUME, 1, [("1", "0.10", 10, "1 × 0,10 € = 0,10 €")]),
        (VOLUME, 1_000, [("1000", "0.10", 10_000, "1.000 × 0,10 € = 100,00 €")]),
        (VOLUME, 1_001, [("1001", "0.08", 8_008, "1.001 × 0,08 € = 80,08 €")]),
        (VOLUME, 5_000, [("5000", "0.08", 40_000, "5.000 × 0,08 € = 400,00 €")]),
        (VOLUME, 5_001, [("5001", "0.05", 25_005, "5.001 × 0,05 € = 250,05 €")]),
        (BLOCKS, 0, []),
        (BLOCKS, 1_000, []),
        (
            BLOCKS,
            1_001,
            [("1", "5.00", 500, "1.001 genutzt − 1.000 enthalten = 1 begonnener Block zu 100 × 5,00 € = 5,00 €")],
        ),
        (
            BLOCKS,
            1_100,
            [("1", "5.00", 500, "1.100 genutzt − 1.000 enthalten = 1 begonnener Block zu 100 × 5,00 € = 5,00 €")],
        ),
        (
            BLOCKS,
            1_101,
            [("2", "5.00", 1_000, "1.101 genutzt − 1.000 enthalten = 2 begonnene Blöcke zu 100 × 5,00 € = 10,00 €")],
        ),
        (FEW, 100, [("1", "5.00", 500, "100 genutzt = 1 begonnener Block zu 100 × 5,00 € = 5,00 €")]),
        (USERS, 3, [("3", "9.90", 2_970, "Höchststand 3 = 3 × 9,90 € = 29,70 €")]),
        (PASS_THROUGH, 0, []),
        (PASS_THROUGH, 1, [("1", "0.075", 8, "1 × 0,075 € = 0,08 €")]),
        (PASS_THROUGH, 3, [("3", "0.075", 23, "3 × 0,075 € = 0,23 €")]),
        (MINIMUM, 0, [("1", "100.00", 10_000, "Mindestbetrag 100,00 € − 0,00 € = 100,00 €")]),
        (MINIMUM, 9_999, [("1", "0.01", 1, "Mindestbetrag 100,00 € − 99,99 € = 0,01 €")]),
        (MINIMUM, 10_000, []),
        (MINIMUM, 10_001, []),
        (CREDIT, 0, []),
        (CREDIT, 1, []),
        (CREDIT, 4, [("1", "-0.01", -1, "−12,5 % von 0,04 € = -0,01 €")]),
        (CREDIT, 50_000, [("1", "-62.50", -6_250, "−12,5 % von 500,00 € = -62,50 €")]),
        (EXPENSES, 0, []),
        (EXPENSES, 8_450, [("1", "84.50", 8_450, "Auslage laut Beleg = 84,50 €")]),
        (ONE_OFF, 0, []),
        (ONE_OFF, 1, [("1", "49.00", 4_900, "1 × 49,00 € = 49,00 €")]),
        (ONE_OFF, 3, [("3", "49.00", 14_700, "3 × 49,00 € = 147,00 €")]),
    ],
)
def test_what_a_quantity_costs(price: MonthlyPrice | Booked, used: int, expected: Said) -> None:
    assert told(price, used) == expected


@pytest.mark.clause("Cloudeteer 15(1)")
@pytest.mark.parametrize(
    ("used", "share", "expected"),
    [
        (0, WHOLE, []),
        (4, WHOLE, []),
        (5, WHOLE, []),
        (6, WHOLE, [("1", "9.90", 990, "Höchststand 6 − 5 enthalten = 1 × 9,90 € = 9,90 €")]),
        (12, WHOLE, [("7", "9.90", 6_930, "Höchststand 12 − 5 enthalten = 7 × 9,90 € = 69,30 €")]),
        (12, Share(12, 30), [("1", "27.72", 2_772, "Höchststand 12 − 5 enthalten = 7 × 9,90 € × 12/30 = 27,72 €")]),
    ],
)
def test_seats_cost_their_price_for_the_share_of_the_month(used: int, share: Share, expected: Said) -> None:
    assert told(SEATS, used, share) == expected


@pytest.mark.clause("cunio 8.1")
@pytest.mark.parametrize(
    ("share", "agreed", "expected"),
    [
        (WHOLE, None, ("1", "500.00", 50_000, "1 Monat × 500,00 € = 500,00 €")),
        (WHOLE, "450.00", ("1", "450.00", 45_000, "1 Monat × 450,00 € = 450,00 €")),
        (WHOLE, "49.995", ("1", "49.995", 5_000, "1 Monat × 49,995 € = 50,00 €")),
        (Share(1, 30), None, ("1", "16.67", 1_667, "500,00 € × 1/30 = 16,67 €")),
        (Share(29, 30, 1), None, ("1", "483.33", 48_333, "500,00 € × 29/30 = 483,33 €")),
        (Share(30, 30), None, ("1", "500.00", 50_000, "1 Monat × 500,00 € = 500,00 €")),
        (Share(0, 30), None, ("1", "0.00", 0, "500,00 € × 0/30 = 0,00 €")),
        (Share(12, 30), "450.00", ("1", "180.00", 18_000, "450,00 € × 12/30 = 180,00 €")),
    ],
)
def test_a_monthly_price_or_its_share(share: Share, agreed: str | None, expected: tuple[str, str, int, str]) -> None:
    assert told(FLAT, 0, share, agreed) == [expected]


@pytest.mark.parametrize(
    ("share", "used", "expected"),
    [
        (Share(15, 30), 5_000, []),
        (Share(15, 30), 5_001, [("1", "0.08", 8, "5.001 genutzt − 5.000 enthalten = 1 × 0,08 € = 0,08 €")]),
        (Share(1, 31), 323, []),
        (Share(1, 31), 324, [("1", "0.08", 8, "324 genutzt − 323 enthalten = 1 × 0,08 € = 0,08 €")]),
    ],
)
def test_the_share_of_an_allowance(share: Share, used: int, expected: Said) -> None:
    assert told(ALLOWANCE, used, share) == expected


@pytest.mark.parametrize(("share", "unit"), [(WHOLE, "Aufruf"), (Share(12, 30), "anteilig 12/30")])
def test_what_is_for_a_part_of_a_month_says_so_as_its_unit(share: Share, unit: str) -> None:
    basis = Basis(12, share)
    (amount,) = SEATS.amounts(basis)
    assert SEATS.wording(amount, basis, CALL).unit == unit


@pytest.mark.clause("Cloudeteer 6(3)")
@pytest.mark.parametrize(("minutes", "unit"), [(15, "Stunde"), (20, "Aufwand")])
def test_work_is_charged_by_the_hour_where_its_minutes_are_a_part_of_one(minutes: int, unit: str) -> None:
    by_steps = replace(WORK, step_minutes=minutes)
    basis = Basis(minutes, agreed=D("120.00"))
    (amount,) = by_steps.amounts(basis)
    assert by_steps.wording(amount, basis, CALL).unit == unit


def test_an_order_may_have_a_price_of_its_own() -> None:
    assert told(ONE_OFF, 2, agreed="45.00") == [("2", "45.00", 9_000, "2 × 45,00 € = 90,00 €")]


@pytest.mark.parametrize(
    ("share", "units", "part"),
    [
        (Share(14, 30), 5, 2),  # 2.33
        (Share(15, 30), 5, 3),  # a half is rounded up,
        (Share(15, 30, 15), 5, 2),  # and what it takes the other half leaves
        (Share(16, 30), 5, 3),  # 2.67
        (Share(15, 30), 0, 0),
        (Share(0, 30), 5, 0),
        (Share(31, 31), 5, 5),
    ],
)
def test_the_share_of_units_is_whole(share: Share, units: int, part: int) -> None:
    assert share.of_units(units) == part


def test_the_share_of_a_minimum() -> None:
    assert told(MINIMUM, 3_999, Share(12, 30)) == [
        ("1", "0.01", 1, "Mindestbetrag 100,00 € × 12/30 − 39,99 € = 0,01 €")
    ]
    assert told(MINIMUM, 4_000, Share(12, 30)) == []


@pytest.mark.clause("Cloudeteer 6(3)")
@pytest.mark.parametrize(
    ("minutes", "rate", "expected"),
    [
        (0, "120.00", []),
        (1, "120.00", [("0.25", "120.00", 3_000, "0 Std. 15 Min. × 120,00 € = 30,00 €")]),
        (15, "120.00", [("0.25", "120.00", 3_000, "0 Std. 15 Min. × 120,00 € = 30,00 €")]),
        (16, "120.00", [("0.50", "120.00", 6_000, "0 Std. 30 Min. × 120,00 € = 60,00 €")]),
        (150, "99.99", [("2.50", "99.99", 24_998, "2 Std. 30 Min. × 99,99 € = 249,98 €")]),
        (60, "120.00", [("1.00", "120.00", 12_000, "1 Std. × 120,00 € = 120,00 €")]),
    ],
)
def test_work_is_charged_by_steps_begun(minutes: int, rate: str, expected: Said) -> None:
    assert told(WORK, minutes, agreed=rate) == expected


def test_minutes_that_are_no_part_of_an_hour_are_one_amount() -> None:
    by_minute = Work("time_and_material", "Beratung", WORK.roles, 1, "1")
    assert told(by_minute, 20, agreed="120.00") == [("1", "40.00", 4_000, "0 Std. 20 Min. × 120,00 € = 40,00 €")]


def test_tiers_say_which_quantity_they_are_for() -> None:
    def texts(price: Graduated | Volume, used: int) -> list[str]:
        basis = Basis(used)
        return [price.wording(each, basis, CALL).text for each in price.amounts(basis)]

    assert texts(GRADUATED, 5_001) == [
        "Aufrufe, Stufe 1 (1 bis 1.000)",
        "Aufrufe, Stufe 2 (1.001 bis 5.000)",
        "Aufrufe, ab 5.001",
    ]
    assert texts(VOLUME, 1_000) == ["Aufrufe, Mengenstufe 1 (1 bis 1.000)"]
    assert texts(VOLUME, 6_000) == ["Aufrufe, Mengenstufe 3 (5.001 und mehr)"]


@pytest.mark.parametrize(
    ("ends", "good"),
    [
        ([None], True),
        ([1, None], True),
        ([1, 2, None], True),
        ([1], False),
        ([2, 1, None], False),
        ([1, 1, None], False),
        ([None, 1, None], False),
        ([None, None], False),
    ],
)
def test_tiers_rise_and_end_open(ends: list[int | None], good: bool) -> None:  # noqa: FBT001
    assert ascend(tuple(Tier(D(1), end) for end in ends)) is good


SHARES = st.lists(st.integers(0, 31), min_size=1, max_size=6).filter(lambda parts: sum(parts) > 0)


@given(SHARES, st.decimals(0, 10_000, places=2), st.integers(0, 10**6))
def test_the_parts_of_a_month_add_up_to_it(parts: list[int], price: Decimal, units: int) -> None:
    whole = sum(parts)
    shares = [Share(part, whole, sum(parts[:at])) for at, part in enumerate(parts)]
    assert sum(each.of_cents(price) for each in shares) == to_cents(price)
    assert sum(each.of_units(units) for each in shares) == units
    assert all(abs(each.of_cents(price) - price * 100 * each.part / whole) <= 1 for each in shares)


@given(st.integers(0, 20_000))
def test_tiers_together_are_what_was_used(used: int) -> None:
    assert sum(each.quantity for each in GRADUATED.amounts(Basis(used))) == used
    prices = [
        next(tier.price for tier in TIERS if tier.up_to is None or unit <= tier.up_to) for unit in range(1, used + 1)
    ]
    assert sum(each.cents for each in GRADUATED.amounts(Basis(used))) == to_cents(sum(prices, D()))


@given(st.integers(0, 20_000), st.sampled_from([PER_UNIT, ALLOWANCE, GRADUATED, VOLUME, BLOCKS, SEATS, PASS_THROUGH]))
def test_every_amount_is_quantity_times_price(used: int, price: PerUnit) -> None:
    assert all(to_cents(each.quantity * each.unit_price) == each.cents for each in price.amounts(Basis(used)))
