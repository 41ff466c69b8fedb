"""The house tests itself: sizes, clauses, documented settings, roles, no float near money."""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from api.settings import Settings
from invoicing.check import CHECKS

ROOT = Path(__file__).parent.parent
ROOMS = ("metering", "invoicing", "sepa", "api")
LONGEST_MODULE, LONGEST_FUNCTION = 300, 40
BANNED_NAMES = {"utils", "helpers", "common", "manager", "service"}
CITATION = re.compile(r"^(Contract|Law|Scheme|DK): ", re.MULTILINE)

ROW = re.compile(r"^\| ([FCKUW]\d+) \| ([^|]+) \| [^|]+ \| `([\w.]+)` \| ([^|]+) \|$", re.MULTILINE)
ROWS = {"F": 16, "C": 10, "K": 7, "U": 10, "W": 7}  # how many rows the clause table has of each contract
CONTRACT = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8")
CARRIED = {row: (rule, mark) for row, _, rule, mark in ROW.findall(CONTRACT)}
MARKS = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
WAITING = re.findall(r"^\| ([FCKUW]\d+) \| [^|]+ \|$", CONTRACT.partition("## Rows that wait")[2], re.MULTILINE)


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


def test_every_row_of_the_clause_table_is_there() -> None:
    assert list(CARRIED) == [f"{of}{number}" for of, rows in ROWS.items() for number in range(1, rows + 1)]


def test_the_rows_that_wait_for_their_action_are_these() -> None:
    assert WAITING == ["F9", "F10", "F15", "C3", "C6", "C7", "K3", "K4", "U6", "W5"]


@pytest.mark.parametrize("row", CARRIED)
def test_every_row_has_a_rule_that_cites_a_clause(row: str) -> None:
    found = rule(CARRIED[row][0])
    assert found is not None, f"{row}: there is no {CARRIED[row][0]}"
    assert CITATION.search(inspect.getdoc(found) or ""), f"{row}: {CARRIED[row][0]} cites nothing"


@pytest.mark.parametrize("row", CARRIED)
def test_every_row_has_a_marked_test(row: str) -> None:
    mark = CARRIED[row][1]
    assert f'clause("{mark}")' in MARKS, f"{row}: no test is marked with {mark}"


def rule(dotted: str) -> object:
    """The function, method or property of a dotted name; None when there is no such thing."""
    names, module = dotted.split("."), None
    while names and module is None:
        with suppress(ModuleNotFoundError):
            module = importlib.import_module(".".join(names))
        if module is None:
            names.pop()
    found: object = module
    for name in dotted.split(".")[len(names) :]:
        found = getattr(found, name, None)
    return found


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
