"""Terms of each vendor as far as these rules need them, and claims written as a few words."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from invoicing.rights import Claim, Figures, Reminder, Settled, shipped_figures
from invoicing.terms import Rules, Setting, Terms, find
from invoicing.terms.rules import Default, DelayCredit, Due, ForCause, Lock, Period, Withdrawal

SHIPPED = find("fluks-2023-03")
FIGURES: Figures = shipped_figures()


def vendor(cite: str, **rules: Any) -> Terms:
    """Return terms with these rules alone, beside what all terms have."""
    changes: dict[str, Any] = {name: None for name, each in Rules.__dataclass_fields__.items() if each.default is None}
    return replace(SHIPPED, cite=cite, rules=replace(SHIPPED.rules, **(changes | rules)))


FLUKS = vendor(
    "fluks AGB",
    prenotification_days=Setting(5, "13.3"),
    default=Setting(Default("reminder", dunning_costs=False), "13.5", silent=True),
    lock=Setting(Lock("reminder"), "13.5"),
    for_cause=Setting(ForCause("reminder", days=30), "16.2"),
    price_reduction=Setting(True, "12.4"),
    deletion=Setting(Period(months=1), "Anlage 1 3.4"),
)
CLOUDETEER = vendor(
    "Cloudeteer AGB",
    payment=Setting(("bank_transfer",), "6(1)"),
    due=Setting(Due(10, "invoice_date"), "6(2)"),
    dispute_until=Setting("due_date", "6(2)"),
    default=Setting(Default("due_date", dunning_costs=True), "6(5)"),
    lock=Setting(Lock("due_date"), "6(6)"),
    for_cause=Setting(ForCause("due_date"), "6(6)"),
    suspension_hours=Setting(10, "5(3)"),
)
KLUGO = vendor(
    "KLUGO AGB",
    prices=Setting("gross", "10.3"),
    payment=Setting(("direct_debit", "bank_transfer"), "20"),
    customers=Setting("anyone", "9"),
    refund_attempts=Setting(2, "5.7"),
    withdrawal=Setting(Withdrawal(14, 14), "9.1"),
)
CUNIO = vendor(
    "cunio AGB",
    due=Setting(Due(14, "receipt"), "8.1"),
    default=Setting(Default("due_date", dunning_costs=False), "8.4", silent=True),
    lock=Setting(Lock("monthly_fees", monthly_fees=1), "8.4"),
    for_cause=Setting(ForCause("monthly_fees", monthly_fees=2, first_fee=True), "8.4"),
    credits=Setting("if_agreed", "4.2"),
)
CONNECTAVO = vendor(
    "Connectavo AGB",
    due=Setting(Due(14, "receipt"), "I 2.2"),
    default=Setting(Default("due_date", dunning_costs=False), "I 2.2", silent=True),
    prepayment=Setting("after_default", "I 2.4"),
    delay_credit=Setting(DelayCredit(Decimal("0.5"), Decimal(5)), "I 4.4"),
    overuse_lock=Setting(Lock("overuse", max_months=3), "II 2.5"),
)


def day(text: str) -> date:
    """Read ``10-12`` as 12 October 2026, or a full date."""
    return date.fromisoformat(text if len(text) > len("10-12") else f"2026-{text}")


def claim(text: str, **facts: Any) -> Claim:
    """Read ``100.00 due 10-12 received 10-01 debit returned 10-13 paid 10-20=50.00 remind 10-20>11-02! …``.

    A reminder's ``>`` is its deadline, ``!`` its warning of the lock.
    """
    amount, *words = text.split()
    said: dict[str, list[str]] = {}
    for word in words:
        if word.isalpha():
            said.setdefault(word, [])
            last = word
        else:
            said[last].append(word)
    single = {"due": "due_on", "received": "received_on", "returned": "returned_on"}
    facts |= {name: day(said[word][0]) for word, name in single.items() if word in said}
    flags = {"debit": "by_debit", "consumer": "of_consumer", "told": "told_of_default", "first": "is_first_fee"}
    facts |= {name: True for word, name in flags.items() if word in said}
    return Claim(
        number=facts.pop("number", "RE-1"),
        cents=cents(amount),
        settled=tuple(_settled(each) for each in said.get("paid", [])),
        reminders=tuple(_reminder(each) for each in said.get("remind", [])),
        **facts,
    )


def cents(amount: str) -> int:
    return int(Decimal(amount) * 100)


def _settled(text: str) -> Settled:
    on, amount = text.split("=")
    return Settled(day(on), cents(amount))


def _reminder(text: str) -> Reminder:
    received, _, deadline = text.rstrip("!").partition(">")
    reminder = Reminder(day(received), day(deadline) if deadline else None)
    return replace(reminder, warns_of_lock=True) if text.endswith("!") else reminder
