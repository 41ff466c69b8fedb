"""Time and material: hours × the rate of who worked, from a timesheet."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from invoicing.money import euro, german_number, to_cents
from invoicing.prices.amount import Amount, Basis, Wording, Words, cents_text, euro_text
from invoicing.values import CLOSED, Positive, Price, Slug, Text


@dataclass(frozen=True, slots=True)
class Role:
    """Who works, and for how much an hour."""

    __pydantic_config__ = CLOSED

    label: Text
    price: Price


@dataclass(frozen=True, slots=True)
class Work:
    """Work by effort: each entry is rounded up to ``step_minutes`` and costs its role's price per hour."""

    __pydantic_config__ = CLOSED
    kind: ClassVar = "work"

    model: Literal["time_and_material"]
    label: Text
    roles: Annotated[Mapping[Slug, Role], Field(min_length=1)]
    step_minutes: Positive
    clause: Text

    def amounts(self, basis: Basis) -> Iterator[Amount]:
        """Charge ``basis.used`` minutes at the agreed rate, which is the role's when the contract was signed.

        Contract: Cloudeteer AGB 6(3)
        """
        minutes = self.billed(basis.used)
        if not minutes:
            return
        rate = basis.agreed or Decimal()
        cents = to_cents(rate * minutes / 60)
        hours = Decimal(minutes) / 60
        exact = hours == hours.quantize(Decimal("0.01"))
        yield Amount(hours.quantize(Decimal("0.01")), rate, cents) if exact else Amount(Decimal(1), euro(cents), cents)

    def billed(self, minutes: int) -> int:
        """Return the minutes that are charged: every step begun counts whole."""
        return -(-minutes // self.step_minutes) * self.step_minutes

    def wording(self, amount: Amount, basis: Basis, words: Words) -> Wording:
        """Say ``2 Std. 30 Min. × 120,00 € = 300,00 €``."""
        hours, minutes = divmod(self.billed(basis.used), 60)
        spent = f"{german_number(hours)} Std." + (f" {minutes} Min." if minutes else "")
        unit = "Stunde" if amount.unit_price == basis.agreed else "Aufwand"
        formula = f"{spent} × {euro_text(basis.agreed or Decimal())} = {cents_text(amount.cents)}"
        return Wording(words.units, unit, formula)
