"""What the counter does not know of a customer's month: workflows, connectors, gauges; up to the newest event.

They are read from the journal and from what waits for it. A void counts as soon as it is archived.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

import duckdb

from metering.count import Count
from metering.evidence import counting
from metering.gauge import Gauge
from metering.journal import Journal, waiting
from metering.redis import Client
from metering.rows import EVENTS, by_month
from metering.snapshot import stream_for
from metering.usage import Usage

_SUMMED = "SELECT {kind}, sum(quantity)::BIGINT FROM once WHERE {kind} <> '' GROUP BY {kind} ORDER BY {kind}"


def with_kinds(usage: Usage, journal: Journal, client: Client) -> Usage:
    """Return a usage with its units per workflow and per connector; an event without one is in none.

    Contract: fluks AGB 4.3(a)(iii)
    """
    with counting(journal, client, usage.customer, usage.month) as base:
        return replace(usage, workflows=_summed(base, "workflow"), connectors=_summed(base, "connector"))


def with_gauges(usage: Usage, journal: Journal, client: Client, gauges: Collection[Gauge]) -> Usage:
    """Return a usage with what gauges read; without gauges nothing is looked at."""
    if not gauges:
        return usage
    month = str(usage.month)
    fresh = dict(by_month(waiting(client, [stream_for(client, usage.customer)]))).get(month, EVENTS.empty_table())
    with Count(journal, usage.month, [usage.customer], waiting=fresh) as count:
        return replace(usage, gauges=count.gauges(gauges).get(usage.customer, {}))


def _summed(base: duckdb.DuckDBPyConnection, kind: str) -> Mapping[str, int]:
    return dict(base.execute(_SUMMED.format(kind=kind)).fetchall())
