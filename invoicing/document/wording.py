"""What a document says about payment, in German; pure functions on the frozen invoice.

Words that belong together are joined by no-break spaces; ``page.plain`` takes them out again.
"""

from invoicing.document.page import NO_BREAK
from invoicing.invoice import DirectDebit, Invoice, Party
from invoicing.money import german_amount, german_date

SCHEME_NAMES = {"CORE": "SEPA-Basislastschrift", "B2B": "SEPA-Firmenlastschrift"}


def payment_sentences(invoice: Invoice) -> tuple[str, ...]:
    """Return what the printed invoice says about payment: a debit, a missing mandate, or nothing to pay.

    Contract: fluks AGB 13.3
    """
    if not invoice.gross_cents:
        return (nothing_to_pay(),)
    if invoice.payment is None:
        return no_mandate(invoice.gross_cents, invoice.seller)
    return (
        debit(invoice.gross_cents, invoice.payment, invoice.buyer),
        f"Diese Rechnung ist zugleich die {notice(invoice.payment)}",
        cover(),
    )


def debit(gross_cents: int, payment: DirectDebit, buyer: Party) -> str:
    """Announce amount, day, scheme, mandate, creditor and account of a debit.

    Scheme: EPC016-06 pre-notification (amount and due date; German practice adds mandate and creditor)
    """
    return (
        f"Den Rechnungsbetrag von {eur(gross_cents)} ziehen wir am {german_date(payment.due_on)}"
        f" per {SCHEME_NAMES[payment.scheme]} {_account(payment, buyer)} ein"
        f" (Mandatsreferenz {_joined(payment.mandate_reference)},"
        f" Gläubiger-Identifikationsnummer {_joined(payment.creditor_id)})."
    )


def notice(payment: DirectDebit) -> str:
    """Name the pre-notification and the days agreed for it, with the clause that agrees them.

    Contract: fluks AGB 13.3
    """
    days = f"{payment.notice_days}{NO_BREAK}{'Tag' if payment.notice_days == 1 else 'Tage'}"
    clause = f" ({_joined(payment.clause)})" if payment.clause else ""
    return f"Vorabankündigung (Pre-Notification); die vereinbarte Frist dafür beträgt {days}{clause}."


def cover() -> str:
    """Ask for cover, and not to pay twice."""
    return "Bitte sorgen Sie für ausreichende Deckung des Kontos. Eine Überweisung ist nicht nötig."


def no_mandate(gross_cents: int, seller: Party) -> tuple[str, ...]:
    """Say that the amount waits for a mandate and for an announcement of its own, and must not be transferred.

    Contract: fluks AGB 13.3
    """
    ask = f" Schreiben Sie uns dazu gern an {seller.email}." if seller.email else ""
    return (
        "Vereinbart ist die Zahlung per SEPA-Lastschrift. Uns liegt dafür zurzeit noch kein gültiges"
        f" SEPA-Lastschriftmandat von Ihnen vor; bitte erteilen Sie uns eines.{ask}",
        f"Den Rechnungsbetrag von {eur(gross_cents)} ziehen wir erst danach ein. Den Tag des Einzugs kündigen wir"
        " Ihnen vorher gesondert an. Bitte überweisen Sie den Betrag nicht.",
    )


def nothing_to_pay() -> str:
    """Say that a zero invoice asks for nothing."""
    return f"Der Rechnungsbetrag ist {eur(0)}. Sie müssen nichts bezahlen."


def holder(payment: DirectDebit, buyer: Party) -> str:
    """Return the account holder where it is somebody else than the buyer, else nothing."""
    return "" if payment.account_holder in {"", buyer.name} else payment.account_holder


def eur(cents: int) -> str:
    """Write an amount with its currency, kept on one line."""
    return f"{german_amount(cents)}{NO_BREAK}EUR"


def _account(payment: DirectDebit, buyer: Party) -> str:
    iban = _joined(payment.masked_iban)
    other = holder(payment, buyer)
    return f"vom Konto {iban} (Kontoinhaber: {other})" if other else f"von Ihrem Konto {iban}"


def _joined(text: str) -> str:
    return text.replace(" ", NO_BREAK)
