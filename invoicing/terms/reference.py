"""The reference of terms files, ``docs/terms.md``: an introduction, then every table and key from the schema."""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from invoicing.terms.checks import CHECKS
from invoicing.terms.example import examples
from invoicing.terms.load import shipped
from invoicing.terms.model import Terms
from invoicing.terms.schema import schema
from invoicing.terms.walk import models

_INTRODUCTION = """\
# Terms files

<!-- Made by `zaehlwerk terms docs` from the code: change the docstrings in invoicing/terms and invoicing/prices. -->

A terms file holds one version of one vendor's terms: its price list and its contract rules, each value beside the
clause that it comes from. Nothing else in the product knows a price, a period or a fee, and no code asks whose terms
they are: another vendor, or the next version of the same terms, is another file.

The shipped files lie in `invoicing/terms/`, your own in the folder that `ZAEHLWERK_TERMS_DIR` names. A file is called
like the `id` in it. A contract keeps the terms it was made under: do not change a file that contracts use, write a new
one.

    zaehlwerk terms check FILE           problems with file, line and key; else a summary
    zaehlwerk terms check FILE --json    the same for programs
    zaehlwerk terms docs                 makes this page and the schema again

All values that have not their shape are told at once. What must fit together (the last section) is looked at when every
value has its shape, and then told at once too; a file that is no TOML is told by its first mistake.

`check` ends with 0 when the file is sound, with 1 when it lists problems, with 2 when there is no file to read.

## How to write one

Copy the shipped file that is nearest to your terms and change it. The format is [TOML](https://toml.io).

- **Numbers stand without quotes**, with a point: `price = 0.08`. Nothing is ever rounded before an amount is final.
- **Every rule is a value and its clause**: `due = { value = { days = 10, after = "invoice_date" }, clause = "6(2)" }`.
  The tables below say what the value may be.
- **`silent = true`** says that the text is silent and the value is your default; name the nearest clause all the same.
- **An optional rule that is left out** is one that these terms do not have. Below, what may be left out has a default,
  or a `–` where nothing takes its place.
- **`[clauses]`** explains each cited clause in one German sentence of your own: customers read it on invoices.
- **`example_prices = true`** says that the text names no prices, and those in the file are examples.
- **A place in a list is counted from 1**: in messages, `packages.plus.prices[2].price` is the price of the second one.
- A value is allowed only when the product can compute it: what this page does not list is refused.

## Help in an editor

Editors that know TOML (Even Better TOML for VS Code, Taplo for others) complete and explain keys, and mark mistakes, by
the schema `docs/terms.schema.json`. The first line of a file names it, by a path from the file, or by an address:

    #:schema ../../docs/terms.schema.json

The schema knows the shape of every value; whether values fit together, only `zaehlwerk terms check` knows.
"""


def reference_text() -> str:
    """Return the reference as it stands in ``docs/terms.md``."""
    return "\n".join([_INTRODUCTION, *_sections(schema()), *_checks()]) + "\n"


def _sections(whole: Mapping[str, Any]) -> Iterator[str]:
    """Yield a section for the file and each kind of table, in the order in which they are met."""
    files = shipped().values()
    shown, kinds = examples(files), whole["definitions"]
    yield from _section("The file", whole, shown["Terms"], files)
    for name in dict.fromkeys(_met(whole, kinds)):
        yield from _section(name, kinds[name], shown[name], files)


def _met(node: Any, kinds: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from _met(each, kinds)
    elif isinstance(node, dict):
        if name := _named(node):
            yield name
            yield from _met(kinds[name], kinds)
        yield from _met([value for key, value in node.items() if key != "definitions"], kinds)


def _section(title: str, table: Mapping[str, Any], example: str, files: Iterable[Terms]) -> Iterator[str]:
    model = table["properties"].get("model", {}).get("const")
    yield from (f"## {title}", "", *(_model(model, files) if model else ()), table["description"], "")
    yield from ("| Key | Value | Default | Meaning |", "|---|---|---|---|")
    for name, key in table["properties"].items():
        value = key["properties"]["value"] if _is_rule(key) else key
        default = _literal(key["default"]) if "default" in key else "–"
        needed = "required" if name in table.get("required", ()) else default
        yield f"| `{name}` | {_kind(value)} | {needed} | {key['description']} |"
    yield from ("", "```toml", example, "```", "")


def _model(name: str, files: Iterable[Terms]) -> tuple[str, str]:
    """Say how a price model is named in a file, and which shipped files use it."""
    seen = [f"`{terms.id}`" for terms in files if name in models(terms)]
    return f'`model = "{name}"`, used in {", ".join(seen)}.', ""


def _kind(value: Mapping[str, Any]) -> str:
    """Say what may stand there."""
    if name := _named(value):
        return f"[{name}](#{name.lower()})"
    if options := value.get("oneOf"):
        return ", ".join(map(_kind, options))
    if options := value.get("enum", [value["const"]] if "const" in value else []):
        return ", ".join(map(_literal, options))
    if value["type"] == "array":
        return f"list: {_kind(value['items'])}"
    if value["type"] == "object":
        inner = value.get("patternProperties") or {"": value["additionalProperties"]}
        return f"by name: {_kind(next(iter(inner.values())))}"
    return _NAMES[value["type"]] + _bounds(value)


def _bounds(value: Mapping[str, Any]) -> str:
    low, high = value.get("minimum"), value.get("maximum")
    if high is not None:
        return f", {low} to {high}"
    return f" from {low}" if low is not None else ", a-z, 0-9, `-` and `_`" if "pattern" in value else ""


def _is_rule(key: Mapping[str, Any]) -> bool:
    return {"value", "clause", "silent"} == set(key.get("properties", {}))


def _named(node: Mapping[str, Any]) -> str:
    return str(node.get("$ref", "")).rpartition("/")[2]


def _literal(value: Any) -> str:
    written = str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)
    return f"`{written}`"


def _checks() -> Iterator[str]:
    yield from (
        "## What must fit together",
        "",
        "`zaehlwerk terms check` looks, beside the shape of every value, that",
        "",
    )
    for check in CHECKS:
        words = (inspect.getdoc(check) or "").splitlines()[0].replace("``", "`")
        yield f"- {words.removeprefix('Check that ').rstrip('.')},"
    yield "- the file is called like its `id`."


_NAMES = {"string": "text", "integer": "whole number", "number": "number", "boolean": "`true`, `false`"}
