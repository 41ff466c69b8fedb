"""May the customer run workflows now? Answered from memory, refreshed every few seconds."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from pydantic import BaseModel

from invoicing import history
from invoicing.contract import state_on
from metering.month import BillingMonth, local_day
from metering.usage import read_usage

if TYPE_CHECKING:
    from api.workplace import Workplace

_MOST_REMEMBERED = 100_000


class Entitlement(BaseModel):
    """What the engine asks before it runs a workflow; ``remaining`` may be exceeded, which costs overage."""

    allowed: bool
    reason: str
    features: list[str]
    remaining: int


@dataclass(frozen=True, slots=True)
class _Remembered:
    at: float
    day: date
    answer: Entitlement


class Entitlements:
    """Answers per customer; an answer is at most ``max_age`` seconds old and never of yesterday."""

    def __init__(self, work: "Workplace", max_age: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Ask ``work`` for what is not remembered."""
        self._work, self._max_age, self._monotonic = work, max_age, monotonic
        self._known: dict[str, _Remembered] = {}
        self._lock = threading.Lock()

    def of(self, customer: str) -> Entitlement:
        """Return whether a customer may run workflows now, and what is left of the allowance."""
        now, day = self._monotonic(), local_day(self._work.clock())
        known = self._known.get(customer)
        if known and now - known.at < self._max_age and known.day == day:
            return known.answer
        answer = self._look_up(customer, day)
        with self._lock:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            self._known[customer] = _Remembered(now, day, answer)
        return answer

    def _look_up(self, customer: str, day: date) -> Entitlement:
        with self._work.ledger.read() as session:
            contract = state_on(history.contract(session, customer), day)
        terms = self._work.terms.get(contract.terms) if contract else None
        if contract is None or terms is None:
            return Entitlement(allowed=False, reason="no contract on this day", features=[], remaining=0)
        package = terms.packages[contract.package]
        usage = read_usage(self._work.counter.client, customer, BillingMonth.of(day))
        remaining = max(package.included - usage.total(*terms.counting), 0)
        features = sorted(contract.addons | set(package.includes))
        reason = "within the allowance" if remaining else "the allowance is used up; further use is billed as overage"
        return Entitlement(allowed=True, reason=reason, features=features, remaining=remaining)
