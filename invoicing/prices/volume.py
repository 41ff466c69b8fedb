"""Volume tiers: the month's quantity decides one price for all of its units."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Literal

from invoicing.money import german_number, to_cents
from invoicing.prices.amount import Amount, Basis, Wording, Words, cents_text, euro_text
from invoicing.prices.tier import Tiers, bounds
from invoicing.values import CLOSED, Meters, Text


@dataclass(frozen=True, slots=True)
class Volume:
    """All units cost the price of the tier that the whole quantity reaches."""

    __pydantic_config__ = CLOSED
    kind: ClassVar = "usage"

    model: Literal["volume"]
    meters: Meters
    tiers: Tiers
    clause: Text

    def amounts(self, basis: Basis) -> Iterator[Amount]:
        """Charge all units at the price of the highest tier reached."""
        if basis.used:
            ends = [bound for _, bound in bounds(self.tiers)]
            number = next(at for at, bound in enumerate(ends) if bound is None or basis.used <= bound)
            price = self.tiers[number].price
            yield Amount(Decimal(basis.used), price, to_cents(basis.used * price), tier=number)

    def wording(self, amount: Amount, basis: Basis, words: Words) -> Wording:
        """Say which quantity the price is for: ``Mengenstufe 2 (1.001 bis 5.000)``."""
        below, bound = bounds(self.tiers)[amount.tier]
        until = f"bis {german_number(bound)}" if bound is not None else "und mehr"
        formula = f"{german_number(basis.used)} × {euro_text(amount.unit_price)} = {cents_text(amount.cents)}"
        text = f"{words.units}, Mengenstufe {amount.tier + 1} ({german_number(below + 1)} {until})"
        return Wording(text, words.unit, formula)
