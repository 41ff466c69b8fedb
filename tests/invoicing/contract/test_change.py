"""May a contract start, or change, like this? If not, the refusal names the field and the fix."""

from dataclasses import replace
from datetime import date

import pytest

from invoicing.contract import ContractError, check_change, check_start, is_less, lives
from invoicing.terms import Setting, Terms
from invoicing.terms.rules import Change
from tests.invoicing.contract.story import CLOUDETEER, CONNECTAVO, CUNIO, FLUKS, KLUGO, day, event, history


def change(terms: Terms, life: str, text: str, billed_through: str | None = None, agreed: str = "2026-01-01") -> None:
    check_change(history(life, terms), event(text, terms), terms, day(billed_through), date.fromisoformat(agreed))


def start(terms: Terms, life: str, text: str, billed_through: str | None = None) -> date | None:
    (fresh,) = lives([event(text, terms)])
    return check_start(history(life, terms), fresh.start, terms, day(billed_through))


RUNNING = "2026-10-15 started basic-2500 +emails"
ENDING = f"{RUNNING}\n2027-03-31 terminated"
NEVER_BEGAN = "2027-01-15 started basic-2500 @2026-11-01\n2026-12-31 terminated @2026-11-03"


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
def test_a_change_at_the_start_of_an_open_month_is_fine(life: str, text: str, billed_through: str | None) -> None:
    change(FLUKS, life, text, billed_through)


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
        (
            RUNNING,
            "2026-12-02 changed basic-5000",
            "2026-11-30",
            "effective_on",
            "not the first day .* choose 2027-01-01",
        ),
        (ENDING, "2027-04-01 changed basic-5000", None, "effective_on", "ends on 2027-03-31"),
        (
            f"{ENDING}\n2027-05-01 started basic-2500\n2027-06-30 terminated",
            "2027-07-01 changed basic-5000",
            None,
            "effective_on",
            "ends on 2027-06-30",
        ),
        (ENDING, "2027-03-02 changed basic-5000", None, "effective_on", "no change is possible .* 2027-03-31"),
        (ENDING, "2027-03-01 changed basic-5000", "2027-03-31", "effective_on", "no change is possible"),
        ("", "2026-11-01 changed basic-5000", None, "effective_on", "no contract to change"),
        (NEVER_BEGAN, "2027-02-01 changed basic-5000", None, "effective_on", "no contract to change"),
        (RUNNING, "2026-11-02 changed schnupperpaket", None, "effective_on", "first day of a month: choose 2026-12-01"),
        (RUNNING, "2026-11-01 changed basic-9", None, "package", "'basic-9' is no package .* basic-2500"),
        (RUNNING, "2026-11-01 changed +fax", None, "add_addons", "fax: no add-on .* forms"),
        (RUNNING, "2026-11-01 changed -fax", None, "remove_addons", "fax: no add-on"),
        (RUNNING, "2026-11-01 changed +fax +cinema", None, "add_addons", "^cinema, fax: no add-on"),
        (RUNNING, "2026-11-01 changed +emails", None, "add_addons", "already booked: emails"),
        (RUNNING, "2026-11-01 changed -forms", None, "remove_addons", "not booked: forms"),
        (RUNNING, "2026-11-01 changed", None, "package", "changes nothing"),
        (RUNNING, "2026-11-01 changed basic-2500", None, "package", "changes nothing"),
    ],
)
def test_a_change_that_cannot_be_is_refused_with_field_and_fix(
    life: str, text: str, billed_through: str | None, field: str, says: str
) -> None:
    with pytest.raises(ContractError, match=says) as caught:
        change(FLUKS, life, text, billed_through)
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
        (
            "2026-10-15 started basic-2500\n2026-10-15 terminated",
            "2026-10-16 started basic-2500",
            None,
            ("starts_on", "start on 2026-11-01"),
        ),
        (RUNNING, "2027-01-01 started basic-2500", None, ("starts_on", "runs since 2026-10-15")),
        (ENDING, "2027-03-31 started basic-2500", None, ("starts_on", "start on 2027-04-01")),
        ("", "2026-10-01 started basic", None, ("package", "'basic' is no package")),
        ("", "2026-10-01 started basic-2500 +fax", None, ("addons", "fax: no add-on")),
    ],
)
def test_one_contract_at_a_time(
    life: str, text: str, billed_through: str | None, refusal: tuple[str, str] | None
) -> None:
    if refusal is None:
        start(FLUKS, life, text, billed_through)
        return
    with pytest.raises(ContractError, match=refusal[1]) as caught:
        start(FLUKS, life, text, billed_through)
    assert caught.value.field == refusal[0]


