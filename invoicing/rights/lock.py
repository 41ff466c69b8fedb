"""When the access may be locked for unpaid claims, and how long."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from invoicing.money import german_amount, percent_of
from invoicing.rights.answer import Right
from invoicing.rights.claim import Claim
from invoicing.rights.default import in_default
from invoicing.rights.figures import Figures
from invoicing.terms import Terms
from invoicing.terms.rules import Lock
from invoicing.workday import last_day_to_act


@dataclass(frozen=True, slots=True)
class Account:
    """What a customer owes on a day, and the monthly fee (gross) that it is compared with."""

    claims: Sequence[Claim]
    on: date
    fee_cents: int

    @property
    def overdue(self) -> int:
        """The cents that should have been paid before this day."""
        return sum(each.overdue_on(self.on) for each in self.claims)


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether a condition is met, the amount in question, what it was compared with, and why, in German."""

    is_met: bool
    cents: int
    limit: int
    reason: str


def may_lock(terms: Terms, account: Account, figures: Figures) -> Right:
    """Tell whether the access may be locked on a day because claims are not paid.

    Contract: fluks AGB 13.5, Cloudeteer AGB 6(6), cunio AGB 8.4
    """
    rule = terms.rules.lock
    if rule is None or rule.value.when not in _CONDITIONS:
        return Right(
            allowed=False, on=account.on, clause="", why="Diese Bedingungen erlauben keine Sperre wegen Verzugs."
        )
    found = _CONDITIONS[rule.value.when](terms, account, rule.value, figures)
    clause = terms.cited(rule.clause)
    may = "Der Zugang darf gesperrt werden" if found.is_met else "Der Zugang darf nicht gesperrt werden"
    return Right(found.is_met, account.on, clause, f"{may} ({clause}): {found.reason}.", found.cents, found.limit)


def may_stay_locked(terms: Terms, account: Account, figures: Figures) -> Right:
    """Tell whether a lock may stay: until what was overdue is paid; where fees measure it, until it is no longer above.

    Contract: fluks AGB 13.5
    """
    rule = terms.rules.lock
    if rule is None or rule.value.when == "monthly_fees":
        return may_lock(terms, account, figures)
    overdue, clause = account.overdue, terms.cited(rule.clause)
    why = (
        f"Die Sperre darf bestehen bleiben ({clause}): {german_amount(overdue)} € sind überfällig und offen."
        if overdue
        else f"Die Sperre ist aufzuheben ({clause}): Nichts Überfälliges ist mehr offen."
    )
    return Right(overdue > 0, account.on, clause, why, overdue)


def _after_reminder(terms: Terms, account: Account, rule: Lock, figures: Figures) -> Finding:
    """Not insignificant is in default, and a renewed reminder with deadline and warning has passed in vain."""
    del rule
    limit = insignificant_below(account, figures)
    owed = in_default(terms, account.claims, account.on, figures)
    warned = [each for each in account.claims if _deadline(each, figures) < account.on]
    cents = in_default(terms, warned, account.on, figures)
    warning = f"Frist mit Hinweis auf die Sperre (ab der {figures.lock.reminders}. Mahnung)"
    if not owed:
        reason = "Kein Betrag ist in Verzug"
    elif not cents:
        reason = f"{german_amount(owed)} € sind in Verzug, aber keine angemessene {warning} ist abgelaufen"
    elif cents < limit:
        reason = f"{german_amount(cents)} € in Verzug gelten als unerheblich (Grenze {german_amount(limit)} €)"
    else:
        reason = f"{german_amount(cents)} € sind in Verzug, und eine angemessene {warning} ist abgelaufen"
    return Finding(0 < cents >= limit, cents, limit, reason)


def _after_due_date(terms: Terms, account: Account, rule: Lock, figures: Figures) -> Finding:
    del terms, rule, figures
    return anything_overdue(account)


def _above_fees(terms: Terms, account: Account, rule: Lock, figures: Figures) -> Finding:
    return above_fees(terms, account, rule.monthly_fees, figures)


def insignificant_below(account: Account, figures: Figures) -> int:
    """Return from which amount in cents on what is overdue is not insignificant.

    Contract: fluks AGB 13.5
    """
    return percent_of(account.fee_cents, figures.lock.overdue_percent_of_fee)


def anything_overdue(account: Account) -> Finding:
    """Tell whether anything is unpaid after its last day to pay.

    Contract: Cloudeteer AGB 6(6)
    """
    overdue = account.overdue
    reason = (
        f"{german_amount(overdue)} € sind nach Ablauf der Zahlungsfrist offen" if overdue else "Nichts ist überfällig"
    )
    return Finding(overdue > 0, overdue, 0, reason)


def above_fees(terms: Terms, account: Account, fees: int, figures: Figures) -> Finding:
    """Tell whether more than so many monthly fees are in default; exactly so many are not more.

    Contract: cunio AGB 8.4
    """
    limit = fees * account.fee_cents
    owed = in_default(terms, account.claims, account.on, figures)
    more = "mehr als" if owed > limit else "nicht mehr als"
    months = "eine monatliche Vergütung" if fees == 1 else f"{fees} monatliche Vergütungen"
    reason = f"{german_amount(owed)} € sind in Verzug, {more} {months} ({german_amount(limit)} €)"
    return Finding(owed > limit, owed, limit, reason)


def _deadline(claim: Claim, figures: Figures) -> date:
    """Return the last day of the first deadline that counts: long enough, renewed later, with a warning; else never."""
    days = sorted({each.received_on for each in claim.reminded})
    ends = (
        last_day_to_act(each.pay_by)
        for each in claim.reminded
        if each.warns_of_lock
        and each.pay_by
        and (each.pay_by - each.received_on).days >= figures.lock.deadline_days
        and each.received_on in days[figures.lock.reminders - 1 :]
    )
    return min(ends, default=date.max)


_CONDITIONS: dict[str, Callable[[Terms, Account, Lock, Figures], Finding]] = {
    "reminder": _after_reminder,
    "due_date": _after_due_date,
    "monthly_fees": _above_fees,
}
