"""Pass-through: what a third party charges for, billed on; also in a free trial."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Literal

from invoicing.money import german_number, to_cents
from invoicing.prices.amount import Amount, Basis, Wording, Words, cents_text, euro_text
from invoicing.values import CLOSED, Meters, Price, Text


@dataclass(frozen=True, slots=True)
class PassThrough:
    """Each unit of a third party's service costs ``price`` euro, in a free trial too."""

    __pydantic_config__ = CLOSED
    kind: ClassVar = "pass_through"

    model: Literal["pass_through"]
    meters: Meters
    price: Price
    clause: Text

    def amounts(self, basis: Basis) -> Iterator[Amount]:
        """Charge each unit.

        Contract: cunio AGB 8.4
        """
        if basis.used:
            yield Amount(Decimal(basis.used), self.price, to_cents(basis.used * self.price))

    def wording(self, amount: Amount, basis: Basis, words: Words) -> Wording:
        """Say ``120 × 0,09 € = 10,80 €``."""
        formula = f"{german_number(basis.used)} × {euro_text(self.price)} = {cents_text(amount.cents)}"
        return Wording(f"{words.units} (Leistung von Drittanbietern)", words.unit, formula)
