"""From December to Easter as a table: four customers, closed, announced and collected by a hand-moved clock.

``five`` has the five days of the terms; ``late`` agreed twenty-five on a B2B mandate, so that Christmas and
Good Friday stand in its way; ``plain`` agreed none, so the scheme's fourteen hold; ``none`` grants its
mandate only in February. A cell names what is open or left just now: state, due date, how many.
"""

import re
from collections import Counter
from datetime import date
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from io import BytesIO

import pytest
from pypdf import PdfReader

from invoicing.archive import invoice_path
from invoicing.document.page import NO_BREAK
from invoicing.invoice import DirectDebit, Invoice
from invoicing.ledger import Ledger
from invoicing.money import german_amount, german_date
from sepa import mandate as mandates
from sepa.collection import open_missing, payment_of
from sepa.records import CollectionRecord
from tests.books import Books, open_books
from tests.sepa.office import OTHER_IBAN, Down, Office, check_files_against_ledger, collected

CYCLE = """
day        | what    | five             | late             | plain            | none
2026-12-01 | close   | planned 07.12.   | planned 28.12.   | planned 15.12.   | waiting
2026-12-01 | notify  | announced 07.12. | announced 28.12. | announced 15.12. | waiting
2026-12-04 | collect | exported 07.12.  | announced 28.12. | exported 15.12.  | waiting
2026-12-13 | collect |                  | announced 28.12. |                  | waiting
2026-12-14 | collect |                  | exported 28.12.  |                  | waiting
2027-01-01 | close   | planned 06.01.   | planned 26.01.   | planned 15.01.   | waiting 2×
2027-01-01 | notify  | announced 06.01. | announced 26.01. | announced 15.01. | waiting 2×
2027-01-05 | collect | exported 06.01.  | announced 26.01. | exported 15.01.  | waiting 2×
2027-01-25 | collect |                  | exported 26.01.  |                  | waiting 2×
2027-02-01 | close   | planned 08.02.   | planned 26.02.   | planned 15.02.   | waiting 3×
2027-02-01 | outage  | planned 08.02.   | planned 26.02.   | planned 15.02.   | waiting 3×
2027-02-02 | notify  | announced 08.02. | announced 01.03. | announced 16.02. | waiting 3×
2027-02-05 | collect | exported 08.02.  | announced 01.03. | exported 16.02.  | waiting 3×
2027-02-10 | grant   |                  | announced 01.03. |                  | waiting 3×
2027-02-10 | notify  |                  | announced 01.03. |                  | announced 15.02. 3×
2027-02-12 | collect |                  | announced 01.03. |                  | exported 15.02. 3×
2027-02-26 | collect |                  | exported 01.03.  |                  |
2027-03-01 | close   | planned 08.03.   | planned 30.03.   | planned 15.03.   | planned 08.03.
2027-03-01 | notify  | announced 08.03. | announced 30.03. | announced 15.03. | announced 08.03.
2027-03-08 | collect | waiting          | announced 30.03. | exported 15.03.  | waiting
2027-03-21 | notify  | announced 30.03. | announced 30.03. |                  | announced 30.03.
2027-03-25 | collect | exported 30.03.  | exported 30.03.  |                  | exported 30.03.
2027-03-26 | collect |                  |                  |                  |
2027-04-01 | close   | planned 06.04.   | planned 26.04.   | planned 15.04.   | planned 06.04.
2027-04-01 | notify  | announced 06.04. | announced 26.04. | announced 15.04. | announced 06.04.
2027-04-05 | collect | exported 06.04.  | announced 26.04. | exported 15.04.  | exported 06.04.
2027-04-23 | collect |                  | exported 26.04.  |                  |
"""
CUSTOMERS = ("five", "late", "plain", "none")


