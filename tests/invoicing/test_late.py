"""Who is parked for what came after a bill, and how that is mended."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from invoicing import terms
from invoicing.billed import newest, record
from invoicing.close import CloseError, MonthReport, close, preview
from invoicing.contract import ContractEvent
from invoicing.ledger import Ledger
from invoicing.recounts import LOOK_BACK
from metering.month import BillingMonth
from metering.recount import Difference
from tests.books import Books, noon, open_books

OCTOBER = BillingMonth(2026, 10)


@pytest.fixture
def books(ledger: Ledger, tmp_path: Path) -> Iterator[Books]:
    """October is billed: ``k-1`` used one unit more than the smallest package includes."""
    with open_books(ledger, tmp_path) as opened:
        opened.customer("k-1", "schnupperpaket")
        opened.use("k-1", "2026-10-05", ids=IDS)
        opened.close("2026-10", "2026-11-02")
        yield opened


IDS = tuple(f"id-{number}" for number in range(501))


def parked(report: MonthReport) -> dict[str, str]:
    return {each.customer: each.rule for each in report.problems}


def end(books: Books, day: str) -> None:
    books.event("k-1", ContractEvent("terminated", date.fromisoformat(day), noon("2026-11-03")))


def settle(books: Books, key: str) -> None:
    """What finance does when something is settled outside: it counts as billed as it is now."""
    (earlier,) = books.recounts("2026-11").earlier
    with books.ledger.write() as session:
        record(session, [earlier.usages[key]], noon("2026-12-01"), None)


def test_late_usage_without_a_contract_parks_its_customer(books: Books) -> None:
    end(books, "2026-10-31")
    books.use("k-1", "2026-10-06", 3)
    found = books.close("2026-11", "2026-12-01")
    assert (found.state, parked(found)) == ("blocked", {"k-1": "late_without_contract"})
    assert found.problems[0].message == (
        "Nachträglich gezählt oder storniert: Oktober 2026 zu RE-2026-000001, 0,30 € netto. In diesem Monat besteht "
        "kein Vertrag, mit dem das abgerechnet wird. Außerhalb abrechnen. Dann den heutigen Stand mit Begründung "
        "ausnehmen: `zaehlwerk assign 2026-10 k-1 --reason …`."
    )
    settle(books, "k-1")
    assert books.close("2026-11", "2026-12-02").state == "closed"
    assert len(books.invoices()) == 1


def test_nothing_owed_needs_no_contract(books: Books) -> None:
    books.void("k-1", "2026-10", IDS[:300])
    books.customer("k-2", "schnupperpaket")
    books.close("2026-11", "2026-12-01")
    end(books, "2026-11-30")
    books.use("k-1", "2026-10-06", 3)
    assert books.close("2026-12", "2027-01-04").state == "closed"


def test_an_invoice_below_zero_is_parked(books: Books) -> None:
    books.use("k-1", "2026-11-05", ids=tuple(f"n-{number}" for number in range(1_500)))
    books.close("2026-11", "2026-12-01")
    assert [each.net_cents for each in books.invoices()] == [6_010, 16_000]
    books.void("k-1", "2026-11", [f"n-{number}" for number in range(601)])
    found = books.close("2026-12", "2027-01-04")
    assert parked(found) == {"k-1": "negative_invoice"}
    assert found.problems[0].message == (
        "Die Rechnung wäre mit -0,12 € negativ: November 2026 zu RE-2026-000002, -60,10 € netto. Gutschriften werden "
        "noch nicht erstellt. Außerhalb gutschreiben. Dann den heutigen Stand mit Begründung ausnehmen: "
        "`zaehlwerk assign 2026-11 k-1 --reason …`."
    )


@pytest.mark.parametrize(("voided", "net"), [(599, 10), (600, 0)])
def test_an_invoice_of_zero_or_more_is_issued(books: Books, voided: int, net: int) -> None:
    books.use("k-1", "2026-11-05", ids=tuple(f"n-{number}" for number in range(1_500)))
    books.close("2026-11", "2026-12-01")
    books.void("k-1", "2026-11", [f"n-{number}" for number in range(voided)])
    found = books.close("2026-12", "2027-01-04")
    assert (found.state, found.net_cents) == ("closed", net)


def test_a_difference_that_the_journal_does_not_confirm_is_not_billed(books: Books) -> None:
    books.customer("k-2", "schnupperpaket")
    books.use("k-1", "2026-10-06", 3)
    counts = books.recounts("2026-11")
    wrong = (Difference("k-1", date(2026, 10, 6), "trigger", 3, 0),)
    run = books.run("2026-11", "2026-12-01")
    found = close(books.ledger, run, replace(counts, earlier=(replace(counts.earlier[0], differences=wrong),)))
    assert (found.invoices, parked(found)) == (1, {"k-1": "recount_differs"})
    assert "k-1 am 06.10.2026, trigger: Zähler 3, Journal 0." in found.problems[0].message
    assert "`zaehlwerk correct 2026-10 k-1 --reason …`" in found.problems[0].message
    assert close(books.ledger, run, counts).state == "closed"
    assert [each.lines[-1].net_cents for each in books.invoices() if each.month == "2026-11"] == [6_000, 30]


def test_what_was_counted_is_rated_as_it_was_agreed_then(books: Books) -> None:
    """A package that was changed since, and an entry made after the bill, change nothing in the old month."""
    books.event("k-1", ContractEvent("changed", date(2026, 11, 1), noon("2026-10-20"), package="premium-50000"))
    books.event("k-1", ContractEvent("changed", date(2026, 10, 1), noon("2026-11-20"), package="standard-10000"))
    books.use("k-1", "2026-10-06", 3)
    drafts, _ = preview(books.ledger, books.run("2026-11", "2026-12-01"), books.recounts("2026-11"))
    assert [(each.kind, each.net_cents) for each in drafts[0].lines] == [("base", 80_000), ("late", 30)]


def test_terms_that_are_gone_park_the_customer(books: Books) -> None:
    books.use("k-1", "2026-10-06", 3)
    other = replace(terms.find("fluks-2023-03"), id="fluks-2027-01")
    books.event("k-1", ContractEvent("terminated", date(2026, 10, 31), noon("2026-11-03")))
    started = ContractEvent("started", date(2026, 11, 1), noon("2026-11-03"), terms=other.id, package="schnupperpaket")
    books.event("k-1", started)
    run = books.run("2026-11", "2026-12-01")
    counts = books.recounts("2026-11")
    found = close(books.ledger, replace(run, terms={other.id: other}), counts)
    assert parked(found) == {"k-1": "unknown_earlier_terms"}
    assert "Nach RE-2026-000001 wurde nachträglich gezählt" in found.problems[0].message
    found = close(books.ledger, replace(run, terms={**run.terms, other.id: other}), counts)
    assert (found.state, found.net_cents) == ("closed", 6_030)


@pytest.mark.parametrize(("months", "billed"), [(LOOK_BACK, 30), (LOOK_BACK + 1, 0)])
def test_a_year_back_is_looked_at_and_no_more(books: Books, months: int, billed: int) -> None:
    books.use("k-1", "2026-10-06", 3)
    month = OCTOBER
    for _ in range(months):
        month = month.next()
    found = books.close(str(month), str(month.next().first_day))
    assert (found.state, found.net_cents) == ("closed", 6_000 + billed)


def test_an_earlier_month_that_another_close_bills_meanwhile_is_not_billed_twice(books: Books) -> None:
    books.use("k-1", "2026-10-06", 3)
    counts = books.recounts("2026-12")
    books.close("2026-11", "2026-12-01")
    with pytest.raises(CloseError, match="2026-10 of 'k-1' was billed by another close meanwhile: close again"):
        close(books.ledger, books.run("2026-12", "2027-01-04"), counts)
    assert books.close("2026-12", "2027-01-04").net_cents == 6_000


def test_what_was_set_aside_and_grew_asks_for_another_decision(books: Books) -> None:
    books.use("typo", "2026-09-05", 2)
    assert parked(books.close("2026-09", "2026-11-03")) == {"typo": "unknown_customer"}
    books.decide("2026-09", "typo", None)
    assert books.close("2026-09", "2026-11-03").state == "closed"
    books.use("typo", "2026-09-06")
    for month in ("2026-09", "2026-11"):
        assert parked(books.close(month, "2026-12-01")) == {"typo": "unknown_customer"}


def test_a_customer_made_for_what_was_set_aside_is_asked_about_its_growth(books: Books) -> None:
    books.use("typo", "2026-09-05", 2)
    books.decide("2026-09", "typo", None)
    books.use("typo", "2026-09-06")
    books.customer("typo", since="2026-11-01")
    found = books.close("2026-11", "2026-12-01")
    assert parked(found) == {"typo": "set_aside_grew"}
    assert found.problems[0].message == (
        "Ausgenommene Nutzung hat sich nachträglich geändert: September 2026. Dann den heutigen Stand mit Begründung "
        "ausnehmen: `zaehlwerk assign 2026-09 typo --reason …`."
    )


@pytest.mark.parametrize(("target", "used"), [(None, 2), ("k-1", 0)])
def test_a_contract_for_the_month_outweighs_the_decision(books: Books, target: str | None, used: int) -> None:
    books.use("typo", "2026-09-05", 2)
    books.decide("2026-09", "typo", target)
    books.customer("typo", since="2026-09-01")
    found = books.close("2026-09", "2026-11-03")
    assert found.state == "closed"
    assert {each.customer: each.usage.used for each in books.invoices() if each.month == "2026-09"} == {
        "k-1": 2 - used,
        "typo": used,
    }


@pytest.mark.parametrize("spoil", [lambda books: books.use("k-1", "2026-10-06", 3), lambda _: None])
def test_what_is_billed_is_noted_whether_it_costs_something_or_not(
    books: Books, spoil: Callable[[Books], object]
) -> None:
    spoil(books)
    books.close("2026-11", "2026-12-01")
    assert books.recounts("2026-12").earlier == ()
    with books.ledger.read() as session:
        assert newest(session, OCTOBER).keys() == newest(session, OCTOBER.next()).keys() == {"k-1"}
