"""A minimum per month: what is missing to it is charged."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Literal

from invoicing.money import euro
from invoicing.prices.amount import Amount, Basis, Wording, Words, cents_text, euro_text
from invoicing.values import CLOSED, Price, Text

Of = Literal["base", "usage", "all"]


@dataclass(frozen=True, slots=True)
class Minimum:
    """What base price, usage, or both (``of``) fall short of ``price`` euro a month is charged."""

    __pydantic_config__ = CLOSED
    kind: ClassVar = "minimum"

    model: Literal["minimum"]
    price: Price
    of: Of
    clause: Text

    def amounts(self, basis: Basis) -> Iterator[Amount]:
        """Charge what is missing to the minimum, or to its share; ``basis.used`` are the cents that count."""
        missing = basis.share.of_cents(self.price) - basis.used
        if missing > 0:
            yield Amount(Decimal(1), euro(missing), missing)

    def wording(self, amount: Amount, basis: Basis, words: Words) -> Wording:
        """Say ``Mindestbetrag 100,00 € − 37,50 € = 62,50 €``."""
        del words
        part = "" if basis.share.is_whole else f" × {basis.share}"
        formula = f"Mindestbetrag {euro_text(self.price)}{part} − {cents_text(basis.used)} = {cents_text(amount.cents)}"
        return Wording("Aufstockung auf den Mindestbetrag", "Monat", formula)
