"""Previews: a customer's invoice as of today, and what other packages would have cost. Nothing is stored."""

from dataclasses import dataclass, replace
from typing import Final

from sqlmodel import select

from api.customers import known, today
from api.errors import Conflict
from api.monthly import run_of
from api.workplace import Workplace
from invoicing import billed, history
from invoicing.check import examine
from invoicing.contract.parts import parts_of
from invoicing.gather import cases, decided
from invoicing.invoice import Invoice
from invoicing.issue import draft
from invoicing.preview import Month, WhatIf, what_if
from invoicing.rating import gauges_of
from invoicing.records import MONTHLY, InvoiceRecord
from invoicing.recounts import recounts
from metering.month import BillingMonth
from metering.recount import recount
from metering.usage import Usage, merge

DRAFT: Final = "ENTWURF"


@dataclass(frozen=True, slots=True)
class CustomerPreview:
    """The invoice that a month would have if it were closed now, or why there would be none.

    ``rule`` is the one that would park the customer.
    """

    customer: str
    month: str
    invoice: Invoice | None
    why_not: str = ""
    rule: str = ""


def preview_customer(work: Workplace, key: str, month: BillingMonth | None = None) -> CustomerPreview:
    """Return a customer's invoice as of today, of the running month unless another is named."""
    wanted = month or BillingMonth.of(today(work))
    with work.ledger.read() as session:
        known(session, key)
        counters = {*_counters(decided(session, wanted), key), *billed.counters_of(session, key)}
        query = select(InvoiceRecord.number).where(InvoiceRecord.customer == key, InvoiceRecord.occasion == MONTHLY)
        number = session.exec(query.where(InvoiceRecord.month == str(wanted))).first()
    if number:
        raise Conflict(f"{wanted} of {key!r} is invoiced: see {number}.")
    counts = recounts(work.ledger, work.journal, work.counter.client, wanted, gauges_of(work.terms), counters)
    run = run_of(work, wanted, key)
    for case in cases(work.ledger, run, counts, only=key):
        if problem := examine(case):
            return CustomerPreview(key, str(wanted), None, problem.message, problem.rule)
        if not case.bill.is_free:
            return CustomerPreview(key, str(wanted), draft(run, case, DRAFT))
    return CustomerPreview(key, str(wanted), None, "Es gibt nichts zu berechnen.")


def what_if_customer(
    work: Workplace, key: str, months: int, package: str | None = None, addons: list[str] | None = None
) -> WhatIf:
    """Return what the last full months would have cost on each package, or on one; ``addons``: instead of those booked.

    Months without a contract are skipped.
    """
    last = BillingMonth.of(today(work))
    wanted = [last := last.previous() for _ in range(months)]
    looked = {str(each): _month(work, key, each) for each in reversed(wanted)}
    found = [each for each in looked.values() if isinstance(each, Month)]
    if not found:
        raise Conflict(f"Customer {key!r} has no contract in the last {months} full months: nothing to compare.")
    terms = found[-1].terms
    if unknown := sorted(set(addons or ()) - terms.addons.keys()):
        raise Conflict(f"There is no add-on {', '.join(unknown)} in {terms.id}.")
    if package is not None and package not in terms.packages:
        raise Conflict(f"There is no package {package} in {terms.id}.")
    told = what_if(found, None if addons is None else frozenset(addons))
    told = replace(told, skipped={name: why for name, why in looked.items() if isinstance(why, str)})
    return told if package is None else told.only(package)


def _month(work: Workplace, key: str, month: BillingMonth) -> Month | str:
    """Return a month as it is agreed and counted now, or why it cannot be compared."""
    with work.ledger.read() as session:
        known(session, key)
        events = history.contract(session, key)
        terms_by_id = {**work.terms, **history.pinned_terms(session)}
        counters = _counters(decided(session, month), key)
    found = parts_of(events, month, "calendar_days")
    if not found:
        return "kein Vertrag"
    if (terms := terms_by_id.get(found[-1].contract.terms)) is None:
        return f"Die Bedingungen „{found[-1].contract.terms}“ liegen nicht vor."
    recounted = recount(work.journal, work.counter.client, month, counters, gauges_of({terms.id: terms}))
    usage = merge(Usage(key, month), *(recounted.usages.get(each, Usage(each, month)) for each in counters))
    return Month(terms, parts_of(events, month, terms.rules.proration.value), usage)


def _counters(decisions: dict[str, str | None], key: str) -> list[str]:
    """Return whose counters make up a customer's usage: its own, and those of ids that were assigned to it."""
    return [key, *sorted(source for source, target in decisions.items() if target == key)]
