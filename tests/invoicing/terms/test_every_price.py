"""One file with every price model and every way to measure: it is accepted, and a typical mistake in each is named."""

from decimal import Decimal
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from invoicing.prices import BookedPrice, MonthlyPrice, Tier, Volume
from invoicing.terms import TermsError, read
from invoicing.terms.walk import models

NAME = "muster"
TEXT = """\
id = "muster"
title = "Muster-AGB"
vendor = "Muster GmbH"
cite = "Muster AGB"
currency = "EUR"

[rules]
billing = { value = "arrears", clause = "1" }
prices = { value = "net", clause = "1" }
vat_percent = { value = 19, clause = "§ 12 Abs. 1 UStG" }
proration = { value = "none", clause = "1" }
allowance = { value = "full", clause = "1" }
carry_over = { value = false, clause = "1" }
payment = { value = ["bank_transfer"], clause = "1" }
customers = { value = "business", clause = "1" }
third_party_fees = { value = true, clause = "1" }
notice = { value = { months = 1, to = "month_end" }, clause = "1" }
notice_form = { value = "text", clause = "1" }
change = { value = { on = "month_start" }, clause = "1" }

[meters.calls]
label = "Aufruf"
plural = "Aufrufe"
clause = "2"

[meters.pages]
label = "Seite"
plural = "Seiten"
clause = "2"

[meters.sms]
label = "SMS"
plural = "SMS"
clause = "2"

[meters.users]
label = "Benutzer"
plural = "Benutzer"
aggregate = "max"
clause = "2"

[meters.storage]
label = "GB Speicher"
plural = "GB Speicher"
aggregate = "last"
clause = "2"

[meters.workflows]
label = "Arbeitsablauf"
plural = "Arbeitsabläufe"
aggregate = "unique"
of = "workflow"
clause = "2"

[packages.all]
label = "Alles"
includes = ["archive"]
includes_clause = "2"
prices = [
  { model = "flat", price = 50.00, clause = "2" },
  { model = "allowance", meters = ["calls"], included = 100, price = 0.10, clause = "2" },
  { model = "seats", meters = ["users"], included = 3, price = 9.00, clause = "2" },
  { model = "volume", meters = ["storage"], clause = "2", tiers = [
    { up_to = 10, price = 1.00 },
    { price = 0.80 },
  ] },
  { model = "per_unit", meters = ["workflows"], price = 2.00, clause = "2" },
  { model = "pass_through", meters = ["sms"], price = 0.09, clause = "2" },
  { model = "minimum", of = "all", price = 80.00, clause = "2" },
  { model = "percentage_credit", of = "usage", percent = 5, clause = "2" },
]

[addons.archive]
label = "Archiv"
prices = [{ model = "blocks", meters = ["pages"], size = 1000, price = 4.00, clause = "2" }]

[addons.scan]
label = "Texterkennung"
prices = [
  { model = "graduated", meters = ["pages"], clause = "2", tiers = [
    { up_to = 1000, price = 0.03 },
    { price = 0.02 },
  ] },
]

[services.work]
model = "time_and_material"
label = "Arbeit"
step_minutes = 15
roles = { expert = { label = "Fachkraft", price = 100.00 } }
clause = "2"

[services.expenses]
model = "expenses"
categories = ["Reise"]
clause = "2"

[services.setup]
model = "one_off"
label = "Einrichtung"
price = 500.00
clause = "2"

[clauses]
"1" = "So wird abgerechnet."
"2" = "Das kostet es."
"§ 12 Abs. 1 UStG" = "Es gilt der allgemeine Umsatzsteuersatz."
"""


def kinds(union: object) -> set[str]:
    """The names of a union's price models."""
    return {get_args(get_type_hints(kind)["model"])[0] for kind in get_args(get_args(union)[0])}


def test_a_file_may_use_every_price_model_and_every_way_to_measure() -> None:
    terms = read(Path(f"{NAME}.toml"), TEXT)
    assert set(models(terms)) == kinds(MonthlyPrice) | kinds(BookedPrice)
    assert [each.aggregate for each in terms.meters.values()] == ["sum", "sum", "sum", "max", "last", "unique"]


def test_a_single_tier_without_a_bound_will_do() -> None:
    volume = read(Path(f"{NAME}.toml"), TEXT.replace(TIERS, "{ price = 0.80 }")).packages["all"].prices[3]
    assert isinstance(volume, Volume)
    assert volume.tiers == (Tier(Decimal("0.80")),)


