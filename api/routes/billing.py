"""``/v1/months`` and ``/v1/invoices``: close a month, see what came of it."""

from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel
from sqlmodel import col, select

from api import monthly
from api.access import Finance, Work
from api.errors import NotFound
from api.forms import CUSTOMER_PATTERN, INVOICE_PATTERN, MONTH_PATTERN, CloseForm, DecisionForm
from api.invoices import newest_collection, with_collection
from api.page import Cursor, Limit, Page, page
from api.routes.customers import Customer, Month
from invoicing.archive import invoice_pdf
from invoicing.close import MonthReport
from invoicing.invoice import Invoice, Line, from_json
from invoicing.records import InvoiceRecord, MonthRecord
from metering.month import BillingMonth
from sepa.records import CollectionRecord

router = APIRouter(prefix="/v1", tags=["billing"])
Number = Annotated[str, Path(pattern=INVOICE_PATTERN, description="for example RE-2026-000123")]
_MOST_DIFFERENCES = 1_000
InvoiceState = Literal["issued", "waiting", "planned", "announced", "exported"]


class ProblemAnswer(BaseModel):
    """Why a customer is parked."""

    customer: str
    rule: str
    message: str


class DifferenceAnswer(BaseModel):
    """What a customer's month comes to beside the one before, net; null where there is no invoice."""

    customer: str
    net_cents: int | None
    before_cents: int | None
    difference_cents: int


class MonthAnswer(BaseModel):
    """Where a month stands; amounts in whole cents."""

    month: str
    state: Literal["open", "closing", "closed", "blocked"]
    customers: int
    invoices: int
    net_cents: int
    vat_cents: int
    gross_cents: int
    problems: list[ProblemAnswer]


class DryRunAnswer(MonthAnswer):
    """What closing now would issue and park; the largest differences to the month before, and how many more."""

    differences: list[DifferenceAnswer]
    differences_left_out: int


class LineAnswer(BaseModel):
    """One invoice line; quantity and unit price are decimal text. Under gross prices, price and amount are gross."""

    text: str
    quantity: str
    unit: str
    unit_price: str
    net_cents: int
    gross_cents: int | None
    vat_rate: str
    clause: str


class InvoiceHead(BaseModel):
    """An invoice in a list. ``state`` is that of its live collection; ``due_on`` the day of the debit."""

    number: str
    customer: str
    month: str
    issued_on: date
    due_on: date | None
    net_cents: int
    vat_cents: int
    gross_cents: int
    state: InvoiceState


class InvoiceAnswer(InvoiceHead):
    """An invoice with its lines."""

    lines: list[LineAnswer]


@router.get("/months")
def list_months(work: Work, _: Finance, cursor: Cursor = None, limit: Limit = 100) -> Page[MonthAnswer]:
    """List the months that were closed or are being closed, newest first."""
    with work.ledger.read() as session:
        query = select(MonthRecord.month).order_by(col(MonthRecord.month).desc()).limit(limit + 1)
        names = session.exec(query.where(MonthRecord.month < cursor) if cursor else query).all()
    return page([(name, _month(monthly.month_state(work, BillingMonth.parse(name)))) for name in names], limit)


@router.get("/months/{month}")
def get_month(work: Work, _: Finance, month: Month) -> MonthAnswer:
    """Show where a month stands and who is parked."""
    return _month(monthly.month_state(work, BillingMonth.parse(month)))


@router.post("/months/{month}/close", status_code=202)
def post_close(work: Work, who: Finance, month: Month, form: CloseForm | None = None) -> DryRunAnswer | MonthAnswer:
    """Close a month in the background; ask ``GET /v1/months/{month}`` until it is closed or blocked.

    With ``dry_run`` nothing is stored, and the answer holds what closing now would issue and park.
    """
    parsed = BillingMonth.parse(month)
    if form and form.dry_run:
        return _preview(monthly.preview_month(work, parsed))
    monthly.start_close(work, who.name, parsed)
    return _month(monthly.month_state(work, parsed))


