"""The reference and the schema are what the code makes; the shipped files and every example fit them."""

import re
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from invoicing.terms import SHIPPED, shipped
from invoicing.terms.checks import CHECKS
from invoicing.terms.reference import reference_text
from invoicing.terms.schema import schema, schema_text
from invoicing.terms.shape import SHAPE
from tests.invoicing.terms.json_schema import misfits

DOCS = Path(__file__).parents[3] / "docs"
MAKE = "make it again: zaehlwerk terms docs"
SCHEMA = schema()
FILES = {path.stem: tomllib.loads(path.read_text("utf-8"), parse_float=Decimal) for path in SHIPPED.glob("*.toml")}
BLOCKS = re.findall(r"^```toml\n(.*?)\n```$", (DOCS / "terms.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)


def test_the_reference_is_what_the_code_makes() -> None:
    assert (DOCS / "terms.md").read_text("utf-8") == reference_text(), MAKE


def test_the_schema_is_what_the_code_makes() -> None:
    assert (DOCS / "terms.schema.json").read_text("utf-8") == schema_text(), MAKE


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_a_shipped_file_names_the_schema_on_its_first_line_and_fits_it(path: Path) -> None:
    named = path.read_text("utf-8").splitlines()[0].removeprefix("#:schema ")
    assert (path.parent / named).resolve() == DOCS / "terms.schema.json"
    assert list(misfits(FILES[path.stem], SCHEMA)) == []


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("currency",), "USD"),
        (("rules", "billing"), "arrears"),
        (("rules", "billing", "value"), "later"),
        (("rules", "billing", "silence"), True),
        (("rules", "vat_percent", "value"), 101),
        (("rules", "notice", "value", "months"), -1),
        (("packages", "Basis"), {}),
        (("packages", "schnupperpaket", "label"), ""),
        (("packages", "schnupperpaket", "prices"), []),
        (("packages", "schnupperpaket", "prices"), [{"model": "flatt", "price": 1, "clause": "1.2"}]),
        (("packages", "schnupperpaket", "prices"), [{"model": "flat", "price": "1", "clause": "1.2"}]),
        (("packages", "schnupperpaket", "prices"), [{"model": "flat", "price": 1}]),
    ],
)
def test_an_editor_marks_a_mistake(place: tuple[str, ...], value: object) -> None:
    data = tomllib.loads((SHIPPED / "fluks-2023-03.toml").read_text("utf-8"), parse_float=Decimal)
    node = data
    for key in place[:-1]:
        node = node[key]
    node[place[-1]] = value
    assert list(misfits(data, SCHEMA))


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_every_example_is_a_part_of_a_file_that_is_accepted(block: str) -> None:
    assert set(shipped()) == set(FILES)
    for part in parts(tomllib.loads(block, parse_float=Decimal)):
        assert any(is_part(part, file) for file in FILES.values()), part


def test_the_example_of_all_rules_has_the_shape_of_rules() -> None:
    (rules,) = (block for block in BLOCKS if block.startswith("# every rule once"))
    given = tomllib.loads(rules, parse_float=Decimal)
    assert set(given["rules"]) == set(SCHEMA["definitions"]["Rules"]["properties"])
    assert SHAPE.validate_python({**FILES["fluks-2023-03"], **given}).rules.billing.clause == "13.1"


def test_every_kind_of_table_every_key_and_every_check_is_explained_with_an_example() -> None:
    text = reference_text()
    sections = re.split(r"^## ", text, flags=re.MULTILINE)
    tables = [each for each in sections if "| Key | Value |" in each]
    assert {each.splitlines()[0] for each in tables} == {"The file", *SCHEMA["definitions"]}
    assert all(each.count("```toml") == 1 for each in tables)
    assert [line for line in text.splitlines() if re.search(r"\|\s*\|$", line)] == []
    assert text.partition("## What must fit together")[2].count("\n- ") == len(CHECKS) + 1


def parts(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Take an example apart into single keys of the file and of its tables."""
    for name, table in data.items():
        inner = table.items() if isinstance(table, dict) else ()
        yield from ({name: {key: value}} for key, value in inner)
        yield from () if isinstance(table, dict) else ({name: table},)


def is_part(part: Any, whole: Any) -> bool:
    """Tell whether something stands in a file, perhaps among more."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and is_part(value, whole[key]) for key, value in part.items())
    if isinstance(part, list) and isinstance(whole, list):
        return all(any(is_part(each, other) for other in whole) for each in part)
    return bool(part == whole)
