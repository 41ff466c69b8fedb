"""Working days in Germany, and what a deadline on another day becomes.

Only holidays of the whole federation count: the one who must act may live in any of its states.
"""

from datetime import date, timedelta
from functools import lru_cache

from dateutil.easter import easter

_FIXED = ((1, 1), (5, 1), (10, 3), (12, 25), (12, 26))
_FROM_EASTER = (-2, 1, 39, 50)  # Good Friday, Easter Monday, Ascension Day, Whit Monday
_SATURDAY = 5


@lru_cache(200)
def holidays(year: int) -> frozenset[date]:
    """Return the public holidays of the whole federation in a year."""
    moving = (easter(year) + timedelta(days=days) for days in _FROM_EASTER)
    return frozenset(date(year, month, day) for month, day in _FIXED) | frozenset(moving)


def is_workday(day: date) -> bool:
    """Tell whether a day is neither a Saturday, a Sunday nor a federal holiday."""
    return day.weekday() < _SATURDAY and day not in holidays(day.year)


def last_day_to_act(day: date) -> date:
    """Return until when something may be declared or paid whose last day this is: the next working day, else itself.

    It moves the end of a deadline to act, never the end of a period of notice (BGH III ZR 172/04).

    Law: § 193 BGB
    """
    while not is_workday(day):
        day += timedelta(days=1)
    return day
