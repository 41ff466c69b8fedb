"""Recount, void and correct what was counted: CLI and API share it. Every change is in the audit log."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.audit import note
from api.errors import Conflict
from api.workplace import Workplace
from metering.count import AsCounted
from metering.month import BillingMonth
from metering.rebuild import correct
from metering.recount import Difference, Recount, recount
from metering.usage import Usage
from metering.void import Void, VoidProblem, void

_NAMED = 100  # ids in an entry of the audit log; the journal has all


@dataclass(frozen=True, slots=True)
class Voided:
    """What was taken back, and which ids were not and why."""

    voided: tuple[AsCounted, ...]
    problems: tuple[VoidProblem, ...]


@dataclass(frozen=True, slots=True)
class Corrected:
    """A customer's month before and after it was made again from the journal."""

    month: str
    customer: str
    differences: tuple[Difference, ...]
    before: dict[str, dict[str, int]]
    after: dict[str, dict[str, int]]


def recount_month(work: Workplace, month: BillingMonth) -> Recount:
    """Count a month again from the journal."""
    return recount(work.journal, work.counter.client, month)


def void_events(
    work: Workplace, who: str, month: BillingMonth, customer: str, ids: Sequence[str], reason: str
) -> Voided:
    """Take events back by id; the next close bills or credits the difference."""
    wanted = Void(customer, month, ids, reason, who, work.clock())
    with work.ledger.write() as session:
        voided, problems = void(work.journal, work.counter.client, wanted)
        if voided:
            names = [each.id for each in voided[:_NAMED]]
            units = sum(each.quantity for each in voided)
            details = {"reason": reason, "events": len(voided), "units": units, "ids": names}
            note(session, work.clock(), who, "events.voided", f"{month}/{customer}", **details)
    return Voided(tuple(voided), tuple(problems))


def correct_usage(work: Workplace, who: str, month: BillingMonth, customer: str, reason: str) -> Corrected:
    """Make a customer's counter again from the journal, when it differs; no close runs meanwhile."""
    with work.alone("close"):
        found = recount(work.journal, work.counter.client, month, [customer]).differences
        if not found:
            raise Conflict(
                f"The counter of {customer!r} in {month} agrees with the journal; there is nothing to correct."
            )
        before, after = map(_counts, correct(work.journal, work.counter, customer, month))
        with work.ledger.write() as session:
            subject = f"{month}/{customer}"
            note(session, work.clock(), who, "usage.corrected", subject, reason=reason, before=before, after=after)
    return Corrected(str(month), customer, found, before, after)


def _counts(usage: Usage) -> dict[str, dict[str, int]]:
    return {f"{each.day:%d}": dict(each.counts) for each in usage.days}
