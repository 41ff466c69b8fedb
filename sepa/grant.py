"""What a customer grants: a mandate is recorded as a new version; its past stays readable."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from typing import Literal

from sqlmodel import Session, col, select

from sepa.account_id import AccountError, IbanVault, mask_iban, parse_bic, parse_iban
from sepa.charset import id_problem
from sepa.records import MandateVersion

_UNFIT = re.compile(r"[^A-Za-z0-9.:-]")
_STEM = 28  # leaves room for a number in the 35 characters of a reference


@dataclass(frozen=True, slots=True)
class Grant:
    """What a customer granted, as it came in; an empty reference asks for one."""

    customer: str
    iban: str
    bic: str
    reference: str
    signed_on: date
    scheme: Literal["CORE", "B2B"]
    account_holder: str
    notice_days: int | None


def record(session: Session, vault: IbanVault, grant: Grant, now: datetime) -> MandateVersion:
    """Append a mandate version; the same grant again changes nothing; broken account data are refused.

    A known reference with another account is an amendment, which the next collection tells the bank.
    Without a reference, another account, signature or scheme is another mandate.
    Scheme: EPC016-06 4.5 (amendments)
    """
    iban = parse_iban(grant.iban)
    bic = parse_bic(grant.bic) if grant.bic else ""
    query = select(MandateVersion).where(MandateVersion.customer == grant.customer)
    versions = session.exec(query.order_by(col(MandateVersion.id))).all()
    last = versions[-1] if versions else None
    same_account = last is not None and vault.open(last.iban_token, grant.customer) == iban
    same = same_account and last and (last.signed_on, last.scheme) == (grant.signed_on, grant.scheme)
    reference = grant.reference or (last.reference if last and same else _fresh_reference(session, grant))
    if problem := id_problem(reference):
        raise AccountError("reference", problem)
    _refuse_foreign(session, reference, grant.customer)
    before = next((each for each in reversed(versions) if each.reference == reference), None)
    fresh = MandateVersion(
        customer=grant.customer,
        reference=reference,
        scheme=grant.scheme,
        signed_on=grant.signed_on,
        iban_token=vault.seal(iban, grant.customer),
        iban_masked=mask_iban(iban),
        bic=bic,
        account_holder=grant.account_holder,
        prenotification_days=grant.notice_days,
        amends_account=before is not None
        and (before.amends_account or vault.open(before.iban_token, grant.customer) != iban),
        recorded_at=now,
    )
    if last and same_account and _says_the_same(last, fresh):
        return last
    session.add(fresh)
    session.flush()
    return fresh


def _fresh_reference(session: Session, grant: Grant) -> str:
    """Return ``k-1007-1`` or the first later one that nobody has; signs that banks do not read become ``-``."""
    stem = _UNFIT.sub("-", grant.customer)[:_STEM]
    taken = set(session.exec(select(MandateVersion.reference).where(col(MandateVersion.reference).startswith(stem))))
    return next(name for number in count(1) if (name := f"{stem}-{number}") not in taken)


def _refuse_foreign(session: Session, reference: str, customer: str) -> None:
    query = select(MandateVersion).where(MandateVersion.reference == reference, MandateVersion.customer != customer)
    if session.exec(query).first():
        raise AccountError("reference", f"{reference!r} is another customer's mandate; choose another reference")


def _says_the_same(old: MandateVersion, new: MandateVersion) -> bool:
    fields = ("reference", "scheme", "signed_on", "bic", "account_holder", "prenotification_days")
    return all(getattr(old, name) == getattr(new, name) for name in fields)
