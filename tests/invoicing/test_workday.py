from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.workday import State, holidays, is_workday, last_day_to_act

DAYS = st.dates(date(2000, 1, 1), date(2100, 12, 31))


@pytest.mark.clause("§ 193 BGB")
def test_the_federation_has_nine_holidays_four_of_them_move_with_easter() -> None:
    assert sorted(holidays(2026)) == [
        date(2026, 1, 1),
        date(2026, 4, 3),  # Good Friday
        date(2026, 4, 6),  # Easter Monday
        date(2026, 5, 1),
        date(2026, 5, 14),  # Ascension Day
        date(2026, 5, 25),  # Whit Monday
        date(2026, 10, 3),
        date(2026, 12, 25),
        date(2026, 12, 26),
    ]


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-01-06", True),  # Epiphany: only some states
        ("2026-06-04", True),  # Corpus Christi: only some states
        ("2026-10-31", False),  # a Saturday
        ("2027-11-01", True),  # All Saints: only some states
        ("2026-12-24", True),
        ("2026-12-31", True),
        ("2028-02-29", True),
        ("2026-04-02", True),  # the day before Good Friday
        ("2026-04-03", False),
        ("2026-05-14", False),
    ],
)
def test_only_weekends_and_holidays_of_the_whole_federation_are_free(day: str, works: bool) -> None:  # noqa: FBT001
    assert is_workday(date.fromisoformat(day)) is works


@pytest.mark.clause("§ 193 BGB")
@pytest.mark.parametrize(
    ("last_day", "until"),
    [
        ("2026-10-30", "2026-10-30"),  # a Friday stays
        ("2026-10-31", "2026-11-02"),  # Saturday
        ("2026-11-01", "2026-11-02"),  # Sunday
        ("2026-11-02", "2026-11-02"),
        ("2026-04-03", "2026-04-07"),  # Good Friday, over Easter
        ("2026-05-01", "2026-05-04"),  # a holiday on Friday
        ("2026-10-03", "2026-10-05"),  # a holiday on Saturday
        ("2026-12-25", "2026-12-28"),
        ("2027-01-01", "2027-01-04"),  # into the new year
        ("2027-12-31", "2027-12-31"),
    ],
)
def test_a_last_day_that_is_free_moves_to_the_next_working_day(last_day: str, until: str) -> None:
    assert last_day_to_act(date.fromisoformat(last_day)) == date.fromisoformat(until)


@pytest.mark.clause("§ 193 BGB")
@pytest.mark.parametrize(
    ("state", "until"), [(None, "2027-11-01"), ("HB", "2027-11-01"), ("NW", "2027-11-02"), ("BY", "2027-11-02")]
)
def test_a_holiday_of_one_state_is_free_only_there(state: State | None, until: str) -> None:
    """All Saints, a Monday."""
    assert last_day_to_act(date(2027, 11, 1), state) == date.fromisoformat(until)
    assert last_day_to_act(date(2027, 10, 30), state) == date.fromisoformat(until)


@given(DAYS)
def test_the_next_working_day_is_the_first_one(day: date) -> None:
    until = last_day_to_act(day)
    assert is_workday(until)
    assert not any(is_workday(day + timedelta(days=n)) for n in range((until - day).days))
