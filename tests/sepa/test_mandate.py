"""A mandate's life: from its signature to its lapse, and the debit it gives."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from sepa import mandate as mandates
from sepa.calendar import is_target_day
from sepa.mandate import AgreedNotice, DebitPolicy, Mandate, debits, lapses_on, plan, unusable
from tests.sepa.office import OTHER_IBAN, Office

MANDATE = Mandate(
    id=1,
    customer="k-1",
    reference="M-1",
    scheme="CORE",
    signed_on=date(2023, 9, 30),
    masked_iban="DE89 **** **** **** **30 00",
    account_holder="Kunde GmbH",
    notice_days=None,
    last_due_on=None,
)
POLICY = DebitPolicy("DE98ZZZ09999999999", notice_days=14, lead_days=1, horizon_days=14)
FLUKS = AgreedNotice(5, "fluks AGB 13.3")

# signed, last presented due date, debit due → why not
USABLE = """
2023-09-30 -          2026-09-29  -                     the day before 36 months have passed
2023-09-30 -          2026-09-30  erloschen             36 months after the signature
2023-09-30 -          2026-10-01  erloschen             a day later
2023-09-30 2023-11-06 2026-09-30  -                     presented since: counted from the due date
2023-09-30 2023-11-06 2026-11-05  -                     the day before
2023-09-30 2023-11-06 2026-11-06  erloschen             the day
2023-09-30 2023-11-06 2026-11-07  erloschen             the day after
2023-09-30 2026-10-05 2029-10-04  -                     every collection gives it 36 months more
2023-09-30 2026-10-05 2029-10-05  erloschen             and no more
2024-02-29 -          2027-02-26  -                     signed on a leap day
2024-02-29 -          2027-02-28  erloschen             the last of February stands for it
2026-11-09 -          2026-11-09  -                     signed on the due date itself
2026-11-10 -          2026-11-09  erst am 10.11.2026    signed a day too late
2026-11-08 -          2026-11-09  -                     signed the day before
"""


@pytest.mark.clause("EPC016-06 4.1")
@pytest.mark.parametrize("row", USABLE.strip().splitlines())
def test_usable_until_36_months_without_a_collection(row: str) -> None:
    signed, last, due, rest = row.split(maxsplit=3)
    wanted, why = rest.split("  ", 1)
    presented = None if last == "-" else date.fromisoformat(last)
    mandate = replace(MANDATE, signed_on=date.fromisoformat(signed), last_due_on=presented)
    reason = unusable(mandate, date.fromisoformat(due), date.fromisoformat(due))
    assert (reason is None) if wanted == "-" else wanted in (reason or ""), why


@pytest.mark.clause("EPC016-06 4.7.2")
@pytest.mark.parametrize(("signed", "usable"), [(3, True), (4, True), (5, False), (9, False), (10, False)])
def test_nothing_is_announced_before_it_is_signed(signed: int, *, usable: bool) -> None:
    mandate = replace(MANDATE, signed_on=date(2026, 11, signed))
    assert (unusable(mandate, date(2026, 11, 9), date(2026, 11, 4)) is None) is usable


def test_no_mandate_says_what_to_do() -> None:
    assert unusable(None, date(2026, 11, 9), date(2026, 11, 4)) == "Es liegt kein SEPA-Mandat vor. Ein Mandat einholen."


@pytest.mark.clause("EPC016-06 4.1")
@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.none() | st.dates(date(2020, 1, 1), date(2040, 1, 1)))
def test_a_lapse_is_final_and_a_day_before_it_nothing_is_wrong(signed: date, last: date | None) -> None:
    mandate = replace(MANDATE, signed_on=signed, last_due_on=max(signed, last) if last else None)
    lapse = lapses_on(mandate)
    assert lapse == (mandate.last_due_on or signed) + relativedelta(months=36)
    assert unusable(mandate, lapse - timedelta(days=1), signed) is None
    assert unusable(mandate, lapse, signed)
    assert unusable(mandate, lapse + timedelta(days=1), signed)


# on the mandate, in the terms → days, cited clause, due when announced on Wed 2026-11-04
NOTICE = [
    (None, None, 14, "", "2026-11-18", "none agreed: the scheme's fourteen"),
    (None, FLUKS, 5, "fluks AGB 13.3", "2026-11-09", "from the terms"),
    (5, FLUKS, 5, "fluks AGB 13.3", "2026-11-09", "the mandate says the same"),
    (4, FLUKS, 4, "", "2026-11-09", "one below on the mandate: no clause, Sunday moved"),
    (6, FLUKS, 6, "", "2026-11-10", "one above on the mandate"),
    (0, FLUKS, 0, "", "2026-11-05", "zero on the mandate is agreed; the bank's day stays"),
    (5, None, 5, "", "2026-11-09", "on the mandate alone"),
    (14, FLUKS, 14, "", "2026-11-18", "the mandate goes before the terms"),
]


@pytest.mark.clause("fluks 13.3")
@pytest.mark.parametrize(("on_mandate", "in_terms", "days", "clause", "due", "why"), NOTICE)
def test_the_notice_is_the_mandates_else_the_terms_else_the_schemes(
    on_mandate: int | None, in_terms: AgreedNotice | None, days: int, clause: str, due: str, why: str
) -> None:
    debit = plan(replace(MANDATE, notice_days=on_mandate), date(2026, 11, 4), in_terms, POLICY)
    assert (debit.notice_days, debit.clause, debit.due_on) == (days, clause, date.fromisoformat(due)), why


def test_a_debit_says_what_its_mandate_says() -> None:
    debit = plan(MANDATE, date(2026, 11, 4), FLUKS, POLICY)
    assert (debit.mandate_reference, debit.masked_iban, debit.scheme) == ("M-1", MANDATE.masked_iban, "CORE")
    assert (debit.creditor_id, debit.account_holder) == ("DE98ZZZ09999999999", "Kunde GmbH")
    assert is_target_day(debit.due_on)


def test_only_usable_mandates_give_a_debit() -> None:
    lapsed = replace(MANDATE, customer="lapsed", signed_on=date(2023, 11, 9))
    early = replace(MANDATE, customer="early", signed_on=date(2026, 11, 5))
    good = replace(MANDATE, customer="good", signed_on=date(2023, 11, 10))
    agreed = dict.fromkeys(("lapsed", "early", "good"), FLUKS)
    found = debits([lapsed, early, good], date(2026, 11, 4), agreed, POLICY)
    assert {key: debit.due_on for key, debit in found.items()} == {"good": date(2026, 11, 9)}


def test_the_newest_version_is_current_and_knows_what_was_presented_under_its_reference(office: Office) -> None:
    office.customer("k-1")
    office.grant("k-1", reference="M-1")
    assert current(office).last_due_on is None
    office.bill("k-1")
    office.notify()
    assert current(office).last_due_on is None, "announced is not presented"
    office.collect()
    assert current(office).last_due_on == date(2026, 11, 9)
    office.grant("k-1", OTHER_IBAN, reference="M-1")
    assert (current(office).last_due_on, current(office).masked_iban[-5:]) == (date(2026, 11, 9), "50 30")
    office.grant("k-1", OTHER_IBAN, reference="M-2")
    assert current(office).last_due_on is None, "another mandate starts from its own signature"


def current(office: Office) -> Mandate:
    with office.ledger.read() as session:
        return mandates.current(session)["k-1"]
