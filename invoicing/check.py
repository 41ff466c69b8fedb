"""May this customer be billed? One rule, one function, one entry in the list."""

from collections.abc import Callable
from dataclasses import dataclass

from invoicing.contract import Contract
from invoicing.records import CustomerVersion
from invoicing.terms import Terms
from metering.usage import Usage

HOME = "DE"  # where the VAT of the terms is owed


@dataclass(frozen=True, slots=True)
class Case:
    """One customer in one month, as far as it is known; ``extra`` are unknown ids assigned to it."""

    customer: str
    master: CustomerVersion | None
    contract: Contract | None
    terms: Terms | None
    usage: Usage
    extra: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a customer is parked."""

    customer: str
    rule: str
    message: str


def _unknown_customer(case: Case) -> str | None:
    if case.master is None:
        return (
            f"Für „{case.customer}“ wurden Ereignisse gezählt, aber es gibt keinen solchen Kunden. "
            "Kunden mit Vertrag anlegen, die Nutzung einem Kunden zuordnen oder mit Begründung ausnehmen."
        )
    return None


def _usage_without_contract(case: Case) -> str | None:
    if case.contract is None:
        return "Nutzung in einem Monat ohne Vertrag. Vertrag nachtragen oder die Nutzung mit Begründung ausnehmen."
    return None


def _unknown_terms(case: Case) -> str | None:
    if case.terms is None and case.contract:
        return f"Die Bedingungen „{case.contract.terms}“ liegen nicht vor. Die Datei in den Bedingungsordner legen."
    return None


def _unknown_package(case: Case) -> str | None:
    if case.terms and case.contract and case.contract.package not in case.terms.packages:
        return f"Das Paket „{case.contract.package}“ steht nicht in {case.terms.id}. Den Vertrag berichtigen."
    return None


def _unknown_addons(case: Case) -> str | None:
    if case.terms and case.contract and (unknown := case.contract.addons - case.terms.addons.keys()):
        return f"Zusatzmodule {', '.join(sorted(unknown))} stehen nicht in {case.terms.id}. Den Vertrag berichtigen."
    return None


def _incomplete_address(case: Case) -> str | None:
    """Law: § 14 Abs. 4 Nr. 1 UStG."""
    wanted = {"name": "Name", "street": "Straße", "postcode": "PLZ", "city": "Ort", "email": "E-Mail"}
    empty = [label for field, label in wanted.items() if not getattr(case.master, field, "").strip()]
    return f"Es fehlt: {', '.join(empty)}. Die Kundendaten ergänzen." if empty else None


def _foreign_customer(case: Case) -> str | None:
    """Law: § 3a Abs. 2 UStG (the place of supply of a foreign business is abroad)."""
    if case.master and case.master.country != HOME:
        return (
            f"Der Kunde sitzt in {case.master.country}; Rechnungen ins Ausland (Steuerschuldnerschaft des "
            "Leistungsempfängers) werden noch nicht erstellt. Diese Rechnung außerhalb schreiben."
        )
    return None


CHECKS: dict[str, Callable[[Case], str | None]] = {
    "unknown_customer": _unknown_customer,
    "usage_without_contract": _usage_without_contract,
    "unknown_terms": _unknown_terms,
    "unknown_package": _unknown_package,
    "unknown_addons": _unknown_addons,
    "incomplete_address": _incomplete_address,
    "foreign_customer": _foreign_customer,
}


def examine(case: Case) -> Problem | None:
    """Return the first rule that parks this customer, or None when its data are sound."""
    found = ((rule, check(case)) for rule, check in CHECKS.items())
    return next((Problem(case.customer, rule, message) for rule, message in found if message), None)
