"""The mandate: what a customer allowed, whether it can still be used, and which debit it gives.

A mandate is identified by its reference and our creditor identifier.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from dateutil.relativedelta import relativedelta
from sqlalchemy import func
from sqlmodel import Session, col, select

from invoicing.invoice import DirectDebit
from sepa.prenotification import due_date
from sepa.records import CollectionRecord, MandateVersion

LAPSES_AFTER = relativedelta(months=36)  # Scheme: EPC016-06 4.1, counted from the last presented due date


@dataclass(frozen=True, slots=True)
class Mandate:
    """A customer's current mandate; ``notice_days`` None: none agreed on it."""

    id: int
    customer: str
    reference: str
    scheme: Literal["CORE", "B2B"]
    signed_on: date
    masked_iban: str
    account_holder: str
    notice_days: int | None
    last_due_on: date | None


@dataclass(frozen=True, slots=True)
class DebitPolicy:
    """What holds for every debit: who collects, notice when none is agreed, the bank's days."""

    creditor_id: str
    notice_days: int
    lead_days: int
    horizon_days: int


@dataclass(frozen=True, slots=True)
class AgreedNotice:
    """Notice that a contract's terms agree, with the clause."""

    days: int
    clause: str


def lapses_on(mandate: Mandate) -> date:
    """Return the first day on which the mandate may no longer be used.

    Scheme: EPC016-06 4.1 (36 months after the last presented collection, else after the signature)
    """
    return (mandate.last_due_on or mandate.signed_on) + LAPSES_AFTER


def unusable(mandate: Mandate | None, due_on: date, announced_on: date) -> str | None:
    """Return in German why a mandate cannot carry a debit that is announced on a day for another, or None.

    Scheme: EPC016-06 4.1, 4.7.2
    """
    if mandate is None:
        return "Es liegt kein SEPA-Mandat vor. Ein Mandat einholen."
    if mandate.signed_on > announced_on:
        return f"Das Mandat {mandate.reference} ist erst am {mandate.signed_on:%d.%m.%Y} unterschrieben."
    if due_on >= lapses_on(mandate):
        lapsed = f"Das Mandat {mandate.reference} ist am {lapses_on(mandate):%d.%m.%Y} erloschen"
        return f"{lapsed} (36 Monate ohne Einzug). Ein neues Mandat einholen."
    return None


def plan(mandate: Mandate, announced_on: date, agreed: AgreedNotice | None, policy: DebitPolicy) -> DirectDebit:
    """Return the debit that may be announced on a day: the mandate's notice, else the terms', else the scheme's.

    Contract: fluks AGB 13.3
    """
    if mandate.notice_days is not None:
        clause = agreed.clause if agreed and agreed.days == mandate.notice_days else ""
        days = mandate.notice_days
    else:
        days, clause = (agreed.days, agreed.clause) if agreed else (policy.notice_days, "")
    return DirectDebit(
        due_on=due_date(announced_on, days, policy.lead_days),
        mandate_reference=mandate.reference,
        creditor_id=policy.creditor_id,
        masked_iban=mandate.masked_iban,
        scheme=mandate.scheme,
        notice_days=days,
        account_holder=mandate.account_holder,
        clause=clause,
    )


def current(session: Session, customer: str | None = None) -> dict[str, Mandate]:
    """Return every customer's current mandate, or that of one."""
    newest = select(func.max(MandateVersion.id)).group_by(col(MandateVersion.customer))
    if customer is not None:
        newest = newest.where(MandateVersion.customer == customer)
    versions = session.exec(select(MandateVersion).where(col(MandateVersion.id).in_(newest)))
    last_due = _last_due(session, customer)
    return {row.customer: _mandate(row, last_due.get(row.reference)) for row in versions}


def debits(
    mandates: Iterable[Mandate], announced_on: date, agreed: Mapping[str, AgreedNotice], policy: DebitPolicy
) -> dict[str, DirectDebit]:
    """Return the debit of every customer whose mandate can carry one announced on that day."""
    planned = {each.customer: (each, plan(each, announced_on, agreed.get(each.customer), policy)) for each in mandates}
    return {
        key: debit for key, (mandate, debit) in planned.items() if not unusable(mandate, debit.due_on, announced_on)
    }


def _last_due(session: Session, customer: str | None) -> dict[str, date]:
    """Return per mandate reference the due date of the last collection that went to the bank."""
    query = (
        select(MandateVersion.reference, func.max(CollectionRecord.due_on))
        .join(CollectionRecord, col(CollectionRecord.mandate_id) == col(MandateVersion.id))
        .where(col(CollectionRecord.export_id).is_not(None))
        .group_by(col(MandateVersion.reference))
    )
    if customer is not None:
        query = query.where(MandateVersion.customer == customer)
    return {reference: due_on for reference, due_on in session.exec(query) if due_on}


def _mandate(row: MandateVersion, last_due_on: date | None) -> Mandate:
    return Mandate(
        id=row.id or 0,
        customer=row.customer,
        reference=row.reference,
        scheme=row.scheme,  # type: ignore[arg-type]  # checked when it was recorded
        signed_on=row.signed_on,
        masked_iban=row.iban_masked,
        account_holder=row.account_holder,
        notice_days=row.prenotification_days,
        last_due_on=last_due_on,
    )
