"""When the access may be locked because more is used than was agreed, and for how long."""

from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from invoicing.money import german_date, german_number
from invoicing.rights.answer import Right
from invoicing.rights.figures import Figures
from invoicing.terms import Terms
from invoicing.workday import last_day_to_act


@dataclass(frozen=True, slots=True)
class Overuse:
    """How much was used of what was agreed, the period of grace, and what followed.

    ``told_on`` is when the customer was told to remedy it by ``remedy_by``; ``remedied_on`` when he proved that it
    stopped and cannot happen again; ``locked_on`` the first day of a lock.
    """

    used: int
    agreed: int
    told_on: date
    remedy_by: date
    remedied_on: date | None = None
    locked_on: date | None = None


def may_lock_overuse(terms: Terms, overuse: Overuse, on: date, figures: Figures) -> Right:
    """Tell whether the access may be locked, or stay so, on a day for overuse: after the grace period, until remedied.

    The lock's first day counts: a lock of at most three months from 10 March ends on 9 June.

    Contract: Connectavo AGB II 2.5, II 2.7
    """
    rule = terms.rules.overuse_lock
    if rule is None:
        return Right(allowed=False, on=on, clause="", why="Diese Bedingungen erlauben keine Sperre wegen Übernutzung.")
    last_day = _last_day(overuse.locked_on or on, rule.value.max_months)
    reason = _why_not(overuse, on, last_day, figures)
    clause = terms.cited(rule.clause)
    if reason:
        return Right(allowed=False, on=on, clause=clause, why=f"Keine Sperre wegen Übernutzung ({clause}): {reason}.")
    at_most = f", höchstens bis zum {german_date(last_day)}" if last_day else ""
    return Right(
        allowed=True,
        on=on,
        clause=clause,
        why=(
            f"Der Zugang darf gesperrt werden{at_most} ({clause}): {german_number(overuse.used)} statt vereinbarter "
            f"{german_number(overuse.agreed)} genutzt, die Nachfrist bis zum {german_date(overuse.remedy_by)} ist um."
        ),
        last_day=last_day,
    )


def _last_day(locked_on: date, months: int) -> date | None:
    return locked_on + relativedelta(months=months) - timedelta(days=1) if months else None


def _why_not(overuse: Overuse, on: date, last_day: date | None, figures: Figures) -> str:
    """Return what speaks against a lock, in German; nothing when it is allowed."""
    if (
        overuse.used - overuse.agreed
    ) * 100 < overuse.agreed * figures.lock.overuse_percent or overuse.used <= overuse.agreed:
        return "Die vereinbarte Nutzung ist nicht erheblich überschritten"
    if (overuse.remedy_by - overuse.told_on).days < figures.lock.deadline_days:
        return f"Die Nachfrist ist zu kurz, angemessen sind mindestens {figures.lock.deadline_days} Tage"
    if overuse.remedied_on and overuse.remedied_on <= on:
        return f"Die Übernutzung ist seit dem {german_date(overuse.remedied_on)} abgestellt, der Zugang steht wieder zu"
    if on <= (ends := last_day_to_act(overuse.remedy_by)):
        return f"Die Nachfrist läuft noch bis zum {german_date(ends)}"
    if last_day and on > last_day:
        return f"Die längste Dauer der Sperre ist am {german_date(last_day)} abgelaufen, der Zugang steht wieder zu"
    return ""
