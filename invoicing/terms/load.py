"""Load and check terms files; a broken one is refused with file, line and key, all problems at once."""

import re
import tomllib
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from invoicing.terms.locate import line_of
from invoicing.terms.model import Terms

Key = tuple[str, ...]
Finding = tuple[Key, str]

_SHAPE = TypeAdapter(Terms)
_SAYS = {
    "missing": "is missing",
    "unexpected_keyword_argument": "is not a known key",
    "dataclass_type": "must be a table",
    "mapping_type": "must be a table",
    "tuple_type": "must be a list in square brackets",
    "string_type": "must be text in quotes",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
    "string_pattern_mismatch": "may use only a-z, 0-9 and single hyphens or underscores between them",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "is_instance_of": "must be a number, written without quotes",
    "decimal_type": "must be a number, written without quotes",
    "finite_number": "must be a finite number",
    "greater_than_equal": "must not be negative",
    "less_than_equal": "must be at most {le}",
    "decimal_max_digits": "may have at most {max_digits} digits",
    "decimal_max_places": "may have at most {decimal_places} decimals",
    "literal_error": "must be {expected}: the rules compute nothing else",
}


class TermsError(ValueError):
    """A terms file was refused; ``problems`` are lines like ``fluks.toml:41: packages.x.price: …``."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load(path: Path) -> Terms:
    """Return the checked terms; raise TermsError with all problems of a broken file."""
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text, parse_float=Decimal)
    except OSError as error:
        raise TermsError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TermsError(f"{path.name}: is not UTF-8: save the file as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise TermsError(_syntax_problem(path, text, str(error))) from error
    return _checked(path, text, data)


def load_folder(folder: Path) -> dict[str, Terms]:
    """Return every terms file of a folder by id; raise TermsError with the problems of all broken ones."""
    found: dict[str, Terms] = {}
    problems: list[str] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            terms = load(path)
        except TermsError as error:
            problems += error.problems
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


def _checked(path: Path, text: str, data: dict[str, Any]) -> Terms:
    try:
        terms = _SHAPE.validate_python(data)
    except ValidationError as error:
        findings = [_shape_finding(each["type"], each) for each in error.errors()]
        raise TermsError(*_located(path, text, findings)) from None
    findings = [finding for check in CHECKS for finding in check(terms)]
    if terms.id != path.stem:
        findings.append((("id",), f"must be {path.stem!r} like the file's name"))
    if findings:
        raise TermsError(*_located(path, text, findings))
    return terms


def _shape_finding(kind: str, error: Any) -> Finding:
    key = tuple(str(part) for part in error["loc"] if not isinstance(part, int) and part != "[key]")
    return key, _SAYS.get(kind, error["msg"]).format(**error.get("ctx", {}))


def _located(path: Path, text: str, findings: list[Finding]) -> list[str]:
    placed = sorted((line_of(text, key), ".".join(key), says) for key, says in findings)
    return [f"{path.name}:{line}: {key}: {says}" for line, key, says in placed]


def _syntax_problem(path: Path, text: str, message: str) -> str:
    """Name the line of a syntax error; a duplicate or unfinished table is reported where it was noticed."""
    place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)", message)
    line = place[1] if place and place[1] else len(text.splitlines())
    return f"{path.name}:{line}: not valid TOML: {message[: place.start()] if place else message}"


def _something_counts(terms: Terms) -> Iterator[Finding]:
    if not terms.counting:
        yield ("meters",), "at least one meter must have against_allowance = true"


def _included_addons_exist(terms: Terms) -> Iterator[Finding]:
    for key, package in terms.packages.items():
        for addon in package.includes:
            if addon not in terms.addons:
                yield ("packages", key, "includes"), f"{addon!r} is not one of {', '.join(terms.addons)}"


def _cited_clauses_have_a_meaning(terms: Terms) -> Iterator[Finding]:
    for key, clause in _citations(terms):
        if clause not in terms.clauses:
            yield key, f"{clause!r} has no meaning yet: add it to [clauses]"


def _citations(terms: Terms) -> Iterator[tuple[Key, str]]:
    for name in terms.rules.__dataclass_fields__:
        yield ("rules", name, "clause"), getattr(terms.rules, name).clause
    for key, meter in terms.meters.items():
        yield ("meters", key, "clause"), meter.clause
    for key, package in terms.packages.items():
        for name in ("clause", "overage_clause", "includes_clause"):
            yield ("packages", key, name), getattr(package, name)
    for key, addon in terms.addons.items():
        yield ("addons", key, "clause"), addon.clause


CHECKS: tuple[Callable[[Terms], Iterator[Finding]], ...] = (
    _something_counts,
    _included_addons_exist,
    _cited_clauses_have_a_meaning,
)
