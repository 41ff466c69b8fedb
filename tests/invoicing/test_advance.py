"""Base prices in advance, with real books: months closed in any order, who joins, other terms that follow."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlmodel import col, select

from invoicing import history
from invoicing.close import MonthReport, preview
from invoicing.close import close as close_month
from invoicing.contract import ContractEvent
from invoicing.issue import Run
from invoicing.ledger import Ledger
from invoicing.payment import BankAccount
from invoicing.records import CustomerVersion, InvoiceRecord
from invoicing.rerate import rerated
from invoicing.terms import Setting, Terms, shipped
from tests.books import Books, noon, open_books
from tests.ledgers import empty_sqlite

CLOUDETEER, FLUKS = shipped()["cloudeteer-2023-12"], shipped()["fluks-2023-03"]
_OTHER = replace(CLOUDETEER.packages["managed-cloud"], label="Neue Cloud")
TERMS: Mapping[str, Terms] = {
    **shipped(),
    "arrears": replace(CLOUDETEER, id="arrears", rules=replace(CLOUDETEER.rules, billing=Setting("arrears", "6(1)"))),
    "gross": replace(CLOUDETEER, id="gross", rules=replace(CLOUDETEER.rules, prices=Setting("gross", "6(2)"))),
    "other": replace(CLOUDETEER, id="other", packages={"new-cloud": _OTHER}),
}


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    ledger = Ledger(empty_sqlite(tmp_path / "ledger.db"))
    with open_books(ledger, tmp_path) as opened:
        yield opened
    ledger.close()


def run(books: Books, month: str, today: str) -> Run:
    account = BankAccount("Klabauter GmbH", "DE02120300000000202051", "")
    return replace(books.run(month, today), account=account, terms=TERMS)


def close(books: Books, month: str, today: str) -> MonthReport:
    return close_month(books.ledger, run(books, month, today), books.recounts(month))


def signed(books: Books, under: str, package: str, since: str, recorded: str, ends_on: str = "") -> None:
    books.event(
        "k-1", ContractEvent("started", date.fromisoformat(since), noon(recorded), terms=under, package=package)
    )
    if ends_on:
        books.event("k-1", ContractEvent("terminated", date.fromisoformat(ends_on), noon(recorded)))


def moved(books: Books, city: str, at: str) -> None:
    with books.ledger.write() as session:
        newest = history.customers(session)["k-1"].model_dump(exclude={"id"})
        session.add(CustomerVersion(**{**newest, "recorded_at": noon(at), "city": city}))


def told(books: Books) -> list[str]:
    """Every line of every invoice, in the order of their numbers; each invoice must come out again."""
    with books.ledger.read() as session:
        records = session.exec(select(InvoiceRecord).order_by(col(InvoiceRecord.number))).all()
        assert [list(rerated(session, TERMS, each)) for each in records] == [[] for _ in records]
    return [f"{each.month}: {line.text} {line.net_cents}" for each in books.invoices() for line in each.lines]


@pytest.mark.clause("Cloudeteer 6(1)")
def test_a_month_that_is_closed_late_bills_no_other_month_again(books: Books) -> None:
    """April waits for an address; May, closed meanwhile, bills May and June."""
    books.customer("k-1", package="", city="")
    signed(books, CLOUDETEER.id, "managed-cloud", "2026-04-01", "2026-04-01")
    assert [each.rule for each in close(books, "2026-04", "2026-05-04").problems] == ["incomplete_address"]
    moved(books, "Bremen", "2026-05-20")
    for month, today in (("2026-05", "2026-06-01"), ("2026-04", "2026-06-02"), ("2026-06", "2026-07-01")):
        assert close(books, month, today).problems == ()
    assert told(books) == [
        "2026-05: Paket Managed Cloud, Grundpreis, Mai 2026 89000",
        "2026-05: Paket Managed Cloud, Grundpreis, Juni 2026 89000",
        "2026-04: Paket Managed Cloud, Grundpreis, April 2026 89000",
        "2026-06: Paket Managed Cloud, Grundpreis, Juli 2026 89000",
    ]


@pytest.mark.clause("Cloudeteer 6(1)")
@pytest.mark.parametrize(
    ("since", "expected"),
    [
        ("2026-05-01", ["2026-04: Paket Managed Cloud, Grundpreis, Mai 2026 89000"]),
        ("2026-05-31", ["2026-04: Paket Managed Cloud, Grundpreis, 31.05.2026 – 31.05.2026 2871"]),
        ("2026-06-01", []),
    ],
)
def test_who_joins_next_month_pays_its_base_price_before_it(books: Books, since: str, expected: list[str]) -> None:
    books.customer("k-1", package="")
    signed(books, CLOUDETEER.id, "managed-cloud", since, "2026-04-10")
    drafts, problems = preview(books.ledger, run(books, "2026-04", "2026-05-02"), books.recounts("2026-04"))
    assert ([line.net_cents for each in drafts for line in each.lines], problems) == (
        [int(each.rpartition(" ")[2]) for each in expected],
        (),
    )
    assert close(books, "2026-04", "2026-05-02").state == "closed"
    assert told(books) == expected
    for invoice in books.invoices():
        assert (invoice.package, invoice.period_from, invoice.period_to) == (
            "Managed Cloud",
            date.fromisoformat(since),
            date(2026, 5, 31),
        )
    close(books, "2026-05", "2026-06-02")
    told(books)
    assert sum(
        line.net_cents for each in books.invoices() for line in each.lines if line.first and line.first.month == 5
    ) == (int(expected[0].rpartition(" ")[2]) if expected else 0)


@pytest.mark.clause("Cloudeteer 6(1)")
def test_who_joins_under_terms_in_arrears_or_with_usage_is_not_billed_before(books: Books) -> None:
    books.customer("k-1", package="")
    signed(books, "arrears", "managed-cloud", "2026-05-01", "2026-04-10")
    assert (close(books, "2026-04", "2026-05-02").problems, told(books)) == ((), [])
    books.customer("k-2", package="")
    books.event(
        "k-2",
        ContractEvent("started", date(2026, 6, 1), noon("2026-05-10"), terms=CLOUDETEER.id, package="managed-cloud"),
    )
    books.use("k-2", "2026-05-30", meter="users")
    assert [each.rule for each in close(books, "2026-05", "2026-06-02").problems] == ["usage_without_contract"]


@pytest.mark.clause("Cloudeteer 6(1)")
@pytest.mark.parametrize(
    ("before", "after", "package", "april", "may"),
    [
        (CLOUDETEER.id, "arrears", "managed-cloud", ["April 2026 89000"], ["Grundpreis 89000"]),
        ("arrears", CLOUDETEER.id, "managed-cloud", ["April 2026 89000", "Mai 2026 89000"], ["Juni 2026 89000"]),
        (CLOUDETEER.id, "other", "new-cloud", ["April 2026 89000", "Mai 2026 89000"], ["Juni 2026 89000"]),
        (FLUKS.id, "arrears", "managed-cloud", ["Auslöser/Aktionen 6000"], ["Grundpreis 89000"]),
        (FLUKS.id, CLOUDETEER.id, "managed-cloud", ["April 2026 6000", "Mai 2026 89000"], ["Juni 2026 89000"]),
    ],
)
def test_what_follows_is_billed_by_its_own_terms(
    books: Books, before: str, after: str, package: str, april: list[str], may: list[str]
) -> None:
    books.customer("k-1", package="")
    first = "schnupperpaket" if before == FLUKS.id else "managed-cloud"
    signed(books, before, first, "2026-04-01", "2026-04-01", ends_on="2026-04-30")
    signed(books, after, package, "2026-05-01", "2026-04-02")
    for month, today in (("2026-04", "2026-05-04"), ("2026-05", "2026-06-02")):
        assert close(books, month, today).problems == ()
    lines = told(books)
    for name, expected in (("2026-04", april), ("2026-05", may)):
        own = [each for each in lines if each.startswith(name)]
        assert (len(own), [each.endswith(end) for each, end in zip(own, expected, strict=True)]) == (
            len(expected),
            [True] * len(expected),
        ), own


@pytest.mark.clause("Cloudeteer 6(1)")
@pytest.mark.parametrize(
    ("after", "package", "problems", "expected"),
    [
        (
            "other",
            "new-cloud",
            [],
            ["Neue Cloud, Grundpreis, Mai 2026 89000", "Managed Cloud, Grundpreis, Mai 2026 -89000", "Juni 2026 89000"],
        ),
        ("arrears", "managed-cloud", [], []),
        ("gross", "managed-cloud", ["mixed_prices"], []),
    ],
)
def test_what_was_paid_in_advance_goes_back_when_other_terms_follow(
    books: Books, after: str, package: str, problems: list[str], expected: list[str]
) -> None:
    """May is paid with April's invoice; then the contract ends with April, and another begins."""
    books.customer("k-1", package="")
    signed(books, CLOUDETEER.id, "managed-cloud", "2026-04-01", "2026-04-01")
    assert close(books, "2026-04", "2026-05-04").problems == ()
    books.event("k-1", ContractEvent("terminated", date(2026, 4, 30), noon("2026-05-05")))
    signed(books, after, package, "2026-05-01", "2026-05-06")
    assert [each.rule for each in close(books, "2026-05", "2026-06-02").problems] == problems
    own = [each for each in told(books) if each.startswith("2026-05")]
    assert [each.endswith(end) for each, end in zip(own, expected, strict=True)] == [True] * len(expected), own
