"""Working days in Germany, and what a deadline on another day becomes.

Holidays of the whole federation always count; those of a single state only where it is known that what is declared must
reach somebody there.
"""

from datetime import date, timedelta
from functools import lru_cache
from importlib import import_module
from typing import Literal

State = Literal["BB", "BE", "BW", "BY", "HB", "HE", "HH", "MV", "NI", "NW", "RP", "SH", "SL", "SN", "ST", "TH"]
_SATURDAY = 5


@lru_cache(200)
def holidays(year: int, state: State | None = None) -> frozenset[date]:
    """Return the public holidays of the whole federation in a year, and those of one of its states."""
    germany = import_module("holidays.countries.germany")  # loaded only when asked: it brings all countries
    return frozenset(germany.Germany(subdiv=state, years=year))


def is_workday(day: date, state: State | None = None) -> bool:
    """Tell whether a day is neither a Saturday, a Sunday nor a public holiday."""
    return day.weekday() < _SATURDAY and day not in holidays(day.year, state)


def last_day_to_act(day: date, state: State | None = None) -> date:
    """Return until when something may be declared or paid whose last day this is: the next working day, else itself.

    It moves the end of a deadline to act, never the end of a period of notice (BGH III ZR 172/04).

    Law: § 193 BGB
    """
    while not is_workday(day, state):
        day += timedelta(days=1)
    return day
