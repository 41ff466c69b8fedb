from dataclasses import replace

import pytest

from invoicing.rights import may_ask_prepayment, revoked
from tests.invoicing.rights.samples import CONNECTAVO, FLUKS, claim, day


@pytest.mark.clause("Connectavo I 2.4")
@pytest.mark.parametrize(
    ("history", "on", "allowed"),
    [
        ("100.00 due 10-12", "10-12", False),
        ("100.00 due 10-12", "10-13", True),
        ("100.00 due 10-12 paid 10-12=100.00", "10-13", False),
        ("100.00 due 10-12 paid 10-12=99.99", "10-13", True),  # in part is not in full
        ("100.00 due 10-12 paid 10-13=100.00", "12-01", True),  # late stays late
        ("100.00 due 10-12 debit", "12-01", False),
        ("100.00 due 10-12 debit returned 10-15", "10-16", True),
        ("0.00 due 10-12", "10-13", False),
    ],
)
def test_a_late_payment_allows_prepayment(history: str, on: str, allowed: bool) -> None:  # noqa: FBT001
    assert may_ask_prepayment(CONNECTAVO, [claim(history)], day(on)).allowed is allowed


@pytest.mark.clause("Connectavo I 2.4")
def test_then_all_that_is_open_may_be_made_due() -> None:
    claims = [
        claim("100.00 due 10-12 paid 10-20=100.00", number="RE-7"),
        claim("50.00 due 10-19 paid 10-20=20.00", number="RE-8"),
        claim("700.00 due 11-12", number="RE-9"),
    ]
    right = may_ask_prepayment(CONNECTAVO, claims, day("10-20"))
    assert (right.cents, right.why) == (
        73_000,
        "Vorauskasse darf verlangt werden (Connectavo AGB I 2.4): RE-7, RE-8 nicht rechtzeitig bezahlt; alle offenen "
        "Forderungen (730,00 €) dürfen sofort fällig gestellt werden, Grundpreise im Voraus.",
    )


@pytest.mark.clause("Connectavo I 2.4")
@pytest.mark.parametrize(
    ("history", "due_on"),
    [
        ("50.00 due 10-19", "10-19"),
        ("50.00 due 10-20", "10-20"),
        ("50.00 due 10-21", "10-20"),
        ("50.00 due 11-12 paid 10-20=49.99", "10-20"),
        ("50.00 due 11-12 paid 10-20=50.00", "11-12"),  # nothing is open
        ("0.00 due 11-12", "11-12"),
        ("50.00 due 11-12 debit", "11-12"),  # collected on the day that was announced
    ],
)
def test_what_is_open_falls_due_when_all_periods_are_revoked(history: str, due_on: str) -> None:
    (found,) = revoked([claim(history)], day("10-20"))
    assert found == replace(claim(history), due_on=day(due_on))


def test_no_late_payment_or_no_rule_is_said() -> None:
    assert may_ask_prepayment(CONNECTAVO, [], day("10-20")).why == (
        "Keine Vorauskasse (Connectavo AGB I 2.4): Bis zum 20.10.2026 wurde jede fällige Forderung rechtzeitig bezahlt."
    )
    right = may_ask_prepayment(FLUKS, [claim("1.00 due 10-12")], day("12-01"))
    assert (right.allowed, right.why) == (False, "Diese Bedingungen sehen keine Vorauskasse nach Verzug vor.")