STARTER = "2027-01-15 started start\n2027-04-14 terminated"


@pytest.mark.clause("Connectavo II 9.2")
@pytest.mark.parametrize(
    ("life", "text", "says"),
    [  # the starter package ends on 14 April: a licence follows on the next day, or in a new month
        (
            STARTER,
            "2027-04-14 started standard",
            "runs until 2027-04-14: start on 2027-04-15, or on 2027-05-01 or later",
        ),
        (STARTER, "2027-04-15 started standard", None),
        (STARTER, "2027-04-16 started standard", "start on 2027-04-15, or on 2027-05-01 or later"),
        (STARTER, "2027-04-30 started standard", "start on 2027-04-15, or on 2027-05-01 or later"),
        (STARTER, "2027-05-01 started standard", None),
        (f"{STARTER}\n2027-04-15 started standard", "2027-05-01 started standard", "runs since 2027-04-15"),
    ],
)
def test_a_licence_follows_a_starter_package_from_one_day_to_the_next(life: str, text: str, says: str | None) -> None:
    if says is None:
        assert start(CONNECTAVO, life, text) is None
        return
    with pytest.raises(ContractError, match=says):
        start(CONNECTAVO, life, text)


def test_a_contract_that_ended_before_it_began_leaves_its_days_free() -> None:
    never = "2027-01-15 started standard\n2027-01-14 terminated"
    assert start(CONNECTAVO, never, "2027-01-14 started standard") is None
    assert start(CONNECTAVO, never, "2027-01-20 started standard") is None


def test_under_other_terms_a_contract_starts_in_a_new_month() -> None:
    with pytest.raises(ContractError, match="runs until 2027-04-14: start on 2027-05-01 or later"):
        start(
            CUNIO,
            "2027-01-15 started start terms:connectavo-2021-12\n2027-04-14 terminated",
            "2027-04-15 started basis",
        )


@pytest.mark.clause("fluks 5.2")
@pytest.mark.parametrize(
    ("terms", "text", "says"),
    [
        (CUNIO, "2026-10-15 started basis trial:2026-10-14", "trial_ends_on: must not be before"),
        (CUNIO, "2026-10-15 started basis trial:2026-10-15", None),
        (FLUKS, "2026-10-15 started basic-2500 trial:2026-10-31", "trial_ends_on: .* no free trial"),
        (FLUKS, "2026-10-15 started basic-2500 packages.basic-2500=200.00 addons.forms=1.00", None),
        (
            FLUKS,
            "2026-10-15 started basic-2500 packages.gold=200.00",
            "prices: packages.gold: has no monthly price in fluks",
        ),
        (
            FLUKS,
            "2026-10-15 started basic-2500 packages.gold=200.00 addons.fax=1.00",
            "prices: ^addons.fax, packages.gold: has no monthly price",
        ),
        (CUNIO, "2026-10-15 started basis +documents addons.documents=9.00", None),
        (
            CUNIO,
            "2026-10-15 started basis +tickets addons.tickets=9.00",
            "prices: addons.tickets: has no monthly price in cunio",
        ),
        (CONNECTAVO, "2026-10-15 started start", "2027-01-14"),
        (CONNECTAVO, "2026-10-15 started start months:6", "2027-04-14"),
        (CONNECTAVO, "2026-10-15 started standard", None),
        (CUNIO, "2026-10-15 started basis months:24", None),
        (FLUKS, "2026-10-15 started basic-2500 months:24", "term_months: .* know no minimum term: leave it out"),
        (
            FLUKS,
            "2026-10-15 started basic-2500 until:2027-12-31",
            "term_ends_on: .* no minimum term: leave it out",
        ),
        (CUNIO, "2026-10-15 started basis until:2027-12-31", None),
        (CUNIO, "2026-10-15 started basis until:2026-10-15", None),
        (CUNIO, "2026-10-15 started basis until:2026-10-14", "term_ends_on: before .*: choose 2026-10-15 or later"),
        (CUNIO, "2026-10-15 started basis until:2027-12-31 months:14", "term_ends_on: leave one of them out"),
        (CLOUDETEER, "2026-10-15 started managed-cloud until:2027-12-31", None),
        (CONNECTAVO, "2026-10-15 started start until:2027-01-31", "2027-01-31"),
        (CONNECTAVO, "2026-10-15 started standard until:2027-12-31", "term_ends_on: agree on term_months instead"),
        (CONNECTAVO, "2026-10-15 started standard months:14", None),
    ],
)
def test_what_is_agreed_at_the_start(terms: Terms, text: str, says: str | None) -> None:
    """A date is the contract's own end, a sentence a refusal."""
    if says is None or says[0] == "2":
        assert start(terms, "", text) == day(says)
        return
    field, _, message = says.partition(": ")
    with pytest.raises(ContractError, match=message) as caught:
        start(terms, "", text)
    assert caught.value.field == field


