"""Price models, one file each: what a quantity costs, and how that is said. Pure; amounts only, no customer."""

from typing import Annotated

from pydantic import Field

from invoicing.prices.allowance import Allowance, above_allowance
from invoicing.prices.amount import WHOLE, Amount, Basis, Share, Wording, Words, cents_text, euro_text
from invoicing.prices.blocks import Blocks
from invoicing.prices.expense import Expenses
from invoicing.prices.flat import Flat
from invoicing.prices.graduated import Graduated
from invoicing.prices.minimum import Minimum
from invoicing.prices.one_off import OneOff
from invoicing.prices.pass_through import PassThrough
from invoicing.prices.per_unit import PerUnit
from invoicing.prices.percentage_credit import PercentageCredit
from invoicing.prices.seats import Seats
from invoicing.prices.tier import Tier
from invoicing.prices.volume import Volume
from invoicing.prices.work import Role, Work

Metered = PerUnit | Allowance | Graduated | Volume | Blocks | Seats | PassThrough
Derived = Minimum | PercentageCredit
Booked = Work | Expenses | OneOff
MonthlyPrice = Annotated[Flat | Metered | Derived, Field(discriminator="model")]
BookedPrice = Annotated[Booked, Field(discriminator="model")]

__all__ = [
    "WHOLE",
    "Allowance",
    "Amount",
    "Basis",
    "Blocks",
    "Booked",
    "BookedPrice",
    "Derived",
    "Expenses",
    "Flat",
    "Graduated",
    "Metered",
    "Minimum",
    "MonthlyPrice",
    "OneOff",
    "PassThrough",
    "PerUnit",
    "PercentageCredit",
    "Role",
    "Seats",
    "Share",
    "Tier",
    "Volume",
    "Wording",
    "Words",
    "Work",
    "above_allowance",
    "cents_text",
    "euro_text",
]
