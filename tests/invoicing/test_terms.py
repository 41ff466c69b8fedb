import tomllib
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from invoicing import terms as terms_files
from invoicing.history import read_terms
from invoicing.terms import Addon, Package, Terms, TermsError, find, load, load_folder, read, shipped
from invoicing.terms.locate import line_of, places
from invoicing.terms.shape import SHAPE, findings_of

NAME = "fluks-2023-03"
SHIPPED = Path(terms_files.__file__).parent / f"{NAME}.toml"


def changed(folder: Path, *changes: tuple[str, str]) -> Path:
    """Return the shipped file with some words replaced, once each."""
    text = SHIPPED.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = folder / f"{NAME}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(folder: Path, *changes: tuple[str, str]) -> list[str]:
    """Return what the loader says about the shipped file with some words replaced."""
    with pytest.raises(TermsError) as caught:
        load(changed(folder, *changes))
    return list(caught.value.problems)


def accepted(folder: Path, *changes: tuple[str, str]) -> None:
    """Load the shipped file with some words replaced."""
    assert load(changed(folder, *changes)).id == NAME


def line_with(words: str, nth: int = 1) -> int:
    """Return the line on which some words begin in the shipped file."""
    before = SHIPPED.read_text(encoding="utf-8").split(words)[:nth]
    return words.join(before).count("\n") + 1


@pytest.mark.clause("fluks Anlage 3 §1")
def test_the_price_list_is_the_one_of_the_contract(fluks: Terms) -> None:
    table = [
        (
            key,
            each.label,
            str(each.price),
            each.included,
            str(each.allowance and each.allowance.price),
            len(each.includes),
        )
        for key, each in fluks.packages.items()
    ]
    assert table == [
        ("schnupperpaket", "Schnupperpaket", "60.00", 500, "0.10", 2),
        ("basic-2500", "BASIC 2.500", "250.00", 2_500, "0.10", 2),
        ("basic-5000", "BASIC 5.000", "350.00", 5_000, "0.10", 2),
        ("standard-10000", "STANDARD 10.000", "500.00", 10_000, "0.08", 4),
        ("premium-50000", "PREMIUM 50.000", "800.00", 50_000, "0.05", 5),
        ("premium-100000", "PREMIUM 100.000", "1100.00", 100_000, "0.05", 5),
    ]


@pytest.mark.clause("fluks Anlage 3 §3")
def test_the_modules_are_the_ones_of_the_contract(fluks: Terms) -> None:
    assert [(key, str(each.price)) for key, each in fluks.addons.items()] == [
        ("toolbox", "0.00"),
        ("binary-store", "0.00"),
        ("documents", "40.00"),
        ("emails", "10.00"),
        ("forms", "30.00"),
    ]


@pytest.mark.clause("fluks 1.2")
def test_triggers_and_actions_count_connectors_do_not(fluks: Terms) -> None:
    assert fluks.counting == ("trigger", "action")
    assert set(fluks.meters) == {"trigger", "action", "connector"}
    assert (fluks.unit(fluks.counting), fluks.units(fluks.counting)) == ("Auslöser/Aktion", "Auslöser/Aktionen")


def test_clauses_are_cited_with_their_text_and_laws_as_they_are(fluks: Terms) -> None:
    assert fluks.cited("13.3") == "fluks AGB 13.3"
    assert fluks.cited("Anlage 3 § 1") == "fluks AGB Anlage 3 § 1"
    assert fluks.cited("§ 12 Abs. 1 UStG") == "§ 12 Abs. 1 UStG"
    assert fluks.meaning("fluks AGB 16.3").startswith("Eine Kündigung braucht Textform")
    assert not fluks.meaning("cunio AGB 16.3")


def test_no_price_ever_was_a_float(fluks: Terms) -> None:
    offers: list[Package | Addon] = [*fluks.packages.values(), *fluks.addons.values()]
    assert {type(getattr(price, "price", None)) for each in offers for price in each.prices} == {Decimal}


