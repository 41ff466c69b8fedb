"""May this customer be billed? One rule, one function, one entry in the list."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from invoicing.bill import Advance, Bill
from invoicing.booking import TimesheetRow
from invoicing.contract.event import Contract
from invoicing.contract.parts import Part
from invoicing.difference import Earlier
from invoicing.invoice import lines_of, totals
from invoicing.money import german_amount, german_date, german_month, german_number
from invoicing.rating import Charge
from invoicing.records import CustomerVersion
from invoicing.terms import Terms
from metering.month import BillingMonth
from metering.recount import Difference
from metering.usage import Usage

HOME = "DE"  # where the VAT of the terms is owed
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Case:
    """One customer in one month, as far as it is known.

    ``readings`` are the counters that make up its usage: its own and those of unknown ids assigned to it;
    ``differences`` are those between counter and journal, ``earlier`` the months that are not as they were billed.
    Without ``parts`` a contract that starts next month is billed, or only what was ``booked``; then ``contract`` is the
    one that starts, or that it was booked under.
    """

    customer: str
    master: CustomerVersion | None
    contract: Contract | None
    terms: Terms | None
    usage: Usage
    readings: tuple[Usage, ...] = ()
    differences: tuple[Difference, ...] = ()
    earlier: tuple[Earlier, ...] = ()
    parts: tuple[Part, ...] = ()
    next_terms: Terms | None = None
    next_parts: tuple[Part, ...] = ()
    in_advance: Mapping[str, Advance] = field(default_factory=dict)
    booked: tuple[Charge, ...] = ()
    timesheet: tuple[TimesheetRow, ...] = ()

    @property
    def bill(self) -> Bill:
        """What its invoice is reckoned from; raise ValueError without known terms."""
        if self.terms is None:
            raise ValueError(f"{self.customer} was not examined before it was billed")
        return Bill(
            terms=self.terms,
            parts=self.parts,
            usage=self.usage,
            next_terms=self.next_terms,
            next_parts=self.next_parts,
            in_advance=self.in_advance,
            booked=self.booked,
            earlier=self.earlier,
        )


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


def _set_aside_grew(case: Case) -> str | None:
    grown = [each for each in case.earlier if not each.invoice]
    if grown:
        named = ", ".join(german_month(each.now.month) for each in grown)
        return f"Ausgenommene Nutzung hat sich nachträglich geändert: {named}. {_settle(case, grown)}"
    return None


def _recount_differs(case: Case) -> str | None:
    found = [*case.differences, *(each for month in case.earlier for each in month.differences)]
    if not found:
        return None
    named = "; ".join(map(_differing, found[:_NAMED]))
    more = f"; und {german_number(len(found) - _NAMED)} weitere" if len(found) > _NAMED else ""
    counters = sorted({(BillingMonth.of(each.day), each.customer) for each in found})
    look = ", ".join(f"`zaehlwerk recount {month}`" for month in dict.fromkeys(month for month, _ in counters))
    mend = ", ".join(f"`zaehlwerk correct {month} {counter} --reason …`" for month, counter in counters)
    return f"Zähler und Journal sind verschieden: {named}{more}. Nachsehen mit {look}, dann berichtigen mit {mend}."


def _differing(each: Difference) -> str:
    counts = f"Zähler {german_number(each.counter)}, Journal {german_number(each.journal)}"
    return f"{each.customer} am {german_date(each.day)}, {each.meter}: {counts}"


def _late_without_contract(case: Case) -> str | None:
    if case.contract or case.usage.days or not case.earlier:
        return None
    return (
        f"Nachträglich gezählt oder storniert: {'; '.join(map(_owed, case.earlier))}. In diesem Monat besteht kein "
        f"Vertrag, mit dem das abgerechnet wird. Außerhalb abrechnen. {_settle(case, case.earlier)}"
    )


def _owed(earlier: Earlier) -> str:
    net = sum(each.cents for each in earlier.charges)
    return f"{german_month(earlier.now.month)} zu {earlier.invoice}, {german_amount(net)} € netto"


def _settle(case: Case, months: Sequence[Earlier]) -> str:
    commands = (f"`zaehlwerk assign {each.now.month} {case.customer} --reason …`" for each in months)
    return f"Dann den heutigen Stand mit Begründung ausnehmen: {', '.join(commands)}."


def _usage_without_contract(case: Case) -> str | None:
    if case.contract is None:
        return "Nutzung in einem Monat ohne Vertrag. Vertrag nachtragen oder die Nutzung mit Begründung ausnehmen."
    return None


def _unknown_terms(case: Case) -> str | None:
    if case.terms is None and case.contract:
        return f"Die Bedingungen „{case.contract.terms}“ liegen nicht vor. Die Datei in den Bedingungsordner legen."
    return None


def _consumer_not_allowed(case: Case) -> str | None:
    """Contract: fluks AGB 1.10."""
    if case.terms is None or case.master is None or case.master.kind != "consumer":
        return None
    rule = case.terms.rules.customers
    if rule.value == "anyone":
        return None
    return (
        f"Der Kunde ist als Verbraucher erfasst, aber die Bedingungen „{case.terms.title}“ gelten nur für Unternehmen "
        f"({case.terms.cited(rule.clause)}). Die Kundendaten oder den Vertrag berichtigen."
    )


def _unknown_package(case: Case) -> str | None:
    for terms, each in _agreed(case):
        if each.package not in terms.packages:
            return f"Das Paket „{each.package}“ steht nicht in {terms.id}. Den Vertrag berichtigen."
    return None


def _unknown_addons(case: Case) -> str | None:
    for terms, each in _agreed(case):
        if unknown := each.addons - terms.addons.keys():
            return f"Zusatzmodule {', '.join(sorted(unknown))} stehen nicht in {terms.id}. Den Vertrag berichtigen."
    return None


def _agreed(case: Case) -> Iterator[tuple[Terms, Contract]]:
    """Yield what the contract is in each part of what is billed, with its terms."""
    if case.terms:
        yield from ((case.terms, part.contract) for part in case.parts)
        yield from ((case.next_terms or case.terms, part.contract) for part in case.bill.ahead)


def _mixed_prices(case: Case) -> str | None:
    """Law: § 14 Abs. 4 Nr. 7, 8 UStG (what is net and what is gross must be plain)."""
    if case.terms is None or len({each.gross for each in case.bill.charges}) < 2:  # noqa: PLR2004 - net and gross
        return None
    settle = f" {_settle(case, case.earlier)}" if case.earlier else ""
    return (
        "Die Rechnung enthielte Netto- und Bruttopreise, weil die Bedingungen gewechselt haben. Was unter den früheren "
        f"gebucht oder nachträglich gezählt wurde, außerhalb abrechnen und Buchungen zurücknehmen.{settle}"
    )


def _unknown_earlier_terms(case: Case) -> str | None:
    lost = [each.invoice for each in case.earlier if not each.is_known]
    if lost:
        return (
            f"Nach {', '.join(lost)} wurde nachträglich gezählt oder storniert, aber der Vertrag oder die Bedingungen "
            "von damals liegen nicht vor. Die Datei in den Bedingungsordner legen."
        )
    return None


def _negative_invoice(case: Case) -> str | None:
    if case.terms is None or not (case.earlier or case.in_advance or case.booked):
        return None
    *_, gross = totals(lines_of(case.bill.charges, is_gross=case.terms.rules.prices.value == "gross"))
    if gross >= 0:
        return None
    named = f": {'; '.join(map(_owed, case.earlier))}" if case.earlier else ""
    settle = f" {_settle(case, case.earlier)}" if case.earlier else ""
    return (
        f"Die Rechnung wäre mit {german_amount(gross)} € negativ{named}. Gutschriften werden noch nicht erstellt. "
        f"Außerhalb gutschreiben.{settle}"
    )


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
    "set_aside_grew": _set_aside_grew,
    "recount_differs": _recount_differs,
    "late_without_contract": _late_without_contract,
    "usage_without_contract": _usage_without_contract,
    "unknown_terms": _unknown_terms,
    "consumer_not_allowed": _consumer_not_allowed,
    "unknown_package": _unknown_package,
    "unknown_addons": _unknown_addons,
    "unknown_earlier_terms": _unknown_earlier_terms,
    "incomplete_address": _incomplete_address,
    "foreign_customer": _foreign_customer,
    "mixed_prices": _mixed_prices,
    "negative_invoice": _negative_invoice,
}


def examine(case: Case) -> Problem | None:
    """Return the first rule that parks this customer, or None when its data are sound."""
    found = ((rule, check(case)) for rule, check in CHECKS.items())
    return next((Problem(case.customer, rule, message) for rule, message in found if message), None)
