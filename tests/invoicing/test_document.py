import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from invoicing.document.address import address
from invoicing.document.invoice_pdf import render_invoice, render_many
from invoicing.document.mail import mail_text
from invoicing.document.page import plain
from invoicing.document.slip_pdf import DueSum, RoutingSlip, render_slip
from invoicing.document.wording import notice, payment_sentences
from invoicing.invoice import Invoice
from invoicing.money import german_amount, with_minus
from invoicing.party import Party
from tests.golden import assert_golden
from tests.invoicing.printed import (
    BUYER,
    DEBIT,
    FREE,
    INVOICE,
    LATE,
    LONG_NAMED,
    SELLER,
    THREE_RATES,
    UNMANDATED,
    pages,
    text_of,
    with_lines,
)

GOLDEN = Path(__file__).parent / "golden"
SAMPLES = {
    "debit": INVOICE,
    "unmandated": UNMANDATED,
    "free": FREE,
    "three_rates": THREE_RATES,
    "late": LATE,
    "long_names": LONG_NAMED,
}
SLIP = RoutingSlip(
    file_name="2026-11-09-B2B-1.xml",
    message_id="ZW-20261109-1",
    created_at=datetime(2026, 11, 9, 13, 5, tzinfo=UTC),
    count=1_234,
    sum_cents=98_765_432,
    due=(DueSum(date(2026, 11, 12), 1_000, 90_000_000), DueSum(date(2026, 11, 13), 234, 8_765_432)),
    scheme="B2B",
    sha256="0123456789abcdef" * 4,
    creditor_name=SELLER.name,
    creditor_id=DEBIT.creditor_id,
    masked_iban=DEBIT.masked_iban,
    submit_by=date(2026, 11, 11),
    sequence_types=("FRST", "RCUR"),
)


