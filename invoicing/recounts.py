"""What a close is given to bill: the month, counted again, and each earlier month that is not as it was billed."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from invoicing import billed
from invoicing.ledger import Ledger
from metering.gauge import Gauge
from metering.journal import Journal
from metering.month import BillingMonth
from metering.recount import Recount, recount
from metering.redis import Client
from metering.usage import Usage, read_many

LOOK_BACK = 12  # months: what changes later than that is settled by hand


@dataclass(frozen=True, slots=True)
class Counts:
    """The month as recounted, and of earlier months those customers who differ from what was billed.

    ``seen`` is the newest record of what was billed that was there before any counter was read.
    """

    month: Recount
    earlier: tuple[Recount, ...]
    seen: int

    @property
    def lost(self) -> tuple[BillingMonth, ...]:
        """Months that were billed, and of which neither counter nor journal know anything: not these are at fault."""
        return tuple(each.month for each in self.earlier if not each.events and not each.differences)


def recounts(
    ledger: Ledger,
    journal: Journal,
    client: Client,
    month: BillingMonth,
    gauges: Collection[Gauge] = (),
    counters: Collection[str] | None = None,
) -> Counts:
    """Count a month again from the journal, and of the months before what differs from what was billed.

    ``counters``: only those of these ids.
    """
    with ledger.read() as session:
        seen = billed.last_row(session)
    journal.archive(client)
    earlier = tuple(
        found
        for each, known in changed(ledger, journal, client, month, counters)
        if (found := _differing(recount(journal, client, each, known.keys(), gauges), known)).usages
    )
    return Counts(recount(journal, client, month, counters, gauges), earlier, seen)


def changed(
    ledger: Ledger, journal: Journal, client: Client, month: BillingMonth, counters: Collection[str] | None = None
) -> Iterator[tuple[BillingMonth, Mapping[str, Usage]]]:
    """Yield earlier months with what was billed of those counters that may say something else now.

    A counter that says another sum does. Where gauges were billed, a voided event and a late one may make up the same
    sum and another level: these are asked again as soon as anything was voided in the month.
    """
    for _ in range(LOOK_BACK):
        month = month.previous()
        with ledger.read() as session:
            known = {key: each.usage for key, each in billed.newest(session, month, counters).items()}
        now = read_many(client, known, month)
        voided = any(was.gauges for was in known.values()) and journal.voids.names(str(month))
        if found := {key: was for key, was in known.items() if now[key].days != was.days or (voided and was.gauges)}:
            yield month, found


def _differing(recounted: Recount, known: Mapping[str, Usage]) -> Recount:
    """Leave who differs from what was billed, and say of them what is counted, also when it is nothing any more."""
    nothing = {key: Usage(key, recounted.month) for key in known}
    usages = {**nothing, **recounted.usages}
    return replace(recounted, usages={key: now for key, now in usages.items() if not _as_billed(now, known[key])})


def _as_billed(now: Usage, was: Usage) -> bool:
    """Tell whether counts and billed levels are the same; a level where there was none needs another sum."""
    return now.days == was.days and all(now.gauges.get(gauge) == levels for gauge, levels in was.gauges.items())
