from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sepa.calendar import is_target_day, next_target_day
from sepa.prenotification import Refusal, due_date, last_submission_day, may_leave

DAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))
COUNTS = st.integers(0, 30)


# announced, notice, lead → due
DUE = """
2026-11-02 Mon  5  1   2026-11-09   five days end on a Saturday
2026-11-04 Wed  5  1   2026-11-09   exactly five days
2026-11-03 Tue  5  1   2026-11-09   five days end on a Sunday
2026-11-05 Thu  5  1   2026-11-10   one day later, one day later
2026-11-04 Wed  4  1   2026-11-09   one below: Sunday, moved
2026-11-04 Wed  6  1   2026-11-10   one above
2026-11-04 Wed 14  1   2026-11-18   the scheme's fourteen
2026-11-04 Wed  0  0   2026-11-04   no notice, no lead
2026-11-04 Wed  0  1   2026-11-05   the bank's day alone
2026-11-04 Wed  1  1   2026-11-05   both the same
2026-11-04 Wed  1  2   2026-11-06   the bank needs longer than the notice
2026-11-06 Fri  0  1   2026-11-09   over a weekend
2026-11-07 Sat  0  0   2026-11-09   announced on a Saturday
2026-11-07 Sat  0  1   2026-11-10   a Saturday is no day for the bank
2026-11-07 Sat  3  1   2026-11-10   notice and lead meet
2026-03-28 Sat  5  1   2026-04-02   ends on Maundy Thursday
2026-03-29 Sun  5  1   2026-04-07   ends on Good Friday: after Easter
2026-04-02 Thu  0  1   2026-04-07   over Easter
2026-12-20 Sun  5  1   2026-12-28   ends on Christmas Day
2026-12-26 Sat  5  1   2026-12-31   last day of the year
2026-12-27 Sun  5  1   2027-01-04   ends on New Year's Day
2027-04-26 Mon  5  1   2027-05-03   ends on 1 May
2028-02-24 Thu  5  1   2028-02-29   leap day
2026-03-24 Tue  5  5   2026-03-31   five TARGET days of lead, across summer time
"""


def due_rows() -> list[tuple[str, int, int, str, str]]:
    rows = [line.split(maxsplit=5) for line in DUE.strip().splitlines()]
    return [(announced, int(notice), int(lead), due, why) for announced, _, notice, lead, due, why in rows]


@pytest.mark.clause("fluks 13.3")
@pytest.mark.clause("EPC016-06 4.3.4")
@pytest.mark.parametrize(("announced", "notice", "lead", "due", "why"), due_rows(), ids=str)
def test_due_dates(announced: str, notice: int, lead: int, due: str, why: str) -> None:
    assert due_date(date.fromisoformat(announced), notice, lead) == date.fromisoformat(due), why


@pytest.mark.clause("fluks 13.3")
@pytest.mark.clause("EPC016-06 4.3.4")
@given(DAYS, COUNTS, st.integers(0, 5))
def test_a_due_date_is_a_target_day_never_too_early_and_in_time_for_the_bank(
    announced: date, notice: int, lead: int
) -> None:
    due = due_date(announced, notice, lead)
    assert is_target_day(due)
    assert due >= announced + timedelta(days=notice)
    assert last_submission_day(due, lead) >= next_target_day(announced)


@pytest.mark.clause("fluks 13.3")
@given(DAYS, COUNTS, st.integers(0, 5))
def test_no_earlier_day_would_do(announced: date, notice: int, lead: int) -> None:
    due = due_date(announced, notice, lead)
    earlier = announced
    while earlier < due:
        too_short = earlier < announced + timedelta(days=notice)
        assert too_short or not is_target_day(earlier) or last_submission_day(earlier, lead) < announced
        earlier += timedelta(days=1)


@pytest.mark.clause("EPC016-06 4.3.4")
@pytest.mark.parametrize(
    ("due", "lead", "last"),
    [
        ("2026-11-09", 0, "2026-11-09"),
        ("2026-11-09", 1, "2026-11-06"),
        ("2026-11-09", 2, "2026-11-05"),
        ("2026-04-07", 1, "2026-04-02"),
        ("2026-12-28", 1, "2026-12-24"),
        ("2027-01-04", 1, "2026-12-31"),
    ],
)
def test_last_submission_day(due: str, lead: int, last: str) -> None:
    assert last_submission_day(date.fromisoformat(due), lead) == date.fromisoformat(last)


