"""When an invoice is payable."""

from dataclasses import dataclass
from datetime import date, timedelta

from invoicing.money import german_date
from invoicing.rights.error import RightsError
from invoicing.terms import Terms
from invoicing.workday import last_day_to_act


@dataclass(frozen=True, slots=True)
class DueDate:
    """The last day to pay, the clause, and one German sentence that says why."""

    day: date
    clause: str
    why: str


def due_date(
    terms: Terms,
    issued_on: date,
    received_on: date | None = None,
    debit_on: date | None = None,
    *,
    prepaid: bool = False,
) -> DueDate:
    """Return the last day to pay: so many days after invoice date or receipt, else the day of the announced debit.

    The day of the event never counts; a last day that is no working day moves to the next one. Without a rule and
    without a debit an invoice is payable at once; so too, ``prepaid``, where periods for payment were revoked.

    Contract: Cloudeteer AGB 6(2), cunio AGB 8.1, Connectavo AGB I 2.2, I 2.4; Law: §§ 187, 188, 193, 271 BGB
    """
    if prepaid and terms.rules.prepayment and received_on:
        clause = terms.cited(terms.rules.prepayment.clause)
        why = f"Zahlungsfristen sind widerrufen, fällig sofort mit Zugang am {german_date(received_on)} ({clause})."
        return DueDate(received_on, clause, why)
    if terms.rules.due is None:
        return _debit(terms, debit_on) if debit_on else _at_once(terms, received_on)
    rule = terms.rules.due.value
    from_receipt = rule.after == "receipt"
    if from_receipt and received_on is None:
        raise RightsError("received_on", "these terms count from receipt: say when the invoice was received")
    start = received_on if from_receipt and received_on else issued_on
    runs_out = start + timedelta(days=rule.days)
    day = last_day_to_act(runs_out)
    clause = terms.cited(terms.rules.due.clause)
    event = "Zugang der Rechnung" if from_receipt else "Rechnungsdatum"
    moved = (
        f" (Samstag, Sonntag oder Feiertag), damit bis zum {german_date(day)} (§ 193 BGB)" if day != runs_out else ""
    )
    return DueDate(
        day,
        clause,
        f"{event} {german_date(start)}, Zahlungsfrist {rule.days} Tage ({clause}; §§ 187, 188 BGB): "
        f"Zahlbar bis zum {german_date(runs_out)}{moved}.",
    )


def _debit(terms: Terms, debit_on: date) -> DueDate:
    clause = terms.cited((terms.rules.prenotification_days or terms.rules.payment).clause)
    return DueDate(debit_on, clause, f"Fällig am Tag des angekündigten Einzugs, {german_date(debit_on)} ({clause}).")


def _at_once(terms: Terms, received_on: date | None) -> DueDate:
    if "bank_transfer" not in terms.rules.payment.value:
        raise RightsError("debit_on", "these invoices are payable when they are collected: announce a debit first")
    if received_on is None:
        raise RightsError("received_on", "without a period the invoice is payable on receipt: say when it was received")
    law = "§ 271 Abs. 1 BGB"
    return DueDate(received_on, law, f"Fällig sofort mit Zugang der Rechnung am {german_date(received_on)} ({law}).")
