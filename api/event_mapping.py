"""Which column of a file becomes which field of an event: the syntax behind ``--map FIELD=SOURCE``.

====================================  =======================================================================
source                                the field's value
====================================  =======================================================================
``customer=resource``                 column ``resource``
``connector=:permits``                the constant ``permits`` in every event
``id={case}-{#}``                     a template: ``{column}`` is the column's value, ``{#}`` the line number
``type=first:case:trigger:action``    ``trigger`` in the first line of each ``case``, ``action`` in later ones
====================================  =======================================================================

A field that is not mapped is taken from the column that bears its own name, when there is one. A column whose
name starts with ``:`` or ``first:`` is written as a template, ``{:odd}``. An empty value leaves the field
out, also when it is one part of a template. The ``first`` rule remembers every value that it has seen: it
alone needs memory that grows with the file, by distinct value and not by line.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol, Self

FIELDS = ("id", "customer", "type", "time", "workflow", "connector", "quantity")
Record = Mapping[str, Any]
Event = dict[str, Any]
Pick = Callable[[int, Record], Any]

_HOLE = re.compile(r"\{([^{}]*)\}")
_LINE = "#"
_KINDS_OF_SOURCE = "a column, :constant, a {template} or first:COLUMN:FIRST:FURTHER"


class MappingError(ValueError):
    """A ``--map`` that cannot be understood, or names a column that the file has not."""


class Source(Protocol):
    """Where a field's value comes from; ``start`` gives a fresh reader for one pass through a file."""

    @property
    def columns(self) -> frozenset[str]:
        """The columns that it reads."""

    def start(self) -> Pick:
        """Return what picks the value out of a numbered record."""


@dataclass(frozen=True, slots=True)
class Column:
    """The value of one column."""

    name: str

    @property
    def columns(self) -> frozenset[str]:
        """Its one column."""
        return frozenset([self.name])

    def start(self) -> Pick:
        """Pick the column's value."""
        return lambda _number, record: record.get(self.name)


@dataclass(frozen=True, slots=True)
class Constant:
    """The same text in every event."""

    text: str

    @property
    def columns(self) -> frozenset[str]:
        """No column."""
        return frozenset()

    def start(self) -> Pick:
        """Pick the constant."""
        return lambda _number, _record: self.text


@dataclass(frozen=True, slots=True)
class Template:
    """Text with holes: texts stand at even positions of ``parts``, columns at odd ones."""

    parts: tuple[str, ...]

    @property
    def columns(self) -> frozenset[str]:
        """The columns in its holes."""
        return frozenset(self.parts[1::2]) - {_LINE}

    def start(self) -> Pick:
        """Fill the holes; nothing when one of them is empty."""
        return self._fill

    def _fill(self, number: int, record: Record) -> str | None:
        filled = list(self.parts)
        for place in range(1, len(filled), 2):
            name = filled[place]
            value = number if name == _LINE else record.get(name)
            if value is None or value == "":
                return None
            filled[place] = str(value)
        return "".join(filled)


@dataclass(frozen=True, slots=True)
class FirstOf:
    """One text for the first record of each value of a column, another for every further one."""

    column: str
    first: str
    further: str

    @property
    def columns(self) -> frozenset[str]:
        """The column whose values are told apart."""
        return frozenset([self.column])

    def start(self) -> Pick:
        """Pick by what this pass has seen."""
        seen: set[Any] = set()

        def pick(_number: int, record: Record) -> str | None:
            value = record.get(self.column)
            if value is None or value == "":
                return None
            if value in seen:
                return self.further
            seen.add(value)
            return self.first

        return pick


def _source(text: str, option: str) -> Source:
    if text.startswith(":"):
        return Constant(text[1:])
    if text.startswith("first:"):
        match text.split(":"):
            case [_, column, first, further] if column and first and further:
                return FirstOf(column, first, further)
        raise MappingError(f"--map {option}: write first:COLUMN:FIRST:FURTHER, e.g. first:case:trigger:action")
    if "{" in text or "}" in text:
        parts = _HOLE.split(text)
        if any(brace in part for part in parts[::2] for brace in "{}") or "" in parts[1::2]:
            raise MappingError(f"--map {option}: a template holds {{column}} or {{#}}, each brace closed")
        return Template(tuple(parts))
    return Column(text)


@dataclass(frozen=True, slots=True)
class EventMapping:
    """The sources of the mapped fields."""

    sources: Mapping[str, Source]

    @classmethod
    def parse(cls, options: Iterable[str]) -> Self:
        """Read ``FIELD=SOURCE`` options; raise MappingError naming the option that is wrong."""
        sources: dict[str, Source] = {}
        for option in options:
            field, equals, text = option.partition("=")
            if not equals or not text:
                raise MappingError(f"--map {option}: write FIELD=SOURCE; the source is {_KINDS_OF_SOURCE}")
            if field not in FIELDS:
                raise MappingError(f"--map {option}: {field!r} is no field of an event: {', '.join(FIELDS)}")
            if field in sources:
                raise MappingError(f"--map {option}: {field} is mapped twice; keep one of them")
            sources[field] = _source(text, option)
        return cls(sources)

    @property
    def columns(self) -> frozenset[str]:
        """Every column that the mapped fields need."""
        return frozenset(column for source in self.sources.values() for column in source.columns)

    def check(self, available: Collection[str]) -> None:
        """Raise MappingError when a column is needed that is not among the available ones."""
        if missing := sorted(self.columns - set(available)):
            known = ", ".join(available) or "none"
            raise MappingError(f"no column {', '.join(missing)} in the file; its columns are: {known}")

    def start(self) -> Callable[[int, Record], Event]:
        """Return what makes an event of each numbered record in one pass through a file."""
        unmapped = {field: Column(field) for field in FIELDS if field not in self.sources}
        picks = [(field, source.start()) for field, source in {**unmapped, **self.sources}.items()]

        def event(number: int, record: Record) -> Event:
            values = ((field, pick(number, record)) for field, pick in picks)
            return {field: _plain(field, value) for field, value in values if value is not None and value != ""}

        return event


def _plain(field: str, value: Any) -> Any:
    """Read a quantity written as text, write an identifier given as a number as text; keep the rest."""
    if field == "time" or isinstance(value, bool | list | dict):
        return value
    if field == "quantity":
        return _whole(value)
    return value if isinstance(value, str | float) else str(value)


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return int(value) if re.fullmatch(r"[+-]?[0-9]{1,18}", value.strip()) else value
    if isinstance(value, float | Decimal):
        whole = value.is_integer() if isinstance(value, float) else value == value.to_integral_value()
        return int(value) if whole else str(value)
    return value
