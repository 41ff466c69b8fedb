"""Graduated tiers: each unit costs the price of the tier in which it falls."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Literal

from invoicing.money import german_number, to_cents
from invoicing.prices.amount import Amount, Basis, Wording, Words, cents_text, euro_text
from invoicing.prices.tier import Tiers, bounds
from invoicing.values import CLOSED, Meters, Text


@dataclass(frozen=True, slots=True)
class Graduated:
    """The units up to a tier's bound cost its price, those above it the next one's."""

    __pydantic_config__ = CLOSED
    kind: ClassVar = "usage"

    model: Literal["graduated"]
    meters: Meters
    tiers: Tiers
    clause: Text

    def amounts(self, basis: Basis) -> Iterator[Amount]:
        """Charge the units of each tier that was reached."""
        for number, (below, bound) in enumerate(bounds(self.tiers)):
            if units := max(0, min(basis.used, basis.used if bound is None else bound) - below):
                price = self.tiers[number].price
                yield Amount(Decimal(units), price, to_cents(units * price), tier=number)

    def wording(self, amount: Amount, basis: Basis, words: Words) -> Wording:
        """Say which units are in the tier: ``Stufe 2 (1.001 bis 5.000)``."""
        below, bound = bounds(self.tiers)[amount.tier]
        until = f" bis {german_number(bound)}" if bound is not None else ""
        reach = (
            f"Stufe {amount.tier + 1} ({german_number(below + 1)}{until})"
            if until
            else f"ab {german_number(below + 1)}"
        )
        price = euro_text(self.tiers[amount.tier].price)
        formula = (
            f"{german_number(basis.used)} genutzt, davon {german_number(amount.quantity)} × {price} = "
            f"{cents_text(amount.cents)}"
        )
        return Wording(f"{words.units}, {reach}", words.unit, formula)
