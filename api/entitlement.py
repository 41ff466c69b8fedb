"""May the customer run workflows now? Answered from memory, refreshed every few seconds."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel

from invoicing import history
from invoicing.contract import state_on
from invoicing.ledger import Ledger
from invoicing.terms import Terms
from metering.month import BillingMonth
from metering.redis import Client
from metering.usage import read_usage

_MOST_REMEMBERED = 100_000


class Entitlement(BaseModel):
    """What the engine asks before it runs a workflow; ``remaining`` may be exceeded, which costs overage.

    ``remaining`` is null where no allowance is used up unit by unit: there is none, or it is of a level.
    """

    allowed: bool
    reason: str
    features: list[str]
    remaining: int | None


@dataclass(frozen=True, slots=True)
class _Remembered:
    at: float
    day: date
    answer: Entitlement


class Entitlements:
    """Answers per customer; an answer is at most ``max_age`` seconds old and never of yesterday."""

    def __init__(
        self,
        look_up: Callable[[str, date], Entitlement],
        max_age: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Ask ``look_up`` for what is not remembered."""
        self._look_up, self._max_age, self._monotonic = look_up, max_age, monotonic
        self._known: dict[str, _Remembered] = {}
        self._lock = threading.Lock()

    def of(self, customer: str, day: date) -> Entitlement:
        """Return whether a customer may run workflows on a day, and what is left of the allowance."""
        now = self._monotonic()
        known = self._known.get(customer)
        if known and now - known.at < self._max_age and known.day == day:
            return known.answer
        answer = self._look_up(customer, day)
        with self._lock:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            self._known[customer] = _Remembered(now, day, answer)
        return answer


def look_up(ledger: Ledger, client: Client, terms: Mapping[str, Terms], customer: str, day: date) -> Entitlement:
    """Return whether a customer has a contract on a day, and what is left of its allowance."""
    with ledger.read() as session:
        contract = state_on(history.contract(session, customer), day)
    agreed = terms.get(contract.terms) if contract else None
    package = agreed.packages.get(contract.package) if contract and agreed else None
    if contract is None or agreed is None or package is None:
        reason = "the contract's terms or package are not known here" if contract else "no contract on this day"
        return Entitlement(allowed=False, reason=reason, features=[], remaining=0)
    features = sorted(contract.addons | set(package.includes))
    if (allowance := agreed.counted_allowance(package)) is None:
        reason = "no allowance is used up unit by unit; what is used is billed after the month"
        return Entitlement(allowed=True, reason=reason, features=features, remaining=None)
    usage = read_usage(client, customer, BillingMonth.of(day))
    remaining = max(allowance.included - usage.total(*allowance.meters), 0)
    reason = "within the allowance" if remaining else "the allowance is used up; further use is billed as overage"
    return Entitlement(allowed=True, reason=reason, features=features, remaining=remaining)
