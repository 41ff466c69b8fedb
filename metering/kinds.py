"""Which workflows and connectors a customer's events came from: from the journal, up to the newest event."""

from collections.abc import Mapping
from dataclasses import replace

import duckdb

from metering.batch import METERS
from metering.journal import Journal, waiting
from metering.redis import Client
from metering.rows import EVENTS, VOIDS
from metering.snapshot import stream_for
from metering.usage import Usage

_SUMMED = """
WITH received AS (SELECT * FROM filed UNION ALL BY NAME SELECT * FROM waiting),
     once AS (
        SELECT DISTINCT ON (id) id, {kind} AS kind, quantity FROM received
        WHERE customer = $customer AND day BETWEEN $first AND $last
        ORDER BY id, day, list_position($meters, meter) NULLS LAST, meter, quantity, entry, place)
SELECT kind, sum(quantity)::BIGINT FROM once ANTI JOIN (FROM voided WHERE customer = $customer) USING (id)
WHERE kind <> '' GROUP BY kind ORDER BY kind
"""


def with_kinds(usage: Usage, journal: Journal, client: Client) -> Usage:
    """Return a usage with its units per workflow and per connector; an event without one is in none."""
    customer, month = usage.customer, usage.month
    with duckdb.connect(config={"memory_limit": "1GB"}) as base:
        base.register("waiting", waiting(client, [stream_for(client, customer)]))
        journal.events.rows(base, str(month), EVENTS).create_view("filed")
        journal.voids.rows(base, str(month), VOIDS).create_view("voided")
        return replace(usage, workflows=_summed(base, "workflow", usage), connectors=_summed(base, "connector", usage))


def _summed(base: duckdb.DuckDBPyConnection, kind: str, usage: Usage) -> Mapping[str, int]:
    named = {
        "customer": usage.customer,
        "first": usage.month.first_day,
        "last": usage.month.last_day,
        "meters": list(METERS),
    }
    return dict(base.execute(_SUMMED.format(kind=kind), named).fetchall())
