"""``/v1/customers/{customer}/alerts``: which shares of the allowance were reached, and who was told."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel
from sqlmodel import col, select

from api import customers
from api.access import Finance, Work
from api.page import Limit, NumberCursor, Page, page
from api.records import AlertDelivery, AllowanceAlert
from api.routes.customers import Customer

router = APIRouter(prefix="/v1/customers", tags=["customers"])


class DeliveryAnswer(BaseModel):
    """One way out: ``queued`` until the other side took it, then ``sent``."""

    channel: str
    message_id: str
    recipient: str
    state: str
    attempts: int
    sent_at: datetime | None
    answer: str


class AlertAnswer(BaseModel):
    """A share of the allowance that was reached, as it was seen; a channel that was not set up is not listed."""

    customer: str
    month: str
    percent: int
    used: int
    included: int
    raised_at: datetime
    deliveries: list[DeliveryAnswer]


@router.get("/{customer}/alerts")
def list_alerts(
    work: Work, _: Finance, customer: Customer, cursor: NumberCursor = None, limit: Limit = 100
) -> Page[AlertAnswer]:
    """List a customer's alerts, newest first."""
    query = select(AllowanceAlert).where(AllowanceAlert.customer == customer)
    if cursor is not None:
        query = query.where(col(AllowanceAlert.id) < cursor)
    with work.ledger.read() as session:
        customers.known(session, customer)
        rows = session.exec(query.order_by(col(AllowanceAlert.id).desc()).limit(limit + 1)).all()
        ways = select(AlertDelivery).where(col(AlertDelivery.alert_id).in_([row.id for row in rows]))
        deliveries = _grouped(session.exec(ways.order_by(col(AlertDelivery.channel))))
    return page([(str(row.id), _answer(row, deliveries[row.id])) for row in rows], limit)


def _grouped(rows: Iterable[AlertDelivery]) -> dict[int | None, list[DeliveryAnswer]]:
    grouped: dict[int | None, list[DeliveryAnswer]] = defaultdict(list)
    for row in rows:
        grouped[row.alert_id].append(DeliveryAnswer.model_validate(row, from_attributes=True))
    return grouped


def _answer(row: AllowanceAlert, deliveries: list[DeliveryAnswer]) -> AlertAnswer:
    return AlertAnswer(**row.model_dump(exclude={"id", "terms", "package"}), deliveries=deliveries)
