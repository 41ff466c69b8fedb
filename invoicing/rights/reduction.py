"""Price reduction (Minderung) for a defect that could not be mended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from invoicing.money import euro, german_amount, german_date, german_month, german_number, to_cents
from invoicing.rights.answer import Credit, no_credit
from invoicing.rights.error import RightsError
from invoicing.rights.figures import Figures
from invoicing.terms import Terms
from invoicing.workday import last_day_to_act
from metering.month import BillingMonth


@dataclass(frozen=True, slots=True)
class Remedy:
    """An attempt to mend a defect: its deadline, and when it succeeded, if it did."""

    deadline: date
    mended_on: date | None = None

    def failed_by(self, day: date) -> bool:
        """Tell whether the deadline had passed before a day without success."""
        last = last_day_to_act(self.deadline)
        return last < day and (self.mended_on is None or self.mended_on > last)


@dataclass(frozen=True, slots=True)
class Reduction:
    """What was agreed: so many percent of the monthly price in cents, from the first to the last day, both included."""

    price_cents: int
    percent: Decimal
    first: date
    last: date


def reduction_credit(
    terms: Terms, agreed: Reduction, month: BillingMonth, remedies: Sequence[Remedy], on: date, figures: Figures
) -> Credit:
    """Return a month's part of an agreed price reduction, by its days; only after enough attempts to mend have failed.

    A further attempt has a deadline of its own, after the one before. The day on which the defect is mended is the last
    for which the price is reduced.

    Contract: fluks AGB 12.4
    """
    rule = terms.rules.price_reduction
    if rule is None:
        return no_credit("", "Diese Bedingungen regeln keine Minderung.")
    if not 0 <= agreed.percent <= 100:  # noqa: PLR2004 - a share of a price
        raise RightsError("percent", f"{agreed.percent} is no share of a price: write 0 to 100")
    clause, failed = terms.cited(rule.clause), len({each.deadline for each in remedies if each.failed_by(on)})
    if failed < figures.remedy.attempts:
        return no_credit(
            clause,
            f"Keine Minderung am {german_date(on)} ({clause}): Bisher gescheitert: {failed} von "
            f"{figures.remedy.attempts} nötigen Versuchen, den Mangel innerhalb der gesetzten Frist zu beheben.",
        )
    until = min([agreed.last, *(each.mended_on for each in remedies if each.mended_on)])
    first, last = max(agreed.first, month.first_day), min(until, month.last_day)
    days, whole = max(0, (last - first).days + 1), month.last_day.day
    cents = to_cents(euro(agreed.price_cents) * agreed.percent * days / (100 * whole))
    percent = german_number(agreed.percent)
    if not cents:
        why = f"{percent} % von {german_amount(agreed.price_cents)} € für {days} Tage"
        return no_credit(clause, f"Keine Minderung für {german_month(month)} ({clause}): {why} sind kein Cent.")
    return Credit(
        allowed=True,
        cents=cents,
        clause=clause,
        formula=f"{german_amount(agreed.price_cents)} € × {percent} % × {days}/{whole} Tage = {german_amount(cents)} €",
        why=(
            f"Minderung um {percent} % vom {german_date(first)} bis zum {german_date(last)} ({clause}): "
            f"{failed} Versuche, den Mangel zu beheben, sind fehlgeschlagen."
        ),
    )
