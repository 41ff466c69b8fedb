from dataclasses import replace
from decimal import Decimal

import pytest

from invoicing.rights import Account, may_lock, may_stay_locked
from invoicing.terms import Setting, Terms
from invoicing.terms.rules import Lock
from tests.invoicing.rights.samples import CLOUDETEER, CUNIO, FIGURES, FLUKS, KLUGO, claim, day, vendor

FEE = 59_500
# A debit of one monthly fee comes back on the 15th; reminded on the 19th, and again on the 26th: until 9 November.
RETURNED = "595.00 due 10-12 debit returned 10-15"
WARNED = f"{RETURNED} remind 10-19 10-26>11-09!"


def account(on: str, *histories: str, fee: int = FEE) -> Account:
    return Account([claim(each) for each in histories], day(on), fee)


@pytest.mark.clause("fluks 13.5")
@pytest.mark.parametrize(
    ("history", "on", "allowed"),
    [
        (WARNED, "11-09", False),  # the deadline's last day
        (WARNED, "11-10", True),
        (f"{WARNED} paid 11-09=595.00", "11-10", False),
        (f"{WARNED} paid 11-10=595.00", "11-10", False),  # paid on the very day
        (f"{WARNED} paid 11-10=0.01", "11-09", False),
        (f"{WARNED} paid 11-05=0.01", "11-10", False),  # a cent less than what is not insignificant
        ("595.01 due 10-12 debit returned 10-15 remind 10-19 10-26>11-09! paid 11-05=0.01", "11-10", True),
        (RETURNED, "11-10", False),  # never reminded
        (f"{WARNED} 11-05>11-20!", "11-10", True),  # one more reminder gives no more time
        (f"{RETURNED} remind 10-26>11-09!", "11-10", False),  # only one reminder
        (f"{RETURNED} remind 10-19>11-02! 10-26", "12-01", False),  # the renewed one does not warn
        (f"{RETURNED} remind 10-19 10-26>11-09", "12-01", False),  # no warning
        (f"{RETURNED} remind 10-19 10-26!", "12-01", False),  # no deadline
        (f"{RETURNED} remind 10-19 10-26>11-01!", "12-01", False),  # six days are too short
        (f"{RETURNED} remind 10-19 10-26>11-02!", "11-02", False),
        (f"{RETURNED} remind 10-19 10-26>11-02!", "11-03", True),  # seven days
        (f"{RETURNED} remind 10-19 10-26>11-07!", "11-09", False),  # a Saturday: until Monday
        (f"{RETURNED} remind 10-19 10-26>11-07!", "11-10", True),
        (f"{RETURNED} remind 10-14 10-26>11-09!", "12-01", False),  # the first came before default
        ("595.00 due 10-12 debit remind 10-19 10-26>11-09!", "12-01", False),  # not returned: not in default
    ],
)
def test_a_lock_needs_a_renewed_reminder_with_deadline_and_warning(history: str, on: str, allowed: bool) -> None:  # noqa: FBT001
    assert may_lock(FLUKS, account(on, history), FIGURES).allowed is allowed


@pytest.mark.clause("fluks 13.5")
def test_what_is_not_warned_of_does_not_count() -> None:
    small = "100.00 due 10-12 remind 10-19 10-26>11-09!"
    right = may_lock(FLUKS, account("11-10", small, "900.00 due 10-30"), FIGURES)
    assert (right.allowed, right.cents, right.limit_cents) == (False, 10_000, FEE)


@pytest.mark.clause("fluks 13.5")
def test_what_is_insignificant_is_a_setting() -> None:
    half = replace(FIGURES, lock=replace(FIGURES.lock, overdue_percent_of_fee=Decimal(50), reminders=1))
    once = "{} due 10-12 remind 10-26>11-09!"
    assert not may_lock(FLUKS, account("11-10", once.format("297.49")), half).allowed
    assert may_lock(FLUKS, account("11-10", once.format("297.50")), half).allowed


@pytest.mark.clause("fluks 13.5")
@pytest.mark.parametrize(("owed", "allowed"), [("0.00", False), ("0.01", True)])
def test_without_a_monthly_fee_any_amount_is_significant(owed: str, allowed: bool) -> None:  # noqa: FBT001
    history = f"{owed} due 10-12 remind 10-19 10-26>11-09!"
    assert may_lock(FLUKS, account("11-10", history, fee=0), FIGURES).allowed is allowed


@pytest.mark.clause("fluks 13.5")
@pytest.mark.parametrize(("paid", "stays"), [("594.99", True), ("595.00", False), ("600.00", False), ("0", True)])
def test_unlocked_as_soon_as_what_was_overdue_is_paid(paid: str, stays: bool) -> None:  # noqa: FBT001
    open_later = "700.00 due 12-14"
    right = may_stay_locked(FLUKS, account("11-20", f"{WARNED} paid 11-20={paid}", open_later), FIGURES)
    assert right.allowed is stays


