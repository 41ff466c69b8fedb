"""Where a key stands in a TOML text: keys of inline tables and elements of lists have a line of their own.

A path names an element of a list by its number, from 0: ``("packages", "plus", "prices", 1, "clause")``. The text is
one that tomllib has read: what it refuses is not looked at here.
"""

import re
from collections import deque
from collections.abc import Iterator, Mapping
from typing import NamedTuple

Path = tuple[str | int, ...]

_TOKEN = re.compile(
    r'''(?P<quoted>"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*')'''
    r"""|(?P<mark>[\[\]{}=,.\n])|(?P<bare>[^\s\[\]{}=,.\#"']+)|\#[^\n]*|[^\S\n]+""",
    re.DOTALL,
)
_ENDS_VALUE = {"\n", ",", "]", "}"}


class _Token(NamedTuple):
    text: str
    line: int
    is_name: bool


def places(text: str) -> dict[Path, int]:
    """Return the first line of every table, key and element of a list."""
    return _Reader(text).read()


def line_of(known: Mapping[Path, int], path: Path) -> int:
    """Return the line of a path, else of the nearest one around it, else 1."""
    around = (path[:length] for length in range(len(path), 0, -1))
    return next((known[each] for each in around if each in known), 1)


def _tokens(text: str) -> Iterator[_Token]:
    line = 1
    for found in _TOKEN.finditer(text):
        if found.lastgroup:
            yield _Token(found[0], line, is_name=found.lastgroup != "mark")
        line += found[0].count("\n")


class _Reader:
    """Walks through the tokens once, and notes where each path begins."""

    def __init__(self, text: str) -> None:
        self._tokens = deque(_tokens(text))
        self._known: dict[Path, int] = {}
        self._lengths: dict[Path, int] = {}

    def read(self) -> dict[Path, int]:
        table: Path = ()
        while self._tokens:
            if self._next == "\n":
                self._tokens.popleft()
            elif self._next == "[":
                table = self._header()
            else:
                self._assignment(table)
        return self._known

    @property
    def _next(self) -> str:
        return self._tokens[0].text if self._tokens else "\n"

    def _header(self) -> Path:
        """Read ``[table]`` or ``[[list of tables]]``; a table below such a list belongs to its newest element."""
        line, marks = self._tokens[0].line, 0
        while self._next == "[":
            self._tokens.popleft()
            marks += 1
        path: Path = ()
        for name in self._key():
            path = (*path, name)
            self._known.setdefault(path, line)
            if path in self._lengths:
                path = (*path, self._lengths[path] - 1)
        if marks > 1:
            path = self._element(path, line)
        while self._next == "]":
            self._tokens.popleft()
        return path

    def _element(self, path: Path, line: int) -> Path:
        """Begin a further element of a list of tables; the path of a known one ends with its newest element."""
        of = path[:-1] if path and isinstance(path[-1], int) else path
        self._lengths[of] = self._lengths.get(of, 0) + 1
        self._known.setdefault((*of, self._lengths[of] - 1), line)
        return (*of, self._lengths[of] - 1)

    def _assignment(self, table: Path) -> None:
        line, path = self._tokens[0].line, table
        for name in self._key():
            path = (*path, name)
            self._known.setdefault(path, line)
        self._tokens.popleft()
        self._value(path)

    def _key(self) -> list[str]:
        names = []
        while self._next not in {"=", "]"}:
            token = self._tokens.popleft()
            if token.is_name:
                names.append(token.text.strip("\"'"))
        return names

    def _value(self, path: Path) -> None:
        if self._next == "{":
            for _ in self._within("}"):
                self._assignment(path)
        elif self._next == "[":
            for number in self._within("]"):
                self._known.setdefault((*path, number), self._tokens[0].line)
                self._value((*path, number))
        else:
            while self._next not in _ENDS_VALUE:
                self._tokens.popleft()

    def _within(self, end: str) -> Iterator[int]:
        """Yield the number of each element up to the closing mark; who asks reads it."""
        self._tokens.popleft()
        number = 0
        while self._next != end:
            if self._next in {",", "\n"}:
                number += self._tokens.popleft().text == ","
            else:
                yield number
        self._tokens.popleft()
