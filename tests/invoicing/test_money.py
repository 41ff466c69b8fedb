from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.money import (
    euro,
    german_amount,
    german_date,
    german_month,
    german_number,
    net_of,
    percent_of,
    to_cents,
    with_minus,
)
from metering.month import BillingMonth

AMOUNTS = st.decimals(min_value=-10_000_000, max_value=10_000_000, places=6)


@pytest.mark.clause("§ 14 Abs. 4 Nr. 8 UStG")
@pytest.mark.parametrize(
    ("amount", "cents"),
    [
        ("0", 0),
        ("0.004", 0),
        ("0.005", 1),
        ("0.0049999", 0),
        ("0.015", 2),
        ("0.025", 3),
        ("2.345", 235),
        ("-0.005", -1),
        ("-0.125", -13),
        ("187.60", 18760),
        ("1100", 110000),
    ],
)
def test_half_a_cent_is_rounded_away_from_zero(amount: str, cents: int) -> None:
    assert to_cents(Decimal(amount)) == cents


@pytest.mark.parametrize("amount", [0.1, 1, "1.00", None])
def test_only_decimals_become_cents(amount: object) -> None:
    with pytest.raises(TypeError, match="not a Decimal"):
        to_cents(amount)  # type: ignore[arg-type]


@given(AMOUNTS)
def test_a_credit_is_rounded_like_its_charge(amount: Decimal) -> None:
    assert to_cents(-amount) == -to_cents(amount)


@given(AMOUNTS)
def test_rounding_never_moves_an_amount_by_more_than_half_a_cent(amount: Decimal) -> None:
    assert abs(euro(to_cents(amount)) - amount) <= Decimal("0.005")


@given(st.integers(-(10**12), 10**12))
def test_cents_survive_the_way_through_euro(cents: int) -> None:
    assert to_cents(euro(cents)) == cents


@pytest.mark.parametrize(
    ("cents", "percent", "expected"),
    [
        (0, "19", 0),
        (71760, "19", 13634),
        (50, "19", 10),
        (150, "19", 29),
        (50, "1", 1),
        (49, "1", 0),
        (-50, "1", -1),
        (2, "19", 0),
        (3, "19", 1),
    ],
)
def test_a_percentage_is_rounded_once(cents: int, percent: str, expected: int) -> None:
    assert percent_of(cents, Decimal(percent)) == expected


@pytest.mark.clause("KLUGO 9")
@pytest.mark.parametrize(
    ("gross", "percent", "net"),
    [(0, 19, 0), (1, 19, 1), (118, 19, 99), (119, 19, 100), (120, 19, 101), (-120, 19, -101), (107, 7, 100), (5, 0, 5)],
)
def test_the_net_of_a_gross_price(gross: int, percent: int, net: int) -> None:
    assert net_of(gross, Decimal(percent)) == net


@pytest.mark.parametrize(
    ("cents", "text"),
    [(0, "0,00"), (5, "0,05"), (123456, "1.234,56"), (-123456, "-1.234,56"), (110000000, "1.100.000,00")],
)
def test_amounts_are_written_the_german_way(cents: int, text: str) -> None:
    assert german_amount(cents) == text


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (10000, 0, "10.000"),
        (Decimal("0.08"), 2, "0,08"),
        (Decimal("0.0125"), 2, "0,0125"),
        (Decimal("0.10"), 2, "0,10"),
        (Decimal(100), 2, "100,00"),
        (Decimal(19), 0, "19"),
    ],
)
def test_numbers_lose_no_digit(value: Decimal | int, places: int, text: str) -> None:
    assert german_number(value, places) == text


def test_dates_are_written_the_german_way() -> None:
    assert german_date(date(2026, 11, 2)) == "02.11.2026"


@pytest.mark.parametrize(
    ("month", "written"),
    [((2026, 1), "Januar 2026"), ((2026, 3), "März 2026"), ((2026, 10), "Oktober 2026"), ((2027, 12), "Dezember 2027")],
)
def test_a_month_is_written_out(month: tuple[int, int], written: str) -> None:
    assert german_month(BillingMonth(*month)) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("-1,86 €", "−1,86 €"),
        ("−7 % von 26,50 € = -1,86 €", "−7 % von 26,50 € = −1,86 €"),
        ("1 € (-0,08 EUR netto)", "1 € (−0,08 EUR netto)"),
        ("zu RE-2026-000124 vom 2026-10-05", "zu RE-2026-000124 vom 2026-10-05"),
        ("1,86 €", "1,86 €"),
    ],
)
def test_only_the_sign_of_a_number_becomes_a_minus(text: str, written: str) -> None:
    assert with_minus(text) == written
