"""Expenses: what was laid out, charged at cost."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from invoicing.money import euro
from invoicing.prices.amount import Amount, Basis, Wording, Words, cents_text
from invoicing.values import CLOSED, Text


@dataclass(frozen=True, slots=True)
class Expenses:
    """Expenses of these ``categories`` are charged at cost: travel, meals, lodging."""

    __pydantic_config__ = CLOSED
    kind: ClassVar = "expense"

    model: Literal["expenses"]
    categories: Annotated[tuple[Text, ...], Field(min_length=1)]
    clause: Text

    def amounts(self, basis: Basis) -> Iterator[Amount]:
        """Charge ``basis.used`` cents.

        Contract: Cloudeteer AGB 6(4)
        """
        if basis.used:
            yield Amount(Decimal(1), euro(basis.used), basis.used)

    def wording(self, amount: Amount, basis: Basis, words: Words) -> Wording:
        """Say ``Auslage laut Beleg = 84,50 €``."""
        del basis
        return Wording(words.units, "pauschal", f"Auslage laut Beleg = {cents_text(amount.cents)}")
