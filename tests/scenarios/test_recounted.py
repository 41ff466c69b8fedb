"""A close against its journal: what the journal does not confirm is not billed, until it is corrected."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from invoicing.close import CloseError
from invoicing.ledger import Ledger
from metering.fold import keys_of
from metering.journal import Journal
from metering.month import BillingMonth
from metering.rebuild import correct
from tests.books import Books, open_books

OCTOBER = BillingMonth(2026, 10)


@pytest.fixture
def books(ledger: Ledger, tmp_path: Path) -> Iterator[Books]:
    """Two customers on the smallest package, each with two units more in October than it includes."""
    with open_books(ledger, tmp_path) as opened:
        for key in ("k-1", "k-2"):
            opened.customer(key, "schnupperpaket")
            opened.use(key, "2026-10-05", 502)
        yield opened


def damage(books: Books, key: str, units: int = 1) -> None:
    """A counter that lost some of its ids, as no healthy store does."""
    piece = next(each for each in keys_of(key, OCTOBER) if books.counter.client.exists(each))
    books.counter.client.spop(piece, units)


def billed(books: Books, month: str) -> list[tuple[str, int]]:
    return [(each.customer, each.net_cents) for each in books.invoices() if each.month == month]


def test_a_damaged_counter_parks_its_customer_until_it_is_corrected(books: Books) -> None:
    damage(books, "k-1")
    found = books.close("2026-10", "2026-11-02")
    assert (found.state, found.invoices) == ("blocked", 1)
    (problem,) = found.problems
    assert (problem.customer, problem.rule) == ("k-1", "recount_differs")
    assert "k-1 am 05.10.2026, trigger: Zähler 501, Journal 502." in problem.message
    correct(books.journal, books.counter, "k-1", OCTOBER)
    assert books.close("2026-10", "2026-11-03").state == "closed"
    assert billed(books, "2026-10") == [("k-2", 6_020), ("k-1", 6_020)]


def test_a_counter_that_is_damaged_after_the_bill_gives_nothing_back(books: Books) -> None:
    books.close("2026-10", "2026-11-02")
    damage(books, "k-1", 2)
    found = books.close("2026-11", "2026-12-01")
    assert [(each.customer, each.rule) for each in found.problems] == [("k-1", "recount_differs")]
    assert "`zaehlwerk correct 2026-10 k-1 --reason …`" in found.problems[0].message
    correct(books.journal, books.counter, "k-1", OCTOBER)
    assert books.close("2026-11", "2026-12-02").state == "closed"
    assert billed(books, "2026-11") == [("k-2", 6_000), ("k-1", 6_000)]


def test_a_damaged_counter_of_an_assigned_id_parks_whom_it_was_assigned_to(books: Books) -> None:
    books.use("typo", "2026-10-06", 3)
    books.decide("2026-10", "typo", "k-1")
    damage(books, "typo")
    found = books.close("2026-10", "2026-11-02")
    assert [(each.customer, each.rule) for each in found.problems] == [("k-1", "recount_differs")]
    assert "`zaehlwerk correct 2026-10 typo --reason …`" in found.problems[0].message
    correct(books.journal, books.counter, "typo", OCTOBER)
    books.close("2026-10", "2026-11-03")
    assert billed(books, "2026-10") == [("k-2", 6_020), ("k-1", 6_050)]


def test_without_counter_and_journal_nothing_is_given_back(books: Books, tmp_path: Path) -> None:
    books.close("2026-10", "2026-11-02")
    books.counter.client.flushall()
    books.journal = Journal(str(tmp_path / "another"))
    with pytest.raises(CloseError, match="2026-10 was billed, but the journal has nothing of it"):
        books.close("2026-11", "2026-12-01")
    assert billed(books, "2026-11") == []


def test_all_voided_is_given_back(books: Books) -> None:
    ids = tuple(f"id-{number}" for number in range(501))
    books.customer("k-3", "schnupperpaket")
    books.use("k-3", "2026-10-05", ids=ids)
    books.close("2026-10", "2026-11-02")
    books.void("k-3", "2026-10", ids)
    books.close("2026-11", "2026-12-01")
    assert billed(books, "2026-11") == [("k-1", 6_000), ("k-2", 6_000), ("k-3", 5_990)]
