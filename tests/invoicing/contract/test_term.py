"""How long a contract binds, and until when it can be ended to a day."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.contract import fixed_end, term_on
from invoicing.contract.term import latest_notice, runs_out
from invoicing.terms import Setting, Terms
from invoicing.terms.rules import Notice, Period, Renewal
from invoicing.terms.rules import Term as TermRule
from tests.invoicing.contract.story import CLOUDETEER, CONNECTAVO, CUNIO, FLUKS, KLUGO, contract

A_DAY = timedelta(days=1)


@pytest.mark.clause("cunio 13.1")
@pytest.mark.clause("Cloudeteer 13(1)")
@pytest.mark.clause("Connectavo II 9.2")
@pytest.mark.parametrize(
    ("terms", "package", "starts_on", "on", "expected"),
    [
        # twelve months, and twelve again
        (CUNIO, "basis", "2026-10-15", "2026-10-15", "2026-10-15 2027-10-14"),
        (CUNIO, "basis", "2026-10-15", "2027-10-14", "2026-10-15 2027-10-14"),
        (CUNIO, "basis", "2026-10-15", "2027-10-15", "2027-10-15 2028-10-14"),
        (CUNIO, "basis", "2026-10-15", "2029-01-01", "2028-10-15 2029-10-14"),
        (CUNIO, "basis", "2026-11-01", "2027-10-31", "2026-11-01 2027-10-31"),
        (CUNIO, "basis", "2026-03-01", "2027-03-01", "2027-03-01 2028-02-29"),
        # begun on a leap day: until the 28th, and in a leap year until the day before
        (CUNIO, "basis", "2028-02-29", "2029-02-28", "2028-02-29 2029-02-28"),
        (CUNIO, "basis", "2028-02-29", "2029-03-01", "2029-03-01 2030-02-28"),
        (CUNIO, "basis", "2028-02-29", "2032-02-28", "2031-03-01 2032-02-28"),
        (CUNIO, "basis", "2028-02-29", "2032-02-29", "2032-02-29 2033-02-28"),
        # six months, then open-ended; what the last month has no day for ends with it
        (CLOUDETEER, "managed-cloud", "2026-09-01", "2027-02-28", "2026-09-01 2027-02-28"),
        (CLOUDETEER, "managed-cloud", "2026-09-01", "2027-03-01", "-"),
        (CLOUDETEER, "managed-cloud", "2026-08-31", "2027-02-28", "2026-08-31 2027-02-28"),
        (CLOUDETEER, "managed-cloud", "2026-08-30", "2027-02-28", "2026-08-30 2027-02-28"),
        (CLOUDETEER, "managed-cloud", "2026-08-29", "2027-02-28", "2026-08-29 2027-02-28"),
        (CLOUDETEER, "managed-cloud", "2026-08-28", "2027-02-28", "-"),
        (CLOUDETEER, "managed-cloud", "2027-08-31", "2028-02-29", "2027-08-31 2028-02-29"),
        # the package's own term
        (CONNECTAVO, "start", "2026-12-15", "2027-03-14", "2026-12-15 2027-03-14"),
        (CONNECTAVO, "start", "2026-12-15", "2027-03-15", "-"),
        (CONNECTAVO, "standard", "2027-04-01", "2028-04-01", "2028-04-01 2029-03-31"),
        # a package that newer terms have no more: the term of the terms
        (CUNIO, "gold", "2026-10-15", "2026-10-15", "2026-10-15 2027-10-14"),
        (CONNECTAVO, "gold", "2026-10-15", "2026-10-15", "-"),
        # no term at all
        (FLUKS, "basic-2500", "2026-10-15", "2026-10-15", "-"),
        (KLUGO, "user-login", "2026-10-15", "2026-10-15", "-"),
    ],
)
def test_the_term_in_which_a_day_lies(terms: Terms, package: str, starts_on: str, on: str, expected: str) -> None:
    term = term_on(terms, contract(terms, starts_on, package), date.fromisoformat(on))
    assert (f"{term.first} {term.last}" if term else "-") == expected


@pytest.mark.clause("Connectavo II 9.1")
@pytest.mark.parametrize(
    ("months", "last"), [(None, "2027-10-14"), (1, "2026-11-14"), (24, "2028-10-14"), (12, "2027-10-14")]
)
def test_a_term_may_be_agreed(months: int | None, last: str) -> None:
    signed = contract(CUNIO, "2026-10-15", term_months=months)
    term = term_on(CUNIO, signed, signed.starts_on)
    assert term is not None
    assert (term.last.isoformat(), term.clause) == (last, "cunio AGB 13.1")


@pytest.mark.clause("cunio 13.1")
@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("2026-10-15", "2026-10-15 2027-12-31"),
        ("2027-12-31", "2026-10-15 2027-12-31"),
        ("2028-01-01", "2028-01-01 2028-12-31"),
        ("2028-12-31", "2028-01-01 2028-12-31"),
        ("2029-01-01", "2029-01-01 2029-12-31"),
    ],
)
def test_a_last_day_may_be_agreed_and_renewals_follow_it(on: str, expected: str) -> None:
    signed = contract(CUNIO, "2026-10-15", term_ends_on=date(2027, 12, 31))
    term = term_on(CUNIO, signed, date.fromisoformat(on))
    assert term is not None
    assert f"{term.first} {term.last}" == expected


@pytest.mark.clause("Cloudeteer 13(1)")
def test_after_an_agreed_last_day_a_contract_is_open_ended_or_over() -> None:
    signed = contract(CLOUDETEER, "2026-10-15", term_ends_on=date(2027, 1, 20))
    assert [term_on(CLOUDETEER, signed, day) is None for day in (date(2027, 1, 20), date(2027, 1, 21))] == [False, True]
    start = contract(CONNECTAVO, "2026-10-15", "start", term_ends_on=date(2027, 1, 20))
    assert fixed_end(CONNECTAVO, start) == date(2027, 1, 20)


@pytest.mark.clause("Cloudeteer 13(1)")
@pytest.mark.parametrize("renewal", ["open_ended", "same_term"])
def test_an_agreed_last_day_binds_where_the_terms_name_no_months(renewal: Renewal) -> None:
    rules = replace(CLOUDETEER.rules, term=Setting(TermRule(0, renewal), "13(1)"))
    terms = replace(CLOUDETEER, rules=rules)
    signed = contract(terms, "2026-10-15", term_ends_on=date(2027, 1, 20))
    term = term_on(terms, signed, signed.starts_on)
    assert term is not None
    assert (term.first, term.last) == (date(2026, 10, 15), date(2027, 1, 20))
    assert term_on(terms, signed, date(2027, 1, 21)) is None


@pytest.mark.clause("Connectavo II 9.2")
def test_an_agreed_last_day_ends_what_ends_by_itself_whatever_its_months() -> None:
    for months in (None, 0, 6):
        signed = contract(CONNECTAVO, "2026-10-15", "start", term_months=months, term_ends_on=date(2027, 1, 20))
        assert fixed_end(CONNECTAVO, signed) == date(2027, 1, 20)


def test_a_term_of_no_months_binds_nobody() -> None:
    for terms, package in ((CUNIO, "basis"), (CONNECTAVO, "start"), (CLOUDETEER, "managed-cloud")):
        signed = contract(terms, "2026-10-15", package, term_months=0)
        assert term_on(terms, signed, signed.starts_on - A_DAY) is None
        assert term_on(terms, signed, signed.starts_on) is None
        assert fixed_end(terms, signed) is None


@pytest.mark.clause("Connectavo II 9.2")
@pytest.mark.parametrize(
    ("terms", "package", "ends_on"),
    [
        (CONNECTAVO, "start", date(2027, 1, 14)),
        (CONNECTAVO, "standard", None),
        (CUNIO, "basis", None),
        (CLOUDETEER, "managed-cloud", None),
        (FLUKS, "basic-2500", None),
    ],
)
def test_only_a_start_package_ends_by_itself(terms: Terms, package: str, ends_on: date | None) -> None:
    assert fixed_end(terms, contract(terms, "2026-10-15", package)) == ends_on


@pytest.mark.parametrize(
    ("period", "received_on", "expected"),
    [
        (Period(months=1), "2026-12-15", "2027-01-15"),
        (Period(months=1), "2027-01-31", "2027-02-28"),
        (Period(months=1), "2028-01-31", "2028-02-29"),
        (Period(months=1), "2027-02-28", "2027-03-28"),
        (Period(weeks=6), "2026-11-02", "2026-12-14"),
        (Period(days=14), "2026-12-20", "2027-01-03"),
        (Period(), "2026-12-20", "2026-12-20"),
    ],
)
def test_a_period_begins_the_day_after_receipt(period: Period, received_on: str, expected: str) -> None:
    assert runs_out(period, date.fromisoformat(received_on)).isoformat() == expected


@pytest.mark.parametrize(
    ("notice", "ends_on", "latest"),
    [
        (Notice(months=3, to="term_end"), "2027-10-14", "2027-07-14"),
        (Notice(months=3, to="month_end"), "2027-02-28", "2026-11-30"),
        (Notice(months=3, to="month_end"), "2027-05-31", "2027-02-28"),
        (Notice(months=1, to="month_end"), "2027-02-28", "2027-01-31"),
        (Notice(months=1, to="month_end"), "2027-01-31", "2026-12-31"),
        (Notice(weeks=2), "2026-11-14", "2026-10-31"),
        (Notice(), "2026-11-14", "2026-11-14"),
    ],
)
def test_until_when_a_notice_may_come(notice: Notice, ends_on: str, latest: str) -> None:
    assert latest_notice(notice, date.fromisoformat(ends_on)).isoformat() == latest


DAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))


@given(DAYS, st.integers(1, 60), st.integers(0, 5000))
def test_terms_follow_each_other_without_a_gap(starts_on: date, months: int, later: int) -> None:
    signed = contract(CUNIO, starts_on.isoformat(), term_months=months)
    term = term_on(CUNIO, signed, starts_on + timedelta(days=later))
    assert term is not None
    assert term.first <= starts_on + timedelta(days=later) <= term.last
    following = term_on(CUNIO, signed, term.last + A_DAY)
    assert following is not None
    assert following.first == term.last + A_DAY
    length = months if term.first == starts_on else 12
    assert timedelta(28 * length - 1) <= term.last - term.first <= timedelta(31 * length)


@given(DAYS, st.sampled_from([Notice(months=1), Notice(months=3), Notice(weeks=2), Notice(days=10), Notice()]))
def test_the_latest_notice_is_in_time_and_the_next_day_is_not(ends_on: date, notice: Notice) -> None:
    latest = latest_notice(notice, ends_on)
    assert runs_out(notice, latest) <= ends_on < runs_out(notice, latest + A_DAY)
