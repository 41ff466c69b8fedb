"""The invoice mail: German plain text, and at the same time the pre-notification of the debit."""

from invoicing.document.lines import is_gross, service_period
from invoicing.document.page import fill_text, plain
from invoicing.document.wording import (
    account_of,
    cover,
    debit,
    dispute_hint,
    eur,
    no_mandate,
    nothing_to_pay,
    notice,
    transfer_sentences,
)
from invoicing.invoice import DirectDebit, Invoice
from invoicing.money import german_date


def mail_text(invoice: Invoice, payment: DirectDebit | None) -> tuple[str, str]:
    """Return subject and body; ``payment`` is the debit as announced now, which the mail compares with the printed one.

    Contract: fluks AGB 13.3; Scheme: EPC016-06 4.3.4
    """
    subject = f"Rechnung {invoice.number} vom {german_date(invoice.issued_on)} über {plain(eur(invoice.gross_cents))}"
    if payment and invoice.gross_cents:
        subject += f", Einzug am {german_date(payment.due_on)}"
    transfer = invoice.transfer if invoice.gross_cents else None
    if transfer and not transfer.from_receipt:
        subject += f", zahlbar bis {german_date(transfer.due_on)}"
    return subject, fill_text(
        "mail.txt",
        invoice=invoice,
        period=service_period(invoice),
        paragraphs=(*_late(invoice), *_sentences(invoice, payment)),
        account=[plain(f"{label}: {value}") for label, value in account_of(transfer)] if transfer else (),
        remarks=(*(dispute_hint(invoice.dispute_until) if invoice.gross_cents else ()), *_annex(invoice)),
    )


def _late(invoice: Invoice) -> tuple[str, ...]:
    """Name what the invoice bills of earlier months."""
    prices = "brutto" if is_gross(invoice) else "netto"
    late = [f"{line.text} ({eur(line.cents)} {prices})" for line in invoice.lines if line.kind == "late"]
    return (f"Darin enthalten: {'; '.join(late)}.",) if late else ()


def _sentences(invoice: Invoice, payment: DirectDebit | None) -> tuple[str, ...]:
    """Return what the mail says about payment."""
    if not invoice.gross_cents:
        return (nothing_to_pay(),)
    if invoice.transfer:
        return transfer_sentences(invoice.gross_cents, invoice.transfer, invoice.issued_on)
    if payment is None:
        return (*_withdrawn(invoice.payment), *no_mandate(invoice.gross_cents, invoice.seller))
    return (
        debit(invoice.gross_cents, payment, invoice.buyer),
        *_unlike_printed(invoice.payment, payment),
        f"Diese Nachricht ist zugleich die {notice(payment)}",
        cover(),
    )


def _annex(invoice: Invoice) -> tuple[str, ...]:
    """Say that the record of the work comes with the invoice.

    Contract: Connectavo AGB I 2.1
    """
    return ("Der Tätigkeitsnachweis ist der Rechnung als Anlage beigefügt.",) if invoice.timesheet else ()


def _withdrawn(printed: DirectDebit | None) -> tuple[str, ...]:
    """Say that a printed debit does not take place."""
    if printed is None:
        return ()
    return (
        "Bitte beachten Sie: Die beigefügte Rechnung nennt einen Einzug am"
        f" {german_date(printed.due_on)}. Er findet nicht statt.",
    )


def _unlike_printed(printed: DirectDebit | None, announced: DirectDebit) -> tuple[str, ...]:
    """Say in what the debit differs from the one that the invoice names."""
    if printed is None:
        return ("Die beigefügte Rechnung nennt noch keinen Einzug. Es gilt die Ankündigung in dieser Nachricht.",)
    if _account_of(printed) != _account_of(announced):
        return (
            "Bitte beachten Sie: Die beigefügte Rechnung nennt noch Ihr früheres Mandat und den"
            f" {german_date(printed.due_on)}. Es gelten die Angaben in dieser Nachricht.",
        )
    if printed.due_on != announced.due_on:
        return (
            f"Bitte beachten Sie: Die beigefügte Rechnung nennt den {german_date(printed.due_on)}. "
            f"Abweichend davon ziehen wir den Betrag am {german_date(announced.due_on)} ein.",
        )
    return ()


def _account_of(payment: DirectDebit) -> tuple[str, ...]:
    return payment.mandate_reference, payment.scheme, payment.masked_iban, payment.account_holder
