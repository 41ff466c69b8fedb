"""What a history of a contract makes of it on a day, and what was known of it at an instant."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.contract import Contract, ContractEvent, in_month, lives, state_on
from metering.month import BillingMonth
from tests.invoicing.contract.story import CONNECTAVO, CUNIO, history


def shown(contract: Contract | None) -> str:
    return " ".join([contract.package, *sorted(contract.addons)]) if contract else "-"


LIFE = history("""
    2026-10-15 started    basic-2500 +emails
    2026-12-01 changed    standard-10000
    2026-12-01 changed    +forms -emails
    2027-02-01 changed    -forms
    2027-03-31 terminated
    2027-06-01 started    schnupperpaket
""")


@pytest.mark.parametrize(
    ("day", "state"),
    [
        ("2026-10-14", "-"),
        ("2026-10-15", "basic-2500 emails"),
        ("2026-11-30", "basic-2500 emails"),
        ("2026-12-01", "standard-10000 forms"),
        ("2027-01-31", "standard-10000 forms"),
        ("2027-02-01", "standard-10000"),
        ("2027-03-31", "standard-10000"),
        ("2027-04-01", "-"),
        ("2027-05-31", "-"),
        ("2027-06-01", "schnupperpaket"),
        ("2099-01-01", "schnupperpaket"),
    ],
)
def test_what_was_agreed_on_a_day(day: str, state: str) -> None:
    assert shown(state_on(LIFE, date.fromisoformat(day))) == state


@pytest.mark.clause("Connectavo I 2.4")
@pytest.mark.parametrize(
    ("day", "prepaid"),
    [("2027-04-30", False), ("2027-05-01", True), ("2027-10-31", True), ("2027-11-01", False)],
)
def test_base_prices_are_paid_in_advance_only_while_that_is_asked(day: str, prepaid: bool) -> None:  # noqa: FBT001
    life = "2026-10-15 started standard\n2027-05-01 prepayment_asked\n2027-11-01 prepayment_lifted"
    state = state_on(history(life, CONNECTAVO), date.fromisoformat(day))
    assert state is not None
    assert state.prepaid is prepaid


def test_the_end_is_known_before_it_comes() -> None:
    contract = state_on(LIFE, date(2026, 11, 1))
    assert contract == Contract(
        "fluks-2023-03", "basic-2500", frozenset({"emails"}), date(2026, 10, 15), date(2027, 3, 31)
    )


@pytest.mark.clause("fluks 13.1")
@pytest.mark.parametrize(
    ("month", "state"),
    [
        ("2026-09", "-"),
        ("2026-10", "basic-2500 emails"),
        ("2026-11", "basic-2500 emails"),
        ("2026-12", "standard-10000 forms"),
        ("2027-02", "standard-10000"),
        ("2027-03", "standard-10000"),
        ("2027-04", "-"),
        ("2027-05", "-"),
        ("2027-06", "schnupperpaket"),
    ],
)
def test_the_state_a_month_is_billed_by(month: str, state: str) -> None:
    assert shown(in_month(LIFE, BillingMonth.parse(month))) == state


@pytest.mark.parametrize(
    ("known_at", "state"),
    [
        ("2026-09-30", "-"),
        ("2026-10-02", "basic-2500"),
        ("2026-11-21", "basic-2500 forms"),
        ("2027-01-06", "-"),
    ],
)
def test_what_was_true_on_a_day_as_known_at_an_instant(known_at: str, state: str) -> None:
    events = history("""
        2026-10-01 started    basic-2500 @2026-10-01
        2026-12-01 changed    +forms     @2026-11-20
        2026-12-31 terminated            @2027-01-05
    """)
    instant = datetime.fromisoformat(known_at).replace(tzinfo=UTC)
    assert shown(state_on(events, date(2027, 1, 1), instant)) == state


def test_what_is_recorded_at_an_instant_is_known_at_it() -> None:
    (start,) = history("2026-10-01 started basic-2500 @2026-10-01")
    noon = datetime(2026, 10, 1, 12, tzinfo=UTC)
    assert state_on([start], date(2026, 10, 1), noon) is not None
    assert state_on([start], date(2026, 10, 1), noon - timedelta(microseconds=1)) is None


TWO = """
    2026-01-15 started    start
    2026-04-14 terminated
    2026-04-15 started    standard
    2026-07-14 terminated
    2026-07-15 started    professional
