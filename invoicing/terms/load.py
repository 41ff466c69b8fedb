"""Load and check terms files; a broken one is refused with file, line and key.

All problems of shape are told at once; whether values fit together is looked at when each has its shape.
"""

import re
import tomllib
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from invoicing.terms.checks import CHECKS, Check, Finding
from invoicing.terms.locate import Path as Key
from invoicing.terms.locate import line_of, places
from invoicing.terms.model import Terms
from invoicing.terms.shape import SHAPE, findings_of
from invoicing.terms.syntax import hint

_BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


class Problem(NamedTuple):
    """What is wrong in a file, and where; without a line it is the file as a whole, without a key its syntax."""

    file: str
    line: int
    key: str
    says: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:" if self.line else f"{self.file}:"
        return " ".join(part for part in (place, f"{self.key}:" if self.key else "", self.says) if part)


class TermsError(ValueError):
    """A terms file was refused; ``problems`` are written like ``fluks.toml:41: packages.x.prices[1].price: …``.

    ``is_readable`` tells whether there was a text to check.
    """

    def __init__(self, *problems: Problem | str, is_readable: bool = True) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.found = tuple(each for each in problems if isinstance(each, Problem))
        self.problems = tuple(map(str, problems))
        self.is_readable = is_readable


def load(path: Path) -> Terms:
    """Return the checked terms; raise TermsError with the problems of a broken file."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        problem = Problem(str(path), 0, "", f"cannot be read: {error.strerror}")
        raise TermsError(problem, is_readable=False) from error
    except UnicodeDecodeError as error:
        problem = Problem(path.name, 0, "", "is not UTF-8: save the file as UTF-8")
        raise TermsError(problem, is_readable=False) from error
    return read(path, text)


def read(path: Path, text: str, checks: Iterable[Check] = CHECKS) -> Terms:
    """Return the terms that a text holds, as the file ``path`` would; raise TermsError with its problems."""
    text = text.removeprefix(_BYTE_ORDER_MARK)
    try:
        data = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise TermsError(_syntax_problem(path, text, str(error))) from error
    return _checked(path, text, data, checks)


def load_folder(folder: Path) -> dict[str, Terms]:
    """Return every terms file of a folder by id; raise TermsError with the problems of all broken ones."""
    found: dict[str, Terms] = {}
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            terms = load(path)
        except TermsError as error:
            problems += error.found
        else:
            found[terms.id] = terms
    if problems:
        raise TermsError(*problems)
    return found


def shipped() -> dict[str, Terms]:
    """Return the terms that come with the product, by id."""
    return load_folder(Path(__file__).parent)


def find(terms_id: str) -> Terms:
    """Return the shipped terms with this id; raise TermsError that names the known ones."""
    known = shipped()
    if terms_id not in known:
        raise TermsError(f"{terms_id!r} are no known terms: choose one of {', '.join(known)}")
    return known[terms_id]


def _checked(path: Path, text: str, data: dict[str, Any], checks: Iterable[Check]) -> Terms:
    try:
        terms = SHAPE.validate_python(data)
    except ValidationError as error:
        raise TermsError(*_located(path, text, findings_of(error))) from None
    findings = [finding for check in checks for finding in check(terms)]
    if terms.id != path.stem:
        findings.append((("id",), f"must be {path.stem!r} like the file's name"))
    if findings:
        raise TermsError(*_located(path, text, findings))
    return _one(terms)


@lru_cache(1024)
def _one(terms: Terms) -> Terms:
    """Return the one object for all equal terms: what is remembered for them is found without comparing prices."""
    return terms


def _located(path: Path, text: str, findings: Iterable[Finding]) -> list[Problem]:
    known = places(text)
    return sorted(Problem(path.name, line_of(known, key), _written(key), says) for key, says in findings)


def _written(key: Key) -> str:
    """Write a key as people count: the second price of a package is ``packages.x.prices[2]``."""
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in key).removeprefix(".")


def _syntax_problem(path: Path, text: str, message: str) -> Problem:
    """Name the line of a syntax error; a duplicate or unfinished table is reported where it was noticed."""
    place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)", message)
    lines = text.splitlines()
    line = int(place[1]) if place and place[1] else len(lines)
    says = f"not valid TOML: {message[: place.start()] if place else message}"
    fix = hint(lines[line - 1]) if place and lines else ""
    return Problem(path.name, line, "", f"{says}: {fix}" if fix else says)
