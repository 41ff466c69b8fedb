"""The invoice as PDF: German business letter, DIN 5008 form B, made from the frozen invoice alone."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import chain, islice
from multiprocessing import get_context, parent_process
from threading import Thread

from invoicing.document.address import address
from invoicing.document.page import fill_pdf
from invoicing.document.wording import payment_sentences
from invoicing.invoice import Invoice

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
    return fill_pdf(
        "invoice",
        invoice=invoice,
        payable=invoice.gross_cents > 0,
        clauses=_cited(invoice),
        payment_sentences=payment_sentences(invoice),
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
    cited = [line.clause for line in invoice.lines] + [invoice.usage.clause]
    if invoice.payment and invoice.gross_cents:
        cited.append(invoice.payment.clause)
    return [(clause, invoice.clauses[clause]) for clause in dict.fromkeys(cited) if clause in invoice.clauses]


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
