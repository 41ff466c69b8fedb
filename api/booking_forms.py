"""What clients send to book something beside the packages."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from api.forms import LINE_PATTERN, MONTH_PATTERN, Day, Form, Moment, Name, Optional, Text

_MOST = 10**9
Printed = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=LINE_PATTERN)]
KEY_OR_NONE_PATTERN = r"^[A-Za-z0-9._-]*$"
PRICE_PATTERN = r"^[0-9]{1,6}(\.[0-9]{1,6})?$"
PERCENT_PATTERN = r"^[0-9]{1,3}(\.[0-9]{1,2})?$"


def _exact(value: object) -> object:
    """Take a whole number like text; a number with a point may have lost digits on the way here."""
    if type(value) is float:
        raise ValueError('write it in quotes, for example "130.50": without them digits may get lost')
    return str(value) if type(value) is int else value


PriceText = Annotated[
    str,
    BeforeValidator(_exact),
    StringConstraints(pattern=PRICE_PATTERN),
    Field(description="euro as text, 130.50, or as a whole number"),
]
PercentText = Annotated[str, BeforeValidator(_exact), StringConstraints(pattern=PERCENT_PATTERN)]
KeyOrNone = Annotated[str, StringConstraints(max_length=64, pattern=KEY_OR_NONE_PATTERN)]
Quantity = Annotated[int, Field(ge=1, le=_MOST, strict=True)]
Cents = Annotated[int, Field(ge=1, le=10**12, strict=True)]
Reference = Annotated[
    Name | None, Field(description="your own id: what is sent twice with the same one is booked once")
]
_CITED = "of a credit: the agreement that owes it"
_DAMAGES = "of a credit: it makes good for something and lowers no price, so it has no VAT"


class BookingForm(Form):
    """Something to bill; ``quantity`` counts minutes of work, cents of an expense or a credit, pieces of an order."""

    kind: Literal["work", "expense", "order", "credit"]
    day: Day
    quantity: Quantity
    service: KeyOrNone = Field("", description="a key of the terms' services; none for a credit")
    role: Optional = Field("", description="who worked, or which kind of expense it is: as the terms name them")
    text: Printed = Field("", description="what was done; printed on the invoice")
    price: PriceText | None = Field(None, description="agreed for this alone, per hour or piece, in euro as text")
    clause: Optional = Field("", description=_CITED)
    damages: bool = Field(default=False, description=_DAMAGES)
    reference: Reference = None


class OrderForm(Form):
    """An order that is invoiced at once; ``day`` is today unless it says another."""

    service: Name
    quantity: Quantity = 1
    day: Day | None = None
    text: Printed = ""
    price: PriceText | None = None
    reference: Reference = None


class CancellationForm(Form):
    """Why a booking is taken back."""

    reason: Text


class SuspensionPeriod(Form):
    """From when until when a service was suspended; without an end it still is."""

    start: Moment
    end: Moment | None = None


class SuspensionForm(Form):
    """All times of a month in which a service was suspended; ``price_cents`` is what it costs, else the monthly fee."""

    month: Annotated[str, StringConstraints(pattern=MONTH_PATTERN)]
    suspensions: list[SuspensionPeriod] = Field(min_length=1, max_length=1000)
    price_cents: Cents | None = None
    reference: Reference = None


class DelayForm(Form):
    """What was delivered late: its price, the agreed day, the day of delivery, when it was claimed and all was done."""

    price_cents: Cents
    agreed_on: Day
    until: Day
    claimed_on: Day
    completed_on: Day
    reference: Reference = None


class RemedyForm(Form):
    """An attempt to mend a defect: until when, and when it succeeded, if it did."""

    deadline: Day
    mended_on: Day | None = None


class ReductionForm(Form):
    """A price reduction for a month: so many percent from a day to another, after attempts to mend that failed."""

    month: Annotated[str, StringConstraints(pattern=MONTH_PATTERN)]
    percent: PercentText
    first: Day
    last: Day
    remedies: list[RemedyForm] = Field(max_length=100)
    reference: Reference = None
