"""What a body or a query may say: days and instants as they are written, and nothing that must be guessed."""

from datetime import date, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from api.errors import said
from api.forms import Day, Moment

FORMAT = "write YYYY-MM-DD, for example 2026-10-05"


def refusal(kind: Any, value: object) -> str:
    """What is said of a value that is refused."""
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python(value)
    (found,) = refused.value.errors()
    return said(dict(found))


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (0, FORMAT),
        (20261005, FORMAT),
        (1767225600, FORMAT),
        (1767225600.0, FORMAT),
        (True, FORMAT),
        (None, FORMAT),
        ("", FORMAT),
        ("0", FORMAT),
        ("1767225600", FORMAT),
        ("20261005", FORMAT),
        ("2026-10-5", FORMAT),
        ("05.10.2026", FORMAT),
        ("2026-W41-1", FORMAT),
        (" 2026-10-05", FORMAT),
        ("2026-10-05T00:00:00", FORMAT),
        ("2026-10-05\n", FORMAT),
        ("202\N{ARABIC-INDIC DIGIT SIX}-10-05", FORMAT),
        ("2026-02-29", f"there is no such day: {FORMAT}"),
        ("2026-13-01", f"there is no such day: {FORMAT}"),
    ],
)
def test_a_day_is_written_as_a_day(value: object, says: str) -> None:
    assert refusal(Day, value) == says


@pytest.mark.parametrize("value", ["2026-10-05", date(2026, 10, 5)])
def test_a_day_is_read(value: object) -> None:
    assert TypeAdapter(Day).validate_python(value) == date(2026, 10, 5)


@pytest.mark.parametrize("value", [0, 1767225600, "1767225600", "2026-10-05", "12:00", None, True])
def test_an_instant_is_written_as_an_instant(value: object) -> None:
    assert refusal(Moment, value) == "write an instant with its offset, for example 2026-10-05T12:00:00+02:00"


@pytest.mark.parametrize("value", ["2026-10-05T12:00:00+02:00", "2026-10-05T10:00Z", "2026-10-05 10:00:00.000Z"])
def test_an_instant_is_read(value: str) -> None:
    assert TypeAdapter(Moment).validate_python(value) == datetime.fromisoformat("2026-10-05T12:00:00+02:00")
