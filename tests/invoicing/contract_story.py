"""A contract's life written as lines of text."""

from datetime import UTC, date, datetime
from typing import Literal

from invoicing.contract import ContractEvent


def event(text: str) -> ContractEvent:
    """Read ``2026-10-01 changed premium-50000 +forms -emails @2026-09-20``; ``@`` is when it was recorded."""
    day, kind, *words = text.split()
    recorded = next((word[1:] for word in words if word[0] == "@"), day)
    signed = {sign: tuple(word[1:] for word in words if word[0] == sign) for sign in "+-"}
    started = kind == "started"
    kinds: dict[str, Literal["started", "changed", "terminated"]] = {
        "started": "started",
        "changed": "changed",
        "terminated": "terminated",
    }
    return ContractEvent(
        kind=kinds[kind],
        effective_on=date.fromisoformat(day),
        recorded_at=datetime.fromisoformat(recorded).replace(hour=12, tzinfo=UTC),
        terms="fluks-2023-03" if started else None,
        package=next((word for word in words if word[0] not in "+-@"), None),
        addons=signed["+"] if started else (),
        add_addons=() if started else signed["+"],
        remove_addons=signed["-"],
    )


def history(text: str) -> list[ContractEvent]:
    return [event(line) for line in text.strip().splitlines()]