"""


@pytest.mark.clause("Connectavo II 9.2")
@pytest.mark.parametrize(
    ("changed_on", "states"),
    [
        ("2026-01-14", ["start", "standard", "professional api"]),  # before all of them: as the newest
        ("2026-01-15", ["start api", "standard", "professional"]),
        ("2026-04-14", ["start api", "standard", "professional"]),
        ("2026-04-15", ["start", "standard api", "professional"]),
        ("2026-07-14", ["start", "standard api", "professional"]),
        ("2026-07-15", ["start", "standard", "professional api"]),
    ],
)
def test_a_change_belongs_to_the_contract_that_runs_on_its_day(changed_on: str, states: list[str]) -> None:
    events = history(f"{TWO.strip()}\n{changed_on} changed +api", CONNECTAVO)
    days = [date(2026, 4, 14), date(2026, 7, 14), date(2026, 7, 15)]
    assert [shown(state_on(events, day)) for day in days] == states


def test_a_history_that_does_not_begin_with_a_contract_has_none() -> None:
    assert lives(history("2026-10-01 changed +forms\n2026-12-31 terminated")) == []


def test_a_start_without_terms_or_package_is_an_error() -> None:
    (start,) = history("2026-10-01 started basic-2500")
    for each in (replace(start, terms=None), replace(start, package=None)):
        with pytest.raises(ValueError, match="the contract started on 2026-10-01 names no terms or package"):
            lives([each])


def test_of_two_terminations_the_earlier_end_holds() -> None:
    events = history("2026-01-01 started basic-2500\n2026-03-31 terminated\n2026-04-30 terminated")
    assert shown(state_on(events, date(2026, 3, 31))) == "basic-2500"
    assert state_on(events, date(2026, 4, 1)) is None


def test_ended_before_its_first_day_it_is_never_billed() -> None:
    events = history("2027-01-15 started basic-2500 @2026-11-01\n2026-12-31 terminated @2026-11-03")
    assert [in_month(events, BillingMonth.parse(each)) for each in ("2026-12", "2027-01", "2027-02")] == [None] * 3


WAIVED = """
    2026-10-15 started      basis
    2027-11-01 price_raised packages.basis=160.00
    2027-10-31 terminated   cause:price_rise
    2028-01-01 started      basis
    2029-01-01 price_raised packages.basis=160.00
    2028-12-31 terminated   cause:price_rise
    2029-01-01 price_waived
"""


@pytest.mark.clause("cunio 8.8")
@pytest.mark.parametrize(
    ("day", "state"), [("2027-10-31", "basis"), ("2027-11-01", "-"), ("2028-12-31", "basis"), ("2029-01-01", "basis")]
)
def test_a_waiver_takes_nothing_back_of_an_earlier_contract(day: str, state: str) -> None:
    found = state_on(history(WAIVED, CUNIO), date.fromisoformat(day))
    assert shown(found) == state
    assert not found or found.prices == {}


@pytest.mark.clause("cunio 8.8")
def test_of_two_rises_of_one_day_the_newest_is_taken_back() -> None:
    first, second = (f"2027-11-01 price_raised packages.basis={price}.00" for price in (155, 160))
    found = state_on(
        history(f"2026-10-15 started basis\n{first}\n{second}\n2027-11-01 price_waived", CUNIO), date(2027, 11, 1)
    )
    assert found is not None
    assert found.prices == {"packages.basis": Decimal(155)}


@pytest.mark.clause("cunio 8.8")
@pytest.mark.parametrize(
    ("later", "expected"),
    [
        ("2027-12-01 changed plus", ("plus", {})),
        ("2028-11-01 changed plus", ("plus", {})),
        ("2028-11-01 price_raised packages.basis=170.00", ("basis", {})),
        # announced later for an earlier day it is not on top of the one that is waived
        ("2027-10-01 price_raised packages.basis=155.00", ("basis", {"packages.basis": Decimal(155)})),
    ],
)
def test_only_rises_fall_with_the_one_below_them(later: str, expected: tuple[str, dict[str, Decimal]]) -> None:
    raised = "2026-10-15 started basis\n2027-11-01 price_raised packages.basis=160.00"
    found = state_on(history(f"{raised}\n{later}\n2027-11-01 price_waived", CUNIO), date(2028, 11, 1))
    assert found is not None
    assert (found.package, found.prices) == expected


@pytest.mark.clause("cunio 13.1")
def test_what_is_agreed_of_the_term_is_known_from_the_first_day() -> None:
    found = state_on(history("2026-10-15 started basis until:2027-12-31", CUNIO), date(2026, 10, 15))
    assert found is not None
    assert (found.term_months, found.term_ends_on) == (None, date(2027, 12, 31))
    found = state_on(history("2026-10-15 started basis months:24", CUNIO), date(2026, 10, 15))
    assert found is not None
    assert (found.term_months, found.term_ends_on) == (24, None)


@pytest.mark.parametrize("kind", ["terms_objected", "price_waived"])
def test_where_nothing_was_announced_nothing_is_taken_back(kind: str) -> None:
    events = history(f"2026-10-15 started basic-2500\n2026-12-31 terminated cause:price_rise\n2026-12-01 {kind}")
    assert state_on(events, date(2027, 1, 1)) is None


def test_without_history_there_is_no_contract() -> None:
    assert state_on((), date(2026, 1, 1)) is None
    assert in_month((), BillingMonth(2026, 1)) is None


CHANGES = st.lists(
    st.tuples(st.integers(1, 24), st.sampled_from(["basic-2500", "basic-5000", "standard-10000"])), max_size=6
)


@given(CHANGES, st.integers(0, 30))
def test_every_day_of_a_month_after_the_first_has_the_state_it_is_billed_by(
    changes: list[tuple[int, str]], days: int
) -> None:
    starts_on = date(2026, 1, 1) + timedelta(days)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    events = [ContractEvent("started", starts_on, now, terms="t", package="schnupperpaket")]
    for months, package in changes:
        day = date(2026 + months // 12, months % 12 + 1, 1)
        events.append(ContractEvent("changed", day, now, package=package))
    month = BillingMonth(2026, 1)
    for _ in range(26):
        billed = in_month(events, month)
        assert {state_on(events, day) for day in month.days() if day >= starts_on} == {billed}
        month = month.next()
