"""When a contract ends, and why."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.contract import (
    ContractError,
    at_once,
    check_partial,
    check_partial_at_once,
    check_termination,
    termination_end,
)
from invoicing.contract.ending import Party, form, length, notice_until
from invoicing.terms import Setting, Terms, shipped
from invoicing.terms.rules import Period
from metering.month import BillingMonth
from tests.invoicing.contract.story import CLOUDETEER, CONNECTAVO, CUNIO, FLUKS, KLUGO, contract, day, history

DAYS = st.dates(date(2020, 1, 1), date(2099, 12, 31))


def end(terms: Terms, package: str, starts_on: str, received_on: str, by: Party = "customer") -> str:
    signed = contract(terms, starts_on, package)
    return termination_end(terms, signed, date.fromisoformat(received_on), by).ends_on.isoformat()


@pytest.mark.clause("fluks 16.1")
@pytest.mark.parametrize(
    ("received_on", "ends_on"),
    [
        ("2026-11-30", "2026-12-31"),
        ("2026-12-01", "2027-01-31"),
        ("2026-12-15", "2027-01-31"),
        ("2026-12-31", "2027-01-31"),
        ("2027-01-01", "2027-02-28"),
        ("2027-01-31", "2027-02-28"),
        ("2028-01-29", "2028-02-29"),
        ("2028-01-31", "2028-02-29"),
        ("2027-02-28", "2027-03-31"),
        ("2028-02-29", "2028-03-31"),
    ],
)
def test_fluks_a_month_to_the_end_of_a_month(received_on: str, ends_on: str) -> None:
    assert end(FLUKS, "basic-2500", "2026-01-01", received_on) == ends_on
    assert end(FLUKS, "basic-2500", "2026-01-01", received_on, "provider") == ends_on


@pytest.mark.clause("fluks 16.1")
@pytest.mark.parametrize(
    ("terms", "received_on", "ends_on", "expected"),
    [  # a notice may name a later day, if a later notice would end the contract then
        (FLUKS, "2026-11-02", "2026-12-31", None),
        (FLUKS, "2026-11-02", "2027-03-31", None),
        (FLUKS, "2026-11-02", "2027-03-30", "ends it on 2026-12-31: leave it out, or name a later end of a month"),
        (FLUKS, "2026-11-02", "2026-11-30", "ends it on 2026-12-31"),
        (KLUGO, "2026-11-02", "2026-11-20", None),
        (KLUGO, "2026-11-02", "2026-11-01", "or name a later day"),
        (CUNIO, "2026-11-02", "2027-12-31", "or name the end of a later term"),
        (CUNIO, "2026-11-02", "2028-09-14", None),
        (CUNIO, "2026-11-02", "2028-09-15", "ends it on 2027-09-14"),
    ],
)
def test_a_notice_may_name_a_later_day(terms: Terms, received_on: str, ends_on: str, expected: str | None) -> None:
    events, received = (
        history(f"2026-09-15 started {next(iter(terms.packages))}", terms),
        date.fromisoformat(received_on),
    )
    if expected:
        with pytest.raises(ContractError, match=expected) as caught:
            check_termination(events, received, terms, ends_on=day(ends_on))
        assert caught.value.field == "ends_on"
        return
    assert check_termination(events, received, terms, ends_on=day(ends_on)).ends_on == day(ends_on)


def test_a_later_end_says_so_beside_the_earliest() -> None:
    signed = contract(FLUKS, "2026-09-15")
    assert termination_end(FLUKS, signed, date(2026, 11, 2), ends_on=date(2027, 3, 31)).why == (
        "Kündigung eingegangen am 02.11.2026, Frist 1 Monat zum Monatsende (fluks AGB 16.1; §§ 187, 188 BGB): "
        "Die Frist läuft am 02.12.2026 ab, frühestes Ende ist der 31.12.2026, gekündigt ist zum 31.03.2027: "
        "der Vertrag endet mit Ablauf des 31.03.2027."
    )


@pytest.mark.clause("Connectavo II 9.2")
def test_a_licence_of_connectavo_is_renewed_by_the_same_term() -> None:
    signed = contract(CONNECTAVO, "2026-10-15", "standard", term_months=6)
    told = termination_end(CONNECTAVO, signed, date(2026, 11, 2))
    assert told.ends_on == date(2027, 4, 30)
    assert "Die Laufzeit beträgt 6 Monate und verlängert sich um dieselbe Laufzeit (Connectavo" in told.why


@pytest.mark.clause("cunio 13.1")
@pytest.mark.parametrize(
    ("months", "received_on", "ends_on", "says"),
    [  # whatever first term was agreed, it is renewed by twelve months
        (24, "2028-07-14", "2028-10-14", "der Vertrag endet mit Ablauf des 14.10.2028."),
        (24, "2028-07-15", "2029-10-14", "Die Laufzeit beträgt 24 Monate und verlängert sich um 12 Monate"),
        (6, "2027-01-14", "2027-04-14", "der Vertrag endet mit Ablauf des 14.04.2027."),
        (6, "2027-01-15", "2028-04-14", "Die Laufzeit beträgt 6 Monate und verlängert sich um 12 Monate"),
        (1, "2026-10-15", "2027-11-14", "Die Laufzeit beträgt 1 Monat und verlängert sich um 12 Monate"),
        (12, "2027-07-15", "2028-10-14", "Die Laufzeit beträgt 12 Monate und verlängert sich um dieselbe Laufzeit"),
    ],
)
def test_a_term_of_cunio_is_renewed_by_twelve_months(months: int, received_on: str, ends_on: str, says: str) -> None:
    signed = contract(CUNIO, "2026-10-15", term_months=months)
    told = termination_end(CUNIO, signed, date.fromisoformat(received_on))
    assert told.ends_on == day(ends_on)
    assert says in told.why


@pytest.mark.clause("Cloudeteer 13(1)")
@pytest.mark.parametrize(
    ("starts_on", "received_on", "ends_on"),
    [
        # three months to the end of a month
        ("2025-01-01", "2026-10-31", "2027-01-31"),
        ("2025-01-01", "2026-11-01", "2027-02-28"),
        ("2025-01-01", "2026-11-30", "2027-02-28"),
        ("2025-01-01", "2026-12-01", "2027-03-31"),
        # not before six months are over, and with a month
        ("2026-09-01", "2026-09-01", "2027-02-28"),
        ("2026-09-01", "2026-11-30", "2027-02-28"),
        ("2026-09-01", "2026-12-01", "2027-03-31"),
        ("2026-09-15", "2026-09-15", "2027-03-31"),
        ("2026-09-15", "2026-12-31", "2027-03-31"),
        ("2026-09-15", "2027-01-01", "2027-04-30"),
    ],
)
def test_cloudeteer_three_months_and_at_least_six(starts_on: str, received_on: str, ends_on: str) -> None:
    assert end(CLOUDETEER, "managed-cloud", starts_on, received_on) == ends_on


@pytest.mark.clause("KLUGO 15.2")
@pytest.mark.parametrize(
    ("by", "received_on", "ends_on"),
    [
        ("customer", "2026-10-31", "2026-10-31"),
        ("provider", "2026-10-31", "2026-11-14"),
        ("provider", "2026-12-20", "2027-01-03"),
    ],
)
def test_klugo_the_user_at_once_the_provider_after_two_weeks(by: Party, received_on: str, ends_on: str) -> None:
    assert end(KLUGO, "user-login", "2026-01-01", received_on, by) == ends_on


@pytest.mark.clause("cunio 13.1")
@pytest.mark.parametrize(
    ("starts_on", "received_on", "ends_on"),
    [
        ("2026-10-15", "2026-10-15", "2027-10-14"),
        ("2026-10-15", "2027-07-13", "2027-10-14"),
        ("2026-10-15", "2027-07-14", "2027-10-14"),
        ("2026-10-15", "2027-07-15", "2028-10-14"),
        ("2026-10-15", "2027-10-14", "2028-10-14"),
        ("2026-10-15", "2027-10-15", "2028-10-14"),
        ("2026-10-15", "2028-07-14", "2028-10-14"),
        ("2026-12-01", "2027-08-30", "2027-11-30"),
        ("2026-12-01", "2027-08-31", "2027-11-30"),
        ("2026-12-01", "2027-09-01", "2028-11-30"),
    ],
)
def test_cunio_three_months_to_the_end_of_the_term(starts_on: str, received_on: str, ends_on: str) -> None:
    assert end(CUNIO, "basis", starts_on, received_on) == ends_on


@pytest.mark.clause("Connectavo II 9.2")
@pytest.mark.parametrize(
    ("starts_on", "received_on", "ends_on"),
    [
        ("2027-04-01", "2027-04-01", "2028-03-31"),
        ("2027-04-01", "2027-12-31", "2028-03-31"),
        ("2027-04-01", "2028-01-01", "2029-03-31"),
        ("2027-04-15", "2028-01-31", "2028-04-30"),
        ("2027-04-15", "2028-02-01", "2029-04-30"),
    ],
)
def test_connectavo_three_months_to_the_month_in_which_the_term_ends(
    starts_on: str, received_on: str, ends_on: str
) -> None:
    assert end(CONNECTAVO, "standard", starts_on, received_on) == ends_on


@pytest.mark.clause("cunio 8.4")
@pytest.mark.parametrize(
    ("trial", "received_on", "ends_on"),
    [
        ("2027-10-05", "2027-10-04", "2027-10-05"),
        ("2027-10-05", "2027-10-05", "2027-10-05"),
        ("2027-10-05", "2027-10-06", "2028-09-14"),
        # the third of October is a holiday, and a Sunday
        ("2027-10-03", "2027-10-04", "2027-10-03"),
        ("2027-10-03", "2027-10-05", "2028-09-14"),
    ],
)
def test_a_trial_is_left_with_its_last_day(trial: str, received_on: str, ends_on: str) -> None:
    signed = contract(CUNIO, "2027-09-15", trial_ends_on=day(trial))
    told = termination_end(CUNIO, signed, date.fromisoformat(received_on))
    assert (told.ends_on.isoformat(), told.cause) == (ends_on, "trial" if ends_on == trial else "notice")
    moved = f"bis {until}" if (until := {"2027-10-03": "04.10.2027"}.get(trial)) else ""
    if ends_on == trial:
        assert (f"({moved}, § 193 BGB)" in told.why) == bool(moved)
        assert ("§ 193" in told.why) == bool(moved)
    by_provider = termination_end(CUNIO, signed, date.fromisoformat(received_on), "provider")
    assert by_provider.ends_on.isoformat() == "2028-09-14"


@pytest.mark.clause("cunio 8.4")
@pytest.mark.parametrize(
    ("ends_on", "expected"),
    [("2027-10-05", "2027-10-05 trial"), ("2028-09-14", "2028-09-14 notice"), ("2029-09-14", "2029-09-14 notice")],
)
def test_who_names_a_later_day_in_a_trial_stays_until_then(ends_on: str, expected: str) -> None:
    signed = contract(CUNIO, "2027-09-15", trial_ends_on=date(2027, 10, 5))
    told = termination_end(CUNIO, signed, date(2027, 9, 20), ends_on=day(ends_on))
    assert f"{told.ends_on} {told.cause}" == expected


@pytest.mark.clause("fluks 16.1")
def test_under_terms_without_a_trial_a_notice_has_its_period() -> None:
    """A contract that began with a trial, and moved to other terms since."""
    signed = contract(FLUKS, "2026-01-01", trial_ends_on=date(2026, 11, 30))
    told = termination_end(FLUKS, signed, date(2026, 11, 20))
    assert (told.ends_on, told.cause) == (date(2026, 12, 31), "notice")


@pytest.mark.clause("fluks 16.1")
def test_who_names_the_earliest_day_is_told_the_same_as_who_names_none() -> None:
    signed, received = contract(FLUKS, "2026-09-15"), date(2026, 11, 2)
    assert termination_end(FLUKS, signed, received, ends_on=date(2026, 12, 31)) == termination_end(
        FLUKS, signed, received
    )


@pytest.mark.clause("fluks 16.1")
@pytest.mark.parametrize(
    ("terms", "package", "received_on", "why"),
    [
        (
            FLUKS,
            "basic-2500",
            "2026-12-15",
            "Kündigung eingegangen am 15.12.2026, Frist 1 Monat zum Monatsende (fluks AGB 16.1; §§ 187, 188 BGB): "
            "Die Frist läuft am 15.01.2027 ab, der Vertrag endet mit Ablauf des 31.01.2027.",
        ),
        (
            CUNIO,
            "basis",
            "2026-12-15",
            "Kündigung eingegangen am 15.12.2026, Frist 3 Monate zum Ende der Laufzeit (cunio AGB 13.1; §§ 187, 188 "
            "BGB): Die Frist läuft am 15.03.2027 ab, der Vertrag endet mit Ablauf des 31.08.2027. "
            "Die Laufzeit beträgt 12 Monate und verlängert sich um dieselbe Laufzeit (cunio AGB 13.1).",
        ),
        (
            CUNIO,
            "basis",
            "2027-05-15",
            "Kündigung eingegangen am 15.05.2027, Frist 3 Monate zum Ende der Laufzeit (cunio AGB 13.1; §§ 187, 188 "
            "BGB): Die Frist läuft am 15.08.2027 ab, der Vertrag endet mit Ablauf des 31.08.2027. "
            "Die Laufzeit beträgt 12 Monate und verlängert sich um dieselbe Laufzeit (cunio AGB 13.1).",
        ),
        (
            CLOUDETEER,
            "managed-cloud",
            "2026-09-02",
            "Kündigung eingegangen am 02.09.2026, Frist 3 Monate zum Monatsende (Cloudeteer AGB 13(1); §§ 187, 188 "
            "BGB): Die Frist läuft am 02.12.2026 ab, der Vertrag endet mit Ablauf des 28.02.2027. "
            "Die Laufzeit beträgt 6 Monate (Cloudeteer AGB 13(1)).",
        ),
        (
            CLOUDETEER,
            "managed-cloud",
            "2026-12-02",
            "Kündigung eingegangen am 02.12.2026, Frist 3 Monate zum Monatsende (Cloudeteer AGB 13(1); §§ 187, 188 "
            "BGB): Die Frist läuft am 02.03.2027 ab, der Vertrag endet mit Ablauf des 31.03.2027.",
        ),
        (
            CUNIO,
            "basis",
            "2027-05-31",
            "Kündigung eingegangen am 31.05.2027, Frist 3 Monate zum Ende der Laufzeit (cunio AGB 13.1; §§ 187, 188 "
            "BGB): Die Frist läuft am 31.08.2027 ab, der Vertrag endet mit Ablauf des 31.08.2027.",
        ),
        (
            KLUGO,
            "user-login",
            "2026-12-15",
            "Kündigung eingegangen am 15.12.2026, ohne Frist (KLUGO AGB 15.2; §§ 187, 188 BGB): "
            "der Vertrag endet mit Ablauf des 15.12.2026.",
        ),
    ],
)
def test_the_end_says_why(terms: Terms, package: str, received_on: str, why: str) -> None:
    signed = contract(terms, "2026-09-01", package)
    assert termination_end(terms, signed, date.fromisoformat(received_on)).why == why


@pytest.mark.clause("fluks 16.3")
def test_each_text_says_in_which_form_a_notice_must_come() -> None:
    assert [form(each) for each in (FLUKS, CLOUDETEER, CUNIO)] == [
        "in Textform (fluks AGB 16.3)",
        "in Schriftform (Cloudeteer AGB 13(4))",
        "in Textform (cunio AGB 13.4)",
    ]


@pytest.mark.parametrize(
    ("period", "text"),
    [
        (Period(months=1), "Frist 1 Monat"),
        (Period(months=3), "Frist 3 Monate"),
        (Period(weeks=1), "Frist 1 Woche"),
        (Period(weeks=2), "Frist 2 Wochen"),
        (Period(days=1), "Frist 1 Tag"),
        (Period(days=10), "Frist 10 Tage"),
        (Period(), "ohne Frist"),
    ],
)
def test_a_period_is_said_in_german(period: Period, text: str) -> None:
    assert length(period) == text


@given(DAYS)
def test_notice_is_never_shorter_than_agreed_and_never_a_month_too_long(received_on: date) -> None:
    ends_on = termination_end(FLUKS, contract(FLUKS, "2019-01-01"), received_on).ends_on
    assert ends_on == BillingMonth.of(ends_on).last_day
    assert BillingMonth.of(ends_on) == BillingMonth.of(received_on).next()
    assert timedelta(28) <= ends_on - received_on <= timedelta(61)


RUNNING = "2026-10-15 started basic-2500 +emails"
ENDING = f"{RUNNING}\n2027-03-31 terminated"
CANCELLED = "2027-06-01 started basic-2500 @2026-11-01\n2026-12-31 terminated @2026-11-20"


@pytest.mark.clause("fluks 16.1")
@pytest.mark.parametrize(
    ("life", "received_on", "ends_on"),
    [
        (RUNNING, "2026-11-15", "2026-12-31"),
        (ENDING, "2027-01-31", "2027-02-28"),
        ("2027-01-15 started basic-2500", "2026-11-15", "2026-12-31"),
        (f"{CANCELLED}\n2027-01-01 started basic-2500 @2026-12-05", "2027-02-10", "2027-03-31"),
        (f"{ENDING}\n2027-04-01 started basic-5000", "2027-02-01", "2027-03-31"),
        (f"{ENDING}\n2027-04-01 started basic-5000", "2027-03-01", "2027-04-30"),
    ],
)
def test_a_termination_ends_a_contract(life: str, received_on: str, ends_on: str) -> None:
    told = check_termination(history(life), date.fromisoformat(received_on), FLUKS)
    assert told.ends_on.isoformat() == ends_on


@pytest.mark.clause("fluks 16.1")
@pytest.mark.parametrize(
    ("terms", "life", "received_on", "says"),
    [
        (FLUKS, "", "2026-11-15", "no contract"),
        (FLUKS, "2027-01-15 started basic-2500\n2026-12-31 terminated", "2026-11-15", "no contract"),
        (FLUKS, ENDING, "2027-02-01", "already ends on 2027-03-31"),
        (FLUKS, ENDING, "2027-03-01", "already ends on 2027-03-31"),
        (FLUKS, ENDING, "2028-01-01", "already ends on 2027-03-31"),
        (CONNECTAVO, "2026-10-15 started start", "2026-11-01", "ends by itself on 2027-01-14 .Connectavo AGB II 9.2"),
    ],
)
def test_a_termination_must_end_something(terms: Terms, life: str, received_on: str, says: str) -> None:
    with pytest.raises(ContractError, match=says) as caught:
        check_termination(history(life, terms), date.fromisoformat(received_on), terms)
    assert caught.value.field == "received_on"


SERVICES = "2025-01-01 started managed-cloud +monitoring +on-call"


@pytest.mark.clause("Cloudeteer 13(1)")
@pytest.mark.parametrize(
    ("terms", "life", "addons", "expected"),
    [
        (CLOUDETEER, SERVICES, ["monitoring"], "2027-01-31 das Zusatzmodul Monitoring endet"),
        (
            CLOUDETEER,
            SERVICES,
            ["on-call", "monitoring"],
            "2027-01-31 das Zusatzmodul Monitoring und das Zusatzmodul Rufbereitschaft enden",
        ),
        (CLOUDETEER, SERVICES, ["backup"], "addons: not booked: backup"),
        (CLOUDETEER, SERVICES, ["patching", "backup"], "addons: not booked: backup, patching"),
        (
            CLOUDETEER,
            "2025-01-01 started managed-cloud\n2027-02-01 changed +on-call +monitoring",
            ["on-call", "monitoring"],
            "addons: monitoring, on-call will be booked only after",
        ),
        (CLOUDETEER, f"{SERVICES}\n2026-11-01 changed -monitoring", ["monitoring"], "addons: not booked: monitoring"),
        (
            CLOUDETEER,
            "2025-01-01 started managed-cloud\n2027-01-31 changed +on-call",
            ["on-call"],
            "2027-01-31 das Zusatz",
        ),
        (
            CLOUDETEER,
            "2025-01-01 started managed-cloud\n2027-02-01 changed +on-call",
            ["on-call"],
            "addons: on-call will be booked only after 2027-01-31: end it later",
        ),
        (CLOUDETEER, f"{SERVICES}\n2027-01-31 terminated", ["monitoring"], "received_on: the contract already ends"),
        (CUNIO, "2026-01-01 started basis +craftsmen", ["craftsmen"], "addons: .* no partial termination"),
    ],
)
def test_single_services_can_be_ended_where_the_terms_say_so(
    terms: Terms, life: str, addons: list[str], expected: str
) -> None:
    if expected[0] == "2":
        told = check_partial(history(life, terms), date(2026, 10, 31), addons, terms)
        assert f"{told.ends_on} {expected[11:]}" == expected
        assert expected[11:] in told.why
        return
    field, _, says = expected.partition(": ")
    with pytest.raises(ContractError, match=says) as caught:
        check_partial(history(life, terms), date(2026, 10, 31), addons, terms)
    assert caught.value.field == field


@pytest.mark.clause("Cloudeteer 13(1)")
@pytest.mark.parametrize(("addons", "ends_on"), [([], "2026-09-30"), (["monitoring"], "2027-02-28")])
def test_a_single_service_ends_by_notice_also_in_a_trial(addons: list[str], ends_on: str) -> None:
    rules = replace(CLOUDETEER.rules, trial=Setting(value=True, clause="13(1)"))
    signed = contract(CLOUDETEER, "2026-09-01", "managed-cloud", trial_ends_on=date(2026, 9, 30))
    told = termination_end(replace(CLOUDETEER, rules=rules), signed, date(2026, 9, 15), addons=addons)
    assert told.ends_on == day(ends_on)


def test_an_add_on_that_the_terms_do_not_have_is_no_reason_to_fail() -> None:
    signed = contract(CLOUDETEER, "2025-01-01", "managed-cloud")
    assert "der Vertrag endet" in termination_end(CLOUDETEER, signed, date(2026, 10, 31), addons=["fax"]).why


@pytest.mark.clause("cunio 13.1")
@pytest.mark.parametrize(
    ("received_on", "ends_on"),
    [("2027-09-30", "2027-12-31"), ("2027-10-01", "2028-12-31"), ("2026-10-15", "2027-12-31")],
)
def test_a_notice_ends_a_contract_with_its_agreed_last_day(received_on: str, ends_on: str) -> None:
    signed = contract(CUNIO, "2026-10-15", term_ends_on=date(2027, 12, 31))
    told = termination_end(CUNIO, signed, date.fromisoformat(received_on))
    assert told.ends_on == day(ends_on)
    assert (
        "Die Laufzeit ist bis zum 31.12.2027 vereinbart und verlängert sich um 12 Monate (cunio AGB 13.1)." in told.why
    )


UNSAID = replace(FLUKS, rules=replace(FLUKS.rules, important_reason=None))


@pytest.mark.clause("Cloudeteer 13(2)")
@pytest.mark.parametrize(
    ("terms", "life", "addons", "ends_on", "expected"),
    [
        (CLOUDETEER, SERVICES, ["monitoring"], None, "2026-10-31 Das Zusatzmodul Monitoring endet mit Ablauf"),
        (CLOUDETEER, SERVICES, ["monitoring"], "2026-11-30", "2026-11-30 Das Zusatzmodul Monitoring endet mit Ablauf"),
        (CLOUDETEER, SERVICES, ["on-call", "monitoring"], None, "2026-10-31 Rufbereitschaft enden mit Ablauf"),
        (CLOUDETEER, SERVICES, ["monitoring"], "2026-10-30", "ends_on: must not be before"),
        (CLOUDETEER, SERVICES, ["backup"], None, "addons: not booked: backup"),
        (
            CLOUDETEER,
            "2025-01-01 started managed-cloud\n2026-11-01 changed +on-call",
            ["on-call"],
            None,
            "addons: on-call will be booked only after 2026-10-31",
        ),
        (CLOUDETEER, f"{SERVICES}\n2026-10-31 terminated", ["monitoring"], None, "received_on: already ends"),
        (CUNIO, "2026-01-01 started basis +craftsmen", ["craftsmen"], None, "addons: end only as a whole"),
        (UNSAID, "2026-01-01 started basic-2500 +forms", ["forms"], None, "addons: end only as a whole"),
    ],
)
def test_an_important_reason_ends_single_services_where_the_terms_say_so(
    terms: Terms, life: str, addons: list[str], ends_on: str | None, expected: str
) -> None:
    events, received = history(life, terms), date(2026, 10, 31)
    if expected[0] == "2":
        told = check_partial_at_once(events, received, addons, terms, day(ends_on), "Ausfall seit Wochen")
        assert (told.ends_on, told.cause) == (day(expected[:10]), "important_reason")
        assert expected[11:] in told.why
        assert "Cloudeteer AGB 13(2)" in told.why
        return
    field, _, says = expected.partition(": ")
    with pytest.raises(ContractError, match=says) as caught:
        check_partial_at_once(events, received, addons, terms, day(ends_on), "Ausfall seit Wochen")
    assert caught.value.field == field


@pytest.mark.clause("fluks 16.2")
@pytest.mark.parametrize(
    ("terms", "ends_on", "cause", "expected"),
    [
        (FLUKS, None, "important_reason", "2026-11-02 aus wichtigem Grund (fluks AGB 16.2; § 314 BGB)"),
        (FLUKS, "2026-11-02", "important_reason", "2026-11-02 (fluks AGB 16.2; § 314 BGB)"),
        (CLOUDETEER, None, "important_reason", "2026-11-02 (Cloudeteer AGB 13(2); § 314 BGB)"),
        (KLUGO, None, "important_reason", "2026-11-02 (KLUGO AGB 15.3; § 314 BGB)"),
        (CUNIO, None, "important_reason", "2026-11-02 (cunio AGB 13.2; § 314 BGB)"),
        (CONNECTAVO, None, "important_reason", "2026-11-02 (Connectavo AGB II 9.3; § 314 BGB)"),
        (UNSAID, None, "important_reason", "2026-11-02 aus wichtigem Grund (§ 314 BGB)"),
        (FLUKS, "2026-11-30", "important_reason", "2026-11-30 (fluks AGB 16.2; § 314 BGB)"),
        (FLUKS, "2026-11-01", "important_reason", "ends_on: must not be before"),
        (FLUKS, None, "default", "2026-11-02 fluks AGB 16.2"),
        (KLUGO, None, "default", "cause: .* no right to end a contract for default"),
        (CLOUDETEER, None, "default", "2026-11-02 Cloudeteer AGB 6(6)"),
        (CUNIO, None, "default", "2026-11-02 cunio AGB 8.4"),
    ],
)
def test_a_contract_can_be_ended_for_a_cause(terms: Terms, ends_on: str | None, cause: str, expected: str) -> None:
    received_on = date(2026, 11, 2)
    if expected[0] == "2":
        told = at_once(terms, received_on, day(ends_on), cause, "Zahlungen eingestellt")  # type: ignore[arg-type]
        assert f"{told.ends_on} {expected[11:]}" == expected
        assert expected[11:] in told.why
        assert "Zahlungen eingestellt" in told.why
        assert told.cause == cause
        assert ("wegen Zahlungsverzugs" in told.why, "aus wichtigem Grund" in told.why) == (
            cause == "default",
            cause != "default",
        )
        return
    field, _, says = expected.partition(": ")
    with pytest.raises(ContractError, match=says) as caught:
        at_once(terms, received_on, day(ends_on), cause, "Zahlungen eingestellt")  # type: ignore[arg-type]
    assert caught.value.field == field


@pytest.mark.parametrize("terms", shipped().values(), ids=lambda each: each.id)
def test_without_a_reason_nobody_ends_a_contract_at_once(terms: Terms) -> None:
    with pytest.raises(ContractError, match="say the reason"):
        at_once(terms, date(2026, 11, 2), None, "important_reason", "  ")


@pytest.mark.parametrize(
    ("terms", "package", "on", "expected"),
    [
        (CUNIO, "basis", "2026-11-01", "2027-10-14 until 2027-07-14"),
        (CUNIO, "basis", "2027-10-15", "2028-10-14 until 2028-07-14"),
        (CONNECTAVO, "standard", "2026-11-01", "2027-10-31 until 2027-07-31"),
        (CLOUDETEER, "managed-cloud", "2026-11-01", "2027-04-30 until 2027-01-31"),
        (CLOUDETEER, "managed-cloud", "2027-05-01", "-"),
        (CONNECTAVO, "start", "2026-11-01", "-"),
        (FLUKS, "basic-2500", "2026-11-01", "-"),
    ],
)
def test_until_when_the_running_term_can_be_ended(terms: Terms, package: str, on: str, expected: str) -> None:
    found = notice_until(terms, contract(terms, "2026-10-15", package), date.fromisoformat(on))
    assert (f"{found[0]} until {found[1]}" if found else "-") == expected
