"""What invoices under the other vendors' terms say of payment, disputes, work, expenses, orders and credits."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from invoicing.booking import credited
from invoicing.document.invoice_pdf import render_invoice
from invoicing.document.lines import hours, is_rounded, line_days, service_days, sums
from invoicing.document.mail import mail_text
from invoicing.document.page import plain
from invoicing.document.wording import account_of, dispute_hint, term_of, transfer_sentences
from invoicing.explain import explain
from invoicing.invoice import Invoice, from_json, to_json
from invoicing.payment import Deadline, Transfer, transfer_of
from invoicing.prices import Work
from invoicing.rights import agreed_credit
from invoicing.terms import Terms
from tests.golden import assert_golden
from tests.invoicing.drafted import (
    ACCOUNT,
    ADVANCE,
    CONNECTAVO,
    CUNIO,
    DEBITED,
    DELAYED,
    EFFORT,
    LONG_ANNEX,
    ORDERED,
    SUSPENDED,
    TRIAL,
    UPGRADED,
    day,
    drafted,
    started,
    worked,
)
from tests.invoicing.printed import INVOICE, pages, text_of

GOLDEN = Path(__file__).parent / "golden"
SAMPLES = {"advance": ADVANCE, "effort": EFFORT, "ordered": ORDERED, "debited": DEBITED, "upgraded": UPGRADED}
TRANSFER = Transfer(day("11-12"), ACCOUNT.iban, ACCOUNT.bic, ACCOUNT.holder, "RE-2026-000124", "AGB 1", days=10)
ASKED = "Geben Sie als Verwendungszweck bitte die Rechnungsnummer an."


@pytest.fixture(autouse=True)
def no_complaints(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """WeasyPrint complains in its log about what it cannot set or find."""
    yield
    assert [each.getMessage() for each in caplog.get_records("call") if each.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("name", SAMPLES)
def test_the_mail_is_the_golden_one(name: str) -> None:
    subject, body = mail_text(SAMPLES[name], SAMPLES[name].payment)
    assert_golden(GOLDEN / f"mail_{name}.txt", f"{subject}\n\n{body}")
    assert max(map(len, body.splitlines())) < 78


@pytest.mark.parametrize("invoice", [SUSPENDED, DELAYED], ids=["suspended", "delayed"])
def test_what_is_given_back_is_printed_and_can_be_explained(invoice: Invoice) -> None:
    assert_golden(GOLDEN / f"invoice_{invoice.lines[-1].kind}.txt", "\n\n".join(pages(render_invoice(invoice))) + "\n")
    assert explain(from_json(to_json(invoice))).problems == ()


@pytest.mark.parametrize(
    ("days", "from_receipt", "says"),
    [
        (0, False, "Der Rechnungsbetrag von 49,00 EUR ist am 02.11.2026 fällig (AGB 1)."),
        (
            1,
            False,
            "bis zum 03.11.2026 auf das folgende Konto. Die Zahlungsfrist beträgt 1 Tag ab Rechnungsdatum (AGB 1).",
        ),
        (10, False, "bis zum 12.11.2026 auf das folgende Konto. Die Zahlungsfrist beträgt 10 Tage ab Rechnungsdatum"),
        (0, True, "Der Rechnungsbetrag von 49,00 EUR ist mit Zugang der Rechnung fällig (AGB 1)."),
        (1, True, "innerhalb von 1 Tag nach Zugang der Rechnung auf das folgende Konto (AGB 1)."),
        (14, True, "innerhalb von 14 Tagen nach Zugang der Rechnung auf das folgende Konto (AGB 1)."),
        (14, True, "Bei Zugang am 02.11.2026 endet die Frist am 16.11.2026."),
    ],
)
@pytest.mark.clause("Cloudeteer 6(2)")
@pytest.mark.clause("cunio 8.1")
@pytest.mark.clause("Connectavo I 2.2")
def test_a_transfer_is_asked_for_with_its_period(days: int, says: str, *, from_receipt: bool) -> None:
    asked = replace(TRANSFER, days=days, from_receipt=from_receipt, due_on=day(f"11-{2 + days:02}"))
    sentences = transfer_sentences(4900, asked, day("11-02"))
    assert says in plain(" ".join(sentences))
    assert sentences[-1] == ASKED
    assert ("§ 193" in " ".join(sentences)) is False


@pytest.mark.parametrize(
    ("issued_on", "is_moved"), [("11-06", False), ("11-07", True), ("11-08", True), ("11-09", False)]
)
@pytest.mark.parametrize("terms", [CUNIO, CONNECTAVO], ids=lambda each: each.id)
@pytest.mark.clause("§ 193 BGB")
def test_a_period_that_ends_on_a_weekend_says_why_it_ends_later(
    terms: Terms, issued_on: str, *, is_moved: bool
) -> None:
    asked = transfer_of(terms, day(issued_on), ACCOUNT, "RE-1")
    said = plain(" ".join(transfer_sentences(1, asked, day(issued_on))))
    assert ("fällt auf ein Wochenende oder einen Feiertag" in said) is is_moved
    assert ("endet die Frist am 23.11.2026." in said) is (issued_on != "11-06")


@pytest.mark.parametrize(
    ("transfer", "term"),
    [
        (TRANSFER, ("Zahlbar bis", "12.11.2026")),
        (replace(TRANSFER, from_receipt=True, days=0), ("Zahlbar", "sofort mit Zugang")),
        (replace(TRANSFER, from_receipt=True, days=1), ("Zahlbar", "1 Tag nach Zugang")),
        (replace(TRANSFER, from_receipt=True, days=2), ("Zahlbar", "2 Tage nach Zugang")),
    ],
)
def test_the_head_says_in_two_words_until_when_to_pay(transfer: Transfer, term: tuple[str, str]) -> None:
    assert term_of(transfer) == term


@pytest.mark.parametrize(("bic", "labels"), [("BYLADEM1001", 4), ("", 3)])
@pytest.mark.clause("KLUGO 20")
def test_the_account_is_named_with_its_reference(bic: str, labels: int) -> None:
    rows = dict(account_of(replace(TRANSFER, bic=bic)))
    assert (len(rows), plain(rows["IBAN"])) == (labels, "DE02 1203 0000 0000 2020 51")
    assert rows["Verwendungszweck"] == "RE-2026-000124"


@pytest.mark.clause("KLUGO 20")
@pytest.mark.clause("KLUGO 9")
def test_a_consumer_pays_a_gross_price_by_transfer() -> None:
    text = text_of(render_invoice(ORDERED))
    for said in (
        "Leistungsdatum 05.10.2026 Zahlbar sofort mit Zugang",
        "Einzelpreis brutto EUR",
        "Rechnungsbetrag EUR 49,00 darin enthalten 19 % Umsatzsteuer 7,82 Nettobetrag zu 19 % USt 41,18",
        "ist mit Zugang der Rechnung fällig (§ 271 Abs. 1 BGB). Bitte überweisen Sie ihn auf das folgende Konto.",
        "Verwendungszweck RE-2026-000124",
    ):
        assert said in text
    for absent in ("Lastschrift", "Mandat", "Gläubiger", "Einwände", "netto EUR"):
        assert absent not in text


@pytest.mark.clause("cunio 8.7")
@pytest.mark.parametrize("invoice", [UPGRADED, TRIAL], ids=["upgraded", "trial"])
def test_prices_are_net_and_vat_comes_on_top(invoice: Invoice) -> None:
    net, tax, total = sums(invoice)
    assert (net.cents, tax.cents, total.cents) == (invoice.net_cents, invoice.vat_cents, invoice.gross_cents)
    assert (tax.label, total.cents) == ("zuzüglich 19 % Umsatzsteuer", net.cents + tax.cents)
    assert "Einzelpreis netto EUR" in text_of(render_invoice(invoice))


@pytest.mark.parametrize(("net", "tax"), [(0, 0), (1, 0), (2, 0), (3, 1), (100, 19), (263, 50), (10_000, 1_900)])
@pytest.mark.clause("cunio 8.7")
def test_vat_is_rounded_once_on_the_sum(net: int, tax: int) -> None:
    """A credit brings the module's 59.00 euro down to the sum."""
    more = [credited("k-1007", day("10-05"), CUNIO, agreed_credit(CUNIO, 20_800 - net, "SLA Ziffer 3"))]
    found = drafted(CUNIO, [started(CUNIO, "basis", "craftsmen")], bookings=more)
    assert (found.net_cents, found.vat_cents, found.gross_cents) == (net, tax, net + tax)


