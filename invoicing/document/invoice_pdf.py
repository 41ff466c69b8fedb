"""The invoice as PDF: German business letter, DIN 5008 form B, made from the frozen invoice alone."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import chain, islice
from multiprocessing import get_context, parent_process
from threading import Thread

from invoicing.document.address import address
from invoicing.document.lines import (
    days_text,
    hours,
    hours_by_role,
    is_gross,
    is_rounded,
    line_days,
    line_text,
    measured,
    reckoning,
    service_days,
    service_period,
    sums,
)
from invoicing.document.page import fill_pdf
from invoicing.document.wording import account_of, dispute_hint, payment_sentences, term_of
from invoicing.invoice import Invoice
from invoicing.money import german_month
from metering.month import BillingMonth

_WORTH_A_POOL = 20
_BATCH = 1000
_CHUNK = 10


def render_invoice(invoice: Invoice) -> bytes:
    """Return the invoice as PDF; the same invoice gives the same bytes.

    A negative sum is refused: a correction is a document of its own, with its own title and reference.
    Law: § 14 Abs. 4 UStG
    """
    if invoice.gross_cents < 0:
        raise ValueError(f"{invoice.number}: gross_cents is negative; issue a cancelling document instead")
    payable, transfer = invoice.gross_cents > 0, invoice.transfer
    return fill_pdf(
        "invoice",
        invoice=invoice,
        payable=payable,
        days=days_text(*service_days(invoice)),
        is_one_month=service_days(invoice) == (invoice.period_from, invoice.period_to),
        period=service_period(invoice),
        prices="brutto" if is_gross(invoice) else "netto",
        lines=[
            (line, line_text(line), (reckoning(invoice, line), line_days(invoice, line), line.clause))
            for line in invoice.lines
        ],
        measured=measured(invoice),
        month=german_month(BillingMonth.parse(invoice.month)),
        sums=list(sums(invoice)),
        clauses=_cited(invoice),
        payment_sentences=payment_sentences(invoice),
        account=account_of(transfer) if payable and transfer else (),
        term=term_of(transfer) if payable and transfer else (),
        dispute=dispute_hint(invoice.dispute_until) if payable else (),
        worked=_worked(invoice),
        recipient=address(invoice.buyer, invoice.seller),
        sender=address(invoice.seller, invoice.seller),
        footer=_footer(invoice),
    )


def render_many(invoices: Iterable[Invoice]) -> Iterator[tuple[str, bytes]]:
    """Yield number and PDF of each invoice, in order; many are shared out among processes."""
    rest = iter(invoices)
    first = list(islice(rest, _WORTH_A_POOL + 1))
    if len(first) <= _WORTH_A_POOL:
        yield from map(_numbered, first)
        return
    rest = chain(first, rest)
    with ProcessPoolExecutor(mp_context=get_context("spawn"), initializer=_leave_with_parent) as pool:
        while batch := list(islice(rest, _BATCH)):
            yield from pool.map(_numbered, batch, chunksize=_CHUNK)


def _leave_with_parent() -> None:
    """Have this worker end when its parent is killed: a pool alone would leave it waiting for work for ever."""

    def watch() -> None:
        if parent := parent_process():
            parent.join()
            os._exit(1)

    Thread(target=watch, daemon=True).start()


def _numbered(invoice: Invoice) -> tuple[str, bytes]:
    try:
        return invoice.number, render_invoice(invoice)
    except Exception as error:
        error.add_note(f"while rendering invoice {invoice.number}")
        raise


def _cited(invoice: Invoice) -> list[tuple[str, str]]:
    """Return each cited clause with its meaning, in the order in which the invoice cites them."""
    cited = [line.clause for line in invoice.lines]
    if invoice.usage.used or invoice.usage.included or measured(invoice):
        cited.append(invoice.usage.clause)
    if invoice.gross_cents:
        cited += [each.clause for each in (invoice.payment, invoice.transfer, invoice.dispute_until) if each]
    return [(clause, invoice.clauses[clause]) for clause in dict.fromkeys(cited) if clause in invoice.clauses]


def _worked(invoice: Invoice) -> dict[str, object]:
    """Return the record of the work that goes with the invoice: its rows by day, and the hours of each role.

    Contract: Connectavo AGB I 2.1
    """
    rows = sorted(invoice.timesheet, key=lambda row: row.day)
    return {
        "rows": [(row, hours(row.minutes)) for row in rows],
        "roles": [(role, hours(minutes)) for role, minutes in hours_by_role(invoice.timesheet)],
        "total": hours(sum(row.minutes for row in rows)),
        "rounded": is_rounded(invoice),
    }


def _footer(invoice: Invoice) -> list[list[str]]:
    """Return the footer's columns, without what the seller left empty.

    Law: § 35a GmbHG
    """
    seller = invoice.seller
    debit = invoice.payment
    columns = [
        address(seller, seller),
        [seller.register, _labelled("Geschäftsführung:", seller.directors)],
        [
            _labelled("Telefon", seller.phone),
            seller.email,
            _labelled("USt-IdNr.", seller.vat_id),
            _labelled("Gläubiger-ID", debit.creditor_id if debit else ""),
        ],
    ]
    return [kept for column in columns if (kept := [entry for entry in column if entry])]


def _labelled(label: str, value: str) -> str:
    return f"{label} {value}" if value else ""
