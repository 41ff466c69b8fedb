from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sepa.calendar import is_target_day, next_target_day, shift_target_days

DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))


@pytest.mark.clause("EPC016-06 4.3.1")
@pytest.mark.parametrize(
    ("day", "open_", "why"),
    [
        ("2026-01-01", False, "New Year"),
        ("2026-01-02", True, "Friday after"),
        ("2026-01-06", True, "Epiphany is a national holiday"),
        ("2026-04-02", True, "Maundy Thursday"),
        ("2026-04-03", False, "Good Friday"),
        ("2026-04-06", False, "Easter Monday"),
        ("2026-04-07", True, "Tuesday after Easter"),
        ("2026-05-01", False, "Labour Day"),
        ("2026-05-14", True, "Ascension is a national holiday"),
        ("2026-05-25", True, "Whit Monday is a national holiday"),
        ("2028-10-03", True, "Day of German Unity"),
        ("2026-11-21", False, "Saturday"),
        ("2026-11-22", False, "Sunday"),
        ("2026-12-24", True, "Christmas Eve"),
        ("2026-12-25", False, "Christmas Day"),
        ("2027-12-26", False, "26 December"),
        ("2026-12-31", True, "New Year's Eve"),
        ("2028-02-29", True, "leap day"),
    ],
)
def test_target_days(day: str, open_: bool, why: str) -> None:  # noqa: FBT001 - a column of the table
    assert is_target_day(date.fromisoformat(day)) is open_, why


@pytest.mark.clause("EPC016-06 4.3.1")
@pytest.mark.parametrize(
    ("day", "n", "reached"),
    [
        ("2026-11-20", 0, "2026-11-20"),
        ("2026-11-20", 1, "2026-11-23"),
        ("2026-11-20", -1, "2026-11-19"),
        ("2026-11-21", 1, "2026-11-23"),
        ("2026-11-21", -1, "2026-11-20"),
        ("2026-04-02", 1, "2026-04-07"),
        ("2026-04-07", -1, "2026-04-02"),
        ("2026-12-24", 1, "2026-12-28"),
        ("2026-12-31", 2, "2027-01-05"),
        ("2027-01-05", -2, "2026-12-31"),
    ],
)
def test_steps_count_target_days(day: str, n: int, reached: str) -> None:
    assert shift_target_days(date.fromisoformat(day), n) == date.fromisoformat(reached)


def test_no_step_from_a_closed_day_is_ambiguous() -> None:
    with pytest.raises(ValueError, match="no TARGET day"):
        shift_target_days(date(2026, 11, 21), 0)


@given(DAYS)
def test_the_next_target_day_is_open_and_near(day: date) -> None:
    found = next_target_day(day)
    assert is_target_day(found)
    assert timedelta(0) <= found - day <= timedelta(days=5)
    assert next_target_day(found) == found


@given(DAYS, st.integers(1, 30))
def test_steps_there_and_back_return(day: date, n: int) -> None:
    start = next_target_day(day)
    assert shift_target_days(shift_target_days(start, n), -n) == start
