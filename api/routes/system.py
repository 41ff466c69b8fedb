"""``/healthz``, ``/readyz``, ``/metrics``, dead letters and the audit log."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel
from sqlalchemy import text
from sqlmodel import col, select

from api.access import Engine, Finance, Work
from api.forms import SUBJECT_PATTERN
from api.metrics import exposition
from api.page import Limit, NumberCursor, Page, page
from api.records import AuditEntry
from metering.dead_letter import dead_letters

router = APIRouter(tags=["system"])
Subject = Annotated[str | None, Query(max_length=200, pattern=SUBJECT_PATTERN)]


class DeadLetterAnswer(BaseModel):
    """A refused event as it came, which field was wrong, and why."""

    received_at: datetime
    id: str | None
    field: str
    message: str
    event: str


class AuditAnswer(BaseModel):
    """Who did what to which thing, and when."""

    at: datetime
    who: str
    action: str
    subject: str
    details: dict[str, Any]


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """Tell that the process lives."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(work: Work) -> dict[str, str]:
    """Tell that both stores are reachable; 503 otherwise."""
    with work.ledger.read() as session:
        session.execute(text("SELECT 1"))
    work.counter.client.ping()
    return {"status": "ready"}


@router.get("/metrics", response_class=Response)
def metrics(_: Engine) -> Response:
    """Show this process's figures for Prometheus."""
    content, kind = exposition()
    return Response(content, media_type=kind)


@router.get("/v1/dead-letters")
def list_dead_letters(
    work: Work, _: Finance, cursor: NumberCursor = None, limit: Limit = 100
) -> Page[DeadLetterAnswer]:
    """List refused events, newest first: what came, which field was wrong, and why."""
    letters, following = dead_letters(work.counter.client, None if cursor is None else str(cursor), limit)
    items = [DeadLetterAnswer.model_validate(each, from_attributes=True) for each in letters]
    return Page(items=items, next_cursor=following)


@router.get("/v1/audit")
def list_audit(
    work: Work, _: Finance, subject: Subject = None, cursor: NumberCursor = None, limit: Limit = 100
) -> Page[AuditAnswer]:
    """List changes, newest first."""
    query = select(AuditEntry).order_by(col(AuditEntry.id).desc()).limit(limit + 1)
    if subject:
        query = query.where(AuditEntry.subject == subject)
    if cursor is not None:
        query = query.where(col(AuditEntry.id) < cursor)
    with work.ledger.read() as session:
        rows = session.exec(query).all()
    return page([(str(row.id), AuditAnswer.model_validate(row, from_attributes=True)) for row in rows], limit)
