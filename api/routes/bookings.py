"""``/v1/customers/{customer}/bookings``, ``orders`` and ``credits``: what is billed one by one beside packages."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel

from api import bookings
from api import credits as owed
from api.access import Finance, Work
from api.booking_forms import (
    BookingForm,
    CancellationForm,
    DelayForm,
    OrderForm,
    ReductionForm,
    SuspensionForm,
)
from api.bookings import Entry
from api.page import Limit, NumberCursor, Page, page
from api.routes.customers import Customer

router = APIRouter(prefix="/v1/customers", tags=["bookings"])
Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="the booking's id")]


class BookingAnswer(BaseModel):
    """A booking as recorded. ``invoice`` is the one that bills it; ``reason`` says why it was taken back."""

    id: int
    customer: str
    kind: Literal["work", "expense", "order", "credit"]
    day: date
    quantity: int
    service: str
    role: str
    text: str
    price: str | None
    clause: str
    formula: str
    damages: bool
    reference: str | None
    terms: str
    recorded_at: datetime
    recorded_by: str
    state: Literal["open", "billed", "cancelled"]
    invoice: str | None
    reason: str


@router.post("/{customer}/bookings", status_code=201)
def post_booking(work: Work, who: Finance, customer: Customer, form: BookingForm) -> BookingAnswer:
    """Book work, an expense, an order or a credit; it is billed with the month of its day, or the next one closed."""
    return _answer(bookings.book(work, who.name, customer, form))


@router.get("/{customer}/bookings")
def list_bookings(
    work: Work, _: Finance, customer: Customer, cursor: NumberCursor = None, limit: Limit = 100
) -> Page[BookingAnswer]:
    """List a customer's bookings as they were recorded."""
    found = bookings.listed(work, customer, cursor or 0, limit + 1)
    return page([(str(each.record.id), _answer(each)) for each in found], limit)


@router.post("/{customer}/bookings/{booking}/cancellation", status_code=201)
def post_cancellation(
    work: Work, who: Finance, customer: Customer, booking: Number, form: CancellationForm
) -> BookingAnswer:
    """Take a booking back that is not billed yet."""
    return _answer(bookings.cancel(work, who.name, customer, booking, form.reason))


@router.post("/{customer}/orders", status_code=201)
def post_order(work: Work, who: Finance, customer: Customer, form: OrderForm) -> BookingAnswer:
    """Order something that is invoiced at once; the answer names the invoice, none for what is free."""
    return _answer(bookings.order(work, who.name, customer, form))


@router.post("/{customer}/credits/suspension", status_code=201)
def post_suspension(work: Work, who: Finance, customer: Customer, form: SuspensionForm) -> BookingAnswer:
    """Book what is not owed for a service that was suspended; refused with the reason when the terms owe nothing."""
    return _answer(owed.suspend(work, who.name, customer, form))


@router.post("/{customer}/credits/delay", status_code=201)
def post_delay(work: Work, who: Finance, customer: Customer, form: DelayForm) -> BookingAnswer:
    """Book the damages for a late delivery; refused with the reason when the terms owe nothing."""
    return _answer(owed.delay(work, who.name, customer, form))


@router.post("/{customer}/credits/reduction", status_code=201)
def post_reduction(work: Work, who: Finance, customer: Customer, form: ReductionForm) -> BookingAnswer:
    """Book a month's price reduction; refused with the reason when the terms owe nothing."""
    return _answer(owed.reduce(work, who.name, customer, form))


def _answer(entry: Entry) -> BookingAnswer:
    settled = entry.settled
    return BookingAnswer(
        **entry.record.model_dump(),
        state="open" if settled is None else "billed" if settled.invoice else "cancelled",
        invoice=settled.invoice if settled else None,
        reason=settled.reason if settled else "",
    )
