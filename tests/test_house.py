"""The house tests itself: sizes, clauses, documented settings, roles, no float near money."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.settings import Settings
from invoicing.check import CHECKS

ROOT = Path(__file__).parent.parent
ROOMS = ("metering", "invoicing", "sepa", "api")
LONGEST_MODULE, LONGEST_FUNCTION = 300, 40
BANNED_NAMES = {"utils", "helpers", "common", "manager", "service"}
CITATION = re.compile(r"^(Contract|Law|Scheme|DK): ", re.MULTILINE)

# Every clause that is billed today, in our words: what the product does about it.
CARRIED = {
    "fluks Anlage 3 §1": "six packages with base price and allowance (F1)",
    "fluks Anlage 3 §2": "each further unit at the package's price (F2)",
    "fluks Anlage 3 fn 2": "unused units lapse, every month from zero (F3)",
    "fluks Anlage 3 §3": "add-ons, 0.00 where the package includes them (F4)",
    "fluks 1.2": "connector activities are not counted (F5)",
    "fluks 13.1": "monthly, changes at a month's start (F6)",
    "fluks 13.2": "net prices plus VAT (F6)",
    "fluks 13.3": "direct debit, notice of five days (F7)",
    "fluks 16.1": "one month to a month's end (F11)",
    "fluks 5.2": "a month begun is a whole month (F13)",
}


def modules() -> list[Path]:
    return [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_modules_and_functions_stay_small() -> None:
    large = [
        f"{path.relative_to(ROOT)}: {lines} lines"
        for path in modules()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_MODULE
    ]
    large += [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {size} lines"
        for path in modules()
        for node in functions(path)
        if (size := (node.end_lineno or node.lineno) - node.lineno + 1) > LONGEST_FUNCTION
    ]
    assert large == []


def test_no_module_is_named_after_nothing() -> None:
    assert [path for path in modules() if path.stem in BANNED_NAMES] == []


def test_no_float_comes_near_money() -> None:
    """A float in a room that handles money is a cent lost; seconds are counted elsewhere."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in modules()
        if path.relative_to(ROOT).parts[0] in {"invoicing", "sepa"}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Name) and node.id == "float")
        or (isinstance(node, ast.Constant) and isinstance(node.value, float))
    ]
    assert found == []


@pytest.mark.parametrize("clause", CARRIED)
def test_every_clause_has_a_marked_test(clause: str) -> None:
    marks = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert f'clause("{clause}")' in marks, f"no test is marked with {clause}: {CARRIED[clause]}"


def test_every_rule_that_cites_says_so_on_its_last_line() -> None:
    wrong = []
    for path in modules():
        for node in functions(path):
            text = ast.get_docstring(node) or ""
            if CITATION.search(text) and not CITATION.match(text.splitlines()[-1].strip()):
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
    assert wrong == []


def test_the_readme_lists_every_setting() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `(ZAEHLWERK_[A-Z_0-9]+)` \|", readme, re.MULTILINE))
    assert documented == {f"ZAEHLWERK_{name.upper()}" for name in Settings.model_fields}


def test_the_readme_lists_every_room() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and (path / "__init__.py").exists()}
    assert [name for name in sorted(folders) if f"`{name}/`" not in readme] == []


def test_the_pages_have_german_words_for_every_rule_that_parks() -> None:
    page = (ROOT / "api" / "pages" / "__init__.py").read_text(encoding="utf-8")
    assert [rule for rule in CHECKS if f'"{rule}": "' not in page] == []


def test_the_changelog_knows_the_version() -> None:
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
