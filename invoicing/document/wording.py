"""What a document says about payment, in German; pure functions on the frozen invoice.

Words that belong together are joined by no-break spaces; ``page.plain`` takes them out again.
"""

from datetime import date, timedelta

from invoicing.document.page import NO_BREAK
from invoicing.invoice import DirectDebit, Invoice
from invoicing.money import german_amount, german_date
from invoicing.party import Party
from invoicing.payment import Deadline, Transfer

_GROUP = 4
SCHEME_NAMES = {"CORE": "SEPA-Basislastschrift", "B2B": "SEPA-Firmenlastschrift"}


def payment_sentences(invoice: Invoice) -> tuple[str, ...]:
    """Return what the printed invoice says about payment: a debit, a transfer, a missing mandate, or nothing to pay.

    Contract: fluks AGB 13.3, KLUGO AGB 20
    """
    if not invoice.gross_cents:
        return (nothing_to_pay(),)
    if invoice.transfer:
        return transfer_sentences(invoice.gross_cents, invoice.transfer, invoice.issued_on)
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


def transfer_sentences(gross_cents: int, transfer: Transfer, issued_on: date) -> tuple[str, ...]:
    """Ask for a transfer: how much, until when and why until then, with which reference.

    Contract: Cloudeteer AGB 6(2), cunio AGB 8.1, Connectavo AGB I 2.2; Law: § 193, § 271 BGB
    """
    amount, due_on = eur(gross_cents), german_date(transfer.due_on)
    agreed = f" ({_joined(transfer.clause)})" if transfer.clause else ""
    days = f"{transfer.days}{NO_BREAK}{'Tag' if transfer.days == 1 else 'Tage'}"
    reference = "Geben Sie als Verwendungszweck bitte die Rechnungsnummer an."
    moved = _moved(transfer, issued_on)
    if not transfer.days:
        since = "mit Zugang der Rechnung" if transfer.from_receipt else f"am {due_on}"
        due = f"Der Rechnungsbetrag von {amount} ist {since} fällig{agreed}."
        return due, "Bitte überweisen Sie ihn auf das folgende Konto.", reference
    if not transfer.from_receipt:
        ask = f"Bitte überweisen Sie den Rechnungsbetrag von {amount} bis zum {due_on} auf das folgende Konto."
        return ask, f"Die Zahlungsfrist beträgt {days} ab Rechnungsdatum{agreed}.{moved}", reference
    within = f"innerhalb von {days}{'' if transfer.days == 1 else 'n'} nach Zugang der Rechnung"
    ask = f"Bitte überweisen Sie den Rechnungsbetrag von {amount} {within} auf das folgende Konto{agreed}."
    return ask, f"Bei Zugang am {german_date(issued_on)} endet die Frist am {due_on}.{moved}", reference


def account_of(transfer: Transfer) -> list[tuple[str, str]]:
    """Return the account that a transfer goes to and its reference, each with its label; the IBAN in groups of four."""
    iban = NO_BREAK.join(transfer.iban[at : at + _GROUP] for at in range(0, len(transfer.iban), _GROUP))
    rows = [
        ("Empfänger", transfer.holder),
        ("IBAN", iban),
        ("BIC", transfer.bic),
        ("Verwendungszweck", transfer.reference),
    ]
    return [(label, value) for label, value in rows if value]


def term_of(transfer: Transfer) -> tuple[str, str]:
    """Say in two words until when to pay, for the information block: label and value."""
    if not transfer.from_receipt:
        return "Zahlbar bis", german_date(transfer.due_on)
    if not transfer.days:
        return "Zahlbar", "sofort mit Zugang"
    return "Zahlbar", f"{transfer.days} {'Tag' if transfer.days == 1 else 'Tage'} nach Zugang"


def dispute_hint(deadline: Deadline | None) -> tuple[str, ...]:
    """Say until when the invoice may be disputed, and what follows afterwards; nothing without such a rule.

    Contract: Cloudeteer AGB 6(2)
    """
    if deadline is None:
        return ()
    return (
        f"Einwände gegen diese Rechnung teilen Sie uns bitte bis zum {german_date(deadline.last_day)} mit;"
        f" ohne sie gilt die Rechnung danach als anerkannt ({_joined(deadline.clause)}).",
    )


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


def _moved(transfer: Transfer, issued_on: date) -> str:
    """Say why the last day is not the one that counting the days gives."""
    if not transfer.days or transfer.due_on == issued_on + timedelta(days=transfer.days):
        return ""
    return (
        " Das rechnerische Ende der Frist fällt auf ein Wochenende oder einen Feiertag, deshalb gilt der nächste"
        " Werktag (§ 193 BGB)."
    )


def _account(payment: DirectDebit, buyer: Party) -> str:
    iban = _joined(payment.masked_iban)
    other = holder(payment, buyer)
    return f"vom Konto {iban} (Kontoinhaber: {other})" if other else f"von Ihrem Konto {iban}"


def _joined(text: str) -> str:
    return text.replace(" ", NO_BREAK)
