"""What a close is given to bill: the month, counted again, and each earlier month that is not as it was billed."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from invoicing import billed
from invoicing.ledger import Ledger
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


def recounts(ledger: Ledger, journal: Journal, client: Client, month: BillingMonth) -> Counts:
    """Count a month again from the journal, and of the months before what differs from what was billed."""
    with ledger.read() as session:
        seen = billed.last_row(session)
    earlier = tuple(
        _with_all(recount(journal, client, each, counters), counters)
        for each, counters in changed(ledger, client, month)
    )
    return Counts(recount(journal, client, month), earlier, seen)


def changed(ledger: Ledger, client: Client, month: BillingMonth) -> Iterator[tuple[BillingMonth, Collection[str]]]:
    """Yield earlier months with the customers whose counter is not as it was billed; only months that have some."""
    for _ in range(LOOK_BACK):
        month = month.previous()
        with ledger.read() as session:
            known = billed.newest(session, month)
        now = read_many(client, known, month)
        if differing := [key for key, each in known.items() if now[key].days != each.usage.days]:
            yield month, differing


def _with_all(recounted: Recount, counters: Collection[str]) -> Recount:
    """Say of everyone who was asked for what is counted, also when it is nothing any more."""
    nothing = {key: Usage(key, recounted.month) for key in counters}
    return replace(recounted, usages={**nothing, **recounted.usages})
