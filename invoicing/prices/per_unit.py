"""A price for each unit."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Literal

from invoicing.money import german_number, to_cents
from invoicing.prices.amount import Amount, Basis, Wording, Words, cents_text, euro_text
from invoicing.values import CLOSED, Meters, Price, Text


@dataclass(frozen=True, slots=True)
class PerUnit:
    """Each measured unit costs ``price`` euro."""

    __pydantic_config__ = CLOSED
    kind: ClassVar = "usage"

    model: Literal["per_unit"]
    meters: Meters
    price: Price
    clause: Text

    def amounts(self, basis: Basis) -> Iterator[Amount]:
        """Charge each unit; none is no charge."""
        if basis.used:
            yield Amount(Decimal(basis.used), self.price, to_cents(basis.used * self.price))

    def wording(self, amount: Amount, basis: Basis, words: Words) -> Wording:
        """Say ``12 × 0,09 € = 1,08 €``."""
        formula = f"{german_number(basis.used)} × {euro_text(self.price)} = {cents_text(amount.cents)}"
        return Wording(words.units, words.unit, formula)
