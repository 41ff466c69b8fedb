"""Issued invoices rated again from the ledger alone: what was believed on the day of issue, whatever came since."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from invoicing import history, terms
from invoicing.contract import ContractEvent
from invoicing.invoice import from_json, to_json
from invoicing.ledger import Ledger
from invoicing.records import CustomerVersion, InvoiceRecord
from invoicing.rerate import rerated
from tests.books import Books, debit, noon, open_books
from tests.ledgers import empty_sqlite

ISSUED, LATER = "2026-11-02", "2026-11-03"
GUARDED = ("invoice", "billed_usage", "contract_event", "customer_version")


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    ledger = Ledger(empty_sqlite(tmp_path / "ledger.db"))
    with open_books(ledger, tmp_path) as opened:
        opened.customer("k-1", "schnupperpaket")
        opened.use("k-1", "2026-10-07", 501)
        yield opened
    ledger.close()


def again(books: Books) -> dict[str, list[str]]:
    """What is said of each invoice that does not come out again."""
    with books.ledger.read() as session:
        records = session.exec(select(InvoiceRecord).order_by(col(InvoiceRecord.number))).all()
        said = {each.number: list(rerated(session, terms.shipped(), each)) for each in records}
        assert said
        return {number: problems for number, problems in said.items() if problems}


def on(day: str, kind: str, recorded: str, **fields: object) -> ContractEvent:
    return ContractEvent(kind, date.fromisoformat(day), noon(recorded), **fields)  # type: ignore[arg-type]


RECORDED_LATER = {
    "another package": on("2026-10-01", "changed", LATER, package="premium-50000"),
    "an add-on": on("2026-10-01", "changed", LATER, add_addons=("forms",)),
    "an end in the middle of the month": on("2026-10-15", "terminated", LATER),
    "an end before the month": on("2026-09-30", "terminated", LATER),
    "another price": on("2026-10-01", "price_raised", LATER, prices={"packages.schnupperpaket": Decimal("66.00")}),
    "prepayment": on("2026-10-01", "prepayment_asked", LATER),
    "another contract": on("2026-10-01", "started", LATER, terms="fluks-2023-03", package="basic-5000"),
}


@pytest.mark.clause("fluks 13.1")
@pytest.mark.parametrize("what", RECORDED_LATER)
def test_what_is_recorded_after_the_issue_changes_nothing_though_it_holds_from_before(books: Books, what: str) -> None:
    books.close("2026-10", ISSUED)
    books.event("k-1", RECORDED_LATER[what])
    assert again(books) == {}


@pytest.mark.parametrize("what", ["another package", "an add-on", "an end before the month", "another price"])
def test_the_same_would_have_counted_had_it_been_recorded_by_then(books: Books, what: str) -> None:
    books.close("2026-10", ISSUED)
    books.event("k-1", replace(RECORDED_LATER[what], recorded_at=noon("2026-10-31")))
    assert "RE-2026-000001" in again(books), "the history was forged: it claims to have been known"


@pytest.mark.parametrize(
    ("recorded", "problems"),
    [
        ("2026-11-01", ["Die Kundendaten waren bei der Ausstellung andere."]),  # it was known
        (ISSUED, ["Die Kundendaten waren bei der Ausstellung andere."]),  # known at this very instant
        (LATER, []),
    ],
)
def test_master_data_are_those_of_the_day_of_issue(books: Books, recorded: str, problems: list[str]) -> None:
    books.close("2026-10", ISSUED)
    with books.ledger.write() as session:
        newest = history.customers(session)["k-1"].model_dump(exclude={"id"})
        session.add(CustomerVersion(**{**newest, "recorded_at": noon(recorded), "city": "Bremen"}))
    assert again(books) == ({"RE-2026-000001": problems} if problems else {})


def test_terms_that_are_lost_or_lack_the_package_are_told(books: Books) -> None:
    books.close("2026-10", ISSUED)
    now = terms.find("fluks-2023-03")
    with books.ledger.read() as session:
        record = session.exec(select(InvoiceRecord)).one()
        without = replace(now, packages={key: each for key, each in now.packages.items() if key != "schnupperpaket"})
        assert list(rerated(session, {now.id: now}, record)) == []
        assert list(rerated(session, {now.id: without}, record)) == [
            "Das Paket schnupperpaket steht nicht in fluks-2023-03."
        ]
        assert list(rerated(session, {}, record)) == ["Die Bedingungen fluks-2023-03 liegen nicht vor."]


def test_events_that_came_or_went_since_change_nothing(books: Books) -> None:
    books.use("k-1", "2026-10-08", ids=("gone",))
    books.close("2026-10", ISSUED)
    books.use("k-1", "2026-10-09", 7)
    books.void("k-1", "2026-10", ["gone"])
    assert again(books) == {}
    books.close("2026-11", "2026-12-02")
    assert [line.net_cents for line in books.invoices()[-1].lines if line.kind == "late"] == [60]
    assert again(books) == {}


def test_what_was_billed_in_advance_is_what_had_been_issued_by_then(books: Books) -> None:
    """September was invoiced before August, which waited for an address: nothing of it was billed yet."""
    books.event("k-2", on("2026-08-01", "started", "2026-08-01", terms="cloudeteer-2023-12", package="managed-cloud"))
    books.customer("k-2", package="", city="")
    pays = {"k-2": debit()}
    books.close("2026-08", "2026-09-02", pays)
    with books.ledger.write() as session:
        newest = history.customers(session)["k-2"].model_dump(exclude={"id"})
        session.add(CustomerVersion(**{**newest, "recorded_at": noon("2026-09-10"), "city": "Bremen"}))
    for month, today in (("2026-09", "2026-10-02"), ("2026-08", "2026-10-05"), ("2026-10", "2026-11-02")):
        books.close(month, today, pays)
    assert [each.month for each in books.invoices() if each.customer == "k-2"] == ["2026-09", "2026-08", "2026-10"]
    assert again(books) == {}


TAMPERED = {
    "a counted day": (
        """UPDATE billed_usage SET counts = '{"07": {"trigger": 502}}' WHERE invoice IS NOT NULL""",
        "Position 2: berechnet „Paket Schnupperpaket, Auslöser/Aktionen über 500 hinaus“ mit 0,10 €, nachberechnet",
    ),
    "no counts": ("DELETE FROM billed_usage", "nachberechnet nichts"),
    "the package": ("UPDATE contract_event SET package = 'basic-2500'", "Position 1"),
    "a package that never was": ("UPDATE contract_event SET package = 'gold'", "Das Paket gold steht nicht"),
    "the day of the contract": ("UPDATE contract_event SET effective_on = '2026-11-01'", "nachberechnet nichts"),
    "the address": ("UPDATE customer_version SET city = 'Bremen'", "Kundendaten"),
    "the sum": ("UPDATE invoice SET gross_cents = gross_cents + 1", "anderes als im Dokument: gross_cents."),
    "the customer": ("UPDATE invoice SET customer = 'k-2'", "anderes als im Dokument: customer."),
    "the document's words": ("UPDATE invoice SET document = replace(document, 'Gasse', 'Hof')", "Die Prüfsumme"),
    "the document": ("UPDATE invoice SET document = '{'", "Das Dokument ist nicht lesbar."),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_a_ledger_that_was_tampered_with_is_noticed(books: Books, what: str) -> None:
    books.close("2026-10", ISSUED)
    assert again(books) == {}
    statement, says = TAMPERED[what]
    with books.ledger.write() as session:
        for table in GUARDED:
            session.execute(text(f"DROP TRIGGER {table}_no_update"))
            session.execute(text(f"DROP TRIGGER {table}_no_delete"))
        session.execute(text(statement))
    assert any(says in problem for problem in again(books)["RE-2026-000001"])


def test_a_document_and_its_checksum_changed_together_are_noticed(books: Books) -> None:
    books.close("2026-10", ISSUED)
    with books.ledger.read() as session:
        record = session.exec(select(InvoiceRecord)).one()
        invoice = from_json(record.document)
        lines = (replace(invoice.lines[0], net_cents=5_900), *invoice.lines[1:])
        document = to_json(replace(invoice, lines=lines))
        changes = {"document": document.decode(), "sha256": hashlib.sha256(document).hexdigest()}
        forged = InvoiceRecord(**{**record.model_dump(), **changes})
        assert list(rerated(session, terms.shipped(), forged)) == [
            "Position 1: berechnet „Paket Schnupperpaket, Grundpreis inklusive 500 Auslöser/Aktionen“ mit 59,00 €, "
            "nachberechnet „Paket Schnupperpaket, Grundpreis inklusive 500 Auslöser/Aktionen“ mit 60,00 €.",
        ]