TIERS = "\n    { up_to = 10, price = 1.00 },\n    { price = 0.80 },\n  "
PRICES, SCAN = "packages.all.prices", "addons.scan.prices[1]"
RISE = "up_to must rise from tier to tier, and only the last tier must have none"
ELSE = "the rules compute nothing else"


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ("price = 50.00", 'price = "50.00"', f"{PRICES}[1].price", "must be a number, written without quotes"),
        ("included = 100,", "includes = 100,", f"{PRICES}[2].includes", "is not a known key; did you mean included?"),
        ("included = 100,", "included = 99.5,", f"{PRICES}[2].included", "must be a whole number"),
        (
            '["calls"]',
            '["call"]',
            f"{PRICES}[2].meters[1]",
            "'call' is not one of calls, pages, sms, users, storage, workflows",
        ),
        (
            '["users"]',
            '["users", "pages"]',
            f"{PRICES}[3].meters",
            'only meters with aggregate "sum" can be measured together',
        ),
        ('["workflows"]', "[]", f"{PRICES}[5].meters", "must not be empty"),
        (f"tiers = [{TIERS}]", "tiers = []", f"{PRICES}[4].tiers", "must not be empty"),
        ("price = 2.00", "price = 0.0000001", f"{PRICES}[5].price", "may have at most 6 decimals"),
        ('of = "all"', 'of = "sum"', f"{PRICES}[7].of", f"must be 'base', 'usage' or 'all': {ELSE}"),
        ("percent = 5", "percent = 105", f"{PRICES}[8].percent", "must be at most 100"),
        ("size = 1000", "size = 0", "addons.archive.prices[1].size", "must be at least 1"),
        ("up_to = 1000", "upto = 1000", f"{SCAN}.tiers[1].upto", "is not a known key; did you mean up_to?"),
        (", price = 100.00 }", " }", "services.work.roles.expert.price", "is missing"),
        ('["Reise"]', "[]", "services.expenses.categories", "must not be empty"),
        (
            'model = "one_off"',
            'model = "flat"',
            "services.setup.model",
            "is no price model here: one of time_and_material, expenses, one_off",
        ),
        (
            'aggregate = "last"',
            'aggregate = "average"',
            "meters.storage.aggregate",
            f"must be 'sum', 'max', 'last' or 'unique': {ELSE}",
        ),
        ('["archive"]', '["archiv"]', "packages.all.includes[1]", "'archiv' is not one of archive, scan"),
        ('value = "text"', 'value = "fax"', "rules.notice_form.value", f"must be 'text' or 'written': {ELSE}"),
        (
            '{ value = "text", clause = "1" }',
            '"text"',
            "rules.notice_form",
            'must be a table: { value = …, clause = "…" }',
        ),
        ('value = "text", clause = "1"', 'value = "text"', "rules.notice_form.clause", "is missing"),
        ("notice_form = ", "notice_in = ", "rules.notice_in", "is not a known key; did you mean notice?"),
    ],
)
def test_a_mistake_is_named_on_its_line_with_its_key_and_what_to_do(old: str, new: str, key: str, says: str) -> None:
    assert f"{NAME}.toml:{line(old)}: {key}: {says}" in refused(old, new)


@pytest.mark.parametrize(
    ("old", "new", "at", "key", "says"),
    [
        (
            'aggregate = "max"\n',
            'aggregate = "sum"\n',
            '["users"]',
            f"{PRICES}[3].meters",
            "seats need a meter with aggregate \"max\", 'users' has another",
        ),
        ("{ price = 0.80 }", "{ up_to = 20, price = 0.80 }", '"volume"', f"{PRICES}[4].tiers", RISE),
        ("{ up_to = 1000, price = 0.03 }", "{ price = 0.03 }", '"graduated"', f"{SCAN}.tiers", RISE),
        (
            "third_party_fees = { value = true",
            "third_party_fees = { value = false",
            '"pass_through"',
            f"{PRICES}[6]",
            "rules.third_party_fees says that fees of third parties are not charged",
        ),
        (
            'of = "workflow"',
            "",
            "[meters.workflows]",
            "meters.workflows",
            'of belongs to aggregate "unique", which counts the different values of that field',
        ),
        (
            '"2" = "Das kostet es."',
            "",
            'clause = "2"',
            "meters.calls.clause",
            "'2' has no meaning yet: add it to [clauses]",
        ),
    ],
)
def test_what_does_not_fit_together_is_named_where_it_is_used(old: str, new: str, at: str, key: str, says: str) -> None:
    assert f"{NAME}.toml:{line(at)}: {key}: {says}" in refused(old, new)


def test_what_is_named_of_a_kind_that_the_file_has_not_is_told_so() -> None:
    sections = ["[" + each for each in TEXT.split("\n[")]
    for kind, key, says in (
        ("[meters.", f"{PRICES}[2].meters[1]", "'calls' is not a meter: the file has none"),
        ("[addons.", "packages.all.includes[1]", "'archive' is not an add-on: the file has none"),
    ):
        text = "\n".join(each for each in sections if not each.startswith(kind)).removeprefix("[")
        with pytest.raises(TermsError) as caught:
            read(Path(f"{NAME}.toml"), text)
        assert any(each.endswith(f": {key}: {says}") for each in caught.value.problems)


