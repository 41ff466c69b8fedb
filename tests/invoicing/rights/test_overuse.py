from dataclasses import replace

import pytest

from invoicing.rights import Overuse, may_lock_overuse
from invoicing.terms import Setting
from invoicing.terms.rules import Lock
from tests.invoicing.rights.samples import CONNECTAVO, FIGURES, FLUKS, day, vendor

# 12 of 10 seats; told on 23 February to remedy it by 9 March; locked on 10 March.
TOLD = Overuse(used=12, agreed=10, told_on=day("02-23"), remedy_by=day("03-09"))
LOCKED = replace(TOLD, locked_on=day("03-10"))


@pytest.mark.clause("Connectavo II 2.5")
@pytest.mark.parametrize(
    ("used", "agreed", "allowed"),
    [
        (0, 10, False),
        (10, 10, False),
        (109, 100, False),
        (110, 100, True),
        (10_999, 10_000, False),
        (11_000, 10_000, True),
        (0, 0, False),
        (1, 0, True),
    ],
)
def test_only_significant_overuse_leads_to_a_lock(used: int, agreed: int, allowed: bool) -> None:  # noqa: FBT001
    overuse = replace(TOLD, used=used, agreed=agreed)
    assert may_lock_overuse(CONNECTAVO, overuse, day("03-10"), FIGURES).allowed is allowed


@pytest.mark.clause("Connectavo II 2.5")
@pytest.mark.parametrize(
    ("told", "remedy_by", "on", "allowed"),
    [
        ("02-23", "03-09", "03-09", False),  # the last day of grace
        ("02-23", "03-09", "03-10", True),
        ("02-23", "03-07", "03-09", False),  # a Saturday: until Monday
        ("02-23", "03-07", "03-10", True),
        ("03-03", "03-09", "03-10", False),  # six days are too short
        ("03-02", "03-09", "03-10", True),
    ],
)
def test_a_lock_needs_a_period_of_grace(told: str, remedy_by: str, on: str, allowed: bool) -> None:  # noqa: FBT001
    overuse = replace(TOLD, told_on=day(told), remedy_by=day(remedy_by))
    assert may_lock_overuse(CONNECTAVO, overuse, day(on), FIGURES).allowed is allowed


@pytest.mark.clause("Connectavo II 2.5")
@pytest.mark.parametrize(
    ("locked", "last"),
    [("03-10", "06-09"), ("11-30", "2027-02-27"), ("12-01", "2027-02-28"), ("2027-11-30", "2028-02-28")],
)
def test_a_lock_lasts_three_months_at_most(locked: str, last: str) -> None:
    overuse, end = replace(TOLD, locked_on=day(locked)), day(last)
    assert may_lock_overuse(CONNECTAVO, overuse, end, FIGURES).allowed
    assert may_lock_overuse(CONNECTAVO, overuse, end, FIGURES).last_day == end
    after = may_lock_overuse(CONNECTAVO, overuse, end.fromordinal(end.toordinal() + 1), FIGURES)
    assert not after.allowed


def test_where_the_terms_name_no_longest_lock_it_lasts() -> None:
    terms = vendor("AGB", overuse_lock=Setting(Lock("overuse"), "2.5"))
    right = may_lock_overuse(terms, LOCKED, day("2029-03-10"), FIGURES)
    assert (right.allowed, right.last_day) == (True, None)
    assert right.why.startswith("Der Zugang darf gesperrt werden (AGB 2.5): 12 statt")


@pytest.mark.clause("Connectavo II 2.7")
@pytest.mark.parametrize(("on", "allowed"), [("04-14", True), ("04-15", False), ("04-16", False)])
def test_the_access_is_restored_when_the_overuse_is_remedied(on: str, allowed: bool) -> None:  # noqa: FBT001
    overuse = replace(LOCKED, remedied_on=day("04-15"))
    assert may_lock_overuse(CONNECTAVO, overuse, day(on), FIGURES).allowed is allowed


@pytest.mark.clause("Connectavo II 2.5")
def test_each_answer_says_why() -> None:
    assert may_lock_overuse(CONNECTAVO, LOCKED, day("03-10"), FIGURES).why == (
        "Der Zugang darf gesperrt werden, höchstens bis zum 09.06.2026 (Connectavo AGB II 2.5): 12 statt vereinbarter "
        "10 genutzt, die Nachfrist bis zum 09.03.2026 ist um."
    )
    assert may_lock_overuse(CONNECTAVO, LOCKED, day("06-10"), FIGURES).why == (
        "Keine Sperre wegen Übernutzung (Connectavo AGB II 2.5): Die längste Dauer der Sperre ist am 09.06.2026 "
        "abgelaufen, der Zugang steht wieder zu."
    )
    unknown = may_lock_overuse(FLUKS, LOCKED, day("03-10"), FIGURES)
    assert (unknown.allowed, unknown.why) == (False, "Diese Bedingungen erlauben keine Sperre wegen Übernutzung.")