@pytest.mark.parametrize(
    ("invoice", "says"),
    [(ADVANCE, True), (DEBITED, True), (EFFORT, False), (UPGRADED, False), (ORDERED, False), (INVOICE, False)],
)
@pytest.mark.clause("Cloudeteer 6(2)")
def test_the_deadline_for_disputes_is_printed_and_mailed_where_there_is_one(invoice: Invoice, *, says: bool) -> None:
    hint = "Einwände gegen diese Rechnung teilen Sie uns bitte bis zum 12.11.2026 mit; ohne sie gilt die Rechnung"
    _, body = mail_text(invoice, invoice.payment)
    assert (hint in text_of(render_invoice(invoice))) is says
    assert (hint in " ".join(body.split())) is says


@pytest.mark.parametrize(
    ("deadline", "says"),
    [(None, ()), (Deadline(day("11-12"), "AGB 2"), ("bis zum 12.11.2026 mit; ohne sie gilt die Rechnung danach",))],
)
def test_a_hint_names_the_day_and_the_clause(deadline: Deadline | None, says: tuple[str, ...]) -> None:
    found = dispute_hint(deadline)
    assert len(found) == len(says)
    assert all(part in found[0] and plain(found[0]).endswith("als anerkannt (AGB 2).") for part in says)


@pytest.mark.clause("Connectavo I 2.1")
def test_the_timesheet_stands_behind_the_invoice_with_the_hours_of_each_role() -> None:
    last = " ".join(pages(render_invoice(EFFORT))[-1].split())
    for said in (
        "Anlage zur Rechnung Nr. RE-2026-000124 vom 02.11.2026: Art und Dauer der geleisteten Arbeit.",
        "06.10.2026 Inbetriebnahme der Steuerung an Biegemaschine 4 Anwendungstechnik 2:30",
        "21.10.2026 Schulung der Schichtführer Anwendungstechnik 0:50",
        "Anwendungstechnik 3:20 Entwicklung 1:35 Stunden gesamt 4:55",
    ):
        assert said in last
    _, body = mail_text(EFFORT, EFFORT.payment)
    assert "Der Tätigkeitsnachweis ist der Rechnung als Anlage beigefügt." in body