def test_seats_of_a_meter_that_is_not_there_are_told_so() -> None:
    says = "'user' is not one of calls, pages, sms, users, storage, workflows"
    (line_of_it,) = (each for each in refused('["users"]', '["user"]') if says in each)
    assert f"{PRICES}[3].meters[1]" in line_of_it


def test_of_several_packages_without_an_end_the_first_is_named() -> None:
    term = 'term = { value = { months = 1, renewal = "open_ended" }, clause = "1" }'
    one = f'[packages.one]\nlabel = "Eins"\n{term}\nprices = [{{ model = "flat", price = 5, clause = "2" }}]'
    text = TEXT.replace('[packages.all]\nlabel = "Alles"', f'{one}\n\n[packages.all]\nlabel = "Alles"\n{term}')
    rule = 'downgrade = { value = { on = "any_day", days_before_term_end = 30 }, clause = "1" }'
    with pytest.raises(TermsError, match=r"packages\.one\.term has no end"):
        read(Path(f"{NAME}.toml"), text.replace(NOTICE, f"{rule}\n{NOTICE}"))


NOTICE = 'notice = { value = { months = 1, to = "month_end" }, clause = "1" }'


@pytest.mark.parametrize(
    ("rule", "key", "says"),
    [
        (
            'lock = { value = { when = "monthly_fees" }, clause = "1" }',
            "rules.lock.value.monthly_fees",
            'must be at least 1 with when = "monthly_fees", and left out with any other',
        ),
        (
            'lock = { value = { when = "overuse", max_months = 3 }, clause = "1" }',
            "rules.lock.value.when",
            'must be "overuse" in overuse_lock, and only there',
        ),
        (
            'overuse_lock = { value = { when = "reminder" }, clause = "1" }',
            "rules.overuse_lock.value.when",
            'must be "overuse" in overuse_lock, and only there',
        ),
        (
            'downgrade = { value = { on = "any_day", days_before_term_end = 30 }, clause = "1" }',
            "rules.downgrade.value",
            'rules.term has no end: renewal must be "same_term" or "none"',
        ),
        (
            'dispute_until = { value = "due_date", clause = "1" }',
            "rules.dispute_until",
            "rules.due is missing: until when can an invoice be disputed?",
        ),
        (
            'withdrawal = { value = { days = 14, refund_days = 14 }, clause = "1" }',
            "rules.withdrawal",
            'only consumers withdraw: rules.customers must be "anyone"',
        ),
    ],
)
def test_a_rule_that_fits_to_nothing_is_refused(rule: str, key: str, says: str) -> None:
    assert f"{NAME}.toml:{line(NOTICE)}: {key}: {says}" in refused(NOTICE, f"{rule} \n{NOTICE}")


ONE, OBJECT = "months or weeks or days, only one of them", "until when can a customer object?"
EXIT = 'objection_exit = {{ value = {{ within = {{ {within} }}, notice = {{ {notice} }} }}, clause = "1" }}'


@pytest.mark.clause("cunio 15.1")
@pytest.mark.parametrize(
    ("within", "notice", "key", "says"),
    [
        ("months = 1", 'weeks = 1, to = "month_end"', "", f"rules.terms_change is missing: {OBJECT}"),
        ("months = 1", "months = 1", ".value.notice", 'must have to = "month_end"'),
        ("months = 1, days = 1", "months = 1", ".value.within", f"must be {ONE}"),
        ("months = 1", "months = 1, weeks = 1", ".value.notice", f"must be {ONE}"),
    ],
)
def test_ending_after_an_objection_needs_one_and_can_be_computed(within: str, notice: str, key: str, says: str) -> None:
    rule = EXIT.format(within=within, notice=notice)
    assert f"{NAME}.toml:{line(NOTICE)}: rules.objection_exit{key}: {says}" in refused(NOTICE, f"{rule}\n{NOTICE}")


@pytest.mark.clause("cunio 15.1")
def test_ending_after_an_objection_stands_beside_the_right_to_object() -> None:
    change = 'terms_change = { value = { weeks = 6 }, clause = "1" }'
    rule = EXIT.format(within="months = 1", notice='months = 1, to = "month_end"')
    assert read(Path(f"{NAME}.toml"), TEXT.replace(NOTICE, f"{change}\n{rule}\n{NOTICE}")).rules.objection_exit


def line(words: str) -> int:
    """The line of the file on which some words stand first."""
    return TEXT[: TEXT.index(words)].count("\n") + 1


def refused(old: str, new: str) -> tuple[str, ...]:
    """What is said about the file with some words replaced, once."""
    assert old in TEXT
    with pytest.raises(TermsError) as caught:
        read(Path(f"{NAME}.toml"), TEXT.replace(old, new, 1))
    return caught.value.problems
