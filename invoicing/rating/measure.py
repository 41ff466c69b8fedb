"""What a meter measured on some days of a month: units added up, the highest or newest level, different values."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from invoicing.terms import Meter, Terms
from metering.gauge import Gauge, value_of
from metering.usage import DayCount, Usage


def measured(terms: Terms, usage: Usage, meters: tuple[str, ...], first: date, last: date) -> int:
    """Return what the meters measured from the first to the last day, both included.

    Contract: Cloudeteer AGB 15(1)
    """
    if (gauge := gauge_of(meters[0], terms.meters[meters[0]])) is not None:
        return value_of(gauge, usage.gauges.get(gauge, ()), first, last)
    days: Iterable[DayCount] = usage.days
    if usage.days and not first <= usage.days[0].day <= usage.days[-1].day <= last:
        days = [each for each in usage.days if first <= each.day <= last]
    total = 0
    for meter in meters:
        for each in days:
            total += each.counts.get(meter, 0)
    return total


def readings(terms: Terms, usage: Usage, meters: Iterable[str]) -> dict[date, dict[str, int]]:
    """Return what each day says of some meters; days on which none says anything are left out."""
    found: dict[date, dict[str, int]] = defaultdict(dict)
    wanted = tuple(meters)
    for meter in wanted:
        gauge = gauge_of(meter, terms.meters[meter])
        days = usage.gauges.get(gauge, ()) if gauge else ((day.day, day.counts.get(meter, 0)) for day in usage.days)
        for day, value in days:
            if value:
                found[day][meter] = value
    return {day: {meter: found[day].get(meter, 0) for meter in wanted} for day in sorted(found)}


def gauge_of(key: str, meter: Meter) -> Gauge | None:
    """Return how the journal reads a meter that is not added up; None for one that is."""
    return None if meter.aggregate == "sum" else Gauge(key, meter.aggregate, meter.of)


def gauges_of(terms: Mapping[str, Terms]) -> frozenset[Gauge]:
    """Return every gauge that some terms name."""
    found = (gauge_of(key, meter) for each in terms.values() for key, meter in each.meters.items())
    return frozenset(gauge for gauge in found if gauge)
