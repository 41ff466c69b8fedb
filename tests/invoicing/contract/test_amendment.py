"""New terms for a running contract: announced, perhaps objected to, then in force."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from invoicing.contract import (
    ContractError,
    check_objection,
    check_objection_exit,
    check_terms_change,
    state_on,
    terms_change,
)
from invoicing.prices import Flat, PerUnit
from invoicing.terms import Setting, Terms
from tests.invoicing.contract.story import CLOUDETEER, CONNECTAVO, CUNIO, FLUKS, KLUGO, day, history


@pytest.mark.clause("fluks 2.4")
@pytest.mark.clause("KLUGO 22.2")
@pytest.mark.clause("cunio 15.1")
@pytest.mark.parametrize(
    ("terms", "received_on", "object_until", "effective_on"),
    [
        # six weeks
        (FLUKS, "2026-11-02", "2026-12-14", "2027-01-01"),
        (FLUKS, "2026-11-18", "2026-12-30", "2027-01-01"),
        (FLUKS, "2026-11-19", "2026-12-31", "2027-01-01"),
        # the last day is a holiday, or a weekend: the next working day
        (FLUKS, "2026-11-20", "2027-01-04", "2027-02-01"),
        (FLUKS, "2026-11-13", "2026-12-28", "2027-01-01"),
        (FLUKS, "2026-11-14", "2026-12-28", "2027-01-01"),
        (FLUKS, "2026-11-17", "2026-12-29", "2027-01-01"),
        # four weeks, a month
        (KLUGO, "2026-11-02", "2026-11-30", "2026-12-01"),
        (KLUGO, "2026-11-03", "2026-12-01", "2027-01-01"),
        (CUNIO, "2026-11-30", "2026-12-30", "2027-01-01"),
        (CUNIO, "2026-12-31", "2027-02-01", "2027-03-01"),
        (CUNIO, "2027-01-31", "2027-03-01", "2027-04-01"),
    ],
)
def test_silence_is_consent_after_the_time_to_object(
    terms: Terms, received_on: str, object_until: str, effective_on: str
) -> None:
    told = terms_change(terms, date.fromisoformat(received_on))
    assert (told.object_until.isoformat(), told.effective_on.isoformat()) == (object_until, effective_on)


@pytest.mark.clause("fluks 2.4")
def test_the_change_says_why() -> None:
    assert terms_change(FLUKS, date(2026, 11, 20)).why == (
        "Neue Bedingungen angekündigt am 20.11.2026, Frist 6 Wochen zum Widerspruch (fluks AGB 2.4; §§ 187, 188, 193 "
        "BGB) bis 04.01.2027: Ohne Widerspruch gelten sie ab 01.02.2027."
    )


@pytest.mark.clause("fluks 2.4")
@pytest.mark.parametrize(
    ("effective_on", "says"),
    [
        ("2027-01-01", None),
        ("2027-06-01", None),
        ("2026-12-31", "choose 2027-01-01"),
        ("2026-12-01", "until 2026-12-14: choose 2027-01-01"),
        ("2027-01-02", "choose 2027-02-01"),
    ],
)
def test_a_later_month_may_be_named_and_no_other_day(effective_on: str, says: str | None) -> None:
    wanted = date.fromisoformat(effective_on)
    if says is None:
        assert terms_change(FLUKS, date(2026, 11, 2), wanted).effective_on == wanted
        return
    with pytest.raises(ContractError, match=says) as caught:
        terms_change(FLUKS, date(2026, 11, 2), wanted)
    assert caught.value.field == "effective_on"


@pytest.mark.parametrize("terms", [CLOUDETEER, CONNECTAVO])
def test_some_terms_change_by_agreement_only(terms: Terms) -> None:
    with pytest.raises(ContractError, match="change by agreement only"):
        terms_change(terms, date(2026, 11, 2))


NEXT = replace(FLUKS, id="fluks-2027")
SMALLER = replace(NEXT, packages={"basic-2500": FLUKS.packages["basic-2500"]}, addons={})
SIGNED = "2026-01-01 started basic-2500"


@pytest.mark.clause("fluks 2.4")
@pytest.mark.parametrize(
    ("life", "new", "billed", "expected"),
    [
        (SIGNED, NEXT, None, "2027-01-01"),
        (SIGNED, SMALLER, None, "2027-01-01"),
        (f"{SIGNED}\n2027-01-01 changed premium-50000", SMALLER, None, "terms: fluks-2027 have no premium-50000"),
        # a change that is agreed for later counts, as far as the contract gets there
        (f"{SIGNED}\n2027-02-01 changed premium-50000", SMALLER, None, "terms: .* have no premium-50000"),
        (f"{SIGNED}\n2027-02-01 changed +forms", SMALLER, None, "terms: .* have no forms"),
        (f"{SIGNED}\n2027-02-01 changed premium-50000\n2027-01-31 terminated", SMALLER, None, "2027-01-01"),
        ("2026-01-01 started premium-50000\n2027-01-01 changed basic-2500", SMALLER, None, "2027-01-01"),
        (f"{SIGNED} +forms\n2026-12-01 changed -forms", SMALLER, None, "2027-01-01"),
        (
            f"{SIGNED}\n2026-06-01 changed premium-50000\n2026-08-01 changed basic-2500",
            SMALLER,
            None,
            "2027-01-01",
        ),
        (
            "2026-01-01 started premium-50000 +forms +emails",
            SMALLER,
            None,
            "terms: have no premium-50000, emails, forms: change the contract first",
        ),
        (f"{SIGNED} +forms", SMALLER, None, "terms: fluks-2027 have no forms"),
        (
            "2026-01-01 started premium-50000\n2027-02-01 changed basic-5000",
            SMALLER,
            None,
            "terms: have no basic-5000, premium-50000: change the contract first",
        ),
        (SIGNED, FLUKS, None, "terms: the contract already has fluks-2023-03"),
        # one announcement at a time, so that an objection is to that one
        (f"{SIGNED}\n2026-11-02 terms_changed terms:fluks-2026 <2026-09-01", NEXT, None, "2027-01-01"),
        (
            f"{SIGNED}\n2026-11-03 terms_changed terms:fluks-2026 <2026-09-01",
            NEXT,
            None,
            "terms: fluks-2026 are announced",
        ),
        (
            f"{SIGNED}\n2026-05-01 terms_changed terms:x <2026-03-01\n2026-12-01 terms_changed terms:y <2026-10-01",
            NEXT,
            None,
            "terms: y are announced already: announce others on 2026-12-01",
        ),
        (
            f"{SIGNED}\n2026-12-01 terms_changed terms:x <2026-10-01\n2026-12-01 terms_objected",
            NEXT,
            None,
            "2027-01-01",
        ),
        (SIGNED, NEXT, "2026-12-31", "2027-01-01"),
        (SIGNED, NEXT, "2027-01-01", "effective_on: already invoiced until 2027-01-01"),
        (SIGNED, NEXT, "2027-01-31", "effective_on: already invoiced until 2027-01-31"),
        (f"{SIGNED}\n2026-12-31 terminated", NEXT, None, "effective_on: there is no contract on 2027-01-01"),
    ],
)
def test_a_contract_moves_to_new_terms_that_have_what_is_booked(
    life: str, new: Terms, billed: str | None, expected: str
) -> None:
    received = date(2026, 11, 2)
    if expected[0] == "2":
        told = check_terms_change(history(life), FLUKS, new, received, None, day(billed))
        assert told.effective_on.isoformat() == expected
        return
    field, _, says = expected.partition(": ")
    with pytest.raises(ContractError, match=says) as caught:
        check_terms_change(history(life), FLUKS, new, received, None, day(billed))
    assert caught.value.field == field


ANNOUNCED = f"{SIGNED}\n2027-02-01 terms_changed terms:fluks-2027 <2026-11-20"


@pytest.mark.clause("fluks 2.4")
@pytest.mark.parametrize(
    ("life", "received_on", "expected"),
    [
        (ANNOUNCED, "2026-11-20", "2027-02-01"),
        (ANNOUNCED, "2027-01-04", "2027-02-01"),
        (ANNOUNCED, "2027-01-05", "had to come until 2027-01-04"),
        (f"{ANNOUNCED}\n2027-03-01 changed premium-50000", "2027-01-04", "2027-02-01"),
        (ANNOUNCED, "2026-11-19", "announced on 2026-11-20: not before"),
        (SIGNED, "2026-11-20", "no new terms are announced"),
        # nobody knows when the customer was told
        (f"{SIGNED}\n2027-02-01 terms_changed terms:fluks-2027", "2026-11-20", "no new terms are announced"),
        (f"{SIGNED}\n2026-05-01 terms_changed terms:x <2026-03-01", "2026-11-20", "had to come until 2026-04-13"),
        (
            ANNOUNCED.replace(SIGNED, f"{SIGNED}\n2026-05-01 terms_changed terms:x <2026-03-01"),
            "2026-12-01",
            "2027-02-01",
        ),
        (f"{ANNOUNCED}\n2027-02-01 terms_objected", "2026-11-20", "no new terms are announced"),
    ],
)
def test_an_objection_in_time_keeps_the_old_terms(life: str, received_on: str, expected: str) -> None:
    events, received = history(life), date.fromisoformat(received_on)
    if expected[0] == "2":
        assert check_objection(events, FLUKS, received).isoformat() == expected
        return
    with pytest.raises(ContractError, match=expected) as caught:
        check_objection(events, FLUKS, received)
    assert caught.value.field == "received_on"


@pytest.mark.clause("fluks 2.4")
@pytest.mark.parametrize(
    ("life", "billed", "says"),
    [
        (ANNOUNCED, "2027-01-31", None),
        (ANNOUNCED, "2027-02-01", "invoiced under fluks-2027 until 2027-02-01"),
        (ANNOUNCED, "2027-02-28", "invoiced under fluks-2027 until 2027-02-28: announce fluks-2023-03 anew"),
        (f"{ANNOUNCED}\n2027-02-01 changed gold", None, "fluks-2023-03 have no gold, which is booked by now"),
        (f"{ANNOUNCED}\n2027-03-01 changed gold\n2027-02-28 terminated", None, None),
    ],
)
def test_an_objection_brings_back_only_what_the_old_terms_have_and_nobody_invoiced(
    life: str, billed: str | None, says: str | None
) -> None:
    received = date(2027, 1, 4)
    if says is None:
        assert check_objection(history(life), FLUKS, received, day(billed)) == date(2027, 2, 1)
        return
    with pytest.raises(ContractError, match=says) as caught:
        check_objection(history(life), FLUKS, received, day(billed))
    assert caught.value.field == "received_on"


@pytest.mark.clause("KLUGO 22.2")
@pytest.mark.clause("cunio 15.2")
@pytest.mark.parametrize(
    ("terms", "package", "price", "says"),
    [
        (KLUGO, "user-login", "0.00", None),
        (KLUGO, "user-login", "0.01", "silence raises no price .KLUGO AGB 22.2.: .* from 0,00 to 0,01 euro a month"),
        (CUNIO, "basis", "148.99", None),
        (CUNIO, "basis", "149.00", None),
        (CUNIO, "basis", "149.01", "silence raises no price .cunio AGB 15.1."),
        (FLUKS, "basic-2500", "251.00", None),
    ],
)
def test_silence_raises_a_price_only_where_the_terms_let_it(
    terms: Terms, package: str, price: str, says: str | None
) -> None:
    old = terms.packages[package]
    others = (replace(each, clause="1") for each in old.prices if not isinstance(each, Flat))
    offer = replace(old, prices=(Flat("flat", Decimal(price), "1"), *others))
    new = replace(terms, id="next", packages={**terms.packages, package: offer})
    events = history(f"2026-01-01 started {package}", terms)
    if says is None:
        assert check_terms_change(events, terms, new, date(2026, 11, 2), None, None).effective_on > date(2026, 11, 2)
        return
    with pytest.raises(ContractError, match=says) as caught:
        check_terms_change(events, terms, new, date(2026, 11, 2), None, None)
    assert caught.value.field == "terms"


@pytest.mark.clause("cunio 15.2")
def test_silence_changes_no_price_of_what_is_used_and_adds_no_vat() -> None:
    events = history("2026-01-01 started basis +tickets", CUNIO)
    price = PerUnit("per_unit", ("tickets",), Decimal("25.00"), "1")
    dearer = replace(CUNIO.addons["tickets"], prices=(price,))
    gross = replace(CUNIO.rules, prices=Setting("gross", "1"))
    for new in (
        replace(CUNIO, id="next", addons={**CUNIO.addons, "tickets": dearer}),
        replace(CUNIO, id="next", rules=gross),
    ):
        with pytest.raises(ContractError, match="next have other prices for what is booked"):
            check_terms_change(events, CUNIO, new, date(2026, 11, 2), None, None)
    unbooked = history("2026-01-01 started basis", CUNIO)
    told = check_terms_change(
        unbooked, CUNIO, replace(CUNIO, id="next", addons={"tickets": dearer}), date(2026, 11, 2), None, None
    )
    assert told.effective_on == date(2027, 1, 1)


@pytest.mark.clause("fluks 2.4")
@pytest.mark.parametrize(
    ("life", "on", "terms"),
    [
        (ANNOUNCED, "2027-01-31", "fluks-2023-03"),
        (ANNOUNCED, "2027-02-01", "fluks-2027"),
        (f"{ANNOUNCED}\n2027-02-01 terms_objected", "2027-02-01", "fluks-2023-03"),
        (
            f"{ANNOUNCED}\n2027-02-01 terms_objected\n2027-06-01 terms_changed terms:fluks-2028",
            "2027-06-01",
            "fluks-2028",
        ),
    ],
)
def test_which_terms_hold_on_a_day(life: str, on: str, terms: str) -> None:
    state = state_on(history(life), date.fromisoformat(on))
    assert state is not None
    assert state.terms == terms


OBJECTED = "2026-01-01 started basis\n2027-03-01 terms_changed terms:cunio-2027 <2026-12-31"


@pytest.mark.clause("cunio 15.1")
@pytest.mark.parametrize(
    ("terms", "life", "received_on", "expected"),
    [
        # a month from the objection, a month's notice to the end of a month
        (CUNIO, f"{OBJECTED}\n2027-03-01 terms_objected <2027-01-15", "2027-01-15", "2027-02-28"),
        (CUNIO, f"{OBJECTED}\n2027-03-01 terms_objected <2027-01-15", "2027-01-31", "2027-02-28"),
        (CUNIO, f"{OBJECTED}\n2027-03-01 terms_objected <2027-01-15", "2027-02-01", "2027-03-31"),
        (CUNIO, f"{OBJECTED}\n2027-03-01 terms_objected <2027-01-15", "2027-02-15", "2027-03-31"),
        (CUNIO, f"{OBJECTED}\n2027-03-01 terms_objected <2027-01-15", "2027-02-16", "received_on: until 2027-02-15"),
        (
            CUNIO,
            f"{OBJECTED}\n2027-03-01 terms_objected <2027-01-15",
            "2027-01-14",
            "received_on: objection came on 2027-01-15: not before",
        ),
        (
            CUNIO,
            f"{OBJECTED}\n2027-03-01 terms_objected <2027-01-15\n2027-02-28 terminated",
            "2027-01-31",
            "received_on: already ends on 2027-02-28",
        ),
        (CUNIO, OBJECTED, "2027-01-15", "cause: no objection gives a right"),
        # nobody knows when it came: it gives no right, and takes none
        (CUNIO, f"{OBJECTED}\n2027-03-01 terms_objected", "2027-01-15", "cause: no objection gives a right"),
        (
            CUNIO,
            f"{OBJECTED}\n2027-03-01 terms_objected <2027-01-15\n"
            "2027-09-01 terms_changed terms:cunio-2027 <2027-07-01\n2027-09-01 terms_objected",
            "2027-01-31",
            "2027-02-28",
        ),
        # the newest objection counts
        (
            CUNIO,
            f"{OBJECTED}\n2027-03-01 terms_objected <2027-01-15\n"
            "2027-09-01 terms_changed terms:cunio-2027 <2027-07-01\n2027-09-01 terms_objected <2027-07-15",
            "2027-07-15",
            "2027-08-31",
        ),
        (FLUKS, f"{ANNOUNCED}\n2027-02-01 terms_objected <2027-01-04", "2027-01-15", "cause: no objection"),
    ],
)
def test_after_an_objection_the_provider_may_leave(terms: Terms, life: str, received_on: str, expected: str) -> None:
    events, received = history(life, terms), date.fromisoformat(received_on)
    if expected[0] == "2":
        told = check_objection_exit(events, terms, received)
        assert (told.ends_on.isoformat(), told.cause) == (expected, "objection")
        assert "cunio AGB 15.1" in told.why
        return
    field, _, says = expected.partition(": ")
    with pytest.raises(ContractError, match=says) as caught:
        check_objection_exit(events, terms, received)
    assert caught.value.field == field
