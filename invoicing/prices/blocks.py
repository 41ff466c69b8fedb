"""Package blocks: a price for each block of units that was begun."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Literal

from invoicing.money import german_number, to_cents
from invoicing.prices.allowance import above_allowance
from invoicing.prices.amount import Amount, Basis, Wording, Words, cents_text, euro_text
from invoicing.values import CLOSED, Count, Meters, Positive, Price, Text


@dataclass(frozen=True, slots=True)
class Blocks:
    """Each begun block of ``size`` units above those ``included`` costs ``price`` euro."""

    __pydantic_config__ = CLOSED
    kind: ClassVar = "usage"

    model: Literal["blocks"]
    meters: Meters
    size: Positive
    price: Price
    clause: Text
    included: Count = 0

    def amounts(self, basis: Basis) -> Iterator[Amount]:
        """Charge each begun block."""
        included = basis.share.of_units(self.included)
        if blocks := -(-above_allowance(basis.used, included) // self.size):
            yield Amount(Decimal(blocks), self.price, to_cents(blocks * self.price), included)

    def wording(self, amount: Amount, basis: Basis, words: Words) -> Wording:
        """Say ``2.345 genutzt − 1.000 enthalten = 14 begonnene Blöcke zu 100 × 5,00 € = 70,00 €``."""
        less = f" − {german_number(amount.included)} enthalten" if amount.included else ""
        named = "begonnener Block" if amount.quantity == 1 else "begonnene Blöcke"
        blocks = f"{german_number(amount.quantity)} {named} zu {german_number(self.size)}"
        formula = f"{german_number(basis.used)} genutzt{less} = {blocks} × {euro_text(self.price)} = "
        return Wording(
            f"{words.units} in Blöcken zu {german_number(self.size)}", "Block", formula + cents_text(amount.cents)
        )
