"""What comes after the bill: late and voided events of months that were invoiced, on the next invoice to the cent.

Every line begins with the day on which it happens; ``10-31`` names the day that an event belongs to. Each close says
the net amount of every line of the invoice that it issues: base price, units above the allowance, earlier months.
"""

from collections.abc import Iterator
from datetime import date
from itertools import count
from pathlib import Path

import pytest
from sqlmodel import select

from invoicing.close import MonthReport
from invoicing.contract import ContractEvent
from invoicing.explain import explain
from invoicing.ledger import Ledger
from invoicing.money import german_amount
from invoicing.records import BilledUsage
from tests.books import Books, close_in, noon, open_books
from tests.killing import Point, kill_at

AFTER_THE_BILL = """
2026-11-01 | uses   | 10-05: 12345       |
2026-11-02 | closes | 2026-10            | 500,00 187,60
2026-11-03 | uses   | 10-31: 12          | late
2026-11-20 | uses   | 11-20: 10001       |
2026-11-20 | agrees | from 2026-12: premium-50000
2026-12-01 | closes | 2026-11            | 500,00 0,08 0,96
2026-12-01 | closes | 2026-11            | nothing
2026-12-02 | uses   | 10-31: 3           | late again
2026-12-02 | uses   | 11-30: 5           | late too
2027-01-04 | closes | 2026-12            | 800,00 0,24 0,40
2027-01-05 | voids  | 10-31: 12          | of the late ones
2027-02-01 | closes | 2027-01            | 800,00 -0,96
2027-02-02 | voids  | 11-20: 10          | down to less than the allowance
2027-03-01 | closes | 2027-02            | 800,00 -0,48
2027-03-02 | uses   | 11-30: 4           | up to the allowance again, no more
2027-04-01 | closes | 2027-03            | 800,00
2027-04-02 | uses   | 11-30: 1           | one above
2027-05-03 | closes | 2027-04            | 800,00 0,08
2027-06-01 | closes | 2027-05            | 800,00
"""

BEFORE_THE_BILL = """
2026-10-05 | uses   | 10-05: 10003       |
2026-10-06 | voids  | 10-05: 2           |
2026-11-02 | closes | 2026-10            | 500,00 0,08
2026-12-01 | closes | 2026-11            | 500,00
"""

WITHIN_THE_ALLOWANCE = """
2026-10-05 | uses   | 10-05: 9000        |
2026-11-02 | closes | 2026-10            | 500,00
2026-11-03 | uses   | 10-06: 1000        | late, and all of it included
2026-12-01 | closes | 2026-11            | 500,00
2026-12-02 | uses   | 10-07: 2           | above the allowance from the first one on
2027-01-04 | closes | 2026-12            | 500,00 0,16
"""


class Story:
    """One customer's story, line by line."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.books.customer("k-1")
        self._ids = count(1)
        self._counted: dict[str, list[str]] = {}

    def tell(self, story: str) -> None:
        for line in story.strip().splitlines():
            today, verb, what, *expected = (cell.strip() for cell in line.split("|"))
            if verb == "closes":
                assert (line, self.closes(today, what)) == (line, expected[0])
            else:
                {"uses": self.uses, "voids": self.voids, "agrees": self.agrees}[verb](today, what)

    def uses(self, today: str, what: str) -> None:
        day, units = self._day(today, what)
        ids = [f"e-{next(self._ids)}" for _ in range(units)]
        assert self.books.use("k-1", day, ids=tuple(ids)).accepted == units
        self._counted.setdefault(day, []).extend(ids)

    def voids(self, today: str, what: str) -> None:
        day, units = self._day(today, what)
        ids = [self._counted[day].pop(0) for _ in range(units)]
        self.books.void("k-1", day[:7], ids)

    def agrees(self, today: str, what: str) -> None:
        month, package = what.removeprefix("from ").split(": ")
        self.books.event(
            "k-1", ContractEvent("changed", date.fromisoformat(f"{month}-01"), noon(today), package=package)
        )

    def closes(self, today: str, month: str) -> str:
        """The net amounts of the lines of the invoice that the close issues."""
        before = len(self.books.invoices())
        report = self.books.close(month, today)
        assert (report.state, report.problems) == ("closed", ())
        issued = self.books.invoices()[before:]
        assert [problem for each in issued for problem in explain(each).problems] == []
        amounts = [" ".join(german_amount(line.net_cents) for line in each.lines) for each in issued]
        return " ".join(amounts) or "nothing"

    @staticmethod
    def _day(today: str, what: str) -> tuple[str, int]:
        day, units = what.split(": ")
        year = int(today[:4]) - (day[:2] > today[5:7])
        return f"{year}-{day}", int(units)


@pytest.fixture
def books(ledger: Ledger, tmp_path: Path) -> Iterator[Books]:
    with open_books(ledger, tmp_path) as opened:
        yield opened


@pytest.mark.clause("fluks Anlage 3 fn 1")
@pytest.mark.parametrize("story", [AFTER_THE_BILL, BEFORE_THE_BILL, WITHIN_THE_ALLOWANCE])
def test_what_comes_later_is_billed_once_and_to_the_cent(books: Books, story: str) -> None:
    Story(books).tell(story)


def test_late_events_of_an_assigned_customer_go_where_it_was_assigned(books: Books) -> None:
    books.customer("k-1")
    books.use("k-1", "2026-10-05", 10_000)
    books.use("typo", "2026-10-05", 1)
    books.decide("2026-10", "typo", "k-1")
    assert amounts(books, books.close("2026-10", "2026-11-02")) == [("k-1", ["500,00", "0,08"])]
    books.use("typo", "2026-10-06", 2)
    assert amounts(books, books.close("2026-11", "2026-12-01")) == [("k-1", ["500,00", "0,16"])]
    assert amounts(books, books.close("2026-12", "2027-01-04")) == [("k-1", ["500,00"])]


def amounts(books: Books, report: MonthReport) -> list[tuple[str, list[str]]]:
    """Customer and net amounts of each invoice of the month, which is closed."""
    assert (report.state, report.problems) == ("closed", ())
    issued = [each for each in books.invoices() if each.month == report.month]
    return [(each.customer, [german_amount(line.net_cents) for line in each.lines]) for each in issued]


@pytest.mark.parametrize("point", ["issue", "_bill", "_finish"])
def test_killed_anywhere_and_run_again_late_usage_is_billed_once(
    books: Books, ledger_url: str, tmp_path: Path, point: str
) -> None:
    for key in ("k-1", "k-2"):
        books.customer(key, "schnupperpaket")
        books.use(key, "2026-10-05", 500)
    books.close("2026-10", "2026-11-02")
    for key in ("k-1", "k-2"):
        books.use(key, "2026-10-06", 3)
    kill_at(Point("invoicing.close", point), close_in, ledger_url, tmp_path, "2026-11", "2026-12-01")
    expected = [("k-1", ["60,00", "0,30"]), ("k-2", ["60,00", "0,30"])]
    assert amounts(books, books.close("2026-11", "2026-12-01")) == expected
    assert amounts(books, books.close("2026-12", "2027-01-04")) == [("k-1", ["60,00"]), ("k-2", ["60,00"])]
    with books.ledger.read() as session:
        rows = session.exec(select(BilledUsage).where(BilledUsage.month == "2026-10")).all()
    assert sorted((each.customer, each.counts["05"]["trigger"]) for each in rows) == [
        ("k-1", 500),
        ("k-1", 500),
        ("k-2", 500),
        ("k-2", 500),
    ]
