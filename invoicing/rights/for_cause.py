"""When the provider may end the contract without notice for default."""

from datetime import timedelta

from invoicing.money import german_amount
from invoicing.rights.answer import Right
from invoicing.rights.figures import Figures
from invoicing.rights.lock import Account, Finding, above_fees, anything_overdue, insignificant_below
from invoicing.terms import Terms
from invoicing.terms.rules import ForCause
from invoicing.workday import last_day_to_act


def may_end_for_cause(terms: Terms, account: Account, figures: Figures) -> Right:
    """Tell whether the provider may end the contract on a day without notice; what is paid by then counts no longer.

    Contract: fluks AGB 16.2, Cloudeteer AGB 6(6), cunio AGB 8.4
    """
    rule = terms.rules.for_cause
    if rule is None:
        return Right(
            allowed=False,
            on=account.on,
            clause="",
            why="Diese Bedingungen geben wegen Verzugs kein Recht zur Kündigung ohne Frist.",
        )
    clause, found = terms.cited(rule.clause), _judge(terms, account, rule.value, figures)
    may = "Der Vertrag darf" if found.is_met else "Der Vertrag darf nicht"
    why = f"{may} ohne Frist gekündigt werden ({clause}): {found.reason}."
    return Right(found.is_met, account.on, clause, why, found.cents, found.limit)


def _judge(terms: Terms, account: Account, rule: ForCause, figures: Figures) -> Finding:
    if rule.when == "due_date":
        return anything_overdue(account)
    if rule.when == "reminder":
        return _unpaid_after_reminder(account, rule.days, figures)
    first = sum(each.overdue_on(account.on) for each in account.claims if each.is_first_fee)
    if rule.first_fee and first:
        reason = f"Die erste monatliche Vergütung wurde nicht fristgerecht bezahlt, {german_amount(first)} € sind offen"
        return Finding(is_met=True, cents=first, limit=0, reason=reason)
    return above_fees(terms, account, rule.monthly_fees, figures)


def _unpaid_after_reminder(account: Account, days: int, figures: Figures) -> Finding:
    """Tell whether an amount that matters is still unpaid so many days after the first reminder of it.

    What is too little for a lock is too little to end the contract.

    Contract: fluks AGB 16.2
    """
    until = timedelta(days=days)
    vain = [
        claim
        for claim in account.claims
        if claim.reminded and last_day_to_act(claim.reminded[0].received_on + until) < account.on
    ]
    owed = sum(each.overdue_on(account.on) for each in vain)
    limit = insignificant_below(account, figures)
    since = f"{days} Tage nach einer Mahnung noch offen"
    little = f", gelten aber als unerheblich (Grenze {german_amount(limit)} €)" if owed < limit else ""
    reason = f"{german_amount(owed)} € sind {since}{little}" if owed else f"Nichts ist {since}"
    return Finding(0 < owed >= limit, owed, limit, reason)
