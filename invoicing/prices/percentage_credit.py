"""A credit in percent of what is charged."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Literal

from invoicing.money import euro, german_number, percent_of
from invoicing.prices.amount import Amount, Basis, Wording, Words, cents_text
from invoicing.prices.minimum import Of
from invoicing.values import CLOSED, Percent, Text

_NAMED = {"base": "den Grundpreis", "usage": "die Nutzung", "all": "alle Positionen des Pakets"}


@dataclass(frozen=True, slots=True)
class PercentageCredit:
    """So many ``percent`` of base price, usage, or both (``of``) are credited."""

    __pydantic_config__ = CLOSED
    kind: ClassVar = "credit"

    model: Literal["percentage_credit"]
    percent: Percent
    of: Of
    clause: Text

    def amounts(self, basis: Basis) -> Iterator[Amount]:
        """Credit the percentage; ``basis.used`` is what it is taken of, in cents."""
        if cents := -percent_of(basis.used, self.percent):
            yield Amount(Decimal(1), euro(cents), cents)

    def wording(self, amount: Amount, basis: Basis, words: Words) -> Wording:
        """Say ``−10 % von 500,00 € = -50,00 €``."""
        del words
        percent = german_number(self.percent)
        formula = f"−{percent} % von {cents_text(basis.used)} = {cents_text(amount.cents)}"
        return Wording(f"Gutschrift {percent} % auf {_NAMED[self.of]}", "Gutschrift", formula)
