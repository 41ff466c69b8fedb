"""When may a collection fall due, and when may its file leave? Pure rules on dates.

Notice is counted in calendar days from the day of the announcement to the due date. The bank's lead is
counted in TARGET days before the due date, its horizon in calendar days. How many is never said here.
"""

from datetime import date, timedelta
from enum import StrEnum

from sepa.calendar import is_target_day, next_target_day, shift_target_days


class Refusal(StrEnum):
    """Why a collection may not leave today; ``german`` says it to the finance desk, with the remedy."""

    NOT_ANNOUNCED = "not announced"
    NOTICE_TOO_SHORT = "notice too short"
    NOT_A_TARGET_DAY = "due on a day without settlement"
    TOO_LATE = "too late for the bank"
    TOO_EARLY = "earlier than the bank accepts"

    @property
    def german(self) -> str:
        """The reason in German, with what to do."""
        return _GERMAN[self]


_GERMAN = {
    Refusal.NOT_ANNOUNCED: "Der Einzug wurde noch nicht angekündigt. Zuerst die Ankündigung senden.",
    Refusal.NOTICE_TOO_SHORT: "Die Ankündigungsfrist ist zu kurz. Mit späterer Fälligkeit neu ankündigen.",
    Refusal.NOT_A_TARGET_DAY: (
        "Der Fälligkeitstag ist kein TARGET-Geschäftstag. Mit einem Geschäftstag neu ankündigen."
    ),
    Refusal.TOO_LATE: "Für die Einreichung ist es zu spät. Mit späterer Fälligkeit neu ankündigen.",
    Refusal.TOO_EARLY: "Die Bank nimmt den Einzug noch nicht an. Später einreichen.",
}


def due_date(announced_on: date, notice_days: int, lead_days: int) -> date:
    """Return the first TARGET day that the notice allows and that the file can still reach.

    Contract: fluks AGB 13.3; Scheme: EPC016-06 4.3.4
    """
    _refuse_negative(notice_days=notice_days, lead_days=lead_days)
    allowed = next_target_day(announced_on + timedelta(days=notice_days))
    reachable = shift_target_days(next_target_day(announced_on), lead_days)
    return max(allowed, reachable)


def last_submission_day(due_on: date, lead_days: int) -> date:
    """Return the last TARGET day on which the bank takes a collection due on a TARGET day.

    Scheme: EPC016-06 4.3.4 (the days are the bank's)
    """
    _refuse_negative(lead_days=lead_days)
    return shift_target_days(due_on, -lead_days)


def may_leave(
    today: date,
    due_on: date,
    announced_on: date | None,
    notice_days: int,
    lead_days: int,
    horizon_days: int,
) -> Refusal | None:
    """Return why a collection may not go to the bank today, or None when it may.

    Contract: fluks AGB 13.3; Scheme: EPC016-06 4.3.4
    """
    _refuse_negative(notice_days=notice_days, lead_days=lead_days, horizon_days=horizon_days)
    if announced_on is None or announced_on > today:
        return Refusal.NOT_ANNOUNCED
    if due_on < announced_on + timedelta(days=notice_days):
        return Refusal.NOTICE_TOO_SHORT
    if not is_target_day(due_on):
        return Refusal.NOT_A_TARGET_DAY
    if today > last_submission_day(due_on, lead_days):
        return Refusal.TOO_LATE
    if today < due_on - timedelta(days=horizon_days):
        return Refusal.TOO_EARLY
    return None


def _refuse_negative(**days: int) -> None:
    for name, count in days.items():
        if count < 0:
            raise ValueError(f"{name} is {count}: days are counted from zero")