@pytest.mark.clause("Connectavo I 2.1")
def test_a_long_timesheet_runs_over_pages_under_its_heads() -> None:
    sheets = [" ".join(sheet.split()) for sheet in pages(render_invoice(LONG_ANNEX))]
    annex = [sheet for sheet in sheets if "Tag Tätigkeit Funktion" in sheet]
    assert (len(annex), "Stunden gesamt 45:00" in annex[-1]) == (2, True)
    assert sum(sheet.count("Ursache gesucht") for sheet in annex) == len(LONG_ANNEX.timesheet)


@pytest.mark.parametrize("invoice", [ORDERED, UPGRADED, INVOICE], ids=["ordered", "upgraded", "flat"])
def test_without_work_there_is_no_timesheet(invoice: Invoice) -> None:
    _, body = mail_text(invoice, invoice.payment)
    assert "Tätigkeitsnachweis" not in text_of(render_invoice(invoice)) + body


@pytest.mark.parametrize(
    ("minutes", "written", "rounded"),
    [(1, "0:01", True), (14, "0:14", True), (15, "0:15", False), (16, "0:16", True), (60, "1:00", False)],
)
@pytest.mark.parametrize("step", [1, 15])
@pytest.mark.clause("Connectavo I 2.1")
def test_the_timesheet_says_so_where_steps_round_the_hours(
    minutes: int, written: str, step: int, *, rounded: bool
) -> None:
    rounded = rounded and step > 1
    work = CONNECTAVO.services["work"]
    assert isinstance(work, Work)
    terms = replace(CONNECTAVO, services={"work": replace(work, step_minutes=step)})
    found = drafted(terms, bookings=[worked(CONNECTAVO, "10-06", minutes, "engineer", "Schulung")])
    assert (is_rounded(found), hours(minutes)) == (rounded, written)
    text = text_of(render_invoice(found))
    assert f"Anwendungstechnik {written} Stunden gesamt {written}" in text
    assert ("in den vereinbarten Zeitschritten" in text) is rounded