def test_a_whole_euro_may_be_written_without_cents(tmp_path: Path) -> None:
    path = tmp_path / SHIPPED.name
    path.write_text(SHIPPED.read_text(encoding="utf-8").replace("price = 60.00", "price = 60"), encoding="utf-8")
    price = load(path).packages["schnupperpaket"].price
    assert (price, type(price)) == (Decimal(60), Decimal)


def test_terms_are_found_by_id(fluks: Terms) -> None:
    assert shipped()[NAME] == fluks
    assert len({fluks, find(NAME)}) == 1
    assert fluks is find(NAME), "comparing them for each customer would take longer than rating"
    with pytest.raises(TermsError, match=r"choose one of .*fluks-2023-03"):
        find("fluks-2019-01")


SCHNUPPER, FIRST = "packages.schnupperpaket", "packages.schnupperpaket.prices[1]"
MODELS = "one of flat, per_unit, allowance, graduated, volume, blocks, seats, pass_through, minimum, percentage_credit"


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ("price = 60.00", "price = -0.01", f"{FIRST}.price", "must not be negative"),
        ("price = 60.00", "price = nan", f"{FIRST}.price", "must be a finite number"),
        ("price = 60.00", "price = inf", f"{FIRST}.price", "must be a finite number"),
        ("price = 60.00", 'price = "60.00"', f"{FIRST}.price", "must be a number, written without quotes"),
        ("price = 60.00", "price = true", f"{FIRST}.price", "must be a number, written without quotes"),
        ("price = 60.00", "price = 1e30", f"{FIRST}.price", "may have at most 12 digits"),
        ("price = 60.00", "price = 1234567.0", f"{FIRST}.price", "may have at most 6 digits before the point"),
        ("price = 60.00", "price = 0.0000001", f"{FIRST}.price", "may have at most 6 decimals"),
        (
            'model = "flat", price = 60.00',
            'model = "flatt", price = 60.00',
            f"{FIRST}.model",
            f"is no price model here: {MODELS}",
        ),
        ('model = "flat", price = 60.00', "price = 60.00", f"{FIRST}.model", f"is missing, the price model: {MODELS}"),
        (
            'model = "time_and_material"',
            'model = "flat"',
            "services.no-defect.model",
            "is no price model here: one of time_and_material, expenses, one_off",
        ),
        ("included = 500,", "included = -1,", f"{SCHNUPPER}.prices[2].included", "must not be negative"),
        ("included = 500,", "included = 500.0,", f"{SCHNUPPER}.prices[2].included", "must be a whole number"),
        (
            "included = 500,",
            "inclusive = 500,",
            f"{SCHNUPPER}.prices[2].inclusive",
            "is not a known key; did you mean included?",
        ),
        ('label = "Schnupperpaket"', 'label = ""', f"{SCHNUPPER}.label", "must not be empty"),
        ('label = "Schnupperpaket"', "label = 1", f"{SCHNUPPER}.label", "must be text in quotes"),
        (
            "[packages.schnupperpaket]",
            "[packages.Schnupperpaket]",
            "packages.Schnupperpaket",
            "may use only a-z, 0-9 and single hyphens or underscores between them",
        ),
        (
            'includes = ["toolbox", "binary-store"]',
            'includes = "toolbox"',
            f"{SCHNUPPER}.includes",
            "must be a list in square brackets",
        ),
        (
            'billing = { value = "arrears", clause = "13.1", silent = true }',
            'billing = "arrears"',
            "rules.billing",
            'must be a table: { value = …, clause = "…" }',
        ),
        (
            'value = "arrears"',
            'value = "later"',
            "rules.billing.value",
            "must be 'arrears' or 'advance': the rules compute nothing else",
        ),
        (
            "price_reduction = { value = true",
            "price_reduction = { value = false",
            "rules.price_reduction.value",
            "must be true: the rules compute nothing else",
        ),
        ("value = 19", "value = 119", "rules.vat_percent.value", "must be at most 100"),
        ("value = 5,", "value = 5.5,", "rules.prenotification_days.value", "must be a whole number"),
        ("step_minutes = 1", "step_minutes = 0", "services.no-defect.step_minutes", "must be at least 1"),
        (
            "third_party_fees = { value = false",
            'third_party_fees = { value = "no"',
            "rules.third_party_fees.value",
            "must be true or false",
        ),
        ('currency = "EUR"', 'currency = "USD"', "currency", "must be 'EUR': the rules compute nothing else"),
        ('id = "fluks-2023-03"', 'id = "fluks"', "id", "must be 'fluks-2023-03' like the file's name"),
    ],
)
def test_a_wrong_value_is_refused_with_file_line_and_key(
    tmp_path: Path, old: str, new: str, key: str, says: str
) -> None:
    found = refused(tmp_path, (old, new))
    assert f"{NAME}.toml:{line_with(old)}: {key}: {says}" in found


