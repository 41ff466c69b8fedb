"""``/v1/months/…/recount`` and ``corrections``, ``/v1/customers/…/events/void``: check and mend what was counted."""

from datetime import date
from typing import Annotated

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints

from api import corrections
from api.access import Finance, Work
from api.forms import CUSTOMER_PATTERN, MONTH_PATTERN, Form, Text
from api.routes.customers import Customer, Month
from metering.month import BillingMonth

router = APIRouter(prefix="/v1", tags=["journal"])
EventId = Annotated[str, StringConstraints(min_length=1, max_length=128)]
_MOST_IDS = 10_000


class VoidForm(Form):
    """Which events to take back, and why."""

    month: Annotated[str, StringConstraints(pattern=MONTH_PATTERN)]
    ids: list[EventId] = Field(min_length=1, max_length=_MOST_IDS)
    reason: Text


class CorrectionForm(Form):
    """Whose counter to make again from the journal, and why."""

    customer: Annotated[str, StringConstraints(pattern=CUSTOMER_PATTERN)]
    reason: Text


class VoidProblemAnswer(BaseModel):
    """An id that was not voided, and why."""

    id: str
    message: str


class VoidAnswer(BaseModel):
    """How many events were taken back, and which were not."""

    voided: int
    problems: list[VoidProblemAnswer]


class DifferenceAnswer(BaseModel):
    """What the counter and the journal say of a day and meter."""

    customer: str
    day: date
    meter: str
    counter: int
    journal: int


class OtherContentAnswer(BaseModel):
    """An id that came again with another content: one field, as it counted and as it came too."""

    customer: str
    id: str
    field: str
    counted: str
    came_again: str


class RecountAnswer(BaseModel):
    """A month counted again from the journal. ``events`` are its distinct ids."""

    month: str
    events: int
    customers: int
    differences: list[DifferenceAnswer]
    other_content: list[OtherContentAnswer]


class CorrectionAnswer(BaseModel):
    """A customer's month before and after: per day of the month and meter."""

    month: str
    customer: str
    differences: list[DifferenceAnswer]
    before: dict[str, dict[str, int]]
    after: dict[str, dict[str, int]]


@router.get("/months/{month}/recount")
def get_recount(work: Work, _: Finance, month: Month) -> RecountAnswer:
    """Count a month again from the journal and list where the counter differs."""
    found = corrections.recount_month(work, BillingMonth.parse(month))
    told = {"month": month, "events": found.events, "customers": len(found.usages)}
    lists = {"differences": found.differences, "other_content": found.other_content}
    return RecountAnswer.model_validate({**told, **msgspec.to_builtins(lists)})


@router.post("/months/{month}/corrections")
def post_correction(work: Work, who: Finance, month: Month, form: CorrectionForm) -> CorrectionAnswer:
    """Make a customer's counter again from the journal; 409 when the two agree."""
    done = corrections.correct_usage(work, who.name, BillingMonth.parse(month), form.customer, form.reason)
    return CorrectionAnswer.model_validate(msgspec.to_builtins(done))


@router.post("/customers/{customer}/events/void")
def post_void(work: Work, who: Finance, customer: Customer, form: VoidForm) -> VoidAnswer:
    """Take events back that should never have been sent; before or after the month was closed, and only once."""
    month = BillingMonth.parse(form.month)
    done = corrections.void_events(work, who.name, month, customer, form.ids, form.reason)
    problems = [VoidProblemAnswer(id=each.id, message=each.message) for each in done.problems]
    return VoidAnswer(voided=len(done.voided), problems=problems)
