"""Seats: a monthly price for each of the most that were held at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Literal

from invoicing.money import euro, german_number
from invoicing.prices.allowance import above_allowance
from invoicing.prices.amount import Amount, Basis, Wording, Words, cents_text, euro_text
from invoicing.values import CLOSED, Count, Meters, Price, Text


@dataclass(frozen=True, slots=True)
class Seats:
    """Each seat of the month's highest level above those ``included`` costs ``price`` euro a month."""

    __pydantic_config__ = CLOSED
    kind: ClassVar = "usage"

    model: Literal["seats"]
    meters: Meters
    price: Price
    clause: Text
    included: Count = 0

    def amounts(self, basis: Basis) -> Iterator[Amount]:
        """Charge each seat for the month, or for its share.

        Contract: Cloudeteer AGB 15(1)
        """
        if seats := above_allowance(basis.used, self.included):
            cents = basis.share.of_cents(seats * self.price)
            if basis.share.is_whole:
                yield Amount(Decimal(seats), self.price, cents, self.included)
            else:
                yield Amount(Decimal(1), euro(cents), cents, self.included)

    def wording(self, amount: Amount, basis: Basis, words: Words) -> Wording:
        """Say ``Höchststand 12 − 5 enthalten = 7 × 9,00 € = 63,00 €``; of a part of a month ``… × 12/30 = …``."""
        less = f" − {german_number(amount.included)} enthalten" if amount.included else ""
        seats = german_number(basis.used - amount.included)
        part = "" if basis.share.is_whole else f" × {basis.share}"
        formula = (
            f"Höchststand {german_number(basis.used)}{less} = {seats} × {euro_text(self.price)}{part} = "
            f"{cents_text(amount.cents)}"
        )
        unit = words.unit if basis.share.is_whole else f"anteilig {basis.share}"
        return Wording(f"{words.units}, Höchststand im Monat", unit, formula)
