"""What is configured, reachable and durable; each check is a function and an entry in the list."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from sqlmodel import col, func, select

from api.alert_delivery import QUEUED
from api.logs import blot
from api.records import AlertDelivery
from api.settings import Settings
from api.workplace import Clock, Workplace, open_workplace
from invoicing.records import NumberRecord, TermsVersion
from metering.durability import durability
from metering.journal import oldest_waiting
from sepa.account_id import AccountError, parse_creditor_id, parse_iban

_TEST_VALUES = {"creditor_id": "DE98ZZZ09999999999", "creditor_iban": "DE02120300000000202051"}
_A_WHILE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; not ``ok``: the finding says what to do."""

    what: str
    ok: bool
    finding: str


Check = Callable[[Workplace], Iterator[Finding]]


def examine(settings: Settings, clock: Clock | None = None) -> list[Finding]:
    """Look at everything; what cannot even be opened is the only finding."""
    try:
        with open_workplace(settings, clock) as work:
            return [finding for check in CHECKS for finding in _found(check, work)]
    except Exception as error:  # noqa: BLE001 - whatever keeps it from opening is the finding
        return [_failed("start", error)]


def _found(check: Check, work: Workplace) -> list[Finding]:
    """Return what a check finds; one that breaks is a finding and does not keep the others from looking."""
    try:
        return list(check(work))
    except Exception as error:  # noqa: BLE001 - whatever breaks a check is the finding
        return [_failed(check.__name__.strip("_"), error)]


def _failed(what: str, error: Exception) -> Finding:
    return Finding(what, ok=False, finding=blot(f"{type(error).__name__}: {error}"))


def _ledger(work: Workplace) -> Iterator[Finding]:
    with work.ledger.read() as session:
        session.execute(text("SELECT 1"))
        dialect = session.get_bind().dialect.name
    yield Finding("ledger", ok=True, finding=f"{dialect}, schema is current")


def _counter(work: Workplace) -> Iterator[Finding]:
    for name, ok, finding in durability(work.counter.client):
        yield Finding(f"counter: {name}", ok, finding)


def _journal(work: Workplace) -> Iterator[Finding]:
    months, oldest = len(work.journal.events.months()), oldest_waiting(work.counter.client)
    told = f"{work.settings.journal}, {months} months"
    patience = timedelta(seconds=2 * work.settings.journal_seconds) + _A_WHILE
    if oldest and work.clock() - oldest > patience:
        told = f"{told}; events wait since {oldest:%Y-%m-%d %H:%M} UTC: does zaehlwerk serve or zaehlwerk archive run?"
        yield Finding("journal", ok=False, finding=told)
    else:
        yield Finding("journal", ok=True, finding=told)


def _alerts(work: Workplace) -> Iterator[Finding]:
    """Tell where alerts go, and what did not get there so far."""
    with work.ledger.read() as session:
        query = select(AlertDelivery.channel, AlertDelivery.answer, func.count())
        query = query.where(AlertDelivery.state == QUEUED, AlertDelivery.attempts > 0)
        failing = session.exec(query.group_by(col(AlertDelivery.channel), col(AlertDelivery.answer))).all()
    if not failing:
        yield Finding("alerts", ok=True, finding="mail and webhook" if work.settings.webhook_url else "mail")
    for channel, answer, waiting in failing:
        yield Finding("alerts", ok=False, finding=f"{waiting} wait to go out by {channel}: {answer}")


def _creditor(work: Workplace) -> Iterator[Finding]:
    for field, parse in {"creditor_iban": parse_iban, "creditor_id": parse_creditor_id}.items():
        value = getattr(work.settings, field)
        try:
            parse(value)
        except AccountError as error:
            yield Finding(field, ok=False, finding=str(error))
        else:
            is_test = value == _TEST_VALUES[field]
            yield Finding(field, ok=True, finding="a test value: set yours before collecting" if is_test else "valid")


def _numbers(work: Workplace) -> Iterator[Finding]:
    """Law: UStAE 14.5 Abs. 10 (a gap in the numbers needs an explanation)."""
    with work.ledger.read() as session:
        query = select(NumberRecord.year, func.count(), func.max(NumberRecord.sequence)).group_by(
            col(NumberRecord.year)
        )
        years = session.exec(query).all()
    for year, drawn, last in years:
        yield Finding(f"numbers {year}", ok=drawn == last, finding=f"{drawn} of {last} logged")


def _mail(work: Workplace) -> Iterator[Finding]:
    way = "SMTP" if work.settings.smtp_url else f".eml files in {work.settings.data_dir / 'outbox'}"
    yield Finding("mail", ok=True, finding=way)


def _terms(work: Workplace) -> Iterator[Finding]:
    """Tell which terms there are, and which file is not any more what contracts use."""
    with work.ledger.read() as session:
        pinned = {row.id: row.text for row in session.exec(select(TermsVersion))}
    changed = [name for name, text in pinned.items() if (now := work.terms_text(name)) is not None and now != text]
    yield Finding("terms", ok=bool(work.terms), finding=", ".join(sorted(work.terms)))
    for name in sorted(changed):
        told = f"{name}.toml is not as it was when a contract first used it, which holds: save changes under a new id"
        yield Finding("terms", ok=False, finding=told)


CHECKS: list[Check] = [_ledger, _counter, _journal, _creditor, _numbers, _mail, _alerts, _terms]