PLUS = "2026-10-15 started plus +craftsmen"


@pytest.mark.clause("cunio 8.2")
@pytest.mark.clause("cunio 8.3")
@pytest.mark.parametrize(
    ("text", "agreed", "says"),
    [
        # more, from any day on, also one that has passed
        ("2026-10-20 changed +tickets", "2026-11-05", None),
        ("2026-10-16 changed +tickets", "2026-10-16", None),
        ("2026-10-15 changed +tickets", "2026-10-15", "choose 2026-10-16"),
        ("2027-10-14 changed +tickets", "2027-10-14", None),
        # less, agreed until 30 days before the term ends on 2027-10-14, for the future
        ("2026-11-20 changed -craftsmen", "2026-11-20", None),
        ("2026-11-20 changed basis", "2026-11-20", None),
        ("2026-11-19 changed -craftsmen", "2026-11-20", "choose 2026-11-20"),
        ("2027-09-15 changed -craftsmen", "2027-09-14", None),
        ("2027-09-14 changed -craftsmen", "2027-09-14", None),
        (
            "2027-09-15 changed -craftsmen",
            "2027-09-15",
            "too late to agree on less .* .cunio AGB 8.3.: choose 2027-10-15",
        ),
        ("2027-10-15 changed -craftsmen", "2027-09-15", None),
        # a bigger package without a module is less, too
        ("2027-09-15 changed -craftsmen +tickets", "2027-09-15", "choose 2027-10-15"),
    ],
)
def test_more_at_any_day_less_until_it_is_too_late(text: str, agreed: str, says: str | None) -> None:
    if says is None:
        change(CUNIO, PLUS, text, agreed=agreed)
        return
    with pytest.raises(ContractError, match=says):
        change(CUNIO, PLUS, text, agreed=agreed)


@pytest.mark.clause("cunio 8.2")
@pytest.mark.parametrize(
    ("text", "billed", "agreed", "says"),
    [
        # the last day of a contract, and the one after
        ("2027-03-31 changed +tickets", None, "2026-01-01", None),
        ("2027-04-01 changed +tickets", None, "2026-01-01", "ends on 2027-03-31: a change must come before"),
        ("2027-03-30 changed -craftsmen", None, "2027-03-31", "choose 2027-03-31"),
        ("2027-03-31 changed -craftsmen", None, "2027-04-01", "no change is possible before the contract ends"),
        # the last day that is invoiced, and the one after
        ("2026-11-30 changed +tickets", "2026-11-30", "2026-01-01", "2026-11 is already invoiced: choose 2026-12-01"),
        ("2026-12-01 changed +tickets", "2026-11-30", "2026-01-01", None),
    ],
)
def test_a_change_lies_between_what_is_invoiced_and_the_end(
    text: str, billed: str | None, agreed: str, says: str | None
) -> None:
    life = f"{PLUS}\n2027-03-31 terminated"
    if says is None:
        change(CUNIO, life, text, billed, agreed)
        return
    with pytest.raises(ContractError, match=says):
        change(CUNIO, life, text, billed, agreed)


def test_more_and_less_may_have_days_of_their_own() -> None:
    rules = replace(
        CUNIO.rules, change=Setting(Change("month_start"), "8.2"), downgrade=Setting(Change("any_day"), "8.3")
    )
    terms = replace(CUNIO, rules=rules)
    change(terms, PLUS, "2026-11-10 changed -craftsmen")
    with pytest.raises(ContractError, match="choose 2026-12-01"):
        change(terms, PLUS, "2026-11-10 changed +tickets")


