"""When prices may rise, and when a rise lets the customer go."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from invoicing.contract import ContractError, Rise, check_exit, check_rise, check_waiver, lives, raised, state_on
from invoicing.terms import Terms
from tests.invoicing.contract.story import CUNIO, FLUKS, contract, day, history

SIGNED = "2026-10-15 started basis"  # 149.00 a month
RAISED = f"{SIGNED}\n2027-11-01 price_raised packages.basis=150.00"


def rise(life: str, received_on: str, price: str, effective_on: str | None = None, billed: str | None = None) -> Rise:
    prices = {"packages.basis": Decimal(price)}
    received = date.fromisoformat(received_on)
    return check_rise(history(life, CUNIO), CUNIO, received, prices, day(effective_on), day(billed))


@pytest.mark.clause("cunio 8.8")
@pytest.mark.parametrize(
    ("life", "received_on", "billed", "effective_on"),
    [
        # a year after the contract began at the earliest, and with a month
        (SIGNED, "2026-11-01", None, "2027-11-01"),
        ("2026-11-01 started basis", "2026-11-01", None, "2027-11-01"),
        ("2026-11-02 started basis", "2026-11-02", None, "2027-12-01"),
        (f"2024-01-15 started basis\n2026-10-14 terminated\n{SIGNED}", "2026-11-01", None, "2027-11-01"),
        # two months before the end of a month
        (SIGNED, "2027-08-31", None, "2027-11-01"),
        (SIGNED, "2027-09-01", None, "2027-12-01"),
        (SIGNED, "2027-12-31", None, "2028-03-01"),
        # once a year
        (RAISED, "2028-08-31", None, "2028-11-01"),
        (RAISED, "2028-09-01", None, "2028-12-01"),
        (RAISED, "2027-11-02", None, "2028-11-01"),
        (RAISED, "2027-11-01", None, "2028-11-01"),
        (f"{RAISED}\n2029-02-01 price_raised packages.basis=151.00", "2029-03-01", None, "2030-02-01"),
        # one that was waived does not count
        (
            f"{RAISED}\n2027-11-01 price_waived",
            "2027-10-02",
            None,
            "2028-01-01",
        ),
        # an upgrade is none
        (f"{SIGNED}\n2027-10-20 changed +craftsmen", "2027-08-31", None, "2027-11-01"),
        # nothing that is invoiced
        (SIGNED, "2027-08-31", "2027-10-31", "2027-11-01"),
        (SIGNED, "2027-08-31", "2027-11-30", "2027-12-01"),
    ],
)
def test_the_first_day_on_which_prices_may_rise(
    life: str, received_on: str, billed: str | None, effective_on: str
) -> None:
    told = rise(life, received_on, "152.00", billed=billed)
    assert told.effective_on.isoformat() == effective_on
    assert rise(life, received_on, "152.00", effective_on, billed) == told


@pytest.mark.clause("cunio 8.8")
@pytest.mark.parametrize(
    ("effective_on", "says"),
    [
        ("2027-10-31", "from 2027-11-01 at the earliest"),
        ("2027-10-01", "from 2027-11-01 at the earliest"),
        ("2027-11-02", "from 2027-12-01 at the earliest"),
    ],
)
def test_a_rise_that_comes_too_early_names_the_first_day(effective_on: str, says: str) -> None:
    with pytest.raises(ContractError, match=says) as caught:
        rise(SIGNED, "2027-08-31", "152.00", effective_on)
    assert caught.value.field == "effective_on"


@pytest.mark.clause("cunio 8.8")
@pytest.mark.parametrize(
    ("ends_on", "effective_on"), [("2027-10-31", None), ("2027-11-01", "2027-11-01"), ("2027-11-30", "2027-11-01")]
)
def test_nothing_rises_after_the_end(ends_on: str, effective_on: str | None) -> None:
    life = f"{SIGNED}\n{ends_on} terminated"
    if effective_on:
        assert rise(life, "2027-08-31", "152.00").effective_on == day(effective_on)
        return
    with pytest.raises(ContractError, match="ends on 2027-10-31: no price rises after that") as caught:
        rise(life, "2027-08-31", "152.00")
    assert caught.value.field == "effective_on"


def test_a_contract_that_never_began_has_no_prices_to_rise() -> None:
    cancelled = "2028-06-01 started basis\n2027-12-31 terminated"
    assert rise(f"{cancelled}\n{SIGNED}", "2027-08-31", "152.00").effective_on == date(2027, 11, 1)
    with pytest.raises(ContractError, match="there is no contract"):
        rise(cancelled, "2027-08-31", "152.00")


@pytest.mark.clause("cunio 8.8")
@pytest.mark.parametrize(
    ("prices", "says"),
    [
        ({}, "makes every price that it names higher"),
        ({"packages.basis": "149.00"}, "makes every price"),
        ({"packages.basis": "148.99"}, "makes every price"),
        ({"packages.basis": "150.00", "addons.craftsmen": "59.00"}, "makes every price"),
        ({"addons.tickets": "9.00"}, "addons.tickets is not paid for: choose from packages.basis, addons.craftsmen"),
        ({"packages.plus": "400.00"}, "packages.plus is not paid for: choose from packages.basis, addons.craftsmen"),
        ({"packages.plus": "400.00", "addons.tickets": "9.00"}, "^addons.tickets, packages.plus is not paid for"),
    ],
)
def test_only_what_is_paid_for_rises(prices: dict[str, str], says: str) -> None:
    named = {key: Decimal(price) for key, price in prices.items()}
    with pytest.raises(ContractError, match=says) as caught:
        check_rise(history(f"{SIGNED} +craftsmen +tickets", CUNIO), CUNIO, date(2027, 8, 31), named)
    assert caught.value.field == "prices"


YEARLY = f"""{SIGNED}
2027-11-01 price_raised packages.basis=154.00
2028-11-01 price_raised packages.basis=158.00
2029-11-01 price_raised packages.basis=162.00"""


@pytest.mark.clause("cunio 8.8")
@pytest.mark.parametrize(
    ("life", "price", "received_on", "exit_until"),
    [
        # 5.0 % within a year is none too many, a cent more is
        (SIGNED, "156.45", "2027-08-16", None),
        (SIGNED, "156.46", "2027-08-16", "2027-09-16"),
        (SIGNED, "149.01", "2027-08-16", None),
        # 10 % within three years: of 154.00, which was the price three years before
        (YEARLY, "169.40", "2030-08-16", None),
        (YEARLY, "169.41", "2030-08-16", "2030-09-16"),
        # a shorter contract than three years: of the price at its beginning
        ("\n".join(YEARLY.splitlines()[:3]), "163.90", "2029-08-16", None),
        ("\n".join(YEARLY.splitlines()[:3]), "163.91", "2029-08-16", "2029-09-17"),
        # an upgrade is no rise, neither is what was agreed at the start
        (f"{SIGNED}\n2027-03-10 changed +craftsmen", "156.45", "2027-08-16", None),
        ("2026-10-15 started basis packages.basis=0.00", "0.01", "2027-08-16", "2027-09-16"),
        ("2026-10-15 started basis packages.basis=120.00", "126.00", "2027-08-16", None),
        ("2026-10-15 started basis packages.basis=120.00", "126.01", "2027-08-16", "2027-09-16"),
        # the month to think it over ends on a working day: 26 December 2027 is a Sunday, and a holiday
        (SIGNED, "160.00", "2027-08-31", "2027-09-30"),
        (SIGNED, "160.00", "2027-11-26", "2027-12-27"),
    ],
)
def test_a_rise_beyond_a_limit_lets_the_customer_go(
    life: str, price: str, received_on: str, exit_until: str | None
) -> None:
    told = rise(life, received_on, price)
    assert told.exit_until == day(exit_until)
    assert ("kündigen" in told.why) == (exit_until is not None)


@pytest.mark.clause("cunio 8.8")
def test_the_rise_says_why() -> None:
    assert rise(SIGNED, "2027-08-16", "156.45").why == (
        "Preiserhöhung um 5 %, angekündigt am 16.08.2027 mit einer Frist von 2 Monaten zum Monatsende: "
        "wirksam ab 01.11.2027 (cunio AGB 8.8). Ein Recht zur Kündigung entsteht nicht."
    )
    assert rise(SIGNED, "2027-08-16", "160.00").why == (
        "Preiserhöhung um 7,3826 %, angekündigt am 16.08.2027 mit einer Frist von 2 Monaten zum Monatsende: "
        "wirksam ab 01.11.2027 (cunio AGB 8.8). Sie übersteigt 5 % innerhalb von 12 Monaten (7,3826 %): "
        "Der Kunde kann bis 16.09.2027 zum 31.10.2027 kündigen."
    )


@pytest.mark.clause("cunio 8.8")
@pytest.mark.parametrize(
    ("life", "percent", "expected"),
    [
        ("2026-10-15 started basis", "5.0", {"packages.basis": "156.45"}),
        ("2026-10-15 started basis", "5.1", {"packages.basis": "156.59"}),  # 156.599: 156.60 would be more than 5.1 %
        ("2026-10-15 started basis packages.basis=149.70", "5", {"packages.basis": "157.18"}),  # 157.185
        ("2026-10-15 started basis packages.basis=0.19", "5", {}),  # 0.1995
        ("2026-10-15 started basis packages.basis=0.20", "5", {"packages.basis": "0.21"}),
        ("2026-10-15 started plus +documents", "10", {"packages.plus": "383.90"}),
        ("2026-10-15 started basis +documents packages.basis=0.00", "10", {"addons.documents": "42.90"}),
        ("2026-10-15 started basis packages.basis=0.90", "5", {"packages.basis": "0.94"}),
    ],
)
def test_by_percent_no_price_rises_by_more(life: str, percent: str, expected: dict[str, str]) -> None:
    state = lives(history(life, CUNIO))[0].start
    assert raised(CUNIO, state, Decimal(percent)) == {key: Decimal(price) for key, price in expected.items()}


RISING = f"{SIGNED}\n2027-11-01 price_raised packages.basis=160.00 <2027-08-16"
NEXT = "2028-11-01 price_raised packages.basis=170.00"  # again more than 5 %


@pytest.mark.clause("cunio 8.8")
@pytest.mark.parametrize(
    ("life", "received_on", "expected"),
    [
        (RISING, "2027-08-16", "2027-10-31"),
        (RISING, "2027-08-15", "received_on: announced on 2027-08-16: not before"),
        (RISING, "2027-09-16", "2027-10-31"),
        # what is agreed after the announcement takes the right not away, nor does it give it
        (f"{RISING}\n2027-09-05 changed plus", "2027-09-16", "2027-10-31"),
        (f"{RISING}\n2028-10-14 terminated", "2027-09-16", "2027-10-31"),
        (RISING, "2027-09-17", "received_on: until 2027-09-16"),
        (RISING, "2027-11-01", "cause: no price rise is announced"),
        # of several that are announced each gives a right of its own: the first that is open counts
        (f"{RISING}\n{NEXT} <2027-08-16", "2027-09-16", "2027-10-31"),
        (f"{RISING}\n{NEXT} <2027-09-01", "2027-09-17", "2028-10-31"),
        (f"{RISING}\n{NEXT} <2027-09-01", "2027-10-02", "received_on: for this rise until 2027-09-16"),
        (f"{RISING.replace('160.00', '150.00')}\n{NEXT} <2027-08-16", "2027-09-16", "2028-10-31"),
        (f"{RISING}\n{NEXT.replace('170.00', '161.00')} <2027-08-16", "2027-09-16", "2027-10-31"),
        (f"{RISING}\n{NEXT} <2027-11-02", "2027-11-15", "2028-10-31"),
        # the first and the last day of the later one, when the earlier is closed
        (f"{RISING}\n{NEXT} <2027-09-20", "2027-09-20", "2028-10-31"),
        (f"{RISING}\n{NEXT} <2027-09-01", "2027-10-01", "2028-10-31"),
        # what else was announced meanwhile is no rise
        (f"{RISING}\n2027-12-01 terms_changed terms:next <2027-08-20", "2027-09-16", "2027-10-31"),
        (
            f"{SIGNED}\n2027-12-01 terms_changed terms:next <2027-08-20",
            "2027-09-16",
            "cause: no price rise is announced",
        ),
        # with one that is waived falls the one on top of it
        (
            f"{SIGNED}\n2027-11-01 price_raised packages.basis=156.00 <2027-08-01\n"
            "2028-11-01 price_raised packages.basis=163.00 <2027-08-20\n2027-11-01 price_waived",
            "2027-09-10",
            "cause: no price rise is announced",
        ),
        (
            f"{SIGNED}\n2027-11-01 price_raised packages.basis=156.00 <2027-08-01\n"
            "2028-11-01 price_raised packages.basis=163.00 <2027-08-20",
            "2027-09-10",
            "cause: this rise gives no right",
        ),
        (SIGNED, "2027-09-16", "cause: no price rise is announced"),
        (f"{RISING}\n2027-11-01 price_waived", "2027-09-16", "cause: no price rise is announced"),
        (RISING.replace("160.00", "156.45"), "2027-09-16", "cause: this rise gives no right"),
        (f"{RISING}\n2027-10-14 terminated", "2027-09-16", "received_on: the contract already ends"),
    ],
)
def test_who_may_leave_ends_the_contract_before_the_rise(life: str, received_on: str, expected: str) -> None:
    events, received = history(life, CUNIO), date.fromisoformat(received_on)
    if expected[0] == "2":
        told = check_exit(events, {CUNIO.id: CUNIO}, received)
        assert (told.ends_on.isoformat(), told.cause) == (expected, "price_rise")
        assert "cunio AGB 8.8" in told.why
        return
    field, _, says = expected.partition(": ")
    with pytest.raises(ContractError, match=says) as caught:
        check_exit(events, {CUNIO.id: CUNIO}, received)
    assert caught.value.field == field


@pytest.mark.clause("cunio 8.8")
def test_under_new_terms_a_rise_keeps_the_right_that_the_old_ones_gave() -> None:
    without = replace(CUNIO, id="later", rules=replace(CUNIO.rules, price_rise=None))
    events = history(f"{RISING}\n2027-09-01 terms_changed terms:later", CUNIO)
    told = check_exit(events, {CUNIO.id: CUNIO, without.id: without}, date(2027, 9, 16))
    assert told.ends_on == date(2027, 10, 31)
    assert "(cunio AGB 8.8)" in told.why
    with pytest.raises(ContractError, match="no price rise is announced"):
        check_exit(events, {without.id: without}, date(2027, 9, 16))


@pytest.mark.clause("cunio 8.8")
@pytest.mark.parametrize(
    ("life", "waived_on", "billed", "says"),
    [
        (RISING, "2027-08-16", "2027-10-31", None),
        (RISING, "2027-08-16", "2027-11-01", "invoiced at the raised prices until 2027-11-01"),
        (RISING, "2027-08-16", "2027-11-30", "invoiced at the raised prices until 2027-11-30"),
        (RISING, "2027-08-15", None, "announced on 2027-08-16: not before"),
        (f"{RISING}\n2027-10-31 terminated cause:price_rise", "2027-09-20", None, None),
        (
            f"{RISING}\n2027-10-31 terminated cause:price_rise\n2027-11-01 started plus",
            "2027-09-20",
            None,
            "another contract was signed for 2027-11-01",
        ),
    ],
)
def test_what_was_invoiced_or_signed_since_is_not_undone(
    life: str, waived_on: str, billed: str | None, says: str | None
) -> None:
    events, waived = history(life, CUNIO), date.fromisoformat(waived_on)
    if says is None:
        assert check_waiver(events, waived, day(billed)) == date(2027, 11, 1)
        return
    with pytest.raises(ContractError, match=says) as caught:
        check_waiver(events, waived, day(billed))
    assert caught.value.field == "waived_on"


@pytest.mark.clause("cunio 8.8")
@pytest.mark.parametrize(
    ("life", "waived_on", "expected"),
    [
        (RISING, "2027-08-16", "2027-11-01"),
        (RISING, "2027-10-31", "2027-11-01"),
        (RISING, "2027-11-01", None),
        (f"{SIGNED}\n2027-11-01 changed +craftsmen", "2027-08-16", None),
        # of two the last one; if the contract was ended for the first, that one
        (f"{RISING}\n{NEXT}", "2027-09-16", "2028-11-01"),
        (f"{RISING}\n{NEXT}\n2027-10-31 terminated cause:price_rise", "2027-09-20", "2027-11-01"),
        (f"{RISING}\n{NEXT}\n2028-10-31 terminated cause:price_rise", "2027-09-20", "2028-11-01"),
        # the one of the contract that follows, announced last
        (
            f"{RISING}\n2027-10-31 terminated cause:price_rise\n2027-11-01 started plus\n"
            "2028-11-01 price_raised packages.plus=380.00 <2027-09-20",
            "2027-09-25",
            "2028-11-01",
        ),
        # the one of the contract that follows, which ends just before a rise that the earlier one does not see any more
        (
            f"{RISING}\n{NEXT}\n2027-10-31 terminated cause:price_rise\n2027-11-01 started plus\n"
            "2029-11-01 price_raised packages.plus=380.00 <2027-09-20\n2028-10-31 terminated",
            "2027-09-25",
            "2029-11-01",
        ),
        (SIGNED, "2027-08-16", None),
    ],
)
def test_a_rise_is_waived_before_it_holds(life: str, waived_on: str, expected: str | None) -> None:
    events, waived = history(life, CUNIO), date.fromisoformat(waived_on)
    if expected:
        assert check_waiver(events, waived).isoformat() == expected
        return
    with pytest.raises(ContractError, match="no price rise is announced"):
        check_waiver(events, waived)


@pytest.mark.clause("cunio 8.8")
def test_with_the_rise_a_termination_for_it_falls_away_and_no_other() -> None:
    for cause, ends_on in (("price_rise", None), ("notice", date(2027, 10, 31))):
        life = f"{RISING}\n2027-10-31 terminated cause:{cause}\n2027-11-01 price_waived"
        state = state_on(history(life, CUNIO), date(2027, 10, 31))
        assert state is not None
        assert (state.ends_on, state.prices) == (ends_on, {})


@pytest.mark.clause("cunio 8.8")
@pytest.mark.parametrize(
    ("waived", "prices"),
    [("2027-11-01", ["149", "149", "149"]), ("2028-11-01", ["149", "160.00", "160.00"])],
)
def test_with_the_rise_that_is_waived_falls_the_one_on_top_of_it_and_none_below(waived: str, prices: list[str]) -> None:
    events = history(f"{RISING}\n{NEXT}\n{waived} price_waived", CUNIO)
    states = [state_on(events, day) for day in (date(2027, 10, 31), date(2027, 11, 1), date(2028, 11, 1))]
    assert [str(state.prices.get("packages.basis", "149")) for state in states if state] == prices


def test_without_a_contract_nothing_rises() -> None:
    with pytest.raises(ContractError, match="there is no contract"):
        check_rise([], CUNIO, date(2027, 8, 16), {"packages.basis": Decimal(150)})


@pytest.mark.parametrize("terms", [FLUKS])
def test_terms_without_a_rule_know_no_rise(terms: Terms) -> None:
    signed = contract(terms, "2026-01-01")
    events = history(f"2026-01-01 started {signed.package}", terms)
    with pytest.raises(ContractError, match="know no price rise"):
        check_rise(events, terms, date(2026, 6, 1), {f"packages.{signed.package}": Decimal(99)})
