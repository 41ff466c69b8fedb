"""Until when an invoice may be disputed."""

from dataclasses import dataclass
from datetime import date

from invoicing.money import german_date
from invoicing.terms import Terms


@dataclass(frozen=True, slots=True)
class Dispute:
    """Whether an invoice may be disputed on a day, the last day for it, and whether it counts as accepted since."""

    allowed: bool
    last_day: date | None
    is_accepted: bool
    clause: str
    why: str


def may_dispute(terms: Terms, due_on: date, on: date) -> Dispute:
    """Tell whether an invoice may be disputed on a day: until it falls due, that day included; then it is accepted.

    Contract: Cloudeteer AGB 6(2)
    """
    rule = terms.rules.dispute_until
    if rule is None:
        return Dispute(
            allowed=True,
            last_day=None,
            is_accepted=False,
            clause="",
            why="Diese Bedingungen setzen für Einwände gegen eine Rechnung keine Frist.",
        )
    in_time = on <= due_on
    clause = terms.cited(rule.clause)
    last, asked = german_date(due_on), german_date(on)
    why = (
        f"Die Rechnung kann bis zu ihrer Fälligkeit am {last} bestritten werden ({clause})."
        if in_time
        else f"Am {asked} nicht mehr: Die Rechnung war bis zum {last} zu bestreiten und gilt als anerkannt ({clause})."
    )
    return Dispute(allowed=in_time, last_day=due_on, is_accepted=not in_time, clause=clause, why=why)