PACKAGE = 'prices = [{ model = "flat", price = 40.00, clause = "Anlage 3 § 3" }]'


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        (
            'includes = ["toolbox", "binary-store"]',
            'includes = ["toolbox", "forma"]',
            'includes = ["toolbox", "binary-store"]',
            f"{SCHNUPPER}.includes[2]: 'forma' is not one of toolbox, binary-store, documents, emails, forms",
        ),
        (
            'includes_clause = "Anlage 3 § 2"\n',
            "\n",
            "[packages.schnupperpaket]",
            f"{SCHNUPPER}: includes_clause is missing: what says that these add-ons are included?",
        ),
        (
            'clause = "1.2"',
            'clause = "1.1"',
            'clause = "1.2"',
            "meters.trigger.clause: '1.1' has no meaning yet: add it to [clauses]",
        ),
        (
            'meters = ["trigger", "action"], included = 500,',
            'meters = ["trigger", "akt"], included = 500,',
            "included = 500,",
            f"{SCHNUPPER}.prices[2].meters[2]: 'akt' is not one of trigger, action, connector",
        ),
        (
            'plural = "Aktionen"',
            'plural = "Aktionen"\naggregate = "max"',
            "included = 500,",
            f'{SCHNUPPER}.prices[2].meters: only meters with aggregate "sum" can be measured together',
        ),
        (
            'plural = "Aktionen"',
            'plural = "Aktionen"\nof = "workflow"',
            "[meters.action]",
            'meters.action: of belongs to aggregate "unique", which counts the different values of that field',
        ),
        (
            PACKAGE,
            'prices = [{ model = "seats", meters = ["action"], price = 9.00, clause = "1.2" }]',
            PACKAGE,
            "addons.documents.prices[1].meters: seats need a meter with aggregate \"max\", 'action' has another",
        ),
        (
            PACKAGE,
            'prices = [{ model = "flat", price = 1, clause = "1.2" }, { model = "flat", price = 2, clause = "1.2" }]',
            PACKAGE,
            "addons.documents.prices[2]: is a second flat price: add it to the first",
        ),
        (
            PACKAGE,
            'prices = [{ model = "per_unit", meters = ["action"], price = 1, clause = "1.2" }, '
            '{ model = "blocks", meters = ["trigger", "action"], size = 10, price = 2, clause = "1.2" }]',
            PACKAGE,
            "addons.documents.prices[2].meters: 'action' already has a price here",
        ),
        (
            PACKAGE,
            'prices = [{ model = "per_unit", meters = ["action", "action"], price = 1, clause = "1.2" }]',
            PACKAGE,
            "addons.documents.prices[1].meters: 'action' already has a price here",
        ),
        (
            PACKAGE,
            'prices = [{ model = "graduated", meters = ["action"], clause = "1.2", tiers = ['
            "{ up_to = 10, price = 1 }, { up_to = 10, price = 2 }, { price = 3 }] }]",
            PACKAGE,
            "addons.documents.prices[1].tiers: up_to must rise from tier to tier, and only the last tier must have "
            "none",
        ),
        (
            PACKAGE,
            'prices = [{ model = "pass_through", meters = ["action"], price = 1, clause = "1.2" }]',
            PACKAGE,
            "addons.documents.prices[1]: rules.third_party_fees says that fees of third parties are not charged",
        ),
        (
            "notice = { value = { months = 1,",
            "notice = { value = { months = 1, weeks = 2,",
            "notice = {",
            "rules.notice.value: must be months or weeks or days, only one of them",
        ),
        (
            'to = "month_end"',
            'to = "term_end"',
            "notice = {",
            'rules.notice.value: rules.term has no end: renewal must be "same_term" or "none"',
        ),
        (
            "notice = {",
            'term = { value = { months = 0, renewal = "same_term" }, clause = "16.1" }\nnotice = {',
            "notice = {",
            'rules.term.value.months: must be at least 1 with renewal "same_term"',
        ),
        (
            'prenotification_days = { value = 5, clause = "13.3" }\n',
            "",
            "payment = {",
            "rules.payment: rules.prenotification_days is missing: how long before a debit is it announced?",
        ),
        (
            'lock = { value = { when = "reminder" }',
            'lock = { value = { when = "monthly_fees" }',
            "lock = {",
            'rules.lock.value.monthly_fees: must be at least 1 with when = "monthly_fees", and left out with any other',
        ),
        (
            'lock = { value = { when = "reminder" }',
            'lock = { value = { when = "reminder", monthly_fees = 2 }',
            "lock = {",
            'rules.lock.value.monthly_fees: must be at least 1 with when = "monthly_fees", and left out with any other',
        ),
        (
            'lock = { value = { when = "reminder" }',
            'lock = { value = { when = "reminder", max_months = 3 }',
            "lock = {",
            'rules.lock.value.max_months: belongs to when = "overuse"',
        ),
        (
            'lock = { value = { when = "reminder" }',
            'lock = { value = { when = "overuse" }',
            "lock = {",
            'rules.lock.value.when: must be "overuse" in overuse_lock, and only there',
        ),
        (
            'when = "reminder", days = 30',
            'when = "due_date", first_fee = true',
            "for_cause = {",
            'rules.for_cause.value.first_fee: belongs to when = "monthly_fees"',
        ),
        (
            'when = "reminder", days = 30',
            'when = "reminder"',
            "for_cause = {",
            'rules.for_cause.value.days: must be at least 1 with when = "reminder", and left out with any other',
        ),
        (
            'when = "reminder", days = 30',
            'when = "due_date", days = 30',
            "for_cause = {",
            'rules.for_cause.value.days: must be at least 1 with when = "reminder", and left out with any other',
        ),
        (
            "deletion = {",
            'dispute_until = { value = "due_date", clause = "13.1" }\ndeletion = {',
            "deletion = {",
            "rules.dispute_until: rules.due is missing: until when can an invoice be disputed?",
        ),
        (
            "deletion = {",
            'withdrawal = { value = { days = 14, refund_days = 14 }, clause = "13.1" }\ndeletion = {',
            "deletion = {",
            'rules.withdrawal: only consumers withdraw: rules.customers must be "anyone"',
        ),
        (
            'customers = { value = "business"',
            'customers = { value = "anyone"',
            "prices = { value",
            'rules.prices: consumers are told gross prices (§ 3 PAngV): must be "gross"',
        ),
        (
            "vat_percent = { value = 19",
            "vat_percent = { value = 0.19",
            "vat_percent = {",
            "rules.vat_percent: is a percentage: 19, not 0.19",
        ),
        (
            "terms_change = { value = { weeks = 6",
            "terms_change = { value = { weeks = 0",
            "terms_change = {",
            "rules.terms_change.value: months, weeks or days are missing: how long can a customer object?",
        ),
        (
            'payment = { value = ["direct_debit"]',
            'payment = { value = ["direct_debit", "direct_debit"]',
            "payment = {",
            "rules.payment.value[2]: 'direct_debit' is there twice",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(tmp_path: Path, old: str, new: str, line: str, problem: str) -> None:
    moved = (new.count("\n") - old.count("\n")) * (line_with(line) > line_with(old))
    assert f"{NAME}.toml:{line_with(line) + moved}: {problem}" in refused(tmp_path, (old, new))


@pytest.mark.clause("cunio 8.1")
def test_a_level_is_shared_by_the_day_only_as_seats(tmp_path: Path) -> None:
    prorated = (
        ('proration = { value = "none"', 'proration = { value = "thirtieths"'),
        ('allowance = { value = "full"', 'allowance = { value = "prorated"'),
    )
    level = (PACKAGE, 'prices = [{ model = "per_unit", meters = ["connector"], price = 1, clause = "1.2" }]')
    highest = ('plural = "Konnektor-Aktivitäten"', 'plural = "Konnektor-Aktivitäten"\naggregate = "max"')
    assert refused(tmp_path, *prorated, level, highest) == [
        f"{NAME}.toml:{line_with(PACKAGE) + 1}: addons.documents.prices[1]: 'connector' is a level: with a prorated "
        'allowance only "seats" charges it by the day'
    ]
    accepted(tmp_path, *prorated, (PACKAGE, level[1].replace("per_unit", "seats")), highest)
    accepted(tmp_path, level, highest)
    accepted(tmp_path, prorated[1], level, highest)  # months are whole: no part of one has a share


@pytest.mark.clause("Cloudeteer 13(1)")
@pytest.mark.parametrize(("months", "renewal", "ok"), [(0, "open_ended", True), (0, "same_term", False)])
def test_only_a_term_without_an_end_may_have_no_months(tmp_path: Path, months: int, renewal: str, *, ok: bool) -> None:
    term = f'term = {{ value = {{ months = {months}, renewal = "{renewal}" }}, clause = "13.1" }}'
    change = ("deletion = {", f"{term}\ndeletion = {{")
    if ok:
        accepted(tmp_path, change)
        return
    assert any("months: must be at least 1" in each for each in refused(tmp_path, change))


@pytest.mark.parametrize(
    ("first", "second", "ok"),
    [
        ("base", "usage", True),
        ("usage", "base", True),
        ("base", "base", False),
        ("usage", "usage", False),
        ("all", "usage", False),
        ("base", "all", False),
    ],
)
def test_nothing_is_topped_up_twice(tmp_path: Path, first: str, second: str, *, ok: bool) -> None:
    minimums = ", ".join(f'{{ model = "minimum", price = 1, of = "{of}", clause = "1.2" }}' for of in (first, second))
    change = (PACKAGE, f"prices = [{minimums}]")
    if ok:
        accepted(tmp_path, change)
        return
    assert refused(tmp_path, change) == [
        f"{NAME}.toml:{line_with(PACKAGE)}: addons.documents.prices[2]: is a second minimum of the same amounts: leave "
        "one of them"
    ]


def test_a_minimum_is_not_shared_by_days_while_its_usage_is_not(tmp_path: Path) -> None:
    """With a full allowance all usage is charged by what was booked last: the other days would be topped up."""
    thirtieths = ('proration = { value = "none"', 'proration = { value = "thirtieths"')
    prorated = ('allowance = { value = "full"', 'allowance = { value = "prorated"')
    least = [
        (PACKAGE, f'prices = [{{ model = "minimum", price = 1, of = "{of}", clause = "1.2" }}]')
        for of in ("usage", "all", "base")
    ]
    for each in least[:2]:
        assert refused(tmp_path, thirtieths, each) == [
            f"{NAME}.toml:{line_with(PACKAGE)}: addons.documents.prices[1]: a minimum of usage needs "
            'rules.allowance "prorated", or rules.proration "none"'
        ]
        accepted(tmp_path, thirtieths, prorated, each)
        accepted(tmp_path, each)
    accepted(tmp_path, thirtieths, least[2])


@pytest.mark.parametrize("rate", ["0", "1", "7.5", "100"])
def test_a_rate_of_nothing_or_of_whole_percents_is_one(tmp_path: Path, rate: str) -> None:
    accepted(tmp_path, ("vat_percent = { value = 19", f"vat_percent = {{ value = {rate}"))


def test_terms_that_a_contract_uses_hold_whatever_is_checked_by_now(tmp_path: Path) -> None:
    file = changed(tmp_path, ("vat_percent = { value = 19", "vat_percent = { value = 0.19"))
    with pytest.raises(TermsError):
        load(file)
    assert read_terms(NAME, file.read_text("utf-8")).rules.vat_percent.value == Decimal("0.19")


def test_every_mistake_is_named_in_our_words_at_a_line_of_the_file() -> None:
    """Every value of every shipped file replaced by each kind of wrong one: no message is the library's own."""
    wrong = ["", 1, -1, True, Decimal("1.5"), Decimal("nan"), 10**30, [], [1], [{}], {}, {"x": 1}, {"model": "x"}]
    for path in sorted(terms_files.SHIPPED.glob("*.toml")):
        data = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        messages = [says for place in paths(data) for each in wrong for _, says in mistakes(data, place, each)]
        assert len(messages) > 1_000
        assert [each for each in messages if "Input" in each or "alid" in each] == []


def paths(node: Any, around: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in pairs:
        yield (*around, key)
        yield from paths(value, (*around, key))


def mistakes(data: dict[str, Any], place: tuple[Any, ...], value: object) -> list[tuple[Any, str]]:
    changed = deepcopy(data)
    node: Any = changed
    for key in place[:-1]:
        node = node[key]
    node[place[-1]] = value
    try:
        SHAPE.validate_python(changed)
    except ValidationError as error:
        return findings_of(error)
    return []


def test_a_missing_value_is_reported_at_its_table(tmp_path: Path) -> None:
    assert refused(tmp_path, ("price = 250.00, ", ""), ('vendor = "Cloud Klabauter GmbH"\n', "")) == [
        f"{NAME}.toml:1: vendor: is missing",
        f"{NAME}.toml:{line_with('price = 250.00') - 1}: packages.basic-2500.prices[1].price: is missing",
    ]


def test_all_problems_are_named_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    changes = ("price = 1100.00", "price = -1"), ("months = 1,", "months = -1,"), ("price = 40.00", "price = 4_0.0_0x")
    assert refused(tmp_path, *changes[:2]) == [
        f"{NAME}.toml:{line_with('notice =')}: rules.notice.value.months: must not be negative",
        f"{NAME}.toml:{line_with('price = 1100.00')}: packages.premium-100000.prices[1].price: must not be negative",
    ]
    assert len(refused(tmp_path, *changes)) == 1


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("a = 1", ("a",), 1),
        ("a = 1", ("b",), 1),
        ("# a = 1\n\na = 1", ("a",), 3),
        ("[x]\na = 1\n[y.z]\na = 1", ("y", "z", "a"), 4),
        ("[x]\na.b = 1", ("x", "a", "missing"), 2),
        ('["13.3"]\n"a b" = 1', ("13.3", "a b"), 2),
        ("x = { a = 1, b = { c = 2 } }", ("x", "b", "c"), 1),
        ("x = [\n  1,\n  2, # [3]\n  3\n]\ny = 1", ("x", 2), 4),
        ("x = [\n  1,\n  2,\n  3\n]\ny = 1", ("y",), 6),
        ("x = [\n { a = 1 },\n { a = [\n 1,\n { b = 2 } ] } ]", ("x", 1, "a", 1, "b"), 5),
        ("[[x]]\na = 1\n[[x]]\na = 2\n[x.y]\nb = 3", ("x", 1, "a"), 4),
        ("[[x]]\na = 1\n[[x]]\na = 2\n[x.y]\nb = 3", ("x", 1, "y", "b"), 6),
        ('x = """\n[y]\na = \\"""1"\n"""\ny = \'\'\'\n}\n\'\'\'\nz = 1', ("z",), 8),
        ("d = 1979-05-27T07:32:00.5Z\nt = 07:32:00\nf = -1.5e+3", ("f",), 3),
        ("x = 1\r\ny = [\r\n 2 ]\r\n", ("y", 0), 3),
        ("", ("a",), 1),
    ],
)
def test_the_line_of_a_key(text: str, path: tuple[str | int, ...], line: int) -> None:
    assert tomllib.loads(text) is not None
    assert line_of(places(text), path) == line


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("price = 60.00", "price = 60,00", "write 60.00, with a point"),
        ("price = 60.00", "price = 1_060,5", "write 1_060.5, with a point"),
        ("price = 60.00", "price = ", ""),
        ('label = "Schnupperpaket"', 'label = "Schnupper', "a quotation mark is missing"),
        ('label = "Schnupperpaket"', 'label = Schnupper"', "a quotation mark is missing"),
        ('label = "Schnupperpaket"', "label = Schnupper", 'text stands in quotation marks: "…"'),
        ('label = "Schnupperpaket"', "label = „Schnupper“", 'write straight quotation marks: "…"'),
        ('label = "Schnupperpaket"', "label = “Schnupper”", 'write straight quotation marks: "…"'),
        ('label = "Schnupperpaket"', 'label = "Schnupper";', "no ; in TOML"),
        ('label = "Schnupperpaket"', 'label = "Schnupper" x', ""),
        ('label = "Schnupperpaket"', 'label "Schnupper; 1,5 „x“"', ""),
    ],
)
def test_a_syntax_error_is_refused_with_its_line_and_what_it_may_be(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    (problem,) = refused(tmp_path, (old, new))
    start, _, fix = problem.partition(": not valid TOML: ")[2].partition(": ")
    assert problem.startswith(f"{NAME}.toml:{line_with(old)}: not valid TOML: {start}")
    assert (fix.startswith(says), bool(fix)) == (True, bool(says))


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    """Some editors on Windows write one; lines are counted as without it."""
    path = tmp_path / f"{NAME}.toml"
    path.write_text(SHIPPED.read_text("utf-8"), encoding="utf-8-sig")
    assert load(path) == shipped()[NAME]
    path.write_text(path.read_text("utf-8").replace('id = "', 'id = "x-'), encoding="utf-8")
    with pytest.raises(TermsError, match=rf"toml:{line_with('id = ')}: id: must be"):
        load(path)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "included = 500,",
            "include = 500,",
            "packages.schnupperpaket.prices[2].include: is not a known key; did you mean included?",
        ),
        ("included = 500,", "xyz = 500,", "packages.schnupperpaket.prices[2].xyz: is not a known key"),
        ('currency = "EUR"', 'currencie = "EUR"', "currencie: is not a known key; did you mean currency?"),
        (
            "{ months = 1, to =",
            "{ month = 1, to =",
            "rules.notice.value.month: is not a known key; did you mean months?",
        ),
        ("{ weeks = 6 }", "{ tage = 6 }", "rules.terms_change.value.tage: is not a known key"),
        (
            'clause = "16.3" }',
            'clauses = "16.3" }',
            "rules.notice_form.clauses: is not a known key; did you mean clause?",
        ),
        ("notice_form = ", "notice_from = ", "rules.notice_from: is not a known key; did you mean notice_form?"),
        ("[meters.trigger]", "[meter.trigger]", "meter: is not a known key; did you mean meters?"),
    ],
)
def test_a_misspelt_key_is_told_the_right_one(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert any(problem.endswith(f": {says}") for problem in refused(tmp_path, (old, new)))


@pytest.mark.parametrize("text", ["a = " + "9" * 5_000, "a = " + "[" * 100_000])
def test_a_text_that_cannot_be_read_at_all_is_refused(text: str) -> None:
    with pytest.raises(TermsError, match=r"a\.toml:1: not valid TOML"):
        read(Path("a.toml"), text)


def test_a_file_that_is_not_text_or_not_there_is_refused(tmp_path: Path) -> None:
    latin = tmp_path / "latin.toml"
    latin.write_bytes('title = "Geschäft"'.encode("latin-1"))
    with pytest.raises(TermsError, match=r"latin\.toml: is not UTF-8") as caught:
        load(latin)
    assert not caught.value.is_readable
    with pytest.raises(TermsError, match="cannot be read"):
        load(tmp_path / "missing.toml")


def test_a_folder_is_refused_with_the_problems_of_every_file(tmp_path: Path) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    (tmp_path / "a.toml").write_text(text.replace(f'id = "{NAME}"', 'id = "b"'), encoding="utf-8")
    (tmp_path / "b.toml").write_text(text.replace(f'id = "{NAME}"', 'id = "b"'), encoding="utf-8")
    (tmp_path / "c.toml").write_text("x", encoding="utf-8")
    with pytest.raises(TermsError) as caught:
        load_folder(tmp_path)
    assert [problem.split(":")[0] for problem in caught.value.problems] == ["a.toml", "c.toml"]
