"""Alerts: who has reached which share of the allowance; each is raised once per customer, month and percentage.

Allowances of levels raise none: the counter, which is all that is looked at here, only adds up.

The month of yesterday is looked at beside that of today: what is used up in a month's last minutes is told too.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import uuid4

from sqlmodel import Session, col, select

from api.records import AlertDelivery, AllowanceAlert
from api.workplace import Workplace
from invoicing import history
from invoicing.allowance import thresholds_reached
from invoicing.contract import Contract, ContractEvent, state_on
from invoicing.ledger import serialize
from invoicing.prices import Allowance
from metering.month import BillingMonth, local_day
from metering.usage import at_most, read_many

MAIL, WEBHOOK = "mail", "webhook"
_log = logging.getLogger(__name__)
_Key = tuple[str, str, int]


def raise_alerts(work: Workplace) -> tuple[AllowanceAlert, ...]:
    """Record every alert that is due and not yet recorded, together with how it is to go out."""
    now = work.clock()
    today = local_day(now)
    days = {BillingMonth.of(day): day for day in (today - timedelta(days=1), today)}
    with work.ledger.read() as session:
        agreed = history.contracts(session)
        known = _known(session, days)
    reached = [alert for month, day in days.items() for alert in _reached(work, agreed, month, day, now)]
    if all(_key(alert) in known for alert in reached):
        return ()
    with work.ledger.write() as session:
        serialize(session, "alerts")
        known = _known(session, days)
        fresh = tuple(alert for alert in reached if _key(alert) not in known)
        session.add_all(fresh)
        session.flush()
        session.add_all([way for alert in fresh for way in _ways(work, session, alert)])
    return fresh


def _reached(
    work: Workplace, agreed: Mapping[str, Sequence[ContractEvent]], month: BillingMonth, day: date, now: datetime
) -> Iterator[AllowanceAlert]:
    """Yield what every customer with a contract on the day has reached in the month."""
    watched = dict(_watched(work, agreed, day))
    bounds = at_most(work.counter.client, sorted(watched), month)
    thresholds = work.settings.alert_thresholds
    near = [
        customer
        for customer, most in bounds.items()
        if most is None or thresholds_reached(most, watched[customer][1].included, thresholds)
    ]
    for customer, usage in read_many(work.counter.client, near, month).items():
        contract, allowance = watched[customer]
        used, included = usage.total(*allowance.meters), allowance.included
        for percent in thresholds_reached(used, included, thresholds):
            yield AllowanceAlert(
                customer=customer,
                month=str(month),
                percent=percent,
                used=used,
                included=included,
                terms=contract.terms,
                package=contract.package,
                raised_at=now,
            )


def _watched(
    work: Workplace, agreed: Mapping[str, Sequence[ContractEvent]], day: date
) -> Iterator[tuple[str, tuple[Contract, Allowance]]]:
    """Yield whose contract of a day, under terms known here, has an allowance; a damaged history stops nobody else."""
    for customer, events in agreed.items():
        try:
            contract = state_on(events, day)
        except ValueError as error:
            _log.warning("no alerts for %s: %s", customer, error)
            continue
        terms = work.terms.get(contract.terms) if contract else None
        package = terms.packages.get(contract.package) if contract and terms else None
        allowance = terms.counted_allowance(package) if terms and package else None
        if contract and allowance:
            yield customer, (contract, allowance)


def _known(session: Session, months: Iterable[BillingMonth]) -> set[_Key]:
    query = select(AllowanceAlert).where(col(AllowanceAlert.month).in_([str(month) for month in months]))
    return {_key(alert) for alert in session.exec(query)}


def _key(alert: AllowanceAlert) -> _Key:
    return alert.customer, alert.month, alert.percent


def _ways(work: Workplace, session: Session, alert: AllowanceAlert) -> Iterator[AlertDelivery]:
    """Yield how an alert is to go out: to the customer by mail, and to the webhook if there is one."""
    if alert.id is None:
        raise ValueError("an alert goes out after it is recorded")
    mail, call = f"alert-{uuid4().hex}", f"msg_{uuid4().hex}"
    if customer := history.customer(session, alert.customer):
        yield AlertDelivery(
            alert_id=alert.id, channel=MAIL, message_id=mail, recipient=customer.email, due_at=alert.raised_at
        )
    if work.settings.webhook_url:
        yield AlertDelivery(alert_id=alert.id, channel=WEBHOOK, message_id=call, due_at=alert.raised_at)
