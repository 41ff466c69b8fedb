"""``/v1/customers/{customer}/preview`` and ``what-if``: looking ahead, nothing is stored."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from api.access import Finance, Work
from api.forms import MONTH_PATTERN, Name
from api.preview import DRAFT, preview_customer, what_if_customer
from api.routes.billing import LineAnswer, line_answer
from api.routes.customers import Customer
from metering.month import BillingMonth

router = APIRouter(prefix="/v1/customers", tags=["customers"])
_MOST_MONTHS = 12


class PreviewLine(LineAnswer):
    """One line as it would be printed, and how it was reckoned."""

    formula: str


class PreviewAnswer(BaseModel):
    """The invoice that a month would have if it were closed now; it has no number.

    ``why_not`` says why there would be none, ``rule`` names the one that would park the customer.
    """

    number: Literal["ENTWURF"] = DRAFT
    customer: str
    month: str
    period_from: date | None = None
    period_to: date | None = None
    net_cents: int = 0
    vat_cents: int = 0
    gross_cents: int = 0
    lines: list[PreviewLine] = []
    why_not: str = ""
    rule: str = ""


class OptionAnswer(BaseModel):
    """What the months would have cost on a package, each and together; the difference is to what they cost."""

    package: str
    label: str
    cents: list[int]
    total_cents: int
    difference_cents: int
    is_current: bool


class WhatIfAnswer(BaseModel):
    """What some months cost, and would have cost on each package, the cheapest first.

    ``left_out`` says why of other packages, ``skipped`` of other months.
    """

    customer: str
    months: list[str]
    cents: list[int]
    total_cents: int
    prices: Literal["net", "gross"]
    cheapest: str | None
    options: list[OptionAnswer]
    left_out: dict[str, str]
    skipped: dict[str, str]


@router.get("/{customer}/preview")
def get_preview(
    work: Work,
    _: Finance,
    customer: Customer,
    month: Annotated[str | None, Query(pattern=MONTH_PATTERN, description="left out: the running month")] = None,
) -> PreviewAnswer:
    """Show what a customer's invoice would be if the month were closed now, from what is counted so far."""
    found = preview_customer(work, customer, BillingMonth.parse(month) if month else None)
    if (invoice := found.invoice) is None:
        return PreviewAnswer(customer=customer, month=found.month, why_not=found.why_not, rule=found.rule)
    return PreviewAnswer(
        customer=customer,
        month=found.month,
        period_from=invoice.period_from,
        period_to=invoice.period_to,
        net_cents=invoice.net_cents,
        vat_cents=invoice.vat_cents,
        gross_cents=invoice.gross_cents,
        lines=[PreviewLine(**line_answer(each).model_dump(), formula=each.formula) for each in invoice.lines],
    )


@router.get("/{customer}/what-if")
def get_what_if(
    work: Work,
    _: Finance,
    customer: Customer,
    months: Annotated[int, Query(ge=1, le=_MOST_MONTHS, description="how many full months to look back")] = 3,
    package: Annotated[Name | None, Query(description="only this one beside the booked one")] = None,
    addons: Annotated[list[Name] | None, Query(description="instead of those that are booked")] = None,
) -> WhatIfAnswer:
    """Tell what the last full months would have cost on each package, the cheapest first."""
    found = what_if_customer(work, customer, months, package, addons)
    return WhatIfAnswer(
        customer=customer,
        months=list(found.months),
        cents=list(found.cents),
        total_cents=found.total_cents,
        prices=found.prices,
        cheapest=found.cheapest.package if found.cheapest else None,
        options=[
            OptionAnswer(
                package=each.package,
                label=each.label,
                cents=list(each.cents),
                total_cents=each.total_cents,
                difference_cents=each.difference_cents,
                is_current=each.is_current,
            )
            for each in found.options
        ],
        left_out=dict(found.left_out),
        skipped=dict(found.skipped),
    )
