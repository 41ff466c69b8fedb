"""As much of JSON Schema as the schema of terms files uses; a word that is not known here is an error."""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

Node = Mapping[str, Any]
NOTES = {"$schema", "title", "description", "default", "definitions"}


def misfits(value: Any, node: Node, root: Node | None = None) -> Iterator[str]:
    """Say where a value breaks a schema."""
    root = root or node
    if "$ref" in node:
        yield from misfits(value, root["definitions"][node["$ref"].rpartition("/")[2]], root)
    for word in node.keys() - NOTES - {"$ref"}:
        if word in BELOW:
            yield from BELOW[word](value, node, root)
        elif not KEEPS[word](value, node[word]):
            yield f"{value!r} breaks {word} {node[word]}"


def _is(value: Any, kind: str) -> bool:
    types = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict, "number": int | Decimal}
    return isinstance(value, types[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _of_keys(value: Any, node: Node, root: Node) -> Iterator[str]:
    for key, inner in value.items() if isinstance(value, dict) else ():
        named = [each for pattern, each in node.get("patternProperties", {}).items() if re.search(pattern, key)]
        if known := [*named, *([node["properties"][key]] if key in node.get("properties", {}) else [])]:
            yield from (each for one in known for each in misfits(inner, one, root))
        elif node.get("additionalProperties", True) is False:
            yield f"{key} is not known"
        elif "additionalProperties" in node:
            yield from misfits(inner, node["additionalProperties"], root)


def _of_names(value: Any, node: Node, root: Node) -> Iterator[str]:
    yield from (each for key in value for each in misfits(key, node["propertyNames"], root))


def _of_items(value: Any, node: Node, root: Node) -> Iterator[str]:
    if isinstance(value, list):
        yield from (each for inner in value for each in misfits(inner, node["items"], root))


def _of_options(value: Any, node: Node, root: Node) -> Iterator[str]:
    if sum(not list(misfits(value, each, root)) for each in node["oneOf"]) != 1:
        yield f"{value!r} is not exactly one of the kinds"


BELOW: dict[str, Callable[[Any, Node, Node], Iterator[str]]] = {
    "properties": _of_keys,
    "patternProperties": _of_keys,
    "additionalProperties": _of_keys,
    "propertyNames": _of_names,
    "items": _of_items,
    "oneOf": _of_options,
}
KEEPS: dict[str, Callable[[Any, Any], bool]] = {
    "type": _is,
    "enum": lambda value, options: value in options,
    "const": lambda value, only: type(value) is type(only) and value == only,
    "required": lambda value, keys: not isinstance(value, dict) or set(keys) <= set(value),
    "minimum": lambda value, low: not _is(value, "number") or value >= low,
    "maximum": lambda value, high: not _is(value, "number") or value <= high,
    "pattern": lambda value, pattern: not _is(value, "string") or bool(re.search(pattern, value)),
    "minLength": lambda value, low: not _is(value, "string") or len(value) >= low,
    "minItems": lambda value, low: not _is(value, "array") or len(value) >= low,
    "minProperties": lambda value, low: not _is(value, "object") or len(value) >= low,
}