# today, due, announced, notice, lead, horizon → refusal
LEAVE = """
2026-11-04 2026-11-09 2026-11-04  5 1 14  -                 announced and handed in on the same day
2026-11-06 2026-11-09 2026-11-04  5 1 14  -                 the last day for the bank
2026-11-07 2026-11-09 2026-11-04  5 1 14  TOO_LATE          the Saturday after it
2026-11-09 2026-11-09 2026-11-04  5 1 14  TOO_LATE          the due date itself
2026-11-09 2026-11-09 2026-11-04  5 0 14  -                 a bank that takes it on the due date
2026-11-10 2026-11-09 2026-11-04  5 0 14  TOO_LATE          the day after
2026-11-05 2026-11-09 2026-11-05  5 1 14  NOTICE_TOO_SHORT  four days
2026-11-06 2026-11-09 2026-11-03  5 1 14  -                 six days
2026-11-04 2026-11-09 -           5 1 14  NOT_ANNOUNCED     never announced
2026-11-04 2026-11-09 -           0 1 14  NOT_ANNOUNCED     no notice agreed is not no announcement
2026-11-03 2026-11-09 2026-11-04  5 1 14  NOT_ANNOUNCED     announced only tomorrow
2026-11-05 2026-11-05 2026-11-05  0 0 14  -                 no notice, no lead
2026-11-09 2026-11-23 2026-11-02  5 1 14  -                 fourteen days ahead
2026-11-08 2026-11-23 2026-11-02  5 1 14  TOO_EARLY         fifteen days ahead
2026-11-10 2026-11-23 2026-11-02  5 1 14  -                 thirteen days ahead
2026-11-20 2026-11-23 2026-11-02  5 1  0  TOO_EARLY         a bank that takes nothing ahead
2026-11-23 2026-11-23 2026-11-02  5 0  0  -                 and takes it on the day
2026-11-04 2026-11-14 2026-11-04  5 1 14  NOT_A_TARGET_DAY  due on a Saturday
2026-12-24 2026-12-25 2026-12-01  5 0 14  NOT_A_TARGET_DAY  due on Christmas Day
2026-04-02 2026-04-07 2026-03-30  5 1 14  -                 before Easter, due after it
2026-04-03 2026-04-07 2026-03-30  5 1 14  TOO_LATE          on Good Friday the bank is closed
2026-12-31 2027-01-04 2026-12-28  5 1 14  -                 the last day of the year
2027-01-01 2027-01-04 2026-12-28  5 1 14  TOO_LATE          New Year
"""


@pytest.mark.clause("fluks 13.3")
@pytest.mark.clause("EPC016-06 4.3.4")
@pytest.mark.parametrize("row", LEAVE.strip().splitlines())
def test_what_may_leave(row: str) -> None:
    today, due, announced, notice, lead, horizon, wanted, why = row.split(maxsplit=7)
    refusal = may_leave(
        date.fromisoformat(today),
        date.fromisoformat(due),
        None if announced == "-" else date.fromisoformat(announced),
        int(notice),
        int(lead),
        int(horizon),
    )
    assert refusal is (None if wanted == "-" else Refusal[wanted]), why


@pytest.mark.clause("fluks 13.3")
@given(DAYS, COUNTS, st.integers(0, 5))
def test_what_is_announced_may_leave_on_its_last_day(announced: date, notice: int, lead: int) -> None:
    due = due_date(announced, notice, lead)
    last = last_submission_day(due, lead)
    assert may_leave(last, due, announced, notice, lead, (due - last).days) is None


@pytest.mark.parametrize("refusal", Refusal)
def test_every_refusal_says_in_german_what_to_do(refusal: Refusal) -> None:
    assert refusal.german.count(".") >= 2


@pytest.mark.parametrize(("notice", "lead"), [(-1, 1), (5, -1)])
def test_negative_days_are_refused(notice: int, lead: int) -> None:
    with pytest.raises(ValueError, match="counted from zero"):
        due_date(date(2026, 11, 4), notice, lead)
