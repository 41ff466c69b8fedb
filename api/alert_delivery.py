"""How an alert goes out: by mail and by webhook, each on its own, tried again with growing pauses.

An attempt is recorded before it is made, and only one process can record it. Killed in between, the next attempt
carries the same webhook-id or Message-ID. A delivery that fails never stops another.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import httpx
import msgspec
from sqlmodel import col, select, update

from api import webhook
from api.alerts import MAIL, WEBHOOK
from api.errors import NotFound
from api.logs import blot
from api.records import AlertDelivery, AllowanceAlert
from api.workplace import Workplace
from invoicing import history
from invoicing.document.alert_mail import Reached, alert_text
from invoicing.mail import ascii_address, compose
from metering.month import BillingMonth

QUEUED, SENT = "queued", "sent"
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)
_DOUBLINGS = 9
_AT_ONCE = 8
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """An attempt: to whom and how, whether it was taken, and the other side's answer."""

    customer: str
    month: str
    percent: int
    channel: str
    ok: bool
    answer: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A delivery as it was found in the queue, and the alert that it carries."""

    alert: AllowanceAlert
    delivery: AlertDelivery


def pause_after(attempts: int) -> timedelta:
    """Return how long to wait after an attempt: doubled each time, up to the longest pause."""
    return min(_FIRST_PAUSE * (1 << min(attempts - 1, _DOUBLINGS)), _LONGEST_PAUSE)


def deliver(work: Workplace, *, patient: bool, stopping: Callable[[], bool]) -> tuple[Told, ...]:
    """Try what is queued, if ``patient`` only what is due; a customer is told in the order of raising."""
    lines: dict[str, list[Outgoing]] = defaultdict(list)
    for each in _queue(work, patient=patient):
        lines[each.alert.customer].append(each)
    if not lines:
        return ()
    with webhook.client() as client, ThreadPoolExecutor(_AT_ONCE, "alert") as pool:

        def in_order(line: list[Outgoing]) -> list[Told]:
            return [told for each in line if not stopping() and (told := _attempt(work, client, each))]

        return tuple(told for part in pool.map(in_order, lines.values()) for told in part)


def _queue(work: Workplace, *, patient: bool) -> Iterator[Outgoing]:
    channels = (MAIL, WEBHOOK) if work.settings.webhook_url else (MAIL,)
    query = select(AllowanceAlert, AlertDelivery).join(AlertDelivery)
    query = query.where(AlertDelivery.state == QUEUED, col(AlertDelivery.channel).in_(channels))
    if patient:
        query = query.where(AlertDelivery.due_at <= work.clock())
    with work.ledger.read() as session:
        found = session.exec(query.order_by(col(AlertDelivery.id))).all()
    return (Outgoing(alert, delivery) for alert, delivery in found)


def _attempt(work: Workplace, client: httpx.Client, out: Outgoing) -> Told | None:
    """Make one attempt and record its outcome; None when somebody else makes it."""
    if not _begin(work, out):
        return None
    try:
        answer = _by_mail(work, out) if out.delivery.channel == MAIL else _by_webhook(work, client, out)
    except Exception as error:  # noqa: BLE001 - whatever breaks one delivery is its answer and stops no other
        told = _told(out, blot(str(error) or type(error).__name__), ok=False)
        _log.warning(
            "alert of %s, %s %s %%, by %s: %s", told.customer, told.month, told.percent, told.channel, told.answer
        )
    else:
        told = _told(out, answer, ok=True)
    _end(work, out, told)
    return told


def _begin(work: Workplace, out: Outgoing) -> bool:
    """Record that an attempt begins; false when another process began it after we looked."""
    now, seen = work.clock(), out.delivery
    with work.ledger.write() as session:
        if seen.channel == MAIL and (customer := history.customer(session, out.alert.customer)):
            seen.recipient = customer.email
        begun = session.exec(
            update(AlertDelivery)
            .where(col(AlertDelivery.id) == seen.id, col(AlertDelivery.state) == QUEUED)
            .where(col(AlertDelivery.attempts) == seen.attempts)
            .values(attempts=seen.attempts + 1, due_at=now + pause_after(seen.attempts + 1), recipient=seen.recipient)
        )
        return begun.rowcount == 1


def _end(work: Workplace, out: Outgoing, told: Told) -> None:
    with work.ledger.write() as session:
        delivery = session.get_one(AlertDelivery, out.delivery.id)
        delivery.answer = told.answer
        if told.ok:
            delivery.state, delivery.sent_at = SENT, work.clock()


def _by_mail(work: Workplace, out: Outgoing) -> str:
    """Send the mail and return the mail server's answer."""
    alert, post = out.alert, work.post
    terms = work.terms.get(alert.terms)
    package = terms.packages.get(alert.package) if terms else None
    if terms is None or package is None:
        raise NotFound(f"the terms {alert.terms!r} with the package {alert.package!r} are not known here")
    reached = Reached(BillingMonth.parse(alert.month), alert.percent, alert.used, alert.included, alert.raised_at)
    subject, body = alert_text(reached, terms, package, work.settings.seller)
    message_id = f"<{out.delivery.message_id}@{ascii_address(post.sender).rpartition('@')[2]}>"
    message = compose(post.sender, out.delivery.recipient, subject, body, message_id, work.clock())
    message["Auto-Submitted"] = "auto-generated"
    return post.transport.send(message)


def _by_webhook(work: Workplace, client: httpx.Client, out: Outgoing) -> str:
    """Make the call and return the receiver's answer."""
    settings = work.settings
    secret = settings.webhook_secret.get_secret_value()
    return webhook.call(
        client, settings.webhook_url, secret, out.delivery.message_id, work.clock(), webhook_body(out.alert)
    )


def webhook_body(alert: AllowanceAlert) -> bytes:
    """Return what a call carries: the same bytes in every attempt."""
    return msgspec.json.encode(
        {
            "type": "usage.threshold_reached",
            "timestamp": alert.raised_at,
            "data": {
                "customer": alert.customer,
                "month": alert.month,
                "percent": alert.percent,
                "used": alert.used,
                "included": alert.included,
                "remaining": max(alert.included - alert.used, 0),
            },
        }
    )


def _told(out: Outgoing, answer: str, *, ok: bool) -> Told:
    alert = out.alert
    return Told(alert.customer, alert.month, alert.percent, out.delivery.channel, ok, answer)