def test_many_hours_are_grouped() -> None:
    assert [hours(each) for each in (0, 59, 60, 60_000, 60_059)] == ["0:00", "0:59", "1:00", "1.000:00", "1.000:59"]


@pytest.mark.clause("Cloudeteer 6(3)")
@pytest.mark.clause("Cloudeteer 6(4)")
def test_each_booking_is_a_line_with_its_reckoning_and_its_clause() -> None:
    text = text_of(render_invoice(ADVANCE))
    for said in (
        "2 Std. 10 Min. × 155,00 € = 335,83 € Cloudeteer AGB 6(3) 1 Aufwand 335,83 19 335,83",
        "Auslage laut Beleg = 84,50 € Cloudeteer AGB 6(4) 1 pauschal 84,50 19 84,50",
        "890,00 € × 1.440 Min. / 44.640 Min. = 28,71 € 28.10.2026 Cloudeteer AGB 5(3) 1 Gutschrift −28,71 19 −28,71",
    ):
        assert said in text


@pytest.mark.clause("Cloudeteer 5(3)")
def test_a_credit_says_why_and_what_its_clause_means() -> None:
    text = text_of(render_invoice(SUSPENDED))
    for said in (
        "Gutschrift für Oktober 2026: 24 Std. 0 Min. ausgesetzt, mehr als 10 Stunden; für diese Zeit wird keine",
        "890,00 € × 1.440/44.700 Min. = 28,67 € Cloudeteer AGB 5(3) 1 Gutschrift −28,67 19 −28,67",
        "Cloudeteer AGB 5(3) War eine Leistung wegen eines Verstoßes nach vergeblicher Frist im Abrechnungsmonat",
    ):
        assert said in text


@pytest.mark.clause("Connectavo I 4.4")
def test_damages_are_no_part_of_the_price_and_have_no_vat() -> None:
    """On a base price of 890.00 euro."""
    text = text_of(render_invoice(DELAYED))
    for said in (
        "1 % von 1.200,00 € = 12,00 € Connectavo AGB I 4.4 1 pauschal −12,00 – −12,00",
        "Schadenersatz, nicht steuerbar −12,00 Nettobetrag zu 19 % USt 890,00 Summe netto 878,00",
        "zuzüglich 19 % Umsatzsteuer 169,10 Rechnungsbetrag EUR 1.047,10",
    ):
        assert said in text
    assert " 0 % Umsatzsteuer" not in text


@pytest.mark.parametrize(("on", "days"), [("09-30", "30.09.2026"), ("10-01", "01.10.2026"), ("10-31", "31.10.2026")])
@pytest.mark.clause("§ 14 Abs. 4 Nr. 6 UStG")
def test_a_credit_that_names_no_day_is_printed_with_its_own(on: str, days: str) -> None:
    owed = replace(agreed_credit(CUNIO, 1500, "SLA Ziffer 3"), why="Verfügbarkeit 98,2 %")
    found = drafted(CUNIO, [started(CUNIO, "basis")], bookings=[credited("k-1007", day(on), CUNIO, owed)])
    assert line_days(found, found.lines[-1]) == days
    assert service_days(found)[0] == min(day("10-01"), day(on))


@pytest.mark.parametrize("has_amount", [True, False])
@pytest.mark.clause("KLUGO 10.3")
def test_who_owes_nothing_is_asked_for_nothing(*, has_amount: bool) -> None:
    free = ORDERED if has_amount else replace(ORDERED, gross_cents=0)
    _, body = mail_text(free, None)
    for text in (text_of(render_invoice(free)), " ".join(body.split())):
        assert ("Sie müssen nichts bezahlen." in text) is not has_amount
        assert ("IBAN" in text) is has_amount