@pytest.mark.clause("cunio 8.3")
def test_without_a_term_it_is_never_too_late_for_less() -> None:
    terms = replace(CUNIO, rules=replace(CUNIO.rules, term=None))
    change(terms, PLUS, "2027-09-15 changed -craftsmen", agreed="2027-09-15")
    with pytest.raises(ContractError, match="choose 2027-09-15"):
        change(terms, PLUS, "2027-09-14 changed -craftsmen", agreed="2027-09-15")


@pytest.mark.clause("fluks 13.1")
def test_less_without_a_rule_of_its_own_may_be_recorded_later() -> None:
    change(FLUKS, RUNNING, "2026-11-01 changed schnupperpaket", agreed="2026-11-20")


@pytest.mark.clause("cunio 8.3")
@pytest.mark.parametrize(
    ("before", "after", "less"),
    [
        ("basis", "basis", False),
        ("basis", "plus", False),
        ("plus", "basis", True),
        ("basis", "basis +craftsmen", False),
        ("basis +craftsmen", "basis", True),
        ("basis +craftsmen", "plus", True),
        # the bigger package includes the module that is given up: nothing is less
        ("basis +documents", "plus", False),
        ("basis +documents +craftsmen", "plus", True),
        ("plus +documents", "basis +documents", True),
        ("basis packages.plus=149.00", "plus packages.plus=149.00", False),
        ("basis packages.plus=148.99", "plus packages.plus=148.99", True),
    ],
)
def test_a_module_less_or_a_smaller_fee_is_a_downgrade(before: str, after: str, less: bool) -> None:  # noqa: FBT001
    states = [lives([event(f"2026-01-01 started {each}", CUNIO)])[0].start for each in (before, after)]
    assert is_less(CUNIO, *states) is less


@pytest.mark.clause("Connectavo II 9.2")
@pytest.mark.clause("cunio 13.1")
@pytest.mark.parametrize(
    ("package", "text", "says"),
    [
        ("standard", "2026-11-01 changed professional", None),
        ("standard", "2026-11-01 changed start", "start has a term of its own .Connectavo AGB II 9.2.: start a new"),
        ("start", "2026-11-01 changed standard", "standard has a term of its own"),
        ("start months:12", "2026-11-01 changed standard", "standard has a term of its own"),
        ("standard months:24", "2026-11-01 changed professional", None),
    ],
)
def test_a_change_leaves_the_term_as_it_is(package: str, text: str, says: str | None) -> None:
    life = f"2026-10-15 started {package}"
    if says is None:
        change(CONNECTAVO, life, text)
        return
    with pytest.raises(ContractError, match=says) as caught:
        change(CONNECTAVO, life, text)
    assert caught.value.field == "package"


def test_a_package_without_a_term_is_no_change_of_one_that_has_it() -> None:
    packages = {**FLUKS.packages, "basic-2500": replace(FLUKS.packages["basic-2500"], term=CUNIO.rules.term)}
    terms = replace(FLUKS, packages=packages)
    with pytest.raises(ContractError, match="basic-5000 has a term of its own: start a new contract with it"):
        change(terms, RUNNING, "2026-11-01 changed basic-5000")
    change(terms, RUNNING, "2026-11-01 changed +forms")


@pytest.mark.parametrize(
    ("terms", "package", "other", "on", "says"),
    [
        (CLOUDETEER, "managed-workplace", "managed-cloud", "2026-11-01", None),
        (CLOUDETEER, "managed-workplace", "managed-cloud", "2026-11-02", "choose 2026-12-01"),
        (CONNECTAVO, "standard", "professional", "2026-11-01", None),
        (CONNECTAVO, "standard", "professional", "2026-11-30", "choose 2026-12-01"),
        (KLUGO, "user-login", "beratung-basic", "2026-10-31", None),
    ],
)
def test_other_terms_on_which_day_a_change_takes_effect(
    terms: Terms, package: str, other: str, on: str, says: str | None
) -> None:
    life, text = f"2026-10-15 started {package}", f"{on} changed {other}"
    if says is None:
        change(terms, life, text)
        return
    with pytest.raises(ContractError, match=says):
        change(terms, life, text)
