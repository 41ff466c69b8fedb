"""What clients send: the JSON bodies, checked field by field."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9].*")


def written_day(value: object) -> date:
    """Return a day that is written as such: a number is not read as seconds since 1970."""
    if type(value) is date:
        return value
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError as error:
        raise ValueError("there is no such day: write YYYY-MM-DD, for example 2026-10-05") from error
    raise ValueError("write YYYY-MM-DD, for example 2026-10-05")


def _written_moment(value: object) -> object:
    if type(value) is datetime or (isinstance(value, str) and _MOMENT.fullmatch(value)):
        return value
    raise ValueError("write an instant with its offset, for example 2026-10-05T12:00:00+02:00")


LINE_PATTERN = r"^[^\x00-\x1f]*$"
NAME_PATTERN = r"^[A-Za-z0-9._-]+$"
COUNTRY_PATTERN = r"^[A-Z]{2}$"
EMAIL_PATTERN = r"^[^@\s<>\"]+@[^@\s<>\"]+$"
PRICE_KEY_PATTERN = r"^(packages|addons)\.[a-z0-9_-]+$"
INVOICE_PATTERN = r"^RE-[0-9]{4}-[0-9]{6,12}$"
CURSOR_PATTERN = r"^[A-Za-z0-9._:@-]{1,200}$"
STATE_PATTERN = r"^[a-z_]{1,32}$"
SUBJECT_PATTERN = r"^[^\x00]*$"
CUSTOMER_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}$"
MONTH_PATTERN = r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$"
Day = Annotated[date, BeforeValidator(written_day), Field(ge=date(1970, 1, 1), le=date(2099, 12, 31))]
Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_written_moment),
    Field(description="an instant with its offset; write + as %2B in a URL"),
]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=LINE_PATTERN)]
Optional = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=LINE_PATTERN)]
Name = Annotated[str, StringConstraints(max_length=64, pattern=NAME_PATTERN)]
PriceKey = Annotated[str, StringConstraints(pattern=PRICE_KEY_PATTERN, max_length=80)]
AgreedPrice = Annotated[Decimal, Field(ge=0, max_digits=9, decimal_places=2)]


class Form(BaseModel):
    """A body; unknown fields are refused, so that a misspelt one is not lost."""

    model_config = ConfigDict(extra="forbid")


class CustomerForm(Form):
    """Master data of a customer, as printed on its invoices."""

    name: Text
    kind: Literal["business", "consumer"]
    street: Text
    postcode: Text
    city: Text
    country: Annotated[str, StringConstraints(pattern=COUNTRY_PATTERN)] = Field(description="two letters, ISO 3166")
    email: Annotated[str, StringConstraints(pattern=EMAIL_PATTERN, max_length=200)]
    vat_id: Optional = ""
    buyer_reference: Optional = ""


class MandateForm(Form):
    """A SEPA mandate; without a reference one is made from the customer's id."""

    iban: Text
    bic: Optional = ""
    reference: Optional = ""
    signed_on: Day
    scheme: Literal["CORE", "B2B"]
    account_holder: Optional = ""
    prenotification_days: int | None = Field(
        None, ge=1, le=90, description="notice agreed on the mandate; none: the terms', else 14"
    )


class ContractForm(Form):
    """A new contract; ``prices`` are monthly prices agreed with this customer: ``packages.KEY``, ``addons.KEY``."""

    terms: Name
    package: Name
    starts_on: Day
    addons: list[Name] = Field([], max_length=100)
    trial_ends_on: Day | None = Field(None, description="last day of a free trial, where the terms know one")
    term_months: int | None = Field(None, ge=1, le=120, description="minimum term agreed instead of the terms' own")
    term_ends_on: Day | None = Field(None, description="last day of the first term, agreed instead of its length")
    prices: dict[PriceKey, AgreedPrice] = Field({}, max_length=100)


class ChangeForm(Form):
    """A change of package or add-ons, effective on a day; ``agreed_on`` counts where less must be agreed in time."""

    effective_on: Day
    agreed_on: Day | None = Field(None, description="when it was agreed; left out: today")
    package: Name | None = None
    add_addons: list[Name] = Field([], max_length=100)
    remove_addons: list[Name] = Field([], max_length=100)


class TerminationForm(Form):
    """A termination as received: by notice, of some add-ons only, or for a cause that needs no notice."""

    received_on: Day
    by: Literal["customer", "provider"] = "customer"
    addons: list[Name] = Field([], max_length=100, description="end only these add-ons, where the terms allow it")
    cause: Literal["notice", "important_reason", "default", "price_rise", "objection"] = "notice"
    ends_on: Day | None = Field(
        None, description="the last day, for an important reason, or of a notice to a later day"
    )
    reason: Optional = ""


class TermsChangeForm(Form):
    """New terms, announced to the customer; they hold unless the customer objects in time."""

    terms: Name
    received_on: Day = Field(description="when the customer was told")
    effective_on: Day | None = Field(None, description="a month's first day; left out: the earliest possible")


class ObjectionForm(Form):
    """An objection to announced terms, as received."""

    received_on: Day


class PriceRiseForm(Form):
    """A rise of monthly prices, announced to the customer: by percent, or to new prices."""

    received_on: Day = Field(description="when the customer was told")
    effective_on: Day | None = Field(None, description="a month's first day; left out: the earliest possible")
    percent: Annotated[Decimal, Field(gt=0, le=1000, decimal_places=2)] | None = None
    prices: dict[PriceKey, AgreedPrice] = Field({}, max_length=100)


class WaiverForm(Form):
    """A waiver of the newest price rise; a termination for it falls away."""

    waived_on: Day


class PrepaymentForm(Form):
    """Prepayment of base prices after a late payment, asked for or lifted."""

    effective_on: Day
    lifted: bool = False
    invoice: Annotated[str, StringConstraints(max_length=40)] = Field("", description="the claim that was paid late")


class CloseForm(Form):
    """How to close a month."""

    dry_run: bool = False


class DecisionForm(Form):
    """What happens to a month's usage of an unknown customer: assign it, or leave ``assign_to`` out to set it aside."""

    reason: Text
    assign_to: Annotated[str, StringConstraints(pattern=CUSTOMER_PATTERN)] | None = None
