"""Fees that are paid back, and in which way."""

from dataclasses import dataclass
from datetime import date

from invoicing.money import german_amount, german_date
from invoicing.rights.error import RightsError
from invoicing.terms import Terms


@dataclass(frozen=True, slots=True)
class Way:
    """How cents are given back: off what is not collected yet, and the rest by transfer."""

    offset_cents: int
    transfer_cents: int

    def __str__(self) -> str:
        ways = [
            f"{german_amount(cents)} € {how}"
            for cents, how in (
                (self.offset_cents, "durch Verrechnung mit der noch nicht eingezogenen Forderung"),
                (self.transfer_cents, "durch Überweisung"),
            )
            if cents
        ]
        return " und ".join(ways) or "0,00 €"


NOTHING = Way(0, 0)


@dataclass(frozen=True, slots=True)
class Refund:
    """Whether a fee is paid back, how much, in which way and by when, the clause, and one German sentence."""

    allowed: bool
    cents: int
    way: Way
    refund_by: date | None
    clause: str
    why: str


def way_back(cents: int, open_cents: int) -> Way:
    """Return how an amount is given back: off what is neither paid nor being collected, and the rest by transfer.

    Contract: KLUGO AGB 5.7
    """
    offset = min(cents, open_cents)
    return Way(offset, cents - offset)


def refund_of(
    terms: Terms, fee_cents: int, open_cents: int, on: date, *, is_refused: bool, failed_attempts: int = 0
) -> Refund:
    """Return whether an order's fee is paid back, at once: it was refused, or enough attempts have failed.

    ``open_cents`` is what of the fee is neither paid nor being collected.

    Contract: KLUGO AGB 5.7
    """
    if not 0 <= open_cents <= fee_cents:
        raise RightsError("open_cents", f"of a fee of {fee_cents} cents {open_cents} cannot be open")
    rule = terms.rules.refund_attempts
    if rule is None:
        why = "Diese Bedingungen sehen keine Erstattung bei erfolgloser Vermittlung vor."
        return Refund(allowed=False, cents=0, way=NOTHING, refund_by=None, clause="", why=why)
    clause = terms.cited(rule.clause)
    if not is_refused and failed_attempts < rule.value:
        why = (
            f"Keine Erstattung ({clause}): Die Anfrage wurde nicht abgelehnt, und {failed_attempts} von {rule.value} "
            "nötigen Vermittlungsversuchen sind erfolglos geblieben."
        )
        return Refund(allowed=False, cents=0, way=NOTHING, refund_by=None, clause=clause, why=why)
    way = way_back(fee_cents, open_cents)
    reason = "Die Anfrage wurde abgelehnt" if is_refused else f"Erfolglose Vermittlungsversuche: {failed_attempts}"
    why = f"Erstattung ({clause}): {reason}; sofort, am {german_date(on)}, zurückzugeben sind {way}."
    return Refund(allowed=True, cents=fee_cents, way=way, refund_by=on, clause=clause, why=why)
