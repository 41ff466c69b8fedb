"""Events as the reader makes them, in a few letters."""

from metering.event import Event
from metering.month import BillingMonth

OCTOBER = BillingMonth(2026, 10)
NOVEMBER = BillingMonth(2026, 11)


def event(
    identity: str,
    cell: str = "trigger:05",
    *,
    customer: str = "k-1",
    month: BillingMonth = OCTOBER,
    quantity: int = 1,
    workflow: str | None = None,
    connector: str | None = None,
) -> Event:
    return Event(identity, customer, str(month), cell, workflow, connector, quantity)


def batch(count: int, prefix: str = "e") -> list[Event]:
    return [event(f"{prefix}-{n}") for n in range(count)]


def parts(events: list[Event], size: int) -> list[list[Event]]:
    return [events[start : start + size] for start in range(0, len(events), size)]
