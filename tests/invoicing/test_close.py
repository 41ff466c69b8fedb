"""The monthly run on both databases and a real counter."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlmodel import col, select

from invoicing.billed import newest
from invoicing.close import CloseError, close, preview, report
from invoicing.contract import ContractEvent
from invoicing.ledger import Ledger
from invoicing.records import BilledUsage, NumberRecord, OutboxMail
from invoicing.recounts import Counts
from metering.month import BillingMonth
from metering.recount import Difference
from metering.usage import Usage, read_usage, split
from tests.books import Books, close_in, debit, noon, open_books
from tests.killing import Point, Where, kill_at

OCTOBER = BillingMonth(2026, 10)


@pytest.fixture
def books(ledger: Ledger, tmp_path: Path) -> Iterator[Books]:
    with open_books(ledger, tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(("today", "refused"), [("2026-10-31", True), ("2026-11-01", False), ("2026-10-01", True)])
def test_a_month_is_closed_from_its_end_on(books: Books, today: str, *, refused: bool) -> None:
    books.customer("k-1")
    if refused:
        with pytest.raises(CloseError, match="2026-10 has not ended: it can be closed from 2026-11-01 on"):
            books.close("2026-10", today)
        assert books.invoices() == []
    else:
        assert books.close("2026-10", today).invoices == 1


def test_everyone_is_billed_what_was_counted(books: Books) -> None:
    books.customer("k-1", "schnupperpaket")
    books.customer("k-2", "basic-2500", since="2026-10-20")
    books.customer("k-3", "schnupperpaket", since="2026-11-01")
    books.use("k-1", "2026-10-05", 499)
    books.use("k-1", "2026-10-31", 2, meter="action")
    books.use("k-1", "2026-10-31", 7, meter="connector")
    found = books.close("2026-10", "2026-11-02", {"k-1": debit()})
    assert (found.state, found.invoices, found.problems) == ("closed", 2, ())
    first, second = books.invoices()
    assert (first.number, first.customer, first.net_cents, first.gross_cents) == ("RE-2026-000001", "k-1", 6010, 7152)
    assert (first.usage.used, first.usage.overage) == (501, 1)
    assert (second.customer, second.net_cents, second.period_from) == ("k-2", 25000, date(2026, 10, 20))
    assert first.payment is not None
    assert second.payment is None
    assert (found.net_cents, found.gross_cents) == (31010, 7152 + 29750)


def test_the_mail_is_queued_with_its_invoice(books: Books) -> None:
    books.customer("k-1", email="buchhaltung@kunde.example")
    books.close("2026-10", "2026-11-02", {"k-1": debit()})
    with books.ledger.read() as session:
        mail = session.exec(select(OutboxMail)).one()
    assert (mail.invoice, mail.recipient, mail.state) == ("RE-2026-000001", "buchhaltung@kunde.example", "queued")
    assert '"due_on":"2026-11-06"' in (mail.payment or "")


@pytest.mark.parametrize(
    ("rule", "spoil"),
    [
        ("unknown_customer", lambda books: books.use("nobody", "2026-10-05")),
        ("usage_without_contract", lambda books: (books.customer("p", ""), books.use("p", "2026-10-05"))),
        ("unknown_package", lambda books: books.customer("p", "gold")),
        ("incomplete_address", lambda books: books.customer("p", street=" ")),
        ("foreign_customer", lambda books: books.customer("p", country="AT", vat_id="ATU12345675")),
        (
            "unknown_terms",
            lambda books: (
                books.customer("p", ""),
                books.event("p", ContractEvent("started", date(2026, 1, 1), noon("2026-01-01"), "x-1", "gold")),
            ),
        ),
    ],
)
def test_a_problem_parks_its_customer_and_never_the_rest(books: Books, rule: str, spoil: object) -> None:
    books.customer("k-1")
    spoil(books)  # type: ignore[operator]
    found = books.close("2026-10", "2026-11-02")
    assert (found.state, found.invoices) == ("blocked", 1)
    assert [problem.rule for problem in found.problems] == [rule]
    assert found.problems[0].message.endswith(".")


def test_closing_again_takes_up_what_was_mended(books: Books) -> None:
    books.customer("k-1")
    books.customer("k-2", city="")
    assert books.close("2026-10", "2026-11-02").state == "blocked"
    books.customer("k-2", package="", city="Köln")
    found = books.close("2026-10", "2026-11-03")
    assert (found.state, found.invoices, found.problems) == ("closed", 2, ())
    assert [each.number for each in books.invoices()] == ["RE-2026-000001", "RE-2026-000002"]


@pytest.mark.parametrize(("assigned_to", "billed"), [("k-1", 10_003), (None, 10_001)])
def test_usage_of_an_unknown_customer_is_assigned_or_set_aside(
    books: Books, assigned_to: str | None, billed: int
) -> None:
    books.customer("k-1", street="")
    books.use("k-1", "2026-10-05", 10_001)
    books.use("typo", "2026-10-06", 2)
    assert {problem.customer for problem in books.close("2026-10", "2026-11-02").problems} == {"k-1", "typo"}
    books.customer("k-1", package="", street="Gasse 1")
    books.decide("2026-10", "typo", assigned_to)
    found = books.close("2026-10", "2026-11-02")
    assert (found.state, found.problems) == ("closed", ())
    assert [each.usage.used for each in books.invoices()] == [billed]


def test_closing_again_bills_nothing_that_came_after_the_first_bill(books: Books) -> None:
    books.customer("k-1")
    books.use("k-1", "2026-10-05", 3)
    books.close("2026-10", "2026-11-02")
    books.use("k-1", "2026-10-05", 2)
    books.close("2026-10", "2026-11-03")
    assert [each.usage.used for each in books.invoices()] == [3]


def test_exactly_what_was_recounted_is_billed(books: Books) -> None:
    """What is counted while the close runs is not in the invoice, and not in what is noted as billed."""
    books.customer("k-1")
    books.use("k-1", "2026-10-05", 3)
    counts = books.recounts("2026-10")
    books.use("k-1", "2026-10-05", 2)
    close(books.ledger, books.run("2026-10", "2026-11-02"), counts)
    assert [each.usage.used for each in books.invoices()] == [3]
    with books.ledger.read() as session:
        noted = newest(session, OCTOBER)["k-1"]
    assert (noted.owner, noted.usage.total("trigger")) == ("k-1", 3)
    usage = split(read_usage(books.counter.client, "k-1", OCTOBER), noted.usage)
    assert (usage.total("trigger"), usage.total_late("trigger")) == (3, 2)


def test_a_customer_without_usage_is_noted_as_billed_too(books: Books) -> None:
    books.customer("k-1")
    books.close("2026-10", "2026-11-02")
    with books.ledger.read() as session:
        assert newest(session, OCTOBER)["k-1"].usage == Usage("k-1", OCTOBER)


def test_a_count_that_the_journal_does_not_confirm_parks_its_customer_alone(books: Books) -> None:
    books.customer("k-1")
    books.customer("k-2")
    books.use("k-1", "2026-10-05", 3)
    books.use("k-2", "2026-10-05", 3)
    counts = books.recounts("2026-10")
    wrong = tuple(Difference("k-1", date(2026, 10, day), "trigger", 3, 1_234) for day in range(5, 10))
    run = books.run("2026-10", "2026-11-02")
    found = close(books.ledger, run, differing(counts, wrong))
    assert (found.state, found.invoices) == ("blocked", 1)
    assert [(each.customer, each.rule) for each in found.problems] == [("k-1", "recount_differs")]
    assert found.problems[0].message == (
        "Zähler und Journal sind verschieden: k-1 am 05.10.2026, trigger: Zähler 3, Journal 1.234; "
        "k-1 am 06.10.2026, trigger: Zähler 3, Journal 1.234; k-1 am 07.10.2026, trigger: Zähler 3, Journal 1.234; "
        "und 2 weitere. Nachsehen mit `zaehlwerk recount 2026-10`, "
        "dann berichtigen mit `zaehlwerk correct 2026-10 k-1 --reason …`."
    )
    assert close(books.ledger, run, counts).state == "closed"
    assert [each.customer for each in books.invoices()] == ["k-2", "k-1"]


def differing(counts: Counts, differences: tuple[Difference, ...]) -> Counts:
    """The same counts, as a journal that says something else shows them."""
    return replace(counts, month=replace(counts.month, differences=differences))


def test_who_is_only_in_the_journal_is_parked_too(books: Books) -> None:
    books.customer("k-1")
    counts = books.recounts("2026-10")
    lost = tuple(Difference(key, date(2026, 10, 5), "trigger", 0, 7) for key in ("k-1", "nobody"))
    found = close(books.ledger, books.run("2026-10", "2026-11-02"), differing(counts, lost))
    assert {each.customer: each.rule for each in found.problems} == {
        "k-1": "recount_differs",
        "nobody": "unknown_customer",
    }


def test_a_preview_changes_nothing(books: Books) -> None:
    books.customer("k-1")
    books.use("k-1", "2026-10-05", 3)
    counts = books.recounts("2026-10")
    drafts, problems = preview(books.ledger, books.run("2026-10", "2026-11-02"), counts)
    assert ([each.usage.used for each in drafts], problems) == ([3], ())
    with books.ledger.read() as session:
        assert newest(session, OCTOBER) == {}
        assert report(session, OCTOBER).state == "open"
        assert session.exec(select(NumberRecord)).all() == []


def test_two_closers_at_once_bill_everyone_once(books: Books) -> None:
    for number in range(12):
        books.customer(f"k-{number}")
    run = books.run("2026-10", "2026-11-02")
    with ThreadPoolExecutor(4) as pool:
        closers = [pool.submit(close, books.ledger, run, books.recounts("2026-10")) for _ in range(4)]
        assert [each.result().state for each in closers].count("closed") == 4
    numbers = [each.number for each in books.invoices()]
    assert numbers == [f"RE-2026-{each:06d}" for each in range(1, 13)]
    assert len({each.customer for each in books.invoices()}) == 12


def test_numbers_start_anew_each_year(books: Books) -> None:
    books.customer("k-1")
    books.close("2026-11", "2026-12-01")
    books.close("2026-12", "2027-01-02")
    assert [each.number for each in books.invoices()] == ["RE-2026-000001", "RE-2027-000001"]


@pytest.mark.parametrize("after", [0, 3])
@pytest.mark.parametrize(
    ("name", "where"),
    [("_bill", "before"), ("_bill", "behind"), ("issue", "before"), ("issue", "behind"), ("_finish", "before")],
)
def test_killed_anywhere_and_run_again_it_ends_the_same(
    books: Books, ledger_url: str, tmp_path: Path, name: str, where: Where, after: int
) -> None:
    for number in range(6):
        books.customer(f"k-{number}", "schnupperpaket")
        books.use(f"k-{number}", "2026-10-05", 501 + number)
    kill_at(
        Point("invoicing.close", name, where, 0 if name == "_finish" else after),
        close_in,
        ledger_url,
        tmp_path,
        "2026-10",
        "2026-11-02",
    )
    found = books.close("2026-10", "2026-11-02")
    assert (found.state, found.invoices, found.problems) == ("closed", 6, ())
    billed = [(each.number, each.customer, each.usage.used) for each in books.invoices()]
    assert billed == [(f"RE-2026-{n + 1:06d}", f"k-{n}", 501 + n) for n in range(6)]
    with books.ledger.read() as session:
        assert len(session.exec(select(NumberRecord)).all()) == 6
        assert len(session.exec(select(OutboxMail)).all()) == 6
        rows = session.exec(select(BilledUsage).order_by(col(BilledUsage.customer))).all()
    assert [(each.invoice, each.customer, each.month, each.counts) for each in rows] == [
        (f"RE-2026-{n + 1:06d}", f"k-{n}", "2026-10", {"05": {"trigger": 501 + n}}) for n in range(6)
    ]
