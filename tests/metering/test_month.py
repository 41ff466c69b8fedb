from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metering.month import BERLIN, BillingMonth, local_day

MONTHS = st.builds(BillingMonth, st.integers(1971, 2200), st.integers(1, 12))
INSTANTS = st.datetimes(datetime(1971, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("month", "last"),
    [
        ("2026-01", "2026-01-31"),
        ("2026-02", "2026-02-28"),
        ("2028-02", "2028-02-29"),
        ("2100-02", "2100-02-28"),
        ("2000-02", "2000-02-29"),
        ("2026-04", "2026-04-30"),
        ("2026-12", "2026-12-31"),
    ],
)
def test_a_month_ends_on_its_last_calendar_day(month: str, last: str) -> None:
    parsed = BillingMonth.parse(month)
    assert (parsed.first_day.isoformat(), parsed.last_day.isoformat()) == (f"{month}-01", last)


@pytest.mark.parametrize(
    ("instant", "month"),
    [
        ("2026-09-30T21:59:59.999999+00:00", "2026-09"),
        ("2026-09-30T22:00:00+00:00", "2026-10"),
        ("2026-10-31T22:59:59.999999+00:00", "2026-10"),
        ("2026-10-31T23:00:00+00:00", "2026-11"),
        ("2026-12-31T22:59:59+00:00", "2026-12"),
        ("2026-12-31T23:00:00+00:00", "2027-01"),
        ("2028-02-29T22:59:59+00:00", "2028-02"),
        ("2028-02-29T23:00:00+00:00", "2028-03"),
        ("2026-11-01T00:30:00+02:00", "2026-10"),
        ("2026-10-31T19:00:00-05:00", "2026-11"),
    ],
)
def test_an_instant_belongs_to_the_month_on_the_wall_in_berlin(instant: str, month: str) -> None:
    moment = datetime.fromisoformat(instant)
    assert str(BillingMonth.of(moment)) == month
    assert moment in BillingMonth.parse(month)


@pytest.mark.parametrize(
    ("month", "hours"),
    [("2026-03", 31 * 24 - 1), ("2026-10", 31 * 24 + 1), ("2026-07", 31 * 24), ("2026-02", 28 * 24)],
)
def test_summer_time_takes_an_hour_from_march_and_gives_it_to_october(month: str, hours: int) -> None:
    parsed = BillingMonth.parse(month)
    assert parsed.end.astimezone(UTC) - parsed.start.astimezone(UTC) == timedelta(hours=hours)


def test_the_hour_that_happens_twice_stays_on_its_day() -> None:
    twice = [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)]
    assert [each.astimezone(BERLIN).hour for each in twice] == [2, 2]
    assert {local_day(each) for each in twice} == {date(2026, 10, 25)}


def test_bounds_are_half_open() -> None:
    month = BillingMonth(2026, 10)
    assert month.start in month
    assert month.end not in month
    assert month.end - timedelta(microseconds=1) in month
    assert month.end == month.next().start


def test_naive_instants_are_refused() -> None:
    naive = datetime(2026, 10, 5, 12)  # noqa: DTZ001
    with pytest.raises(ValueError, match="no offset"):
        local_day(naive)
    with pytest.raises(ValueError, match="no offset"):
        BillingMonth.of(naive)


def test_a_day_is_taken_as_it_stands() -> None:
    assert BillingMonth.of(date(2026, 10, 31)) == BillingMonth(2026, 10)
    assert date(2026, 11, 1) not in BillingMonth(2026, 10)
    assert "2026-10-05" not in BillingMonth(2026, 10)


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "2026-1", "26-10", "2026/10", " 2026-10", "2026-10-01", ""])
def test_other_spellings_are_refused_with_the_right_one(text: str) -> None:
    with pytest.raises(ValueError, match="write YYYY-MM"):
        BillingMonth.parse(text)


@pytest.mark.parametrize(("year", "month"), [(2026, 0), (2026, 13), (0, 1)])
def test_a_month_that_does_not_exist_is_refused(year: int, month: int) -> None:
    with pytest.raises(ValueError, match=r"must be in|out of range"):
        BillingMonth(year, month)


@pytest.mark.parametrize(
    ("month", "after"), [("2026-01", "2026-02"), ("2026-12", "2027-01"), ("2028-02", "2028-03"), ("1999-12", "2000-01")]
)
def test_months_follow_each_other_over_the_year_end(month: str, after: str) -> None:
    assert BillingMonth.parse(month).next() == BillingMonth.parse(after)
    assert BillingMonth.parse(after).previous() == BillingMonth.parse(month)


@given(MONTHS)
def test_months_tile_time(month: BillingMonth) -> None:
    assert month.end == month.next().start
    assert month.next().previous() == month
    assert month < month.next()
    assert [*month.days()][-1] + timedelta(days=1) == next(month.next().days())


@given(INSTANTS)
def test_every_instant_lies_in_exactly_one_month(instant: datetime) -> None:
    month = BillingMonth.of(instant)
    assert month.start <= instant < month.end
    assert instant in month
    assert instant not in month.next()
    assert instant not in month.previous()
    assert local_day(instant) in set(month.days())


@given(INSTANTS, st.integers(-14 * 60, 14 * 60))
def test_the_sender_s_offset_changes_nothing(instant: datetime, minutes: int) -> None:
    elsewhere = instant.astimezone(timezone(timedelta(minutes=minutes)))
    assert BillingMonth.of(elsewhere) == BillingMonth.of(instant)


@given(MONTHS)
def test_a_month_survives_its_spelling(month: BillingMonth) -> None:
    assert BillingMonth.parse(str(month)) == month
