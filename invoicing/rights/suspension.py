"""What is not owed for a service that the provider suspended."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from invoicing.money import euro, german_amount, german_month, german_number, to_cents
from invoicing.rights.answer import Credit, no_credit
from invoicing.terms import Terms
from metering.month import BillingMonth

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
Suspension = tuple[datetime, datetime | None]


def suspension_credit(terms: Terms, month: BillingMonth, price_cents: int, suspensions: Iterable[Suspension]) -> Credit:
    """Return the share of a monthly price that is not owed, once a service was suspended for more than some hours.

    Our reading: nothing is owed for all of the suspended time, not only for what exceeds the hours; its share is taken
    of the month's real minutes, which the clock change makes fewer or more, and a minute begun counts whole. A
    suspension is half-open, without an end it lasts; those that overlap count once.

    Contract: Cloudeteer AGB 5(3)
    """
    rule = terms.rules.suspension_hours
    if rule is None:
        return no_credit("", "Diese Bedingungen sehen für ausgesetzte Leistungen keine Gutschrift vor.")
    clause, name = terms.cited(rule.clause), german_month(month)
    minutes, whole = suspended_minutes(month, suspensions), (_utc(month.end) - _utc(month.start)) // _MINUTE
    hours, rest = divmod(minutes, _HOUR // _MINUTE)
    spent = f"{hours} Std. {rest} Min."
    if minutes * _MINUTE <= rule.value * _HOUR:
        why = f"Keine Gutschrift für {name} ({clause}): {spent} ausgesetzt, nicht mehr als {rule.value} Stunden."
        return no_credit(clause, why)
    cents = to_cents(euro(price_cents) * minutes / Decimal(whole))
    return Credit(
        allowed=True,
        cents=cents,
        clause=clause,
        formula=(
            f"{german_amount(price_cents)} € × {german_number(minutes)}/{german_number(whole)} Min. = "
            f"{german_amount(cents)} €"
        ),
        why=(
            f"Gutschrift für {name} ({clause}): {spent} ausgesetzt, mehr als {rule.value} Stunden; für diese Zeit wird "
            "keine Vergütung geschuldet."
        ),
    )


def suspended_minutes(month: BillingMonth, suspensions: Iterable[Suspension]) -> int:
    """Return how many minutes of a month some suspensions cover together; a minute begun counts whole.

    Contract: Cloudeteer AGB 5(3)
    """
    until, total = _utc(month.start), timedelta()
    for start, end in sorted((_utc(start), _utc(end or month.end)) for start, end in suspensions):
        first, last = max(start, until), min(end, _utc(month.end))
        if first < last:
            total += last - first
            until = last
    return -(-total // _MINUTE)


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError(f"{instant.isoformat()} has no offset: a suspension needs to know when it was")
    return instant.astimezone(UTC)
