"""What a price gives: quantity × unit price, rounded once; and from what it is reckoned."""

from decimal import Decimal
from typing import NamedTuple

import msgspec

from invoicing.money import german_amount, german_number, to_cents


class Share(NamedTuple):
    """A part of a month: ``part`` of ``whole`` days, after ``before`` of them were charged at the same price."""

    part: int
    whole: int
    before: int = 0

    @property
    def is_whole(self) -> bool:
        """Tell whether it is all of the month."""
        return self.part == self.whole

    def of_cents(self, price: Decimal) -> int:
        """Return the part of a monthly price in cents; all parts of a month add up to the price, to the cent."""
        if self.part == self.whole:
            return to_cents(price)
        return to_cents(price * (self.before + self.part) / self.whole) - to_cents(price * self.before / self.whole)

    def of_units(self, units: int) -> int:
        """Return the part of a monthly quantity in whole units, half up; all parts of a month add up to it."""
        if self.part == self.whole:
            return units
        return _half_up(units * (self.before + self.part), self.whole) - _half_up(units * self.before, self.whole)

    def __str__(self) -> str:
        return f"{self.part}/{self.whole}"


WHOLE = Share(1, 1)


class Basis(msgspec.Struct, frozen=True):
    """What an amount is reckoned from.

    ``used`` is what was measured (units, seats, minutes, cents of others), ``share`` the part of the month it is for,
    ``agreed`` the monthly price agreed with this customer instead of the list's.
    """

    used: int = 0
    share: Share = WHOLE
    agreed: Decimal | None = None


class Amount(msgspec.Struct, frozen=True):
    """One amount that a price gives. Cents are net or gross, as the terms' prices are.

    ``included`` is what of the measured units costs nothing; ``tier`` counts from 0 where there are tiers.
    """

    quantity: Decimal
    unit_price: Decimal
    cents: int
    included: int = 0
    tier: int = 0


class Words(NamedTuple):
    """How one and how many of the measured units are called, in German."""

    unit: str = ""
    units: str = ""


class Wording(NamedTuple):
    """How an amount is printed, in German: what it is for, its unit, and how it was reckoned."""

    text: str
    unit: str
    formula: str


def euro_text(price: Decimal) -> str:
    """Write a price the German way, with all its decimals: ``0,08 €``."""
    return f"{german_number(price, 2)} €"


def cents_text(cents: int) -> str:
    """Write an amount the German way: ``717,60 €``."""
    return f"{german_amount(cents)} €"


def _half_up(dividend: int, divisor: int) -> int:
    return (2 * dividend + divisor) // (2 * divisor)
