"""How long a contract binds: its term on a day, and until when it can be ended to the term's end.

A term runs from its first to its last day, both included; months are counted from the contract's first day: one that
began on a 31st of August ends six months later on the last day of February (§§ 187 Abs. 2, 188 Abs. 2, 3 BGB).
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from invoicing.contract.event import Contract
from invoicing.terms import Setting, Terms
from invoicing.terms.rules import Notice, Period, Renewal
from invoicing.terms.rules import Term as TermRule
from metering.month import BillingMonth

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Term:
    """A term: first and last day, what follows it, and its clause."""

    first: date
    last: date
    renewal: Renewal
    clause: str


def term_on(terms: Terms, contract: Contract, day: date) -> Term | None:
    """Return the term in which a day lies; None when the contract is bound to none any more, or ever.

    An upgrade leaves the term as it is: it is counted from the contract's first day; after an agreed last day, from the
    day that follows it.

    Contract: cunio AGB 13.1, Connectavo AGB II 9.2
    """
    rule = term_rule(terms, contract)
    if rule is None or not (rule.value.months or contract.term_ends_on):
        return None
    begin, months = contract.starts_on, rule.value.months
    first, last = begin, contract.term_ends_on or _last(begin, months)
    if contract.term_ends_on:
        begin, months = last + A_DAY, 0
    while last < day:
        again = rule.value.renew_months or rule.value.months
        if rule.value.renewal != "same_term" or not again:
            return None
        months += again
        first, last = last + A_DAY, _last(begin, months)
    return Term(first, last, rule.value.renewal, terms.cited(rule.clause))


def term_rule(terms: Terms, contract: Contract) -> Setting[TermRule] | None:
    """Return the rule of the contract's term: the package's own, else that of the terms; with the months agreed.

    Contract: Connectavo AGB II 9.1, Cloudeteer AGB 13(1)
    """
    package = terms.packages.get(contract.package)
    rule = (package.term if package else None) or terms.rules.term
    if rule and contract.term_months is not None:
        return replace(rule, value=replace(rule.value, months=contract.term_months))
    return rule


def fixed_end(terms: Terms, contract: Contract) -> date | None:
    """Return the last day of a contract that ends by itself; None for one that does not.

    Contract: Connectavo AGB II 9.2
    """
    rule = term_rule(terms, contract)
    if rule is None or rule.value.renewal != "none" or not (rule.value.months or contract.term_ends_on):
        return None
    return contract.term_ends_on or _last(contract.starts_on, rule.value.months)


def latest_notice(notice: Notice, ends_on: date) -> date:
    """Return the last day on which a notice that ends the contract on this day may be received."""
    day = ends_on
    while runs_out(notice, day) > ends_on:
        day -= timedelta(days=1)
    return day


def runs_out(period: Period, received_on: date) -> date:
    """Return the last day of a period that begins with receipt; the day of receipt itself does not count.

    Law: §§ 187, 188 BGB
    """
    return received_on + relativedelta(months=period.months, weeks=period.weeks, days=period.days)


def month_end(day: date) -> date:
    """Return the last day of a day's month."""
    return BillingMonth.of(day).last_day


def _last(starts_on: date, months: int) -> date:
    """Return the last day of some months: the one before that which has the number of the first, if the month has it.

    Law: § 188 Abs. 2, 3 BGB
    """
    if starts_on.day == 1:
        return starts_on + relativedelta(months=months) - A_DAY
    return starts_on + relativedelta(months=months, day=starts_on.day - 1)
