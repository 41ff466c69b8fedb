"""The invoice mail: German plain text, and at the same time the pre-notification of the debit."""

from dataclasses import replace
from datetime import date

from invoicing.document.page import fill_text, plain
from invoicing.document.wording import cover, debit, eur, no_mandate, nothing_to_pay, notice
from invoicing.invoice import DirectDebit, Invoice
from invoicing.money import german_date


def mail_text(invoice: Invoice, payment: DirectDebit | None, moved_from: date | None) -> tuple[str, str]:
    """Return subject and body; ``payment`` is the debit as announced now, ``moved_from`` the date it replaces.

    Contract: fluks AGB 13.3; Scheme: EPC016-06 4.3.4
    """
    announced = replace(invoice, payment=payment)
    paragraphs = [plain(sentence) for sentence in _sentences(announced, moved_from)]
    subject = f"Rechnung {invoice.number} vom {german_date(invoice.issued_on)} über {plain(eur(invoice.gross_cents))}"
    if payment and invoice.gross_cents:
        subject += f", Einzug am {german_date(payment.due_on)}"
    return subject, fill_text("mail.txt", invoice=invoice, paragraphs=paragraphs)


def _sentences(invoice: Invoice, moved_from: date | None) -> tuple[str, ...]:
    """Return what the mail says about payment."""
    if not invoice.gross_cents:
        return (nothing_to_pay(),)
    if invoice.payment is None:
        return no_mandate(invoice.gross_cents, invoice.seller)
    return (
        debit(invoice.gross_cents, invoice.payment, invoice.buyer),
        *_moved(moved_from, invoice.payment.due_on),
        f"Diese Nachricht ist zugleich die {notice(invoice.payment)}",
        cover(),
    )


def _moved(printed: date | None, due_on: date) -> tuple[str, ...]:
    """Say that the debit takes place on another day than the invoice says."""
    if printed is None:
        return ()
    return (
        f"Bitte beachten Sie: Die beigefügte Rechnung nennt den {german_date(printed)}. "
        f"Abweichend davon ziehen wir den Betrag erst am {german_date(due_on)} ein.",
    )
