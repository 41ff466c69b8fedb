"""What is configured, reachable and durable; each check is a function and an entry in the list."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import text
from sqlmodel import col, func, select

from api.logs import blot
from api.settings import Settings
from api.workplace import Workplace, open_workplace
from invoicing.records import NumberRecord
from metering.redis import durability
from sepa.account_id import AccountError, parse_creditor_id, parse_iban

_TEST_VALUES = {"creditor_id": "DE98ZZZ09999999999", "creditor_iban": "DE02120300000000202051"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; not ``ok``: the finding says what to do."""

    what: str
    ok: bool
    finding: str


Check = Callable[[Workplace], Iterator[Finding]]


def examine(settings: Settings) -> list[Finding]:
    """Look at everything; what cannot even be opened is the only finding."""
    try:
        with open_workplace(settings) as work:
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
    yield Finding("terms", ok=bool(work.terms), finding=", ".join(sorted(work.terms)))


CHECKS: list[Check] = [_ledger, _counter, _creditor, _numbers, _mail, _terms]
