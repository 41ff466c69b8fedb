"""``/v1/invoices/{number}/explain``, ``explanation.pdf``, ``events``: from an amount back to clause, days, events."""

from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from api.access import Finance, Work
from api.explained import events_behind, invoice_behind
from api.forms import Day
from api.page import Limit, NumberCursor, Page
from api.routes.billing import Number
from invoicing.document.explanation_pdf import render_explanation
from invoicing.explain import explain

router = APIRouter(prefix="/v1/invoices", tags=["billing"])
Position = Annotated[int | None, Query(ge=1, le=10_000, description="only this line")]
_PDF: dict[int | str, dict[str, Any]] = {200: {"content": {"application/pdf": {}}}}


class EventAnswer(BaseModel):
    """An event as it counts: once, on its day in Berlin."""

    id: str
    day: date
    time: datetime
    type: str
    workflow: str | None
    connector: str | None
    quantity: int


@router.get("/{number}/explain")
def get_explanation(work: Work, _: Finance, number: Number, line: Position = None) -> dict[str, Any]:
    """Explain an invoice, or one line of it: clause, formula, inputs, daily counts; from the frozen invoice alone."""
    explained: dict[str, Any] = msgspec.to_builtins(explain(invoice_behind(work, number), line))
    return explained


@router.get("/{number}/explanation.pdf", response_class=Response, responses=_PDF)
def get_explanation_pdf(work: Work, _: Finance, number: Number, line: Position = None) -> Response:
    """Download the explanation as an appendix for a customer who asks."""
    invoice = invoice_behind(work, number)
    pdf = render_explanation(invoice, explain(invoice, line))
    named = {"Content-Disposition": f'attachment; filename="{number}-Nachweis.pdf"'}
    return Response(pdf, media_type="application/pdf", headers=named)


@router.get("/{number}/events")
def get_events(
    work: Work,
    _: Finance,
    number: Number,
    line: Annotated[int, Query(ge=1, le=10_000, description="the line that counts them")],
    day: Day | None = None,
    cursor: NumberCursor = None,
    limit: Limit = 100,
) -> Page[EventAnswer]:
    """List the events behind a line, or behind one of its days, in the order of their times."""
    invoice, offset = invoice_behind(work, number), cursor or 0
    found = events_behind(work, invoice, line, day, offset, limit)
    items = [
        EventAnswer(
            id=each.id,
            day=each.day,
            time=each.time,
            type=each.meter,
            workflow=each.workflow,
            connector=each.connector,
            quantity=each.quantity,
        )
        for each in found.events
    ]
    return Page(items=items, next_cursor=str(offset + len(items)) if found.more else None)
