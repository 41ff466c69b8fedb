import pytest

from invoicing.rights import may_end_for_cause
from invoicing.terms import Setting
from invoicing.terms.rules import ForCause
from tests.invoicing.rights.samples import CLOUDETEER, CUNIO, FIGURES, FLUKS, KLUGO, vendor
from tests.invoicing.rights.test_lock import FEE, account


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
    right = may_end_for_cause(CUNIO, account(on, history), FIGURES)
    assert right.allowed is allowed
    assert right.limit_cents == (0 if allowed else 2 * FEE)


@pytest.mark.clause("fluks 16.2")
@pytest.mark.parametrize(
    ("history", "on", "cents"),
    [  # reminded on 20 October: 30 days are over with 19 November; from a monthly fee on, 595.00, it matters
        ("595.00 due 10-12 remind 10-20", "11-19", 0),
        ("595.00 due 10-12 remind 10-20", "11-20", 59_500),
        ("595.00 due 10-12 remind 10-20 11-05", "11-20", 59_500),  # a second reminder sets no new time
        ("595.00 due 10-12 remind 10-22", "11-21", 0),  # a Saturday: until Monday
        ("595.00 due 10-12 remind 10-22", "11-23", 0),
        ("595.00 due 10-12 remind 10-22", "11-24", 59_500),
        ("594.99 due 10-12 remind 10-20", "11-20", 59_499),
        ("595.01 due 10-12 remind 10-20", "11-20", 59_501),
        ("595.00 due 10-12 remind 10-20 paid 11-20=594.99", "11-20", 1),
        ("595.00 due 10-12 remind 10-20 paid 11-20=595.00", "11-20", 0),
        ("0.00 due 10-12 remind 10-20", "11-20", 0),
        ("595.00 due 10-12 remind 10-12", "12-31", 0),  # reminded before its time
        ("595.00 due 10-12", "12-31", 0),
        ("595.00 due 10-12 debit remind 10-20", "12-31", 0),  # nobody came to fetch it
    ],
)
def test_thirty_days_after_a_reminder(history: str, on: str, cents: int) -> None:
    right = may_end_for_cause(FLUKS, account(on, history, "50.00 due 10-12"), FIGURES)
    assert (right.allowed, right.cents, right.limit_cents) == (cents >= FEE, cents, FEE)


@pytest.mark.clause("fluks 16.2")
@pytest.mark.parametrize(("owed", "allowed"), [("0.00", False), ("0.01", True)])
def test_without_a_monthly_fee_any_amount_matters(owed: str, allowed: bool) -> None:  # noqa: FBT001
    owing = account("11-20", f"{owed} due 10-12 remind 10-20", fee=0)
    assert may_end_for_cause(FLUKS, owing, FIGURES).allowed is allowed


@pytest.mark.clause("cunio 8.4")
def test_where_the_first_fee_is_no_reason_it_counts_as_any_other() -> None:
    terms = vendor(
        "cunio AGB", default=CUNIO.rules.default, for_cause=Setting(ForCause("monthly_fees", monthly_fees=2), "8.4")
    )
    right = may_end_for_cause(terms, account("10-13", "595.00 due 10-12 first"), FIGURES)
    assert (right.allowed, right.cents, right.limit_cents) == (False, 59_500, 2 * FEE)


def test_each_answer_says_why() -> None:
    assert may_end_for_cause(CUNIO, account("10-13", "595.00 due 10-12 first"), FIGURES).why == (
        "Der Vertrag darf ohne Frist gekündigt werden (cunio AGB 8.4): Die erste monatliche Vergütung wurde nicht "
        "fristgerecht bezahlt, 595,00 € sind offen."
    )
    assert may_end_for_cause(CUNIO, account("10-13", "1190.00 due 10-12"), FIGURES).why == (
        "Der Vertrag darf nicht ohne Frist gekündigt werden (cunio AGB 8.4): 1.190,00 € sind in Verzug, nicht mehr als "
        "2 monatliche Vergütungen (1.190,00 €)."
    )
    for owed in ("600,00", "595,00"):
        reminded = account("11-20", f"{owed.replace(',', '.')} due 10-12 remind 10-20")
        assert may_end_for_cause(FLUKS, reminded, FIGURES).why == (
            f"Der Vertrag darf ohne Frist gekündigt werden (fluks AGB 16.2): {owed} € sind 30 Tage nach einer Mahnung "
            "noch offen."
        )
    assert may_end_for_cause(FLUKS, account("11-20", "100.00 due 10-12 remind 10-20"), FIGURES).why == (
        "Der Vertrag darf nicht ohne Frist gekündigt werden (fluks AGB 16.2): 100,00 € sind 30 Tage nach einer Mahnung "
        "noch offen, gelten aber als unerheblich (Grenze 595,00 €)."
    )
    assert may_end_for_cause(FLUKS, account("11-20", "100.00 due 10-12"), FIGURES).why == (
        "Der Vertrag darf nicht ohne Frist gekündigt werden (fluks AGB 16.2): Nichts ist 30 Tage nach einer Mahnung "
        "noch offen."
    )
    assert may_end_for_cause(CLOUDETEER, account("10-13", "100.00 due 10-12"), FIGURES).why == (
        "Der Vertrag darf ohne Frist gekündigt werden (Cloudeteer AGB 6(6)): 100,00 € sind nach Ablauf der "
        "Zahlungsfrist offen."
    )
    none = may_end_for_cause(KLUGO, account("12-31", "9999.00 due 10-12"), FIGURES)
    assert not none.allowed
    assert none.why == ("Diese Bedingungen geben wegen Verzugs kein Recht zur Kündigung ohne Frist.")
