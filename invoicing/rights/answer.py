"""What the rules of this room answer: yes or no, a date, an amount, and one German sentence that says why."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Right:
    """Whether something may be done on a day.

    ``cents`` is the amount it is about and ``limit_cents`` the one it was compared with, ``last_day`` until when it may
    last at most; ``clause`` is the source as it is cited, empty where these terms have no such rule.
    """

    allowed: bool
    on: date
    clause: str
    why: str
    cents: int = 0
    limit_cents: int = 0
    last_day: date | None = None


@dataclass(frozen=True, slots=True)
class Credit:
    """What is given back, in whole cents above or at zero, as the prices are (net or gross), and how it is reckoned."""

    allowed: bool
    cents: int
    clause: str
    formula: str
    why: str


def no_credit(clause: str, why: str) -> Credit:
    """Return that nothing is given back."""
    return Credit(allowed=False, cents=0, clause=clause, formula="", why=why)
