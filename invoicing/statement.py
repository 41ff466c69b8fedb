"""What an invoice says of the month's usage: frozen with it, so that it can be explained from itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from invoicing.contract.parts import Part
from invoicing.rating import Allowed, allowed, gauge_of, measured, priced, readings
from invoicing.terms import Terms
from metering.usage import Usage


@dataclass(frozen=True, slots=True)
class UsageStatement:
    """Units used, included and above the allowance; what every meter with a price says of each day, and of the month.

    ``allowances`` are what was drawn from each allowance on its days; ``labels`` the German names of meters, many of a
    unit; ``gauges`` says how those are read that are not added up, as a gauge is stored: ``max:users``.
    """

    used: int
    included: int
    overage: int
    days: tuple[tuple[date, Mapping[str, int]], ...]
    clause: str
    measured: tuple[tuple[str, int], ...] = ()
    allowances: tuple[Allowed, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    gauges: Mapping[str, str] = field(default_factory=dict)


def statement(terms: Terms, parts: Sequence[Part], usage: Usage) -> UsageStatement:
    """Return what was measured, day by day, and how much of it the allowance covers.

    Contract: fluks AGB 1.2
    """
    meters, month = priced(terms, parts), usage.month
    gauges = {key: gauge_of(key, meter) for key, meter in terms.meters.items()}
    drawn = allowed(terms, parts, usage)
    return UsageStatement(
        used=sum(each.used for each in drawn),
        included=sum(each.included for each in drawn),
        overage=sum(each.overage for each in drawn),
        days=tuple(readings(terms, usage, meters).items()),
        clause=counting_clause(terms),
        measured=tuple((each, measured(terms, usage, (each,), month.first_day, month.last_day)) for each in meters),
        allowances=drawn,
        labels={key: meter.plural for key, meter in terms.meters.items()},
        gauges={key: gauge.key for key, gauge in gauges.items() if gauge},
    )


def counting_clause(terms: Terms) -> str:
    """Return the clause that says what is counted; nothing where nothing is."""
    counting = terms.counting or tuple(terms.meters)
    return terms.cited(terms.meters[counting[0]].clause) if counting else ""
