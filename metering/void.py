"""Take back events that should never have been sent: a voided id does not count, and is never counted again.

The void is recorded in the journal in the step that takes it out of the counter: who, when, why, and what had counted.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from metering.batch import fingerprint
from metering.count import AsCounted, Count
from metering.journal import Journal
from metering.keys import key_of
from metering.month import BillingMonth
from metering.redis import Client
from metering.rows import VoidRow
from metering.snapshot import stream_for


@dataclass(frozen=True, slots=True)
class VoidProblem:
    """An id that was not voided, and why."""

    id: str
    message: str


@dataclass(frozen=True, slots=True)
class Void:
    """Which events to take back, why, by whom and when."""

    customer: str
    month: BillingMonth
    ids: Sequence[str]
    reason: str
    who: str
    at: datetime


def void(journal: Journal, client: Client, wanted: Void) -> tuple[list[AsCounted], list[VoidProblem]]:
    """Take events out of a month, before or after it was billed; return what had counted. Repeating is harmless."""
    journal.archive(client)
    with Count(journal, wanted.month, [wanted.customer]) as count:
        known = {each.id: each for each in count.as_counted(wanted.ids)}
    key = void_key(wanted.customer, wanted.month)
    ids = list(dict.fromkeys(wanted.ids))
    were = client.smismember(key, [fingerprint(each) for each in ids]) if ids else []
    before = {each for each, was in zip(ids, were, strict=True) if was}
    fresh = [known[each] for each in ids if each in known and each not in before]
    if fresh:
        _record(client, wanted, fresh)
    return fresh, list(_problems(wanted, ids, known.keys(), before))


def void_key(customer: str, month: BillingMonth) -> str:
    """Return the key of the set of a customer's voided ids."""
    return f"{key_of(customer, month)}:void"


def _record(client: Client, wanted: Void, fresh: Sequence[AsCounted]) -> None:
    rows = [
        VoidRow(
            customer=wanted.customer,
            month=str(wanted.month),
            id=each.id,
            day=each.day.day,
            meter=each.meter,
            workflow=each.workflow,
            connector=each.connector,
            quantity=each.quantity,
            reason=wanted.reason,
            who=wanted.who,
            voided_at=wanted.at,
        )
        for each in fresh
    ]
    with client.pipeline(transaction=True) as step:
        step.sadd(void_key(wanted.customer, wanted.month), *(fingerprint(each.id) for each in fresh))
        step.xadd(stream_for(client, wanted.customer), {"voids": msgspec.msgpack.encode(rows)})
        step.execute()


def _problems(
    wanted: Void, ids: Sequence[str], known: Collection[str], before: Collection[str]
) -> Iterator[VoidProblem]:
    for each in ids:
        if each not in known:
            yield VoidProblem(
                each, f"is no event of {wanted.customer!r} in {wanted.month}: check id, customer and month"
            )
        elif each in before:
            yield VoidProblem(each, "was voided before")
