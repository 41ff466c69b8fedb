from datetime import timedelta

import pytest

from invoicing.rights import Delay, delay_credit
from tests.invoicing.rights.samples import CONNECTAVO, FLUKS, day

AGREED = day("03-02")


def late(days: int, price: int = 1_000_000, **facts: str) -> Delay:
    named = {"claimed_on": "12-01", "completed_on": "12-01"} | facts
    dates = {name: day(on) if on else None for name, on in named.items()}
    return Delay(price, AGREED, AGREED + timedelta(days=days), **dates)


@pytest.mark.clause("Connectavo I 4.4")
@pytest.mark.parametrize(
    ("days", "cents"),
    [
        (-7, 0),
        (0, 0),
        (6, 0),
        (7, 5_000),  # one completed week: 0.5 %
        (8, 5_000),
        (13, 5_000),
        (14, 10_000),
        (69, 45_000),
        (70, 50_000),  # ten weeks: 5 %
        (77, 50_000),  # and never more
        (700, 50_000),
    ],
)
def test_half_a_percent_for_each_completed_week_at_most_five(days: int, cents: int) -> None:
    assert delay_credit(CONNECTAVO, late(days)).cents == cents


@pytest.mark.clause("Connectavo I 4.4")
@pytest.mark.parametrize(("price", "cents"), [(0, 0), (99, 0), (100, 1), (299, 1), (300, 2)])
def test_the_amount_is_rounded_once(price: int, cents: int) -> None:
    assert delay_credit(CONNECTAVO, late(7, price)).cents == cents


@pytest.mark.clause("Connectavo I 4.4")
@pytest.mark.parametrize(
    ("claimed", "completed", "payable"),
    [
        ("04-01", "05-01", "05-01"),
        ("06-01", "05-01", "06-01"),
        ("", "05-01", None),
        ("04-01", "", None),
        ("", "", None),
    ],
)
def test_it_falls_due_when_claimed_and_completed(claimed: str, completed: str, payable: str | None) -> None:
    delay = late(7, claimed_on=claimed, completed_on=completed)
    assert delay.payable_on == (day(payable) if payable else None)
    credit = delay_credit(CONNECTAVO, delay)
    assert (credit.allowed, credit.cents) == (payable is not None, 5_000)


@pytest.mark.clause("Connectavo I 4.4")
def test_each_answer_says_why() -> None:
    assert delay_credit(CONNECTAVO, late(77)).why == (
        "Pauschalierter Schadenersatz (Connectavo AGB I 4.4): Vereinbart war der 02.03.2026, verspätet bis zum "
        "18.05.2026, 11 vollendete Wochen zu je 0,5 %, höchstens 5 %; fällig am 01.12.2026."
    )
    assert "höchstens" not in delay_credit(CONNECTAVO, late(70)).why
    assert ", 1 vollendete Woche zu je 0,5 %;" in delay_credit(CONNECTAVO, late(7)).why
    assert ", 2 vollendete Wochen zu je 0,5 %;" in delay_credit(CONNECTAVO, late(14)).why
    assert delay_credit(CONNECTAVO, late(7)).formula == "0,5 % von 10.000,00 € = 50,00 €"
    assert delay_credit(CONNECTAVO, late(6)).why == (
        "Kein Schadenersatz (Connectavo AGB I 4.4): Vereinbart war der 02.03.2026, verspätet bis zum 08.03.2026, "
        "keine vollendete Woche."
    )
    assert not delay_credit(FLUKS, late(70)).allowed
