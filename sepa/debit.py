"""The values a pain.008 file is made from: who collects, what is collected, what was wrong.

A customer's IBAN stays out of every ``repr``, so that no log line holds it.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Scheme = Literal["CORE", "B2B"]
SequenceType = Literal["FRST", "RCUR", "FNAL", "OOFF"]


@dataclass(frozen=True, slots=True)
class Address:
    """A structured postal address; town and country are what banks insist on."""

    street: str
    building: str | None
    postcode: str
    city: str
    country: str


@dataclass(frozen=True, slots=True)
class Creditor:
    """Who collects, to which account, under which creditor identifier."""

    name: str
    creditor_id: str
    iban: str
    bic: str | None = None
    address: Address | None = None


@dataclass(frozen=True, slots=True)
class Amendment:
    """What changed in a mandate since the bank last saw it.

    ``original_iban`` is for another account at the same bank, ``smnda`` for any other account.
    """

    original_reference: str | None = None
    original_creditor_id: str | None = None
    original_creditor_name: str | None = None
    original_iban: str | None = field(default=None, repr=False)
    smnda: bool = False


@dataclass(frozen=True, slots=True)
class Debit:
    """One collection, in euro cents; ``invoice`` and ``customer`` name it in messages and stay out of the file.

    Exactly one of ``remittance`` (text) and ``structured_reference`` (a creditor reference) is given.
    """

    end_to_end_id: str
    invoice: str
    customer: str
    amount_cents: int
    due_on: date
    scheme: Scheme
    sequence: SequenceType
    mandate_reference: str
    mandate_signed_on: date
    debtor_name: str
    iban: str = field(repr=False)
    bic: str | None = None
    remittance: str = ""
    address: Address | None = None
    amendment: Amendment | None = None
    purpose: str | None = None
    ultimate_debtor: str | None = None
    structured_reference: str | None = None


@dataclass(frozen=True, slots=True)
class ExportProblem:
    """Why a collection cannot be exported: whose, which field, and in German what to do.

    A problem of the creditor or of the whole file names no invoice and no customer.
    """

    invoice: str
    customer: str
    field: str
    message: str
