"""Frozen invoices as they reach the printer, and what a reader finds in a PDF."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO

from pypdf import PdfReader

from invoicing.invoice import DirectDebit, Invoice, Line, VatTotal
from invoicing.party import Party
from invoicing.statement import UsageStatement

SELLER = Party(
    "Wolkenwerft GmbH",
    "Hafenstraße 12",
    "24103",
    "Kiel",
    "DE",
    email="rechnung@wolkenwerft.example",
    phone="0431 123456",
    vat_id="DE123456789",
    register="Amtsgericht Kiel, HRB 12345",
    directors="Anna Böhm, Jörg Weiß",
)
BUYER = Party(
    "Müller & Söhne Maschinenbau GmbH",
    "Königsallee 7",
    "40212",
    "Düsseldorf",
    "DE",
    email="buchhaltung@mueller.example",
    vat_id="DE987654321",
    buyer_reference="PO-4711",
)
DEBIT = DirectDebit(
    due_on=date(2026, 11, 12),
    mandate_reference="MM-00001-1",
    creditor_id="DE98ZZZ09999999999",
    masked_iban="DE89 **** **** **** **30 00",
    scheme="B2B",
    notice_days=5,
    account_holder=BUYER.name,
    clause="fluks AGB 13.3",
)


def line(
    position: int,
    text: str,
    quantity: str,
    unit_price: str,
    net_cents: int,
    *,
    kind: str = "addon",
    unit: str = "Monat",
    rate: str = "19",
    clause: str = "fluks AGB Anlage 3 § 2",
    included: bool = False,
    formula: str = "",
) -> Line:
    price, percent = Decimal(unit_price), Decimal(rate)
    return Line(position, kind, text, Decimal(quantity), unit, price, net_cents, percent, clause, included, formula)


LINES = (
    line(1, "Paket STANDARD 10.000", "1", "500.00", 50_000, kind="base", clause="fluks AGB Anlage 3 § 1"),
    line(2, "Weitere Ausführungen", "2345", "0.08", 18_760, kind="overage", unit="Ausführung"),
    line(3, "Konnektor Forms", "1", "30.00", 3_000, clause="fluks AGB Anlage 3 § 3"),
    line(4, "Konnektor Documents", "1", "0.00", 0, clause="fluks AGB Anlage 3 § 3", included=True),
)

INVOICE = Invoice(
    number="RE-2026-000123",
    customer="k-1007",
    month="2026-10",
    issued_on=date(2026, 11, 2),
    period_from=date(2026, 10, 1),
    period_to=date(2026, 10, 31),
    seller=SELLER,
    buyer=BUYER,
    terms="fluks-2023-03",
    terms_title="fluks AGB, Stand März 2023",
    package="STANDARD 10.000",
    lines=LINES,
    vat=(VatTotal(Decimal(19), 71_760, 13_634),),
    net_cents=71_760,
    vat_cents=13_634,
    gross_cents=85_394,
    usage=UsageStatement(12_345, 10_000, 2_345, (), "fluks AGB 1.2"),
    payment=DEBIT,
    clauses={
        "fluks AGB Anlage 3 § 1": "Grundpreis und Inklusivvolumen je Paket und Monat.",
        "fluks AGB 13.3": "Gezahlt wird per SEPA-Lastschrift, angekündigt fünf Tage vorher.",
        "fluks AGB 9.9": "Wird hier nicht zitiert.",
    },
)

UNMANDATED = replace(INVOICE, payment=None)

FREE = replace(
    INVOICE,
    lines=(line(1, "Paket Probe", "1", "0", 0, kind="base"),),
    vat=(VatTotal(Decimal(19), 0, 0),),
    net_cents=0,
    vat_cents=0,
    gross_cents=0,
    usage=UsageStatement(0, 500, 0, (), "fluks AGB 1.2"),
)

THREE_RATES = replace(
    INVOICE,
    lines=(
        *LINES,
        line(5, "Handbuch, gedruckt", "2", "12.345", 2_469, unit="Stück", rate="7"),
        line(6, "Fremdleistung", "1", "10.00", 1_000, unit="Stück", rate="0"),
    ),
    vat=(VatTotal(Decimal(0), 1_000, 0), VatTotal(Decimal(7), 2_469, 173), VatTotal(Decimal(19), 71_760, 13_634)),
    net_cents=75_229,
    vat_cents=13_807,
    gross_cents=89_036,
)

LATE = replace(
    INVOICE,
    lines=(
        *LINES,
        line(
            5,
            "Nachberechnung August 2026 zu RE-2026-000021: 1 Auslöser/Aktion storniert",
            "-1",
            "0.08",
            -8,
            kind="late",
            unit="Auslöser/Aktion",
            formula=(
                "neu: 10.000 genutzt, 10.000 enthalten = 0,00 €; berechnet: 10.001 genutzt − 10.000 enthalten = "
                "1 × 0,08 € = 0,08 €; 0,00 € − 0,08 € = -0,08 €"
            ),
        ),
        line(
            6,
            "Nachberechnung September 2026 zu RE-2026-000098: 12 Auslöser/Aktionen nachträglich gezählt",
            "12",
            "0.08",
            96,
            kind="late",
            unit="Auslöser/Aktion",
            formula=(
                "neu: 12.357 genutzt − 10.000 enthalten = 2.357 × 0,08 € = 188,56 €; berechnet: 12.345 genutzt − "
                "10.000 enthalten = 2.345 × 0,08 € = 187,60 €; 188,56 € − 187,60 € = 0,96 €"
            ),
        ),
    ),
    vat=(VatTotal(Decimal(19), 71_848, 13_651),),
    net_cents=71_848,
    vat_cents=13_651,
    gross_cents=85_499,
)

LONG_NAMED = replace(
    INVOICE,
    seller=Party(
        "Gesellschaft für nordwestdeutsche Automatisierungs- und Digitalisierungstechnik mbH", "", "", "Kiel", "DE"
    ),
    buyer=replace(
        BUYER,
        name="Österreichische Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbaugesellschaft mbH & Co. KG",
        country="AT",
    ),
    payment=replace(DEBIT, account_holder="Erbengemeinschaft nach Wilhelmine Müller-Lüdenscheidt"),
)


def with_lines(count: int) -> Invoice:
    """An invoice over ``count`` lines of 10.00 EUR."""
    net, vat = 1_000 * count, 190 * count
    lines = tuple(line(at, f"Konnektor Prüfgröße Nr. {at}", "1", "10.00", 1_000) for at in range(1, count + 1))
    return replace(
        INVOICE,
        lines=lines,
        vat=(VatTotal(Decimal(19), net, vat),),
        net_cents=net,
        vat_cents=vat,
        gross_cents=net + vat,
    )


def pages(pdf: bytes) -> list[str]:
    """The text of each page, as a reader copies it."""
    return [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]


def text_of(pdf: bytes) -> str:
    """The whole text on one line, so that a sentence is found wherever it was broken."""
    return " ".join(" ".join(pages(pdf)).split())