@pytest.mark.clause("Cloudeteer 6(6)")
@pytest.mark.parametrize(
    ("history", "on", "allowed"),
    [
        ("100.00 due 10-12", "10-12", False),
        ("100.00 due 10-12", "10-13", True),
        ("0.01 due 10-12", "10-13", True),
        ("100.00 due 10-12 paid 10-12=100.00", "10-13", False),
        ("100.00 due 10-12 paid 10-12=99.99", "10-13", True),
        ("0.00 due 10-12", "10-13", False),
        ("100.00 due 10-12 debit", "12-01", False),  # not returned: the provider fetches the money
        ("100.00 due 10-12 debit returned 10-15", "10-16", True),
    ],
)
def test_a_lock_after_the_due_date_needs_no_reminder(history: str, on: str, allowed: bool) -> None:  # noqa: FBT001
    right = may_lock(CLOUDETEER, account(on, history), FIGURES)
    assert (right.allowed, right.limit_cents) == (allowed, 0)
    assert may_stay_locked(CLOUDETEER, account(on, history), FIGURES).allowed is allowed


@pytest.mark.clause("cunio 8.4")
@pytest.mark.parametrize(
    ("owed", "allowed"),
    [("0.00", False), ("594.99", False), ("595.00", False), ("595.01", True), ("1190.00", True)],
)
def test_a_lock_for_more_than_one_monthly_fee(owed: str, allowed: bool) -> None:  # noqa: FBT001
    locked = account("10-13", f"{owed} due 10-12")
    right = may_lock(CUNIO, locked, FIGURES)
    assert (right.allowed, right.limit_cents) == (allowed, FEE)
    assert may_stay_locked(CUNIO, locked, FIGURES).allowed is allowed


@pytest.mark.clause("cunio 8.4")
@pytest.mark.parametrize(("on", "allowed"), [("10-12", False), ("10-13", False), ("11-13", True), ("11-20", False)])
def test_only_what_is_in_default_adds_up(on: str, allowed: bool) -> None:  # noqa: FBT001
    invoices = "595.00 due 10-12", "595.00 due 11-12 paid 11-20=595.00"
    assert may_lock(CUNIO, account(on, *invoices), FIGURES).allowed is allowed


@pytest.mark.parametrize(
    ("terms", "on", "history", "why"),
    [
        (
            FLUKS,
            "11-10",
            WARNED,
            "Der Zugang darf gesperrt werden (fluks AGB 13.5): 595,00 € sind in Verzug, und eine angemessene Frist "
            "mit Hinweis auf die Sperre (ab der 2. Mahnung) ist abgelaufen.",
        ),
        (
            FLUKS,
            "11-09",
            WARNED,
            "Der Zugang darf nicht gesperrt werden (fluks AGB 13.5): 595,00 € sind in Verzug, aber keine angemessene "
            "Frist mit Hinweis auf die Sperre (ab der 2. Mahnung) ist abgelaufen.",
        ),
        (
            FLUKS,
            "11-10",
            f"{WARNED} paid 11-05=500.00",
            "Der Zugang darf nicht gesperrt werden (fluks AGB 13.5): 95,00 € in Verzug gelten als unerheblich "
            "(Grenze 595,00 €).",
        ),
        (FLUKS, "10-12", WARNED, "Der Zugang darf nicht gesperrt werden (fluks AGB 13.5): Kein Betrag ist in Verzug."),
        (
            CLOUDETEER,
            "10-13",
            "100.00 due 10-12",
            "Der Zugang darf gesperrt werden (Cloudeteer AGB 6(6)): 100,00 € sind nach Ablauf der Zahlungsfrist offen.",
        ),
        (
            CLOUDETEER,
            "10-12",
            "1.00 due 10-12",
            "Der Zugang darf nicht gesperrt werden (Cloudeteer AGB 6(6)): Nichts ist überfällig.",
        ),
        (
            CUNIO,
            "10-13",
            "595.00 due 10-12",
            "Der Zugang darf nicht gesperrt werden (cunio AGB 8.4): 595,00 € sind in Verzug, nicht mehr als eine "
            "monatliche Vergütung (595,00 €).",
        ),
        (
            CUNIO,
            "10-13",
            "595.01 due 10-12",
            "Der Zugang darf gesperrt werden (cunio AGB 8.4): 595,01 € sind in Verzug, mehr als eine monatliche "
            "Vergütung (595,00 €).",
        ),
        (KLUGO, "12-31", "595.00 due 10-12", "Diese Bedingungen erlauben keine Sperre wegen Verzugs."),
    ],
)
def test_each_answer_says_why(terms: Terms, on: str, history: str, why: str) -> None:
    assert may_lock(terms, account(on, history), FIGURES).why == why


def test_terms_that_know_no_lock_compare_no_amounts() -> None:
    """Or one for something else than unpaid claims."""
    for terms in (KLUGO, vendor("KLUGO AGB", lock=Setting(Lock("overuse"), "5"))):
        right = may_lock(terms, account("12-31", WARNED), FIGURES)
        assert (right.allowed, right.cents, right.limit_cents, right.last_day) == (False, 0, 0, None)


@pytest.mark.clause("fluks 13.5")
def test_the_end_of_a_lock_says_why() -> None:
    assert may_stay_locked(FLUKS, account("11-20", WARNED), FIGURES).why == (
        "Die Sperre darf bestehen bleiben (fluks AGB 13.5): 595,00 € sind überfällig und offen."
    )
    assert may_stay_locked(FLUKS, account("11-20", f"{WARNED} paid 11-20=595.00"), FIGURES).why == (
        "Die Sperre ist aufzuheben (fluks AGB 13.5): Nichts Überfälliges ist mehr offen."
    )
    assert not may_stay_locked(KLUGO, account("11-20", WARNED), FIGURES).allowed
