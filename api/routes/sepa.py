"""``/v1/collections``, ``/v1/notices``, ``/v1/sepa/exports``: announce, collect, download."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel
from sqlmodel import col, select

from api import monthly
from api.access import Finance, Work
from api.audit import note
from api.errors import Conflict, NotFound
from api.forms import STATE_PATTERN
from api.page import Cursor, Limit, NumberCursor, Page, page
from invoicing.document.slip_pdf import render_slip
from sepa.collection import Waiting
from sepa.records import CollectionRecord, ExportRecord
from sepa.slip import slip_of

router = APIRouter(prefix="/v1", tags=["sepa"])
ExportId = Annotated[int, Path(ge=1, le=2**31 - 1)]
State = Annotated[str | None, Query(pattern=STATE_PATTERN, description="for example waiting")]


class CollectionAnswer(BaseModel):
    """One attempt to collect one invoice; ``reason`` says why a waiting one waits."""

    end_to_end_id: str
    invoice: str
    customer: str
    amount_cents: int
    state: str
    due_on: date | None
    reason: str
    export: int | None


class Held(BaseModel):
    """Something that could not go on, and why (German)."""

    customer: str
    invoice: str
    reason: str


class NoticeAnswer(BaseModel):
    """What was announced, what failed, and what waits for a mandate."""

    sent: int
    failed: list[Held]
    waiting: list[Held]


class ExportAnswer(BaseModel):
    """A pain.008 file."""

    id: int
    message_id: str
    created_at: datetime
    scheme: str
    count: int
    control_sum_cents: int
    due_dates: list[date]
    sha256: str
    downloaded_at: datetime | None


class ExportsAnswer(BaseModel):
    """The files that were written, and the collections held back."""

    files: list[ExportAnswer]
    held: list[Held]


@router.get("/collections")
def list_collections(
    work: Work, _: Finance, state: State = None, cursor: Cursor = None, limit: Limit = 100
) -> Page[CollectionAnswer]:
    """List collections in the order they were opened."""
    query = select(CollectionRecord).order_by(col(CollectionRecord.end_to_end_id)).limit(limit + 1)
    if state:
        query = query.where(CollectionRecord.state == state)
    if cursor:
        query = query.where(CollectionRecord.end_to_end_id > cursor)
    with work.ledger.read() as session:
        rows = session.exec(query).all()
    return page([(row.end_to_end_id, _collection(row)) for row in rows], limit)


@router.post("/notices")
def post_notices(work: Work, who: Finance) -> NoticeAnswer:
    """Send every mail that is due: invoices and announcements of debits."""
    report = monthly.notify(work, who.name)
    return NoticeAnswer(sent=len(report.sent), failed=_held(report.failed), waiting=_held(report.waiting))


@router.post("/sepa/exports", status_code=201)
def post_exports(work: Work, who: Finance) -> ExportsAnswer:
    """Write the pain.008 files that may leave today."""
    report = monthly.collect(work, who.name)
    return ExportsAnswer(files=[_export(each) for each in report.files], held=_held(report.held))


@router.get("/sepa/exports")
def list_exports(work: Work, _: Finance, cursor: NumberCursor = None, limit: Limit = 100) -> Page[ExportAnswer]:
    """List the files, newest first."""
    query = select(ExportRecord).order_by(col(ExportRecord.id).desc()).limit(limit + 1)
    if cursor is not None:
        query = query.where(col(ExportRecord.id) < cursor)
    with work.ledger.read() as session:
        rows = session.exec(query).all()
    return page([(str(row.id), _export(row)) for row in rows], limit)


@router.get(
    "/sepa/exports/{export}/pain.008.xml",
    response_class=Response,
    responses={200: {"content": {"application/xml": {}}}},
)
def get_file(work: Work, who: Finance, export: ExportId) -> Response:
    """Download a file for the bank; the first download is remembered."""
    with work.ledger.write() as session:
        if (record := session.get(ExportRecord, export)) is None:
            raise NotFound(f"There is no export {export}.")
        path = work.settings.data_dir / "sepa" / record.file_name
        if not path.exists():
            raise Conflict(f"{path.name} is no longer in {path.parent}; restore it from the backup.")
        record.downloaded_at = record.downloaded_at or work.clock()
        note(session, work.clock(), who.name, "export.downloaded", record.message_id)
    return Response(path.read_bytes(), media_type="application/xml", headers=_attachment(path.name))


@router.get(
    "/sepa/exports/{export}/routing-slip.pdf",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
def get_slip(work: Work, _: Finance, export: ExportId) -> Response:
    """Download the routing slip of a file."""
    with work.ledger.read() as session:
        if (record := session.get(ExportRecord, export)) is None:
            raise NotFound(f"There is no export {export}.")
    pdf = render_slip(slip_of(work.ledger, work.desk, record))
    return Response(pdf, media_type="application/pdf", headers=_attachment(f"{record.message_id}-begleitzettel.pdf"))


def _collection(row: CollectionRecord) -> CollectionAnswer:
    return CollectionAnswer(
        end_to_end_id=row.end_to_end_id,
        invoice=row.invoice,
        customer=row.customer,
        amount_cents=row.amount_cents,
        state=row.state,
        due_on=row.due_on,
        reason=row.reason,
        export=row.export_id,
    )


def _export(row: ExportRecord) -> ExportAnswer:
    return ExportAnswer.model_validate(row, from_attributes=True)


def _held(rows: tuple[Waiting, ...]) -> list[Held]:
    return [Held(customer=row.customer, invoice=row.invoice, reason=row.reason) for row in rows]


def _attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
