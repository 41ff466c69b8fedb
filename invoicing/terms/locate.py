"""Where a key stands in a TOML text."""

import re
from collections.abc import Iterator

_KEY = r"""(?:"[^"]*"|'[^']*'|[\w-]+)"""
_DOTTED = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER = re.compile(rf"\s*\[\[?\s*({_DOTTED})\s*\]")
_ASSIGNMENT = re.compile(rf"\s*({_DOTTED})\s*=")


def line_of(text: str, path: tuple[str, ...]) -> int:
    """Return the line of a key, else of the nearest table around it, else 1."""
    around = [(len(key), -line) for line, key in _keys(text) if key == path[: len(key)]]
    return -max(around, default=(0, -1))[1]


def _keys(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _split(header[1])
            yield number, table
        elif assignment := _ASSIGNMENT.match(line):
            yield number, table + _split(assignment[1])


def _split(dotted: str) -> tuple[str, ...]:
    return tuple(key.strip("\"'") for key in re.findall(_KEY, dotted))
