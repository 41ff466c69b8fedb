"""Whether every value of a terms file has its shape; what pydantic finds wrong, in words for people who write files."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

from invoicing.prices import BookedPrice, MonthlyPrice
from invoicing.terms.checks import Finding
from invoicing.terms.locate import Path
from invoicing.terms.model import Terms
from invoicing.values import Setting

SHAPE = TypeAdapter(Terms)

_SAYS = {
    "missing": "is missing",
    "unexpected_keyword_argument": "is not a known key",
    "dataclass_type": "must be a table",
    "model_attributes_type": "must be a table",
    "dict_type": "must be a table",
    "tuple_type": "must be a list in square brackets",
    "string_type": "must be text in quotes",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
    "string_pattern_mismatch": "may use only a-z, 0-9 and single hyphens or underscores between them",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "is_instance_of": "must be a number, written without quotes",
    "finite_number": "must be a finite number",
    "less_than_equal": "must be at most {le}",
    "decimal_max_digits": "may have at most {max_digits} digits",
    "decimal_max_places": "may have at most {decimal_places} decimals",
    "decimal_whole_digits": "may have at most {whole_digits} digits before the point",
    "literal_error": "must be {expected}: the rules compute nothing else",
    "union_tag_invalid": "is no price model here: {models}",
    "union_tag_not_found": "is missing, the price model: {models}",
}
_RULE = 'must be a table: { value = …, clause = "…" }'


def findings_of(error: ValidationError) -> list[Finding]:
    """Return where each value is that has not its shape, and what it must be."""
    return [_finding(each["type"], each["loc"], each.get("ctx", {}), each["msg"]) for each in error.errors()]


def _finding(kind: str, place: Path, facts: Mapping[str, Any], message: str) -> Finding:
    path = _path(place)
    if kind == "greater_than_equal":
        return path, f"must be at least {facts['ge']}" if facts["ge"] else "must not be negative"
    if kind.startswith("union_tag"):
        path, facts = (*path, "model"), {"models": f"one of {', '.join(_models(place))}"}
    if kind == "unexpected_keyword_argument" and (near := get_close_matches(str(place[-1]), _keys(place[:-1]), 1)):
        return path, f"{_SAYS[kind]}; did you mean {near[0]}?"
    if kind == "dataclass_type" and path[:1] == ("rules",) and len(path) > 1:
        return path, _RULE
    if kind == "literal_error":
        facts = {"expected": facts["expected"].replace("True", "true").replace("False", "false")}
    return path, _SAYS.get(kind, message).format(**facts)


def _path(place: Path) -> Path:
    """Return the path in the file: without the name of the price model, and without the mark of a key."""
    after = 4 if place[2:3] == ("prices",) else 2 if place[:1] == ("services",) else None
    return tuple(part for at, part in enumerate(place) if at != after and part != "[key]")


def _keys(place: Path) -> list[str]:
    """Return the keys that the table at a place may have; of a price those of its model."""
    tables: list[Any] = [Terms]
    for part in place:
        hints = {table: get_type_hints(table) for table in tables}
        if models := [table for table in tables if get_args(hints[table].get("model")) == (part,)]:
            tables = models
        elif inner := [hints[table][str(part)] for table in tables if part in hints[table]]:
            ruled = [table for table in tables if table is not Setting] if part == "value" else []
            tables = [table for kind in inner for table in _tables(kind)] or ruled
    return list(dict.fromkeys(each.name for table in tables for each in fields(table)))


def _tables(kind: Any) -> list[Any]:
    """Return the kinds of tables that a type names, also within lists, mappings and rules."""
    origin = get_origin(kind) or kind
    own = [origin] if is_dataclass(origin) else []
    return own + [table for inner in get_args(kind) for table in _tables(inner)]


def _models(place: Path) -> list[str]:
    kinds = BookedPrice if place[0] == "services" else MonthlyPrice
    return [get_args(get_type_hints(kind)["model"])[0] for kind in get_args(get_args(kinds)[0])]
