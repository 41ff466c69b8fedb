"""Lump-sum damages for what was delivered late."""

from dataclasses import dataclass
from datetime import date, timedelta

from invoicing.money import german_amount, german_date, german_number, percent_of
from invoicing.rights.answer import Credit, no_credit
from invoicing.terms import Terms

_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Delay:
    """What was late: the price of that part in cents, the agreed day, the day of delivery, or today while it misses.

    ``claimed_on`` is when the customer claimed it in writing, ``completed_on`` when the whole was done or the contract
    ended: without both it may not be claimed yet.
    """

    price_cents: int
    agreed_on: date
    until: date
    claimed_on: date | None = None
    completed_on: date | None = None

    @property
    def payable_on(self) -> date | None:
        """The day on which the damages fall due.

        Contract: Connectavo AGB I 4.4
        """
        return max(self.claimed_on, self.completed_on) if self.claimed_on and self.completed_on else None


def delay_credit(terms: Terms, delay: Delay) -> Credit:
    """Return so many percent of the price for each completed week of delay, up to the most that is agreed.

    A week is complete on its seventh day after the agreed one. What is not payable yet is reckoned, and not allowed.

    Contract: Connectavo AGB I 4.4
    """
    rule = terms.rules.delay_credit
    if rule is None:
        return no_credit("", "Diese Bedingungen sehen keinen pauschalierten Schadenersatz bei Verspätung vor.")
    clause = terms.cited(rule.clause)
    weeks = max(0, (delay.until - delay.agreed_on) // _WEEK)
    percent = min(weeks * rule.value.percent_per_week, rule.value.at_most_percent)
    cents = percent_of(delay.price_cents, percent)
    late = f"Vereinbart war der {german_date(delay.agreed_on)}, verspätet bis zum {german_date(delay.until)}"
    if not weeks:
        return no_credit(clause, f"Kein Schadenersatz ({clause}): {late}, keine vollendete Woche.")
    payable = delay.payable_on
    due = f"fällig am {german_date(payable)}" if payable else "noch nicht fällig (Geltendmachung oder Abschluss fehlt)"
    capped = f", höchstens {german_number(percent)} %" if percent < weeks * rule.value.percent_per_week else ""
    number = "1 vollendete Woche" if weeks == 1 else f"{weeks} vollendete Wochen"
    return Credit(
        allowed=payable is not None,
        cents=cents,
        clause=clause,
        formula=f"{german_number(percent)} % von {german_amount(delay.price_cents)} € = {german_amount(cents)} €",
        why=(
            f"Pauschalierter Schadenersatz ({clause}): {late}, {number} zu je "
            f"{german_number(rule.value.percent_per_week)} %{capped}; {due}."
        ),
    )
