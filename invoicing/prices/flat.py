"""A fixed price per month; of a part of a month, its share."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Literal

from invoicing.money import euro
from invoicing.prices.amount import Amount, Basis, Wording, Words, cents_text, euro_text
from invoicing.values import CLOSED, Price, Text

_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Flat:
    """A fixed ``price`` in euro per month."""

    __pydantic_config__ = CLOSED
    kind: ClassVar = "base"

    model: Literal["flat"]
    price: Price
    clause: Text

    def amounts(self, basis: Basis) -> Iterator[Amount]:
        """Charge the monthly price, or its share.

        Contract: fluks AGB Anlage 3 §1
        """
        price = self._price(basis)
        cents = basis.share.of_cents(price)
        yield Amount(_ONE, price if basis.share.is_whole else euro(cents), cents)

    def wording(self, amount: Amount, basis: Basis, words: Words) -> Wording:
        """Say ``1 Monat × 500,00 € = 500,00 €``, or ``500,00 € × 12/30 = 200,00 €``."""
        del words
        price = euro_text(self._price(basis))
        if basis.share.is_whole:
            return Wording("Grundpreis", "Monat", f"1 Monat × {price} = {cents_text(amount.cents)}")
        formula = f"{price} × {basis.share} = {cents_text(amount.cents)}"
        return Wording("Grundpreis", f"anteilig {basis.share}", formula)

    def _price(self, basis: Basis) -> Decimal:
        return self.price if basis.agreed is None else basis.agreed
