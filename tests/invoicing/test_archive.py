"""A document is in the archive whole, or not at all."""

from pathlib import Path

import pytest

from invoicing.archive import archive, invoice_path, invoice_pdf, write_whole
from tests.invoicing.conftest import October
from tests.killing import Point, kill_at


def test_where_an_invoice_lies(tmp_path: Path) -> None:
    assert invoice_path(tmp_path, "RE-2026-000123") == tmp_path / "invoices" / "2026" / "RE-2026-000123.pdf"


def test_a_file_is_replaced_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file.xml"
    for content in (b"old", b"new and longer", b""):
        write_whole(path, content)
        assert (path.read_bytes(), list(path.parent.iterdir())) == (content, [path])


@pytest.mark.parametrize("point", ["fsync", "replace"])
def test_killed_while_writing_the_old_file_stays(tmp_path: Path, point: str) -> None:
    path = tmp_path / "file.xml"
    path.write_bytes(b"old")
    kill_at(Point("os", point, "before"), write_whole, path, b"new and longer")
    assert path.read_bytes() == b"old"
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"


def test_what_lies_in_the_archive_is_never_rendered_again(tmp_path: Path, bill: October) -> None:
    invoice = bill("standard-10000", {"trigger": 12_345})
    assert archive(tmp_path, [invoice]) == 1
    path = invoice_path(tmp_path, invoice.number)
    assert path.read_bytes().startswith(b"%PDF-")
    path.write_bytes(b"as it was issued")
    assert archive(tmp_path, [invoice]) == 0
    assert invoice_pdf(tmp_path, invoice) == b"as it was issued"


def test_what_is_missing_is_rendered_to_the_same_bytes(tmp_path: Path, bill: October) -> None:
    invoice = bill("standard-10000")
    first = invoice_pdf(tmp_path, invoice)
    invoice_path(tmp_path, invoice.number).unlink()
    assert invoice_pdf(tmp_path, invoice) == first