@pytest.mark.clause("fluks 13.3")
@pytest.mark.clause("EPC016-06 4.3.4")
def test_from_december_to_easter(office: Office, ledger: Ledger) -> None:
    office.render = True
    with open_books(ledger, office.folder) as books:
        sign_up(office.on("2026-11-02"), books)
        gone: set[str] = set()
        for row in CYCLE.strip().splitlines()[1:]:
            day, what, *cells = (cell.strip() for cell in row.split("|"))
            perform(office.on(day), books, what)
            rows = [each for each in office.collections() if each.end_to_end_id not in gone]
            assert [cell([each for each in rows if each.customer == key]) for key in CUSTOMERS] == cells, row
            gone |= {each.end_to_end_id for each in rows if each.state == "exported"}
        invoices = {invoice.number: invoice for invoice in books.invoices()}
    assert len(invoices) == len(collected(office.visible())) == 20
    check_files_against_ledger(office)
    for number, invoice in invoices.items():
        check_agreement(office, number, invoice)


def sign_up(office: Office, books: Books) -> None:
    for key in CUSTOMERS:
        books.customer(key, "basic-2500")
        if key != "plain":
            office.agree(key)
    office.grant("five")
    office.grant("late", OTHER_IBAN, scheme="B2B", notice_days=25)
    office.grant("plain", holder="Jörg Plain")
    for number, month in enumerate(("2026-11", "2026-12", "2027-01", "2027-02", "2027-03")):
        for key in CUSTOMERS:
            books.use(key, f"{month}-28", 2_500 + number * len(key))


def perform(office: Office, books: Books, what: str) -> None:
    match what:
        case "close":
            with office.ledger.read() as session:
                current = mandates.current(session)
            payments = mandates.debits(current.values(), office.today, office.agreed, office.policy)
            month = (office.today - date.resolution).isoformat()[:7]
            assert books.close(month, office.today.isoformat(), payments).state == "closed"
            with office.ledger.write() as session:
                open_missing(session)
        case "outage":
            assert office.notify(Down()).sent == ()
        case "grant":
            office.grant("none", signed_on=office.today.isoformat())
        case _:
            getattr(office, what)()


def cell(rows: list[CollectionRecord]) -> str:
    """State, due date unless it waits, and how many; nothing when nothing is open."""
    said = Counter(
        each.state if each.state == "waiting" or not each.due_on else f"{each.state} {each.due_on:%d.%m.}"
        for each in rows
    )
    return " + ".join(f"{text} {times}×" if times > 1 else text for text, times in said.items())


def check_agreement(office: Office, number: str, invoice: Invoice) -> None:
    """The last mail, the file and, unless the mail says otherwise, the print name one amount, date and mandate."""
    mail = [each for each in office.mails() if each.invoice == number and each.state == "sent"][-1]
    debit, printed = payment_of(mail), invoice.payment
    assert debit is not None
    cents, due = collected(office.visible())[f"{number}-1"]
    assert (cents, due) == (invoice.gross_cents, debit.due_on.isoformat())
    sentence = debit_sentence(invoice, debit)
    name = mail.message_id.strip("<>").split("@")[0]
    text = body((office.outbox / f"{name}.eml").read_bytes())
    assert sentence in text
    if printed:
        assert debit_sentence(invoice, printed) in pdf_text(office, number)
        assert ("Abweichend davon" in text) is (printed.due_on != debit.due_on)
    else:
        assert "ziehen wir am" not in pdf_text(office, number)
        assert "nennt noch keinen Einzug" in text


def debit_sentence(invoice: Invoice, debit: DirectDebit) -> str:
    return f"Den Rechnungsbetrag von {german_amount(invoice.gross_cents)} EUR ziehen wir am {german_date(debit.due_on)}"


def body(eml: bytes) -> str:
    message = message_from_bytes(eml, policy=default)
    assert isinstance(message, EmailMessage)
    part = message.get_body()
    assert part is not None
    return re.sub(r"\s+", " ", str(part.get_content()))


def pdf_text(office: Office, number: str) -> str:
    pages = PdfReader(BytesIO(invoice_path(office.folder, number).read_bytes())).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages).replace(NO_BREAK, " "))
