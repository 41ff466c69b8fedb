"""The archive: where issued documents lie, and how a file gets there whole."""

import os
from collections.abc import Iterable
from pathlib import Path

from invoicing.document.invoice_pdf import render_many
from invoicing.invoice import Invoice
from metering.folder import sync_folder


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that after any crash it is either whole and on disk, or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with part.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    part.replace(path)
    sync_folder(path.parent)


def invoice_path(data_dir: Path, number: str) -> Path:
    """Return where an invoice's PDF lies: ``invoices/2026/RE-2026-000123.pdf``."""
    return data_dir / "invoices" / number.split("-")[1] / f"{number}.pdf"


def archive(data_dir: Path, invoices: Iterable[Invoice]) -> int:
    """Render what is not yet in the archive; return how many documents were written."""
    missing = [each for each in invoices if not invoice_path(data_dir, each.number).exists()]
    for number, pdf in render_many(missing):
        write_whole(invoice_path(data_dir, number), pdf)
    return len(missing)


def invoice_pdf(data_dir: Path, invoice: Invoice) -> bytes:
    """Return an invoice's PDF from the archive, rendered now if it is not there."""
    archive(data_dir, [invoice])
    return invoice_path(data_dir, invoice.number).read_bytes()