@router.post("/months/{month}/unassigned/{customer}", status_code=204)
def post_decision(work: Work, who: Finance, month: Month, customer: Customer, form: DecisionForm) -> None:
    """Decide about a month's usage of an unknown customer: assign it, or set it aside with a reason.

    What changed after it was billed, and was settled elsewhere, is set aside in the same way.
    """
    monthly.decide_usage(work, who.name, BillingMonth.parse(month), customer, form)


@router.get("/invoices")
def list_invoices(
    work: Work,
    _: Finance,
    month: Annotated[str | None, Query(pattern=MONTH_PATTERN)] = None,
    customer: Annotated[str | None, Query(pattern=CUSTOMER_PATTERN)] = None,
    state: InvoiceState | None = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[InvoiceHead]:
    """List invoices by number."""
    query = with_collection().limit(limit + 1)
    if month:
        query = query.where(InvoiceRecord.month == month)
    if customer:
        query = query.where(InvoiceRecord.customer == customer)
    if state:
        wanted = col(CollectionRecord.state)
        query = query.where(wanted.is_(None) if state == "issued" else wanted == state)
    if cursor:
        query = query.where(InvoiceRecord.number > cursor)
    with work.ledger.read() as session:
        rows = session.exec(query).all()
    return page([(invoice.number, InvoiceHead(**_head(invoice, collection))) for invoice, collection in rows], limit)


@router.get("/invoices/{number}.pdf", response_class=Response, responses={200: {"content": {"application/pdf": {}}}})
def get_pdf(work: Work, _: Finance, number: Number) -> Response:
    """Download an invoice as PDF."""
    _record, invoice = _load(work, number)
    pdf = invoice_pdf(work.settings.data_dir, invoice)
    return Response(pdf, media_type="application/pdf", headers=_attachment(f"{number}.pdf"))


@router.get("/invoices/{number}")
def get_invoice(work: Work, _: Finance, number: Number) -> InvoiceAnswer:
    """Show an invoice with its lines."""
    record, invoice = _load(work, number)
    with work.ledger.read() as session:
        collection = newest_collection(session, number)
    return InvoiceAnswer(**_head(record, collection), lines=[line_answer(each) for each in invoice.lines])


def line_answer(line: Line) -> LineAnswer:
    """Return a line as it is answered."""
    return LineAnswer(
        text=line.text,
        quantity=str(line.quantity),
        unit=line.unit,
        unit_price=str(line.unit_price),
        net_cents=line.net_cents,
        gross_cents=line.gross_cents,
        vat_rate=str(line.vat_rate),
        clause=line.clause,
    )


def _load(work: Work, number: str) -> tuple[InvoiceRecord, Invoice]:
    with work.ledger.read() as session:
        record = session.get(InvoiceRecord, number)
    if record is None:
        raise NotFound(f"There is no invoice {number}.")
    return record, from_json(record.document.encode())


def _head(record: InvoiceRecord, collection: CollectionRecord | None) -> dict[str, Any]:
    return {
        "number": record.number,
        "customer": record.customer,
        "month": record.month,
        "issued_on": record.issued_on,
        "due_on": collection.due_on if collection else record.due_on,
        "net_cents": record.net_cents,
        "vat_cents": record.vat_cents,
        "gross_cents": record.gross_cents,
        "state": collection.state if collection else "issued",
    }


def _month(report: MonthReport) -> MonthAnswer:
    return MonthAnswer.model_validate(msgspec.to_builtins(report))


def _preview(preview: monthly.Preview) -> DryRunAnswer:
    drafts = preview.invoices
    return DryRunAnswer(
        month=preview.month,
        state="open",
        customers=len(drafts) + len(preview.problems),
        invoices=len(drafts),
        net_cents=sum(each.net_cents for each in drafts),
        vat_cents=sum(each.vat_cents for each in drafts),
        gross_cents=sum(each.gross_cents for each in drafts),
        problems=[ProblemAnswer(**msgspec.to_builtins(each)) for each in preview.problems],
        differences=[
            DifferenceAnswer(
                customer=each.customer,
                net_cents=each.net_cents,
                before_cents=each.before_cents,
                difference_cents=each.difference_cents,
            )
            for each in preview.differences[:_MOST_DIFFERENCES]
        ],
        differences_left_out=max(0, len(preview.differences) - _MOST_DIFFERENCES),
    )


def _attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
