"""What is said of a field that is refused: what is wrong with it, and how to write it."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel

from api.booking_forms import KEY_OR_NONE_PATTERN, PERCENT_PATTERN, PRICE_PATTERN
from api.forms import (
    COUNTRY_PATTERN,
    CURSOR_PATTERN,
    CUSTOMER_PATTERN,
    EMAIL_PATTERN,
    INVOICE_PATTERN,
    LINE_PATTERN,
    MONTH_PATTERN,
    NAME_PATTERN,
    PRICE_KEY_PATTERN,
    STATE_PATTERN,
    SUBJECT_PATTERN,
)

PATTERNS = {
    COUNTRY_PATTERN: "write two capital letters, for example DE",
    CUSTOMER_PATTERN: "write up to 64 letters without accents, digits and . _ : @ -, a letter or digit first",
    CURSOR_PATTERN: "write the next_cursor of the page before",
    EMAIL_PATTERN: "write an address, for example rechnung@kunde.example",
    INVOICE_PATTERN: "write an invoice's number, for example RE-2026-000123",
    KEY_OR_NONE_PATTERN: "write only letters without accents, digits, dots, hyphens and underscores",
    LINE_PATTERN: "write one line, without control characters",
    MONTH_PATTERN: "write YYYY-MM, for example 2026-10",
    NAME_PATTERN: "write only letters without accents, digits, dots, hyphens and underscores",
    PERCENT_PATTERN: 'write percent with at most two decimals and a point, for example "12.5"',
    PRICE_KEY_PATTERN: "write packages.KEY or addons.KEY, for example packages.basis",
    STATE_PATTERN: "write a state in small letters, for example waiting",
    SUBJECT_PATTERN: "write text without control characters",
    PRICE_PATTERN: 'write euro with at most six decimals and a point, for example "130.50"',
}
_SAYS = {
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "decimal_max_digits": "may have at most {max_digits} digits",
    "decimal_max_places": "may have at most {decimal_places} decimals",
    "decimal_parsing": 'must be a number with a point, for example "49.90"',
    "decimal_type": 'must be a number with a point, for example "49.90"',
    "decimal_whole_digits": "may have at most {whole_digits} digits before the point",
    "dict_type": "must be a JSON object",
    "extra_forbidden": "is not a known field",
    "finite_number": "must be a finite number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "is too large a number",
    "int_type": "must be a whole number, without quotes",
    "json_invalid": "is not valid JSON: {error}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "list_type": "must be a list in square brackets",
    "literal_error": "must be {expected}",
    "missing": "is missing",
    "model_attributes_type": "must be a JSON object, sent with Content-Type: application/json",
    "string_too_long": "may have at most {max_length} characters",
    "string_too_short": "must not be empty",
    "string_type": "must be text in quotes",
    "string_unicode": "must be Unicode text",
    "too_long": "may have at most {max_length} entries",
    "too_short": "must have at least {min_length} entries",
    "value_error": "{error}",
}


def field_of(found: Mapping[str, Any]) -> str:
    """Return the name of a refused field; the body itself when it is missing or no JSON."""
    place, *path = found["loc"]
    named = [str(part) for part in path if part != "[key]"]
    return str(place) if found["type"] == "json_invalid" or not named else ".".join(named)


def said(found: Mapping[str, Any], body: Any = None) -> str:
    """Return what is wrong with a field; of one that is not known, which ones the ``body`` knows there."""
    kind, facts = found["type"], found.get("ctx", {})
    if kind == "string_pattern_mismatch":
        return PATTERNS.get(facts["pattern"], f"must look like {facts['pattern']}")
    message = _SAYS[kind].format(**facts) if kind in _SAYS else str(found["msg"])
    if kind == "extra_forbidden" and (form := _form_at(body, found["loc"][1:-1])):
        close = get_close_matches(str(found["loc"][-1]), form.model_fields, 1)
        meant = f"; did you mean {close[0]}?" if close else ""
        return f"{message}{meant}; known are {', '.join(form.model_fields)}"
    return message


def _form_at(body: Any, path: tuple[str | int, ...]) -> type[BaseModel] | None:
    """Return the form that a place in a body is described by."""
    form = _form_in(body)
    for name in (part for part in path if isinstance(part, str)):
        form = _form_in(form.model_fields[name].annotation) if form and name in form.model_fields else None
    return form


def _form_in(kind: Any) -> type[BaseModel] | None:
    """Return the form in a type, which may be optional or a list of it."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    return next((form for form in map(_form_in, get_args(kind)) if form), None)
