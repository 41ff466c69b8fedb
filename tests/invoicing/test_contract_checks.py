from datetime import date

import pytest

from invoicing.contract import ContractError, check_change, check_start, check_termination, termination_end
from invoicing.terms import Terms
from tests.invoicing.contract_story import event, history


def change(life: str, text: str, billed_through: str | None, terms: Terms) -> None:
    wanted = event(text)
    billed = date.fromisoformat(billed_through) if billed_through else None
    add, remove = wanted.add_addons, wanted.remove_addons
    check_change(history(life), wanted.effective_on, wanted.package, add, remove, terms, billed)


def start(life: str, text: str, billed_through: str | None, terms: Terms) -> None:
    wanted = event(text)
    billed = date.fromisoformat(billed_through) if billed_through else None
    check_start(history(life), wanted.effective_on, wanted.package or "", wanted.addons, terms, billed)


RUNNING = "2026-10-15 started basic-2500 +emails"
ENDING = f"{RUNNING}\n2027-03-31 terminated"
CANCELLED = "2027-06-01 started basic-2500 @2026-11-01\n2026-12-31 terminated @2026-11-20"


@pytest.mark.clause("fluks 13.1")
@pytest.mark.parametrize(
    ("life", "text", "billed_through"),
    [
        (RUNNING, "2026-11-01 changed standard-10000", None),
        (RUNNING, "2026-11-01 changed standard-10000 +forms -emails", "2026-10-31"),
        (RUNNING, "2027-01-01 changed +forms", "2026-11-30"),
        (RUNNING, "2026-11-01 changed basic-2500 +forms", None),
        (ENDING, "2027-03-01 changed schnupperpaket", None),
        (f"{ENDING}\n2027-06-01 started schnupperpaket", "2027-07-01 changed basic-5000", None),
        (f"{RUNNING}\n2026-11-01 changed +forms", "2026-11-01 changed -forms", None),
    ],
)
def test_a_change_at_the_start_of_an_open_month_is_fine(
    fluks: Terms, life: str, text: str, billed_through: str | None
) -> None:
    change(life, text, billed_through, fluks)


@pytest.mark.clause("fluks 13.1")
@pytest.mark.parametrize(
    ("life", "text", "billed_through", "field", "says"),
    [
        (
            RUNNING,
            "2026-11-02 changed basic-5000",
            None,
            "effective_on",
            "not the first day of a month: choose 2026-12-01",
        ),
        (RUNNING, "2026-11-30 changed basic-5000", None, "effective_on", "choose 2026-12-01"),
        (RUNNING, "2026-12-31 changed basic-5000", None, "effective_on", "choose 2027-01-01"),
        (RUNNING, "2026-10-15 changed basic-5000", None, "effective_on", "starts on 2026-10-15 .*: choose 2026-11-01"),
        (RUNNING, "2026-10-01 changed basic-5000", None, "effective_on", "starts on 2026-10-15 .*: choose 2026-11-01"),
        (RUNNING, "2026-11-01 changed basic-5000", "2026-11-30", "effective_on", "already invoiced: choose 2026-12-01"),
        (RUNNING, "2026-11-15 changed basic-5000", "2026-11-30", "effective_on", "already invoiced: choose 2026-12-01"),
        (ENDING, "2027-04-01 changed basic-5000", None, "effective_on", "ends on 2027-03-31"),
        (ENDING, "2027-03-02 changed basic-5000", None, "effective_on", "no change is possible .* 2027-03-31"),
        (ENDING, "2027-03-01 changed basic-5000", "2027-03-31", "effective_on", "no change is possible"),
        ("", "2026-11-01 changed basic-5000", None, "effective_on", "no contract to change"),
        (RUNNING, "2026-11-01 changed basic-9", None, "package", "'basic-9' is no package .* basic-2500"),
        (RUNNING, "2026-11-01 changed +fax", None, "add_addons", "fax: no add-on .* forms"),
        (RUNNING, "2026-11-01 changed -fax", None, "remove_addons", "fax: no add-on"),
        (RUNNING, "2026-11-01 changed +emails", None, "add_addons", "already booked: emails"),
        (RUNNING, "2026-11-01 changed -forms", None, "remove_addons", "not booked: forms"),
        (RUNNING, "2026-11-01 changed", None, "package", "changes nothing"),
        (RUNNING, "2026-11-01 changed basic-2500", None, "package", "changes nothing"),
    ],
)
def test_a_change_that_cannot_be_is_refused_with_field_and_fix(
    fluks: Terms, life: str, text: str, billed_through: str | None, field: str, says: str
) -> None:
    with pytest.raises(ContractError, match=says) as caught:
        change(life, text, billed_through, fluks)
    assert caught.value.field == field
    assert str(caught.value) == caught.value.message


@pytest.mark.clause("fluks 5.2")
@pytest.mark.parametrize(
    ("life", "text", "billed_through", "refusal"),
    [
        ("", "2026-10-15 started basic-2500 +forms", None, None),
        ("", "2026-10-01 started basic-2500", "2026-09-30", None),
        (ENDING, "2027-04-01 started basic-2500", None, None),
        ("2026-10-01 started basic-2500\n2026-09-30 terminated", "2026-10-01 started basic-2500", None, None),
        ("", "2026-09-30 started basic-2500", "2026-09-30", ("starts_on", "start on 2026-10-01")),
        (RUNNING, "2027-01-01 started basic-2500", None, ("starts_on", "runs since 2026-10-15")),
        (ENDING, "2027-03-31 started basic-2500", None, ("starts_on", "start on 2027-04-01")),
        ("", "2026-10-01 started basic", None, ("package", "'basic' is no package")),
        ("", "2026-10-01 started basic-2500 +fax", None, ("addons", "fax: no add-on")),
    ],
)
def test_one_contract_at_a_time(
    fluks: Terms, life: str, text: str, billed_through: str | None, refusal: tuple[str, str] | None
) -> None:
    if refusal is None:
        start(life, text, billed_through, fluks)
        return
    with pytest.raises(ContractError, match=refusal[1]) as caught:
        start(life, text, billed_through, fluks)
    assert caught.value.field == refusal[0]


@pytest.mark.clause("fluks 16.1")
@pytest.mark.parametrize(
    ("life", "received_on", "ends_on"),
    [
        (RUNNING, "2026-11-15", "2026-12-31"),
        (ENDING, "2027-01-31", "2027-02-28"),
        ("2027-01-15 started basic-2500", "2026-11-15", "2026-12-31"),
        (f"{CANCELLED}\n2027-01-01 started basic-2500 @2026-12-05", "2027-02-10", "2027-03-31"),
    ],
)
def test_a_termination_ends_a_contract(fluks: Terms, life: str, received_on: str, ends_on: str) -> None:
    end = check_termination(history(life), date.fromisoformat(received_on), fluks)
    assert end == termination_end(fluks, date.fromisoformat(received_on))
    assert end.ends_on.isoformat() == ends_on


@pytest.mark.clause("fluks 16.1")
@pytest.mark.parametrize(
    ("life", "received_on", "says"),
    [
        ("", "2026-11-15", "no contract"),
        (ENDING, "2027-02-01", "already ends on 2027-03-31"),
        (ENDING, "2027-03-01", "already ends on 2027-03-31"),
        (ENDING, "2028-01-01", "already ends on 2027-03-31"),
    ],
)
def test_a_termination_must_end_something(fluks: Terms, life: str, received_on: str, says: str) -> None:
    with pytest.raises(ContractError, match=says) as caught:
        check_termination(history(life), date.fromisoformat(received_on), fluks)
    assert caught.value.field == "received_on"
