import pytest

from invoicing.rights import may_end_for_cause
from tests.invoicing.rights.samples import CLOUDETEER, CUNIO, FIGURES, FLUKS
from tests.invoicing.rights.test_lock import account


@pytest.mark.clause("Cloudeteer 6(6)")
@pytest.mark.parametrize(
    ("history", "on", "allowed"),
    [
        ("100.00 due 10-12", "10-12", False),
        ("100.00 due 10-12", "10-13", True),
        ("100.00 due 10-12 paid 10-20=100.00", "10-19", True),
        ("100.00 due 10-12 paid 10-20=100.00", "10-20", False),  # paid before the notice
        ("0.00 due 10-12", "10-13", False),
    ],
)
def test_after_the_due_date_the_contract_may_end_without_notice(history: str, on: str, allowed: bool) -> None:  # noqa: FBT001
    assert may_end_for_cause(CLOUDETEER, account(on, history), FIGURES).allowed is allowed


@pytest.mark.clause("cunio 8.4")
@pytest.mark.parametrize(
    ("owed", "allowed"),
    [("0.00", False), ("595.00", False), ("1189.99", False), ("1190.00", False), ("1190.01", True)],
)
def test_more_than_two_monthly_fees(owed: str, allowed: bool) -> None:  # noqa: FBT001
    assert may_end_for_cause(CUNIO, account("10-13", f"{owed} due 10-12"), FIGURES).allowed is allowed


@pytest.mark.clause("cunio 8.4")
@pytest.mark.parametrize(
    ("history", "on", "allowed"),
    [
        ("595.00 due 10-12 first", "10-12", False),
        ("595.00 due 10-12 first", "10-13", True),
        ("595.00 due 10-12 first paid 10-12=594.99", "10-13", True),
        ("595.00 due 10-12 first paid 10-12=595.00", "10-13", False),
        ("595.00 due 10-12", "10-13", False),  # not the first one
        ("595.00 due 10-12 first paid 10-20=595.00", "10-20", False),  # paid before the notice
    ],
)
def test_the_first_fee_alone_is_enough(history: str, on: str, allowed: bool) -> None:  # noqa: FBT001
    assert may_end_for_cause(CUNIO, account(on, history), FIGURES).allowed is allowed


def test_each_answer_says_why() -> None:
    assert may_end_for_cause(CUNIO, account("10-13", "595.00 due 10-12 first"), FIGURES).why == (
        "Der Vertrag darf ohne Frist gekündigt werden (cunio AGB 8.4): Die erste monatliche Vergütung wurde nicht "
        "fristgerecht bezahlt, 595,00 € sind offen."
    )
    assert may_end_for_cause(CUNIO, account("10-13", "1190.00 due 10-12"), FIGURES).why == (
        "Der Vertrag darf nicht ohne Frist gekündigt werden (cunio AGB 8.4): 1.190,00 € sind in Verzug, nicht mehr als "
        "2 monatliche Vergütungen (1.190,00 €)."
    )
    assert may_end_for_cause(FLUKS, account("12-31", "9999.00 due 10-12"), FIGURES).why == (
        "Diese Bedingungen geben wegen Verzugs kein Recht zur Kündigung ohne Frist."
    )
