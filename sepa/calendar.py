"""TARGET days: the days on which money moves between banks in euro.

Closed are Saturday, Sunday, 1 January, Good Friday, Easter Monday, 1 May, 25 and 26 December, and no
national holiday. Days are calendar dates in Europe/Berlin.
"""

from datetime import date, timedelta
from functools import lru_cache

from dateutil.easter import easter

_DAY = timedelta(days=1)
_SATURDAY = 5


@lru_cache(maxsize=64)
def _holidays(year: int) -> frozenset[date]:
    sunday = easter(year)
    fixed = {date(year, 1, 1), date(year, 5, 1), date(year, 12, 25), date(year, 12, 26)}
    return frozenset(fixed | {sunday - 2 * _DAY, sunday + _DAY})


def is_target_day(day: date) -> bool:
    """Tell whether banks settle on a day.

    Scheme: EPC016-06 4.3.1 (TARGET calendar of the ECB)
    """
    return day.weekday() < _SATURDAY and day not in _holidays(day.year)


def next_target_day(day: date) -> date:
    """Return the day itself, or the first TARGET day after it."""
    while not is_target_day(day):
        day += _DAY
    return day


def shift_target_days(day: date, n: int) -> date:
    """Return the n-th TARGET day after a day, or before it when n is negative; the day itself is not counted.

    No step from a day that is no TARGET day is ambiguous and raises ValueError.
    """
    if n == 0 and not is_target_day(day):
        raise ValueError(f"{day} is no TARGET day: say next_target_day, or one step back")
    step = _DAY if n > 0 else -_DAY
    for _ in range(abs(n)):
        day += step
        while not is_target_day(day):
            day += step
    return day
