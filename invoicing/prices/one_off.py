"""A one-off price for an order."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Literal

from invoicing.money import german_number, to_cents
from invoicing.prices.amount import Amount, Basis, Wording, Words, cents_text, euro_text
from invoicing.values import CLOSED, Price, Text


@dataclass(frozen=True, slots=True)
class OneOff:
    """Each order costs ``price`` euro, once."""

    __pydantic_config__ = CLOSED
    kind: ClassVar = "order"

    model: Literal["one_off"]
    label: Text
    price: Price
    clause: Text

    def amounts(self, basis: Basis) -> Iterator[Amount]:
        """Charge ``basis.used`` orders.

        Contract: KLUGO AGB 10.3
        """
        if basis.used:
            price = self.price if basis.agreed is None else basis.agreed
            yield Amount(Decimal(basis.used), price, to_cents(basis.used * price))

    def wording(self, amount: Amount, basis: Basis, words: Words) -> Wording:
        """Say ``1 × 49,00 € = 49,00 €``."""
        del words
        formula = f"{german_number(basis.used)} × {euro_text(amount.unit_price)} = {cents_text(amount.cents)}"
        return Wording(self.label, "Auftrag", formula)