@pytest.fixture(autouse=True)
def no_complaints(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """WeasyPrint complains in its log about what it cannot set or find."""
    yield
    assert [each.getMessage() for each in caplog.get_records("call") if each.levelno >= logging.WARNING] == []


@pytest.mark.clause("§ 14 UStG")
@pytest.mark.parametrize(
    ("number", "printed"),
    [
        ("1 seller", "Wolkenwerft GmbH · Hafenstraße 12 · 24103 Kiel"),
        ("1 buyer", "Müller & Söhne Maschinenbau GmbH Königsallee 7 40212 Düsseldorf"),
        ("2 VAT id of the seller", "USt-IdNr. DE123456789"),
        ("3 date of issue", "Rechnungsdatum 02.11.2026"),
        ("4 number", "Rechnung Nr. RE-2026-000123"),
        ("5 quantity and kind", "Weitere Ausführungen fluks AGB Anlage 3 § 2 2.345 Ausführung 0,08 19 187,60"),
        ("5 included", "Konnektor Documents fluks AGB Anlage 3 § 3 1 Monat 0,00 19 0,00"),
        ("6 period of service", "01.10.2026 bis 31.10.2026"),
        ("7 net per rate", "Nettobetrag zu 19 % USt 717,60"),
        ("8 tax", "zuzüglich 19 % Umsatzsteuer 136,34"),
        ("8 total", "Rechnungsbetrag EUR 853,94"),
        ("customer", "Kundennummer k-1007"),
        ("buyer's VAT id", "Ihre USt-IdNr. DE987654321"),
        ("buyer's reference", "Ihre Referenz PO-4711"),
        ("usage", "Verbraucht 12.345 Im Paket enthalten 10.000 Berechnet 2.345"),
        ("register", "Amtsgericht Kiel, HRB 12345 Geschäftsführung: Anna Böhm, Jörg Weiß"),
        ("clause", "fluks AGB Anlage 3 § 1 Grundpreis und Inklusivvolumen je Paket und Monat."),
    ],
)
def test_what_the_law_wants_is_printed(number: str, printed: str) -> None:
    assert printed in text_of(render_invoice(INVOICE)), number


@pytest.mark.parametrize("name", SAMPLES)
def test_the_text_is_the_golden_one(name: str) -> None:
    assert_golden(GOLDEN / f"invoice_{name}.txt", "\n\n".join(pages(render_invoice(SAMPLES[name]))) + "\n")


@pytest.mark.clause("fluks 13.3")
def test_the_invoice_announces_its_debit() -> None:
    assert (
        "Den Rechnungsbetrag von 853,94 EUR ziehen wir am 12.11.2026 per SEPA-Firmenlastschrift von Ihrem Konto"
        " DE89 **** **** **** **30 00 ein (Mandatsreferenz MM-00001-1, Gläubiger-Identifikationsnummer"
        " DE98ZZZ09999999999). Diese Rechnung ist zugleich die Vorabankündigung (Pre-Notification); die vereinbarte"
        " Frist dafür beträgt 5 Tage (fluks AGB 13.3)."
    ) in text_of(render_invoice(INVOICE))


@pytest.mark.clause("fluks 13.3")
@pytest.mark.parametrize(
    ("cents", "says", "does_not_say"),
    [
        (0, "Der Rechnungsbetrag ist 0,00 EUR. Sie müssen nichts bezahlen.", "ziehen wir"),
        (1, "Den Rechnungsbetrag von 0,01 EUR ziehen wir am 12.11.2026", "nichts bezahlen"),
        (2, "Den Rechnungsbetrag von 0,02 EUR ziehen wir am 12.11.2026", "nichts bezahlen"),
        (123_456_789, "Den Rechnungsbetrag von 1.234.567,89 EUR ziehen wir", "nichts bezahlen"),
    ],
)
def test_only_an_amount_is_collected(cents: int, says: str, does_not_say: str) -> None:
    text = plain(" ".join(payment_sentences(replace(INVOICE, gross_cents=cents))))
    assert says in text
    assert does_not_say not in text


@pytest.mark.clause("fluks 13.3")
@pytest.mark.parametrize(
    ("days", "clause", "says"),
    [
        (0, "fluks AGB 13.3", "beträgt 0 Tage (fluks AGB 13.3)."),
        (1, "fluks AGB 13.3", "beträgt 1 Tag (fluks AGB 13.3)."),
        (2, "fluks AGB 13.3", "beträgt 2 Tage (fluks AGB 13.3)."),
        (14, "", "beträgt 14 Tage."),
    ],
)
def test_the_agreed_days_are_named(days: int, clause: str, says: str) -> None:
    assert plain(notice(replace(DEBIT, notice_days=days, clause=clause))).endswith(says)


@pytest.mark.clause("fluks 13.3")
def test_without_a_mandate_nothing_is_announced_and_nothing_to_transfer() -> None:
    text = text_of(render_invoice(UNMANDATED))
    assert "noch kein gültiges SEPA-Lastschriftmandat" in text
    assert "Den Tag des Einzugs kündigen wir Ihnen vorher gesondert an. Bitte überweisen Sie den Betrag nicht." in text
    assert "Vorabankündigung" not in text
    assert "Mandatsreferenz" not in text


@pytest.mark.parametrize(
    ("scheme", "name"), [("CORE", "per SEPA-Basislastschrift"), ("B2B", "per SEPA-Firmenlastschrift")]
)
def test_the_scheme_has_its_german_name(scheme: str, name: str) -> None:
    debit = replace(DEBIT, scheme="CORE" if scheme == "CORE" else "B2B")
    assert name in text_of(render_invoice(replace(INVOICE, payment=debit)))


def test_another_account_holder_is_named() -> None:
    text = text_of(render_invoice(LONG_NAMED))
    assert "(Kontoinhaber: Erbengemeinschaft nach Wilhelmine Müller-Lüdenscheidt)" in text
    assert "Ihrem Konto" not in text


@pytest.mark.clause("fluks 13.2")
@pytest.mark.parametrize("invoice", SAMPLES.values(), ids=SAMPLES)
def test_every_amount_of_the_value_is_printed(invoice: Invoice) -> None:
    text = text_of(render_invoice(invoice))
    assert f"Rechnungsbetrag EUR {german_amount(invoice.gross_cents)}" in text
    for total in invoice.vat:
        assert f"Nettobetrag zu {total.rate} % USt {german_amount(total.net_cents)}" in text
        assert f"zuzüglich {total.rate} % Umsatzsteuer {german_amount(total.vat_cents)}" in text
    for each in invoice.lines:
        assert f" {each.vat_rate} {with_minus(german_amount(each.net_cents))} " in text


def test_several_rates_have_subtotals() -> None:
    text = text_of(render_invoice(THREE_RATES))
    assert "Summe netto 752,29" in text
    assert "Summe Umsatzsteuer 138,07" in text


def test_a_hundred_lines_run_over_pages_that_say_which_they_are() -> None:
    sheets = pages(render_invoice(with_lines(100)))
    assert len(sheets) > 3
    for at, sheet in enumerate(sheets, start=1):
        words = " ".join(sheet.split())
        assert f"Seite {at} von {len(sheets)}" in words
        assert ("Rechnung RE-2026-000123 vom 02.11.2026" in words) == (at > 1)
        assert "Einzelpreis netto EUR" in words or "Konnektor" not in words
    positions = [sheet for at in range(1, 101) for sheet in sheets if f"Nr. {at}\n" in sheet]
    assert len(positions) == 100


@pytest.mark.parametrize("count", range(6, 14))
def test_the_sums_stay_together_under_a_line(count: int) -> None:
    last = next(sheet for sheet in pages(render_invoice(with_lines(count))) if "Rechnungsbetrag EUR" in sheet)
    assert "Nettobetrag zu" in last
    assert f"Nr. {count}\n" in last


def test_empty_fields_leave_nothing_behind() -> None:
    bare = replace(
        UNMANDATED, seller=Party("Wolkenwerft GmbH", "", "", "Kiel", "DE"), buyer=Party("Kunde", "", "", "", "DE")
    )
    text = text_of(render_invoice(bare))
    assert "Wolkenwerft GmbH · Kiel Seite" in text
    for label in ("Telefon", "Geschäftsführung", "USt-IdNr.", "Gläubiger", "Referenz", "gern an"):
        assert label not in text


def test_a_clause_that_is_not_cited_is_not_explained() -> None:
    assert "Wird hier nicht zitiert" not in text_of(render_invoice(INVOICE))


@pytest.mark.parametrize(
    ("country", "last"), [("DE", "40212 Düsseldorf"), ("", "40212 Düsseldorf"), ("at", "ÖSTERREICH"), ("US", "US")]
)
def test_a_foreign_address_ends_with_the_country(country: str, last: str) -> None:
    assert address(replace(BUYER, country=country), SELLER)[-1] == last


def test_markup_in_a_name_is_text() -> None:
    odd = replace(INVOICE, buyer=replace(BUYER, name='<img src="file:///etc/passwd"> & <b>Söhne</b>'))
    assert '<img src="file:///etc/passwd"> & <b>Söhne</b>' in text_of(render_invoice(odd))


def test_a_correction_is_not_printed_as_an_invoice() -> None:
    with pytest.raises(ValueError, match="RE-2026-000123: gross_cents is negative"):
        render_invoice(replace(INVOICE, gross_cents=-1))


def test_the_file_knows_its_title_author_and_language() -> None:
    reader = PdfReader(BytesIO(render_invoice(INVOICE)))
    assert reader.metadata is not None
    assert (reader.metadata.title, reader.metadata.author) == ("Rechnung RE-2026-000123", "Wolkenwerft GmbH")
    assert str(reader.root_object["/Lang"]) == "de"


def test_the_same_invoice_is_the_same_file_in_every_process() -> None:
    script = (
        "import hashlib; from invoicing.document.invoice_pdf import render_invoice;"
        "from tests.invoicing.printed import INVOICE;"
        "print(hashlib.sha256(render_invoice(INVOICE)).hexdigest())"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(hashes) == 1
    assert render_invoice(INVOICE) == render_invoice(replace(INVOICE))


@pytest.mark.parametrize("count", [0, 1, 20, 21])
def test_many_come_in_order_whether_shared_out_or_not(count: int) -> None:
    many = [replace(FREE, number=f"RE-2026-{at:06d}") for at in range(count)]
    rendered = list(render_many(iter(many)))
    assert [number for number, _ in rendered] == [each.number for each in many]
    assert all(pdf == render_invoice(each) for (_, pdf), each in zip(rendered[:2], many[:2], strict=True))


def test_a_failure_names_the_invoice() -> None:
    with pytest.raises(ValueError, match="negative") as caught:
        list(render_many([replace(INVOICE, gross_cents=-1)]))
    assert caught.value.__notes__ == ["while rendering invoice RE-2026-000123"]


@pytest.mark.clause("fluks 13.3")
def test_the_mail_is_the_announcement() -> None:
    subject, body = mail_text(INVOICE, DEBIT)
    assert subject == "Rechnung RE-2026-000123 vom 02.11.2026 über 853,94 EUR, Einzug am 12.11.2026"
    assert_golden(GOLDEN / "mail_debit.txt", body)
    words = " ".join(body.split())
    assert "Diese Nachricht ist zugleich die Vorabankündigung (Pre-Notification)" in words
    for fact in ("853,94 EUR", "12.11.2026", "MM-00001-1", "DE98ZZZ09999999999", "DE89 **** **** **** **30 00"):
        assert fact in words
    assert max(map(len, body.splitlines())) < 78


@pytest.mark.clause("fluks Anlage 3 fn 1")
def test_what_is_billed_of_earlier_months_is_printed_with_its_reckoning_and_said_in_the_mail() -> None:
    text = text_of(render_invoice(LATE))
    assert "Nachberechnung August 2026 zu RE-2026-000021: 1 Auslöser/Aktion storniert" in text
    assert "0,00 € − 0,08 € = −0,08 €" in text
    _, body = mail_text(LATE, DEBIT)
    assert_golden(GOLDEN / "mail_late.txt", body)
    assert (
        "Darin enthalten: Nachberechnung August 2026 zu RE-2026-000021: 1 Auslöser/Aktion storniert (-0,08 EUR netto); "
        "Nachberechnung September 2026 zu RE-2026-000098: 12 Auslöser/Aktionen nachträglich gezählt (0,96 EUR netto)."
    ) in " ".join(body.split())


@pytest.mark.clause("fluks 13.3")
@pytest.mark.parametrize(
    ("day", "moved"),
    [(11, True), (12, False), (13, True)],
)
def test_a_date_that_moved_is_said_against_the_printed_one(day: int, *, moved: bool) -> None:
    _, body = mail_text(INVOICE, replace(DEBIT, due_on=date(2026, 11, day)))
    words = " ".join(body.split())
    says = f"nennt den 12.11.2026. Abweichend davon ziehen wir den Betrag am {day}.11.2026 ein."
    assert (says in words) == moved


@pytest.mark.parametrize(
    ("invoice", "payment", "says"),
    [
        (UNMANDATED, None, "Bitte überweisen Sie den Betrag nicht."),
        (UNMANDATED, DEBIT, "nennt noch keinen Einzug. Es gilt die Ankündigung in dieser Nachricht."),
        (INVOICE, None, "nennt einen Einzug am 12.11.2026. Er findet nicht statt."),
        (INVOICE, replace(DEBIT, mandate_reference="MM-2"), "Es gelten die Angaben in dieser Nachricht."),
        (FREE, DEBIT, "Sie müssen nichts bezahlen."),
    ],
)
def test_the_mail_says_what_the_print_could_not_know(invoice: Invoice, payment: None, says: str) -> None:
    subject, body = mail_text(invoice, payment)
    assert says in " ".join(body.split())
    assert ("Einzug am" in subject) == (payment is not None and invoice is not FREE)


def test_a_mail_of_a_bare_seller_has_no_empty_lines_in_its_footer() -> None:
    _, body = mail_text(replace(INVOICE, seller=Party("Wolkenwerft GmbH", "", "", "Kiel", "DE")), DEBIT)
    assert body.rstrip("\n").endswith("-- \nWolkenwerft GmbH\nKiel")


def test_the_slip_names_what_the_uploader_compares() -> None:
    text = text_of(render_slip(SLIP))
    for fact in (
        "Datei 2026-11-09-B2B-1.xml",
        "ZW-20261109-1",
        "Erstellt 09.11.2026, 14:05 Uhr",
        "SEPA-Firmenlastschrift (B2B)",
        "Sequenztypen FRST, RCUR",
        "Gläubiger-ID DE98ZZZ09999999999",
        "DE89 **** **** **** **30 00",
        "Anzahl der Einzüge 1.234",
        "Summe EUR 987.654,32",
        "Spätestens einreichen 11.11.2026",
        "12.11.2026 1.000 900.000,00 13.11.2026 234 87.654,32",
        "01234567 89abcdef 01234567 89abcdef 01234567 89abcdef 01234567 89abcdef",
        "Geprüft",
        "Hochgeladen",
    ):
        assert fact in text
    assert render_slip(SLIP) == render_slip(SLIP)


@settings(max_examples=15, deadline=None)
@given(
    st.text(st.characters(codec="latin-1", categories=("L", "N", "P")), min_size=1, max_size=90),
    st.integers(1, 10**9),
)
def test_any_name_and_amount_print_on_a_page(name: str, cents: int) -> None:
    text = text_of(render_invoice(replace(UNMANDATED, buyer=replace(BUYER, name=name), gross_cents=cents)))
    assert f"Rechnungsbetrag EUR {german_amount(cents)}" in text
    assert "Seite 1 von 1" in text
