"""The routing slip says what the file says."""

import re
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from lxml import etree
from pypdf import PdfReader

from invoicing.document.slip_pdf import render_slip
from invoicing.money import german_amount
from sepa.records import ExportRecord
from sepa.slip import slip_of
from tests.sepa.office import Office, texts


def printed(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


@pytest.fixture
def written(office: Office) -> list[ExportRecord]:
    for key, scheme, notice, units in (
        ("a", "CORE", 5, 0),
        ("b", "B2B", 5, 12_345),
        ("c", "CORE", 9, 10_001),
        ("d", "CORE", 5, 99_999),
    ):
        office.customer(key)
        office.grant(key, scheme=scheme, notice_days=notice)  # type: ignore[arg-type]
        office.bill(key, units)
    office.notify()
    return list(office.collect().files)


def test_the_slip_says_what_the_file_says(office: Office, written: list[ExportRecord]) -> None:
    assert [each.scheme for each in written] == ["B2B", "CORE"]
    for record in written:
        xml = office.visible()[record.file_name]
        slip = slip_of(office.ledger, office.desk, record)
        pdf = render_slip(slip)
        text = printed(pdf)
        assert texts(xml, "MsgId") == [record.message_id]
        assert f"{record.message_id}.xml" in text
        assert record.sha256 in re.sub(r"\s", "", text)
        total = german_amount(int(Decimal(texts(xml, "CtrlSum")[0]) * 100))
        count = texts(xml, "NbOfTxs")[0]
        assert f"Anzahl der Einzüge {count}" in text
        assert f"Summe EUR {total}" in text
        assert {"CORE": "SEPA-Basislastschrift (CORE)", "B2B": "SEPA-Firmenlastschrift (B2B)"}[record.scheme] in text
        for batch in etree.fromstring(xml).iter("{*}PmtInf"):
            due = date.fromisoformat(batch.findtext("{*}ReqdColltnDt") or "")
            cents = int(Decimal(batch.findtext("{*}CtrlSum") or "") * 100)
            assert f"{due:%d.%m.%Y} {batch.findtext('{*}NbOfTxs')} {german_amount(cents)}" in text
        assert "DE98ZZZ09999999999" in text
        assert "DE02 **** **** **** **20 51" in text
        assert "DE02120300000000202051" not in re.sub(r"\s", "", text)
        assert "02.11.2026, 12:00 Uhr" in text
        assert "06.11.2026" in text, "the bank's last day before Monday the 9th"
        assert render_slip(slip) == pdf


def test_the_slip_has_one_page(office: Office, written: list[ExportRecord]) -> None:
    pages = {len(PdfReader(BytesIO(render_slip(slip_of(office.ledger, office.desk, each)))).pages) for each in written}
    assert pages == {1}
