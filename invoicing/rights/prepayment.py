"""When the provider may ask for prepayment."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from invoicing.money import german_amount, german_date
from invoicing.rights.answer import Right
from invoicing.rights.claim import Claim
from invoicing.terms import Terms


def revoked(claims: Sequence[Claim], asked_on: date) -> tuple[Claim, ...]:
    """Return claims as they are due once all periods for payment are revoked: what is open falls due on that day.

    A debit keeps the day that was announced.

    Contract: Connectavo AGB I 2.4
    """
    return tuple(
        each if each.by_debit or not each.open_on(asked_on) else replace(each, due_on=min(each.due_on, asked_on))
        for each in claims
    )


def may_ask_prepayment(terms: Terms, claims: Sequence[Claim], on: date) -> Right:
    """Tell whether, after a late payment, all that is open may be made due now and base fees asked for in advance.

    The right stays when the late claim was paid since. ``cents`` is all that is open, due or not.

    Contract: Connectavo AGB I 2.4
    """
    rule = terms.rules.prepayment
    if rule is None:
        return Right(allowed=False, on=on, clause="", why="Diese Bedingungen sehen keine Vorauskasse nach Verzug vor.")
    clause = terms.cited(rule.clause)
    late = [each for each in claims if each.was_late_by(on)]
    if not late:
        why = (
            f"Keine Vorauskasse ({clause}): Bis zum {german_date(on)} wurde jede fällige Forderung rechtzeitig bezahlt."
        )
        return Right(allowed=False, on=on, clause=clause, why=why)
    is_open = sum(each.open_on(on) for each in claims)
    numbers = ", ".join(each.number for each in late)
    why = (
        f"Vorauskasse darf verlangt werden ({clause}): {numbers} nicht rechtzeitig bezahlt; alle offenen Forderungen "
        f"({german_amount(is_open)} €) dürfen sofort fällig gestellt werden, Grundpreise im Voraus."
    )
    return Right(allowed=True, on=on, clause=clause, why=why, cents=is_open)
