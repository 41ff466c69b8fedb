from decimal import Decimal
from pathlib import Path

import pytest

from invoicing import terms as terms_files
from invoicing.terms import Terms, TermsError, find, load, load_folder, shipped

NAME = "fluks-2023-03"
SHIPPED = Path(terms_files.__file__).parent / f"{NAME}.toml"


def refused(folder: Path, *changes: tuple[str, str], name: str = NAME) -> list[str]:
    """Return what the loader says about the shipped file with some words replaced, once each."""
    text = SHIPPED.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TermsError) as caught:
        load(path)
    return list(caught.value.problems)


def line_with(words: str, nth: int = 1) -> int:
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    return [number for number, line in enumerate(lines, 1) if words in line][nth - 1]


@pytest.mark.clause("fluks Anlage 3 §1")
def test_the_price_list_is_the_one_of_the_contract(fluks: Terms) -> None:
    table = [
        (key, each.label, str(each.price), each.included, str(each.overage_price), len(each.includes))
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


@pytest.mark.clause("fluks 13.3")
@pytest.mark.clause("fluks 16.1")
@pytest.mark.clause("fluks 13.2")
def test_each_rule_stands_beside_its_clause(fluks: Terms) -> None:
    rules = fluks.rules
    assert {name: (rule.value, rule.clause) for name, rule in rule_items(fluks)} == {
        "billing": ("arrears", "13.1"),
        "prices": ("net", "13.2"),
        "vat_percent": (Decimal(19), "§ 12 Abs. 1 UStG"),
        "proration": ("none", "5.2"),
        "carry_over": (False, "Anlage 3 § 1 Fn. 2"),
        "payment": ("direct_debit", "13.3"),
        "prenotification_days": (5, "13.3"),
        "third_party_fees": (False, "13.4"),
        "notice_months": (1, "16.1"),
        "notice_to": ("month_end", "16.1"),
        "notice_form": ("text", "16.3"),
        "change_on": ("month_start", "13.1"),
    }
    assert rules.proration.silent
    assert not rules.prenotification_days.silent


def rule_items(terms: Terms) -> list[tuple[str, terms_files.Setting[object]]]:
    return [(name, getattr(terms.rules, name)) for name in terms.rules.__dataclass_fields__]


@pytest.mark.clause("fluks 1.2")
def test_triggers_and_actions_count_connectors_do_not(fluks: Terms) -> None:
    assert fluks.counting == ("trigger", "action")
    assert set(fluks.meters) == {"trigger", "action", "connector"}
    assert (fluks.unit, fluks.units) == ("Auslöser/Aktion", "Auslöser/Aktionen")


def test_clauses_are_cited_with_their_text_and_laws_as_they_are(fluks: Terms) -> None:
    assert fluks.cited("13.3") == "fluks AGB 13.3"
    assert fluks.cited("Anlage 3 § 1") == "fluks AGB Anlage 3 § 1"
    assert fluks.cited("§ 12 Abs. 1 UStG") == "§ 12 Abs. 1 UStG"
    assert fluks.meaning("fluks AGB 16.3").startswith("Eine Kündigung braucht Textform")
    assert not fluks.meaning("cunio AGB 16.3")


def test_no_price_ever_was_a_float(fluks: Terms) -> None:
    prices = [price for each in fluks.packages.values() for price in (each.price, each.overage_price)]
    prices += [each.price for each in fluks.addons.values()]
    assert {type(price) for price in prices} == {Decimal}


def test_a_whole_euro_may_be_written_without_cents(tmp_path: Path) -> None:
    path = tmp_path / SHIPPED.name
    path.write_text(SHIPPED.read_text(encoding="utf-8").replace("price = 60.00", "price = 60"), encoding="utf-8")
    price = load(path).packages["schnupperpaket"].price
    assert (price, type(price)) == (Decimal(60), Decimal)


def test_terms_are_found_by_id(fluks: Terms) -> None:
    assert shipped()[NAME] == fluks
    assert len({fluks, find(NAME)}) == 1
    with pytest.raises(TermsError, match="choose one of fluks-2023-03"):
        find("fluks-2019-01")


@pytest.mark.parametrize(
    ("old", "new", "key", "says"),
    [
        ("price = 60.00", "price = -0.01", "packages.schnupperpaket.price", "must not be negative"),
        ("price = 60.00", "price = nan", "packages.schnupperpaket.price", "must be a finite number"),
        ("price = 60.00", "price = inf", "packages.schnupperpaket.price", "must be a finite number"),
        (
            "price = 60.00",
            'price = "60.00"',
            "packages.schnupperpaket.price",
            "must be a number, written without quotes",
        ),
        ("price = 60.00", "price = true", "packages.schnupperpaket.price", "must be a number, written without quotes"),
        ("price = 60.00", "price = 1e30", "packages.schnupperpaket.price", "may have at most 12 digits"),
        ("price = 60.00", "price = 0.0000001", "packages.schnupperpaket.price", "may have at most 6 decimals"),
        ("included = 500\n", "included = -1\n", "packages.schnupperpaket.included", "must not be negative"),
        ("included = 500\n", "included = 500.0\n", "packages.schnupperpaket.included", "must be a whole number"),
        (
            "overage_price = 0.10",
            "overage_prize = 0.10",
            "packages.schnupperpaket.overage_prize",
            "is not a known key",
        ),
        ('label = "Schnupperpaket"', 'label = ""', "packages.schnupperpaket.label", "must not be empty"),
        ('label = "Schnupperpaket"', "label = 1", "packages.schnupperpaket.label", "must be text in quotes"),
        (
            'includes = ["toolbox", "binary-store"]',
            'includes = ["toolbox", "forma"]',
            "packages.schnupperpaket.includes",
            "'forma' is not one of toolbox, binary-store, documents, emails, forms",
        ),
        (
            'includes = ["toolbox", "binary-store"]',
            'includes = "toolbox"',
            "packages.schnupperpaket.includes",
            "must be a list in square brackets",
        ),
        ('clause = "1.2"', 'clause = "1.1"', "meters.trigger.clause", "'1.1' has no meaning yet: add it to [clauses]"),
        (
            'value = "arrears"',
            'value = "advance"',
            "rules.billing.value",
            "must be 'arrears': the rules compute nothing else",
        ),
        ("value = 19", "value = 119", "rules.vat_percent.value", "must be at most 100"),
        ("value = 5,", "value = 5.5,", "rules.prenotification_days.value", "must be a whole number"),
        (
            "against_allowance = true",
            'against_allowance = "yes"',
            "meters.trigger.against_allowance",
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
    assert f"{NAME}.toml:{line_with(old.strip())}: {key}: {says}" in found


def test_a_missing_value_is_reported_at_its_table(tmp_path: Path) -> None:
    assert refused(tmp_path, ("price = 250.00\n", ""), ('vendor = "Cloud Klabauter GmbH"\n', "")) == [
        f"{NAME}.toml:1: vendor: is missing",
        f"{NAME}.toml:{line_with('[packages.basic-2500]') - 1}: packages.basic-2500.price: is missing",
    ]


def test_all_problems_are_named_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    changes = ("price = 1100.00", "price = -1"), ("value = 1,", "value = -1,"), ("price = 40.00", "price = 4_0.0_0x")
    assert refused(tmp_path, *changes[:2]) == [
        f"{NAME}.toml:{line_with('notice_months')}: rules.notice_months.value: must not be negative",
        f"{NAME}.toml:{line_with('price = 1100.00')}: packages.premium-100000.price: must not be negative",
    ]
    assert len(refused(tmp_path, *changes)) == 1


def test_when_nothing_counts_nothing_could_be_billed(tmp_path: Path) -> None:
    counts = ("against_allowance = true", "against_allowance = false")
    assert any(": meters: at least one meter must" in problem for problem in refused(tmp_path, counts, counts))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("price = 60.00", "price = 60,00", "not valid TOML"),
        ("price = 60.00", "price = ", "not valid TOML"),
        ('label = "Schnupperpaket"', 'label = "Schnupper', "not valid TOML"),
    ],
)
def test_a_syntax_error_is_refused_with_its_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    (problem,) = refused(tmp_path, (old, new))
    assert problem.startswith(f"{NAME}.toml:{line_with(old)}: {says}")


def test_a_file_that_is_not_text_or_not_there_is_refused(tmp_path: Path) -> None:
    latin = tmp_path / "latin.toml"
    latin.write_bytes('title = "Geschäft"'.encode("latin-1"))
    with pytest.raises(TermsError, match=r"latin\.toml: is not UTF-8"):
        load(latin)
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
