"""Money: whole cents in ``int``, unit prices in ``Decimal`` euro, one rounding.

``to_cents`` is the only place where an amount is rounded: half up, away from zero.
"""

import re
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from metering.month import BERLIN, BillingMonth

_MONTHS = (
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
)

_SIGN = re.compile(r"(?<!\w)-(?=\d)")


def to_cents(euro: Decimal) -> int:
    """Return whole cents, half up away from zero; refuse floats, because they have already lost cents.

    Law: § 14 Abs. 4 Nr. 8 UStG (amounts to the cent); EN 16931 BR-DEC-23.
    """
    if not isinstance(euro, Decimal):
        raise TypeError(f"{euro!r} is not a Decimal amount in euro")
    return int((euro * 100).to_integral_value(ROUND_HALF_UP))


def percent_of(cents: int, percent: Decimal) -> int:
    """Return a percentage of an amount in whole cents, half up away from zero."""
    return to_cents(Decimal(cents).scaleb(-2) * percent / 100)


def net_of(gross_cents: int, percent: Decimal) -> int:
    """Return what of a gross amount is no VAT, in whole cents, half up away from zero."""
    return to_cents(Decimal(gross_cents) / (100 + percent))


def euro(cents: int) -> Decimal:
    """Return an amount in whole cents as ``Decimal`` euro with two places."""
    return Decimal(cents).scaleb(-2)


def german_amount(cents: int) -> str:
    """Write an amount the German way: ``-1.234,56``."""
    return german_number(euro(cents), 2)


def german_number(value: Decimal | int, places: int = 0) -> str:
    """Write a number the German way with at least ``places`` decimals, none of its digits lost."""
    exponent = Decimal(value).normalize().as_tuple().exponent
    decimals = max(places, -exponent if isinstance(exponent, int) else places)
    return f"{Decimal(value):,.{decimals}f}".translate(str.maketrans(",.", ".,"))


def with_minus(text: str) -> str:
    """Write each negative number with a minus, as formulas do, not with a hyphen: for people, never for machines."""
    return _SIGN.sub("−", text)


def german_date(day: date) -> str:
    """Write a date the German way: ``02.11.2026``."""
    return f"{day:%d.%m.%Y}"


def german_month(month: BillingMonth) -> str:
    """Write a month the German way: ``Oktober 2026``."""
    return f"{_MONTHS[month.month - 1]} {month.year}"


def german_instant(instant: datetime) -> str:
    """Write an instant as a clock in Berlin shows it: ``02.11.2026, 09:15 Uhr``."""
    return f"{instant.astimezone(BERLIN):%d.%m.%Y, %H:%M} Uhr"
