"""Examples for the reference: what the shipped files hold, written as TOML.

Each example is a part of a shipped file, from the header of its table on. What stands only inside another table is
shown there. Real prices come before example prices.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from textwrap import indent
from typing import Any, NamedTuple

from invoicing.terms.model import Terms
from invoicing.values import Setting

BARE = re.compile(r"[A-Za-z0-9_-]+")


class _Block(NamedTuple):
    """A table of a file, or some of its keys; of a whole table, with the kind that it is."""

    header: str
    values: Mapping[str, Any]
    kind: str = ""

    def __str__(self) -> str:
        lines = [f"{_key(name)} = {_written(value)}" for name, value in self.values.items()]
        return "\n".join([f"[{self.header}]", *lines] if self.header else lines)


def examples(files: Iterable[Terms]) -> dict[str, str]:
    """Return an example of each kind of table, by the name of its class; of the rules, each rule once."""
    ordered = sorted(files, key=lambda terms: terms.example_prices)
    rules: dict[str, Any] = {}
    found: dict[str, str] = {}
    for terms in ordered:
        rules = _values(terms.rules) | rules
        for block in _blocks(terms):
            for kind in (block.kind, *_kinds(block.values)):
                found.setdefault(kind, str(block))
    named = {name: rules[name] for name in ordered[0].rules.__dataclass_fields__ if name in rules}
    every = f"# every rule once, from different files\n{_Block('rules', named)}"
    return found | {"Rules": every, "Terms": _head(ordered[0])}


def _head(terms: Terms) -> str:
    """Write what stands at the top of a file, and one clause."""
    simple = {name: value for name, value in _values(terms).items() if isinstance(value, str | bool)}
    clause = next(iter(terms.clauses.items()))
    return f"{_Block('', simple)}\n\n{_Block('clauses', dict([clause]))}"


def _blocks(terms: Terms) -> Iterator[_Block]:
    """Yield the tables of a file, single rules and prices first: they are the shortest examples of their kind."""
    for name, rule in _values(terms.rules).items():
        yield _Block("rules", {name: rule})
    tables = [
        (f"{table}.{name}", each)
        for table in ("packages", "addons", "services", "meters")
        for name, each in getattr(terms, table).items()
    ]
    for header, each in tables:
        yield from (_Block(header, {"prices": (price,)}) for price in getattr(each, "prices", ()))
    for header, each in tables:
        yield _Block(header, _values(each), type(each).__name__)


def _values(table: Any) -> dict[str, Any]:
    """Return the keys of a table that are not left at their default."""
    given = {each.name: getattr(table, each.name) for each in fields(table)}
    usual = {each.name: each.default for each in fields(table) if each.default is not MISSING}
    return {name: value for name, value in given.items() if name not in usual or value != usual[name]}


def _kinds(value: Any) -> Iterator[str]:
    """Yield the kinds of tables within a value, itself included; a rule is of the kind of its value."""
    if is_dataclass(value):
        if not isinstance(value, Setting):
            yield type(value).__name__
        yield from _kinds(_values(value))
    elif isinstance(value, Mapping | tuple):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _kinds(each)


def _written(value: Any) -> str:
    """Write a value as TOML; tables in a list stand on a line each."""
    if is_dataclass(value):
        return _written(_values(value))
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(name)} = {_written(each)}" for name, each in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, tuple) and any(is_dataclass(each) for each in value):
        return "\n".join(["[", *(indent(f"{_written(each)},", "  ") for each in value), "]"])
    if isinstance(value, tuple):
        return f"[{', '.join(map(_written, value))}]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, bool | str) else str(value)


def _key(name: str) -> str:
    return name if BARE.fullmatch(name) else f'"{name}"'
