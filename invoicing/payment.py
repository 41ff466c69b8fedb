"""How an invoice asks to be paid by transfer, and until when it may be disputed: values and rules, no customer."""

from dataclasses import dataclass
from datetime import date

from invoicing.rights.due import due_date
from invoicing.terms import Terms


@dataclass(frozen=True, slots=True)
class BankAccount:
    """The account that transfers go to; ``bic`` may be empty."""

    holder: str
    iban: str
    bic: str = ""


@dataclass(frozen=True, slots=True)
class Transfer:
    """The transfer that an invoice asks for, as printed: until when, to which account, with which reference.

    ``days`` is the agreed period (0: at once). Where it runs ``from_receipt``, ``due_on`` is the last day if the
    invoice is received on the day of its issue.
    """

    due_on: date
    iban: str
    bic: str
    holder: str
    reference: str
    clause: str
    days: int = 0
    from_receipt: bool = False


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day for something, and the clause that sets it."""

    last_day: date
    clause: str


def transfer_of(
    terms: Terms, issued_on: date, account: BankAccount, reference: str, *, prepaid: bool = False
) -> Transfer:
    """Return the transfer that an invoice asks for: to be paid as agreed, without an agreement at once on receipt.

    ``prepaid``: what was agreed has been revoked.

    Contract: Cloudeteer AGB 6(2), cunio AGB 8.1, Connectavo AGB I 2.2, I 2.4; Law: § 271 BGB
    """
    rule = None if prepaid and terms.rules.prepayment else terms.rules.due
    due = due_date(terms, issued_on, received_on=issued_on, prepaid=prepaid)
    return Transfer(
        due_on=due.day,
        iban=account.iban,
        bic=account.bic,
        holder=account.holder,
        reference=reference,
        clause=due.clause,
        days=rule.value.days if rule else 0,
        from_receipt=rule is None or rule.value.after == "receipt",
    )


def dispute_until(terms: Terms, issued_on: date, debit_on: date | None) -> Deadline | None:
    """Return until when an invoice may be disputed before it counts as accepted; None without such a rule.

    Contract: Cloudeteer AGB 6(2)
    """
    if (rule := terms.rules.dispute_until) is None:
        return None
    return Deadline(due_date(terms, issued_on, issued_on, debit_on).day, terms.cited(rule.clause))
