"""From which day on a customer is in default (Verzug) with a claim, and with how much."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from invoicing.money import german_date
from invoicing.rights.claim import Claim
from invoicing.rights.figures import Figures
from invoicing.terms import Terms
from invoicing.workday import last_day_to_act

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DefaultStart:
    """The first day of default, or none, the clause, and one German sentence that says why."""

    begins_on: date | None
    clause: str
    why: str


def default_start(terms: Terms, claim: Claim, figures: Figures) -> DefaultStart:
    """Return since when a claim is in default: by itself after the last day to pay, or by the law's own way.

    Without a rule the law holds: after a reminder, of one that sets a deadline after that, at the latest 30 days after
    due date and receipt. What is collected by direct debit is not in default before the debit was returned.

    Contract: Cloudeteer AGB 6(5); Law: § 286 BGB
    """
    if claim.pay_by is None:
        law = "§ 286 Abs. 4 BGB"
        return DefaultStart(
            None, law, f"Kein Verzug: Der Betrag wird eingezogen, und der Einzug wurde nicht zurückgegeben ({law})."
        )
    begins = min(_begins(terms, claim, claim.pay_by, figures), key=lambda each: each[0], default=None)
    if begins is None:
        law = "§ 286 BGB"
        return DefaultStart(
            None, law, f"Kein Verzug: Nach dem {german_date(claim.pay_by)} wurde nicht gemahnt ({law})."
        )
    day, clause, reason = begins
    if not claim.open_on(day - _DAY):
        return DefaultStart(None, clause, f"Kein Verzug: Bezahlt war bis zum {german_date(day - _DAY)} ({clause}).")
    return DefaultStart(day, clause, f"Verzug seit dem {german_date(day)}: {reason} ({clause}).")


def in_default(terms: Terms, claims: Iterable[Claim], on: date, figures: Figures) -> int:
    """Return the cents with which a customer is in default on a day."""
    starts = ((each, default_start(terms, each, figures).begins_on) for each in claims)
    return sum(each.open_on(on) for each, begins in starts if begins and begins <= on)


def _begins(terms: Terms, claim: Claim, pay_by: date, figures: Figures) -> Iterator[tuple[date, str, str]]:
    """Yield each way into default: its first day, its source and its reason."""
    rule = terms.rules.default
    if rule and rule.value.begins == "due_date":
        clause = "§ 286 Abs. 2 BGB" if rule.silent else f"{terms.cited(rule.clause)}; § 286 Abs. 2 BGB"
        yield pay_by + _DAY, clause, f"Der letzte Tag der Zahlung war der {german_date(pay_by)}"
        return
    for each in claim.reminded:
        on, said = each.received_on, f"Die Mahnung ging am {german_date(each.received_on)} zu"
        if each.pay_by and each.pay_by > on:
            on = last_day_to_act(each.pay_by)
            said += f" und setzte eine Frist bis zum {german_date(on)}"
        yield on + _DAY, "§ 286 Abs. 1 BGB", said
    if claim.received_on and (claim.told_of_default or not claim.of_consumer):
        runs_out = last_day_to_act(max(claim.due_on, claim.received_on) + timedelta(days=figures.default.days))
        days = f"{figures.default.days} Tage nach Fälligkeit und Zugang der Rechnung sind vergangen"
        yield max(runs_out, pay_by) + _DAY, "§ 286 Abs. 3 BGB", days
