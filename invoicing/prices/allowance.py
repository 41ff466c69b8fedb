"""Units that are included, and a price for each one above them (overage)."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Literal

from invoicing.money import german_number, to_cents
from invoicing.prices.amount import Amount, Basis, Wording, Words, cents_text, euro_text
from invoicing.values import CLOSED, Count, Meters, Price, Text


@dataclass(frozen=True, slots=True)
class Allowance:
    """``included`` units a month cost nothing, each further one ``price`` euro; unused ones lapse."""

    __pydantic_config__ = CLOSED
    kind: ClassVar = "overage"

    model: Literal["allowance"]
    meters: Meters
    included: Count
    price: Price
    clause: Text

    def amounts(self, basis: Basis) -> Iterator[Amount]:
        """Charge each unit above the allowance, or above its share.

        Contract: fluks AGB Anlage 3 §2
        """
        included = basis.share.of_units(self.included)
        if above := above_allowance(basis.used, included):
            yield Amount(Decimal(above), self.price, to_cents(above * self.price), included)

    def wording(self, amount: Amount, basis: Basis, words: Words) -> Wording:
        """Say ``12.345 genutzt − 10.000 enthalten = 2.345 × 0,08 € = 187,60 €``."""
        included = german_number(amount.included)
        quantity = f"{german_number(basis.used)} genutzt − {included} enthalten = {german_number(amount.quantity)}"
        formula = f"{quantity} × {euro_text(self.price)} = {cents_text(amount.cents)}"
        return Wording(f"{words.units} über {included} hinaus", words.unit, formula)


def above_allowance(used: int, included: int) -> int:
    """Return the units above the allowance.

    Contract: fluks AGB Anlage 3 fn 1
    """
    return max(0, used - included)
