"""A claim: an invoice that is owed, and what happened to it.

Conventions, stated once: amounts are gross; ``day`` is asked at its end, so money that came in on a day counts on it.
Only what the bank statement shows is a payment: a file that was sent, or a debit that was announced, is none.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Settled:
    """Cents that came in on a day by the bank statement; below zero they went back."""

    on: date
    cents: int


@dataclass(frozen=True, slots=True)
class Reminder:
    """A reminder: when it was received, until when it asks for payment, whether it warns of a lock."""

    received_on: date
    pay_by: date | None = None
    warns_of_lock: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """An invoice that is owed. Who asks leaves out what was disputed in time.

    ``by_debit``: it was agreed that the provider collects it; ``told_of_default``: the invoice says that default begins
    by itself; ``is_first_fee``: it is the first monthly fee of the contract.
    """

    number: str
    cents: int
    due_on: date
    received_on: date | None = None
    by_debit: bool = False
    returned_on: date | None = None
    settled: tuple[Settled, ...] = ()
    reminders: tuple[Reminder, ...] = ()
    of_consumer: bool = False
    told_of_default: bool = False
    is_first_fee: bool = False

    @property
    def pay_by(self) -> date | None:
        """The last day to pay; none while a debit was not returned, for then the provider must fetch the money."""
        if not self.by_debit:
            return self.due_on
        return max(self.due_on, self.returned_on) if self.returned_on else None

    @property
    def paid_on(self) -> date | None:
        """The day since which the whole amount is at the provider's disposal; none if it is not.

        Contract: cunio AGB 8.1
        """
        days = sorted({each.on for each in self.settled})
        unpaid = max((at for at, day in enumerate(days, 1) if self.open_on(day)), default=0)
        return days[unpaid] if unpaid < len(days) else None

    def open_on(self, day: date) -> int:
        """Return the cents that are not paid."""
        return max(0, self.cents - sum(each.cents for each in self.settled if each.on <= day))

    @property
    def reminded(self) -> tuple[Reminder, ...]:
        """The reminders of what should have been paid, in order; one that came before its time does not count."""
        ours = (each for each in self.reminders if self.pay_by and each.received_on > self.pay_by)
        return tuple(sorted(ours, key=lambda each: each.received_on))

    def overdue_on(self, day: date) -> int:
        """Return the cents that should have been paid before this day."""
        return self.open_on(day) if self.pay_by and self.pay_by < day else 0

    def was_late_by(self, day: date) -> bool:
        """Tell whether it was not paid, or not in full, when its last day to pay had passed."""
        return self.pay_by is not None and self.pay_by < day and self.open_on(self.pay_by) > 0
