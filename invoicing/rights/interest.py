"""What default costs: interest by the day, the lump sum, dunning costs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from invoicing.money import german_amount, german_date, german_number, to_cents
from invoicing.rights.claim import Claim
from invoicing.rights.default import default_start
from invoicing.rights.figures import HALVES, Figures
from invoicing.terms import Terms

_DAY = timedelta(days=1)
_CENTS_AND_PERCENT = 100 * 100


@dataclass(frozen=True, slots=True)
class Segment:
    """Days, both included, on which amount and rate stay the same; they never cross the end of a half-year."""

    first: date
    last: date
    cents: int
    percent: Decimal

    @property
    def days(self) -> int:
        """How many days these are."""
        return (self.last - self.first).days + 1

    @property
    def euro(self) -> Fraction:
        """The exact interest: a year has 365 days, a leap year 366."""
        year = (date(self.first.year + 1, 1, 1) - date(self.first.year, 1, 1)).days
        return self.cents * Fraction(self.percent) * self.days / (_CENTS_AND_PERCENT * year)


@dataclass(frozen=True, slots=True)
class Interest:
    """The interest of one claim until a day, in whole cents, and the segments it is made of."""

    cents: int
    until: date
    segments: tuple[Segment, ...]
    clause: str
    why: str


@dataclass(frozen=True, slots=True)
class DefaultCosts:
    """The lump sum and the dunning costs beyond it, in whole cents."""

    lump_cents: int
    dunning_cents: int
    clause: str
    why: str


def interest_of(terms: Terms, claim: Claim, until: date, figures: Figures) -> Interest:
    """Return the interest of a claim from the first day of default to a day, both included, rounded once.

    It runs on what is open; the day on which money comes in still bears interest.

    Contract: Cloudeteer AGB 6(5), cunio AGB 8.4; Law: §§ 247, 288 BGB
    """
    start = default_start(terms, claim, figures)
    found = tuple(_segments(claim, start.begins_on, until, figures)) if start.begins_on else ()
    total = sum((each.euro for each in found), Fraction())
    cents = to_cents(Decimal(total.numerator) / total.denominator)
    points = figures.default.points_consumer if claim.of_consumer else figures.default.points_business
    law = f"§ 288 Abs. {1 if claim.of_consumer else 2} BGB"
    if not found:
        return Interest(0, until, (), law, f"Bis zum {german_date(until)} keine Verzugszinsen ({law}). {start.why}")
    why = (
        f"Verzugszinsen vom {german_date(found[0].first)} bis zum {german_date(found[-1].last)}, "
        f"{german_number(points)} Prozentpunkte über dem Basiszinssatz ({law}): {german_amount(cents)} €."
    )
    return Interest(cents, until, found, law, why)


def default_costs(terms: Terms, claim: Claim, on: date, dunning_cents: int, figures: Figures) -> DefaultCosts:
    """Return what a claim in default costs beside interest: for businesses the lump sum, and dunning costs beyond it.

    ``dunning_cents`` is what reminders and collection really cost since default began; the law owes it as damages, some
    terms say so themselves. The lump sum is set off against it.

    Contract: Cloudeteer AGB 6(5); Law: §§ 280, 286, 288 Abs. 5 BGB
    """
    law, rule = "§ 288 Abs. 5 BGB", terms.rules.default
    begins = default_start(terms, claim, figures).begins_on
    if begins is None or begins > on:
        return DefaultCosts(
            0, 0, law, f"Am {german_date(on)} besteht kein Verzug: keine Pauschale, keine Mahnkosten ({law})."
        )
    lump = 0 if claim.of_consumer else figures.default.lump_sum_cents
    beyond = max(0, dunning_cents - lump)
    owed_by = terms.cited(rule.clause) if rule and rule.value.dunning_costs else "§§ 280, 286 BGB"
    clause = f"{law}; {owed_by}"
    why = f"Pauschale {german_amount(lump)} €" if lump else "Keine Pauschale, sie gilt nur unter Unternehmen"
    costs = "Mahnkosten nach Anrechnung der Pauschale" if lump else "Mahnkosten"
    return DefaultCosts(lump, beyond, clause, f"{why}, {costs} {german_amount(beyond)} € ({clause}).")


def _segments(claim: Claim, begins: date, until: date, figures: Figures) -> Iterator[Segment]:
    cuts = {begins, until + _DAY, *(each.on + _DAY for each in claim.settled)}
    cuts |= {date(year, month, 1) for year in range(begins.year, until.year + 1) for month in HALVES}
    days = sorted(day for day in cuts if begins <= day <= until + _DAY)
    for first, after in pairwise(days):
        if cents := claim.open_on(first - _DAY):
            rate = figures.default_rate(first, of_consumer=claim.of_consumer)
            yield Segment(first, after - _DAY, cents, rate)
