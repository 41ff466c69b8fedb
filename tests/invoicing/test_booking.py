"""What is billed beside packages: which amounts, with which words, once and in which invoice."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.event import listens_for
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from invoicing import booked, history
from invoicing.booking import (
    Booking,
    BookingError,
    Kind,
    TimesheetRow,
    charge,
    check,
    contract_of,
    ids_of,
    timesheet,
)
from invoicing.close import CloseError, MonthReport, preview
from invoicing.close import close as close_month
from invoicing.contract import ContractEvent
from invoicing.explain import explain
from invoicing.invoice import Invoice, from_json, to_json
from invoicing.issue import Run
from invoicing.ledger import Ledger
from invoicing.order import invoice_order
from invoicing.payment import BankAccount
from invoicing.prices import Basis, Work
from invoicing.records import InvoiceRecord
from invoicing.rerate import rerated
from invoicing.terms import Terms, shipped
from tests.books import Books, debit, noon, open_books
from tests.killing import Point, Where, kill_at

_ONE = Decimal(1)
IBAN = "DE02120300000000202051"
CLOUDETEER, CONNECTAVO, CUNIO, KLUGO, FLUKS = (
    "cloudeteer-2023-12",
    "connectavo-2021-12",
    "cunio-2020-02",
    "klugo",
    "fluks-2023-03",
)
PACKAGES = {
    CLOUDETEER: "managed-cloud",
    CONNECTAVO: "standard",
    CUNIO: "basis",
    KLUGO: "beratung-basic",
    FLUKS: "schnupperpaket",
}


@pytest.fixture(scope="module")
def terms() -> dict[str, Terms]:
    return shipped()


@pytest.fixture
def books(ledger: Ledger, tmp_path: Path) -> Iterator[Books]:
    with open_books(ledger, tmp_path) as opened:
        yield opened


def run(books: Books, month: str, today: str) -> Run:
    """A run that knows how everybody can pay."""
    return replace(books.run(month, today, {"k-1": debit()}), account=BankAccount("Klabauter GmbH", IBAN, "BIC"))


def close(books: Books, month: str, today: str) -> MonthReport:
    return close_month(books.ledger, run(books, month, today), books.recounts(month))


def work(minutes: int, day: str = "2026-10-05", under: str = CLOUDETEER, role: str = "senior", **more: Any) -> Booking:
    given: dict[str, Any] = {"service": "work", "text": "Firewall umgezogen", **more}
    return booking("work", day, minutes, under, role=role, **given)


def booking(kind: Kind, day: str, quantity: int, under: str, **more: Any) -> Booking:
    return Booking("k-1", kind, date.fromisoformat(day), quantity, under, **more)


def customer(books: Books, under: str, key: str = "k-1", ends_on: str = "", since: str = "2026-01-01") -> None:
    """A customer with a contract under some terms, perhaps ended."""
    books.customer(key, package="", since=since)
    books.event(
        key,
        ContractEvent("started", date.fromisoformat(since), noon(since), terms=under, package=PACKAGES[under]),
    )
    if ends_on:
        books.event(key, ContractEvent("terminated", date.fromisoformat(ends_on), noon(since)))


def book(books: Books, *bookings: Booking) -> list[int]:
    with books.ledger.write() as session:
        return [booked.add(session, each, "anna", noon("2026-11-01")).id or 0 for each in bookings]


def bookings_of(invoice: Invoice) -> list[tuple[str, int]]:
    return [(line.text, line.net_cents) for line in invoice.lines if ids_of([line.item])]


@pytest.mark.parametrize(
    ("minutes", "hours", "cents"),
    [
        (0, "0", 0),
        (1, "0.25", 3875),
        (14, "0.25", 3875),
        (15, "0.25", 3875),
        (16, "0.50", 7750),
        (60, "1.00", 15500),
        (150, "2.50", 38750),
        (151, "2.75", 42625),
    ],
)
@pytest.mark.clause("Cloudeteer 6(3)")
def test_with_steps_of_a_quarter_of_an_hour_each_begun_counts_whole(
    terms: dict[str, Terms], minutes: int, hours: str, cents: int
) -> None:
    """155.00 € an hour."""
    price = terms[CLOUDETEER].services["work"]
    assert isinstance(price, Work)
    found = list(replace(price, step_minutes=15).amounts(Basis(minutes, agreed=Decimal(155))))
    expected = (Decimal(hours), Decimal(155), cents)
    assert [(each.quantity, each.unit_price, each.cents) for each in found] == ([expected] if cents else [])


@pytest.mark.parametrize(
    ("minutes", "quantity", "unit", "unit_price", "cents"),
    [
        (1, "1", "Aufwand", "2.58", 258),  # 2.5833 €
        (59, "1", "Aufwand", "152.42", 15242),  # 152.4167 €
        (60, "1.00", "Stunde", "155.00", 15500),
        (61, "1", "Aufwand", "157.58", 15758),
        (90, "1.50", "Stunde", "155.00", 23250),
        (100, "1", "Aufwand", "258.33", 25833),
    ],
)
@pytest.mark.clause("Cloudeteer 6(3)")
def test_work_costs_the_minutes_that_it_took_at_the_rate_of_who_worked(
    terms: dict[str, Terms], minutes: int, quantity: str, unit: str, unit_price: str, cents: int
) -> None:
    """155.00 € an hour; what is no hundredth of an hour is printed as one amount."""
    found = charge(work(minutes), terms[CLOUDETEER])
    assert (found.quantity, found.unit, found.unit_price, found.cents) == (
        Decimal(quantity),
        unit,
        Decimal(unit_price),
        cents,
    )
    assert (found.kind, found.clause, found.vat_rate) == ("work", "Cloudeteer AGB 6(3)", Decimal(19))


@pytest.mark.parametrize("kind", ["work", "expense", "order", "credit"])
def test_nothing_cannot_be_booked(terms: dict[str, Terms], kind: Kind) -> None:
    with pytest.raises(BookingError, match="above zero") as refused:
        check(booking(kind, "2026-10-05", 0, CLOUDETEER), terms[CLOUDETEER])
    assert refused.value.field == "quantity"


@pytest.mark.clause("Cloudeteer 6(3)")
def test_a_line_of_work_says_when_who_what_and_how_it_was_reckoned(terms: dict[str, Terms]) -> None:
    found = charge(replace(work(150), id=17), terms[CLOUDETEER])
    assert found.text == "Arbeit nach Aufwand, 05.10.2026, Senior Consultant: Firewall umgezogen"
    assert found.formula == "2 Std. 30 Min. × 155,00 € = 387,50 €"
    assert (found.item, found.first, found.last) == ("bookings.17", date(2026, 10, 5), date(2026, 10, 5))


@pytest.mark.parametrize(("agreed", "cents"), [(None, 15500), ("99.50", 9950), ("155.01", 15501), ("0", 0)])
@pytest.mark.clause("Cloudeteer 6(3)")
def test_a_rate_agreed_for_it_alone_goes_before_the_one_at_signing(
    terms: dict[str, Terms], agreed: str | None, cents: int
) -> None:
    given = work(60, price=None if agreed is None else Decimal(agreed))
    check(given, terms[CLOUDETEER])
    assert charge(given, terms[CLOUDETEER]).cents == cents


@pytest.mark.parametrize(("rate", "cents"), [("0", 0), ("0.01", 1), ("95.00", 9500)])
@pytest.mark.clause("fluks 12.7")
def test_where_the_terms_name_no_rate_the_one_of_the_day_is_written(
    terms: dict[str, Terms], rate: str, cents: int
) -> None:
    given = work(60, under=FLUKS, service="no-defect", role="support", price=Decimal(rate))
    check(given, terms[FLUKS])
    assert (charge(given, terms[FLUKS]).cents, charge(given, terms[FLUKS]).clause) == (cents, "fluks AGB 12.7")


@pytest.mark.parametrize("cents", [1, 8450, 100_000])
@pytest.mark.clause("Cloudeteer 6(4)")
def test_expenses_are_charged_at_cost(terms: dict[str, Terms], cents: int) -> None:
    given = booking(
        "expense", "2026-10-06", cents, CLOUDETEER, service="expenses", role="Übernachtung", text="Hotel Bremen"
    )
    check(given, terms[CLOUDETEER])
    found = charge(given, terms[CLOUDETEER])
    assert (found.kind, found.cents, found.clause) == ("expense", cents, "Cloudeteer AGB 6(4)")
    assert found.text == "Übernachtung, 06.10.2026: Hotel Bremen"


@pytest.mark.parametrize(
    ("pieces", "agreed", "cents"), [(1, None, 4900), (2, None, 9800), (1, "39.90", 3990), (3, "0", 0)]
)
@pytest.mark.clause("KLUGO 10.3")
def test_an_order_costs_its_fee_for_each_piece(
    terms: dict[str, Terms], pieces: int, agreed: str | None, cents: int
) -> None:
    price = None if agreed is None else Decimal(agreed)
    given = booking("order", "2026-10-06", pieces, KLUGO, service="beratung-plus", price=price)
    check(given, terms[KLUGO])
    found = charge(given, terms[KLUGO])
    assert (found.quantity, found.cents, found.text) == (Decimal(pieces), cents, "Beratung Plus, 06.10.2026")
    assert found.clause == "KLUGO AGB 10.3"


@pytest.mark.parametrize(
    ("damages", "kind", "unit", "name", "rate"),
    [(False, "credit", "Gutschrift", "Gutschrift", 19), (True, "damages", "pauschal", "Schadenersatz", 0)],
)
@pytest.mark.clause("cunio 4.2")
def test_a_credit_cites_its_agreement_and_damages_lower_no_vat(
    terms: dict[str, Terms], kind: str, unit: str, name: str, rate: int, *, damages: bool
) -> None:
    given = booking(
        "credit",
        "2026-10-31",
        5000,
        CUNIO,
        text="Verfügbarkeit 98,2 %",
        clause="SLA Ziffer 3; cunio AGB 4.2",
        formula="vereinbart 50,00 €",
        damages=damages,
    )
    check(given, terms[CUNIO])
    found = charge(given, terms[CUNIO])
    assert (found.kind, found.unit, found.cents, found.unit_price, found.vat_rate) == (
        kind,
        unit,
        -5000,
        Decimal("-50.00"),
        Decimal(rate),
    )
    assert (found.clause, found.formula) == (
        "SLA Ziffer 3; cunio AGB 4.2",
        f"vereinbart 50,00 €; {name} = -50,00 €",
    )


@pytest.mark.parametrize(
    ("given", "field", "says"),
    [
        (work(15, service="beratung"), "service", "choose one of work"),
        (work(15, under=KLUGO), "service", "these terms have none"),
        (booking("order", "2026-10-05", 1, CLOUDETEER, service="work"), "service", "'work' is no order"),
        (work(15, role="chef"), "role", "consultant, senior, architect"),
        (work(15, role=""), "role", "consultant, senior, architect"),
        (work(15, text=""), "text", "printed on the invoice"),
        (work(15, under=FLUKS, service="no-defect", role="support"), "price", "name no rate for it; write the one"),
        (work(15, clause="SLA"), "clause", "belongs to a credit"),
        (work(15, damages=True), "damages", "belongs to a credit"),
        (
            booking("expense", "2026-10-05", 1, CLOUDETEER, service="expenses", role="Taxi", text="x"),
            "role",
            "Reise, Verpflegung, Übernachtung",
        ),
        (
            booking("expense", "2026-10-05", 1, CLOUDETEER, service="expenses", role="Reise", text="x", price=_ONE),
            "price",
            "at cost",
        ),
        (
            booking("order", "2026-10-05", 1, KLUGO, service="beratung-plus", role="anwalt"),
            "role",
            "does not belong to an order",
        ),
        (booking("credit", "2026-10-05", 1, CUNIO, text="x"), "clause", "cite the agreement"),
        (booking("credit", "2026-10-05", 1, CUNIO, clause="SLA"), "text", "what the credit is for"),
        (booking("credit", "2026-10-05", 1, CUNIO, clause="SLA", text="x", service="work"), "service", "credit"),
        (booking("credit", "2026-10-05", 1, CUNIO, clause="SLA", text="x", price=Decimal(0)), "price", "credit"),
    ],
)
@pytest.mark.clause("cunio 4.2")
def test_what_the_terms_cannot_bill_is_refused_with_its_field(
    terms: dict[str, Terms], given: Booking, field: str, says: str
) -> None:
    with pytest.raises(BookingError, match=says) as refused:
        check(given, terms[given.terms])
    assert refused.value.field == field


@pytest.mark.clause("Connectavo I 2.1")
def test_the_timesheet_is_the_work_as_it_was_done(terms: dict[str, Terms]) -> None:
    """Duration is not rounded up to steps, and what is no work is not in it."""
    done = (
        work(16, "2026-10-05", CONNECTAVO, "engineer", text="Maschine angebunden"),
        work(90, "2026-10-07", CONNECTAVO, "developer", text="Auswertung gebaut"),
        booking("credit", "2026-10-08", 100, CONNECTAVO, clause="Vertrag § 4", text="Kulanz"),
    )
    assert timesheet(done, terms) == (
        TimesheetRow(date(2026, 10, 5), "Anwendungstechnik", "Maschine angebunden", 16),
        TimesheetRow(date(2026, 10, 7), "Entwicklung", "Auswertung gebaut", 90),
    )


LIVES = (
    ContractEvent("started", date(2026, 1, 1), noon("2026-01-01"), terms=CUNIO, package="basis"),
    ContractEvent("terminated", date(2026, 3, 31), noon("2026-01-01")),
    ContractEvent("started", date(2026, 6, 1), noon("2026-05-01"), terms=CLOUDETEER, package="managed-cloud"),
)


@pytest.mark.parametrize(
    ("day", "under"),
    [
        ("2025-12-31", None),
        ("2026-01-01", CUNIO),
        ("2026-03-31", CUNIO),
        ("2026-04-01", CUNIO),
        ("2026-05-31", CUNIO),
        ("2026-06-01", CLOUDETEER),
    ],
)
def test_a_day_is_billed_under_its_contract_or_the_one_that_ended_last(day: str, under: str | None) -> None:
    found = contract_of(LIVES, date.fromisoformat(day))
    assert (found and found.terms) == under


def test_of_two_contracts_that_ended_the_later_one_bills() -> None:
    ended = [*LIVES, ContractEvent("terminated", date(2026, 8, 31), noon("2026-08-01"))]
    assert [
        found.terms for day in ("2026-05-31", "2026-09-01") if (found := contract_of(ended, date.fromisoformat(day)))
    ] == [
        CUNIO,
        CLOUDETEER,
    ]


@pytest.mark.clause("Connectavo I 2.1")
def test_a_close_bills_what_was_booked_in_order_of_its_days_with_the_timesheet(books: Books) -> None:
    customer(books, CONNECTAVO)
    book(
        books,
        work(60, "2026-10-31", CONNECTAVO, "developer", text="zuletzt"),
        work(15, "2026-11-01", CONNECTAVO, "developer", text="im November"),
        work(30, "2026-10-01", CONNECTAVO, "engineer", text="zuerst"),
        work(45, "2026-09-30", CONNECTAVO, "engineer", text="spät erfasst"),
    )
    assert close(books, "2026-10", "2026-11-02").problems == ()
    (invoice,) = books.invoices()
    assert bookings_of(invoice) == [
        ("Arbeit nach Aufwand, 30.09.2026, Anwendungstechnik: spät erfasst", 9000),
        ("Arbeit nach Aufwand, 01.10.2026, Anwendungstechnik: zuerst", 6000),
        ("Arbeit nach Aufwand, 31.10.2026, Entwicklung: zuletzt", 14500),
    ]
    assert [(row.day.isoformat(), row.minutes) for row in invoice.timesheet] == [
        ("2026-09-30", 45),
        ("2026-10-01", 30),
        ("2026-10-31", 60),
    ]
    assert (invoice.period_from, invoice.period_to) == (date(2026, 10, 1), date(2026, 10, 31))
    assert from_json(to_json(invoice)) == invoice
    assert explain(invoice).problems == ()
    assert "Aufwand" in invoice.clauses["Connectavo AGB I 2.1"]


@pytest.mark.clause("Cloudeteer 6(3)")
def test_closing_twice_bills_a_booking_once_and_late_ones_come_with_the_next_month(books: Books) -> None:
    customer(books, CLOUDETEER)
    book(books, work(15, text="rechtzeitig"))
    close(books, "2026-10", "2026-11-02")
    book(books, work(15, text="nachgetragen"))
    close(books, "2026-10", "2026-11-03")
    close(books, "2026-11", "2026-12-01")
    close(books, "2026-11", "2026-12-02")
    close(books, "2026-12", "2027-01-04")
    assert [[text.rpartition(": ")[2] for text, _ in bookings_of(each)] for each in books.invoices()] == [
        ["rechtzeitig"],
        ["nachgetragen"],
        [],
    ]


def test_a_preview_shows_bookings_and_settles_none(books: Books) -> None:
    customer(books, CLOUDETEER)
    ids = book(books, work(15))
    for _ in range(2):
        drafts, problems = preview(books.ledger, run(books, "2026-10", "2026-11-02"), books.recounts("2026-10"))
        assert ([bookings_of(each) for each in drafts], problems) == (
            [[("Arbeit nach Aufwand, 05.10.2026, Senior Consultant: Firewall umgezogen", 3875)]],
            (),
        )
        assert len(drafts[0].timesheet) == 1
    with books.ledger.read() as session:
        assert booked.settlement(session, ids) == []


def test_what_was_taken_back_is_not_billed(books: Books) -> None:
    customer(books, CLOUDETEER)
    first, second = book(books, work(15, text="falsch"), work(15, text="richtig"))
    with books.ledger.write() as session:
        booked.settle(session, [first], None, noon("2026-11-01"), "doppelt erfasst")
    close(books, "2026-10", "2026-11-02")
    (invoice,) = books.invoices()
    assert ids_of(line.item for line in invoice.lines) == [second]


def test_a_booking_taken_back_between_gathering_and_billing_stops_the_close(books: Books) -> None:
    """Another host, which does not share the close's lock, takes it back as soon as the close has read it."""
    customer(books, CLOUDETEER)
    (number,) = book(books, work(15))

    waiting = [number]

    @listens_for(books.ledger.engine, "after_cursor_execute")
    def take_back(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "OUTER JOIN billed_booking" in statement and waiting:
            waiting.clear()
            with books.ledger.write() as session:
                booked.settle(session, [number], None, noon("2026-11-02"), "falsch")

    with pytest.raises(CloseError, match="'k-1' was billed or taken back meanwhile: close again"):
        close(books, "2026-10", "2026-11-02")
    assert books.invoices() == []
    assert close(books, "2026-10", "2026-11-02").state == "closed"
    assert bookings_of(books.invoices()[0]) == []


def test_the_database_refuses_to_settle_a_booking_twice_or_to_change_it(books: Books) -> None:
    customer(books, CLOUDETEER)
    (number,) = book(books, work(15))
    close(books, "2026-10", "2026-11-02")
    with pytest.raises(DBAPIError), books.ledger.write() as session:
        booked.settle(session, [number], None, noon("2026-11-03"), "doch nicht")
    for statement in ("UPDATE booking SET quantity = 1", "DELETE FROM billed_booking", "DELETE FROM booking"):
        with pytest.raises(DBAPIError, match="append-only"), books.ledger.write() as session:
            session.execute(text(statement))


@pytest.mark.parametrize(("ends_on", "runs"), [("2026-09-30", False), ("2026-10-01", True)])
def test_what_an_ended_contract_still_owes_is_billed_by_it(books: Books, ends_on: str, *, runs: bool) -> None:
    """Without a contract in the month the invoice bills nothing but the bookings, for their days."""
    customer(books, CLOUDETEER, ends_on=ends_on)
    book(books, work(15, "2026-09-10", text="erst"), work(15, "2026-09-28", text="dann"))
    report = close(books, "2026-10", "2026-11-02")
    (invoice,) = books.invoices()
    assert (report.state, report.problems, bool(invoice.package)) == ("closed", (), runs)
    assert len(bookings_of(invoice)) == 2
    days = ("2026-10-01", "2026-10-01") if runs else ("2026-09-10", "2026-09-28")
    assert (invoice.period_from.isoformat(), invoice.period_to.isoformat()) == days
    assert (len(invoice.lines) > 2) is runs
    close(books, "2026-11", "2026-12-01")
    assert sum(len(bookings_of(each)) for each in books.invoices()) == 2


@pytest.mark.clause("Cloudeteer 6(1)")
@pytest.mark.parametrize(
    ("minutes", "problems", "lines"),
    [
        (0, ["negative_invoice"], []),
        (
            6 * 60,
            [],
            ["Paket Managed Cloud, Grundpreis, Berichtigung November 2026 -89000", "Arbeit nach Aufwand 93000"],
        ),
    ],
)
def test_what_was_paid_in_advance_for_after_the_end_goes_back(
    books: Books, minutes: int, problems: list[str], lines: list[str]
) -> None:
    """November is paid with October's invoice, and only then the end of October becomes known."""
    customer(books, CLOUDETEER)
    close(books, "2026-10", "2026-11-02")
    books.event("k-1", ContractEvent("terminated", date(2026, 10, 31), noon("2026-11-03")))
    if minutes:
        book(books, work(minutes, "2026-10-30"))
    report = close(books, "2026-11", "2026-12-01")
    assert [each.rule for each in report.problems] == problems
    told = [
        f"{line.text.partition(', 30.')[0]} {line.net_cents}" for each in books.invoices()[1:] for line in each.lines
    ]
    assert sorted(told, reverse=True) == lines
    close(books, "2026-12", "2027-01-04")
    assert len(books.invoices()) == (2 if minutes else 1)
    with books.ledger.read() as session:
        issued = session.exec(select(InvoiceRecord)).all()
        assert [list(rerated(session, shipped(), each)) for each in issued] == [[] for _ in issued]


def test_bookings_wait_while_usage_without_a_contract_parks_the_customer(books: Books) -> None:
    customer(books, CLOUDETEER, ends_on="2026-09-30")
    book(books, work(15, "2026-09-10"))
    books.use("k-1", "2026-10-05", meter="users")
    report = close(books, "2026-10", "2026-11-02")
    assert [each.rule for each in report.problems] == ["usage_without_contract"]
    assert books.invoices() == []


def test_a_credit_above_the_invoice_parks_the_customer_and_nobody_else(books: Books) -> None:
    for key in ("k-1", "k-2"):
        customer(books, CUNIO, key)
    book(books, booking("credit", "2026-10-05", 10**7, CUNIO, clause="SLA; cunio AGB 4.2", text="zu viel"))
    report = close(books, "2026-10", "2026-11-02")
    assert ([each.rule for each in report.problems], report.customers, report.invoices) == (["negative_invoice"], 2, 1)


@pytest.mark.clause("cunio 4.2")
def test_a_credit_is_a_line_that_says_what_its_clause_means(books: Books) -> None:
    customer(books, CUNIO)
    clause = "SLA vom 01.02.2026 Ziffer 3; cunio AGB 4.2"
    book(books, booking("credit", "2026-10-05", 1500, CUNIO, clause=clause, text="Verfügbarkeit 98,2 %"))
    close(books, "2026-10", "2026-11-02")
    (invoice,) = books.invoices()
    assert bookings_of(invoice) == [("Verfügbarkeit 98,2 %", -1500)]
    assert "ausdrücklich vereinbart" in invoice.clauses[clause]
    assert explain(invoice).problems == ()


def order_at_once(books: Books, day: str, today: str, **more: Any) -> Sequence[Any]:
    """An order, invoiced at once; what the ledger says, or why it cannot be."""
    given = booking("order", day, 1, KLUGO, service="beratung-plus", **more)
    with books.ledger.write() as session:
        contract = contract_of(history.contract(session, "k-1"), given.day)
        assert contract is not None
        recorded = booked.add(session, given, "anna", noon(today))
        given_to = run(books, day[:7], today)
        return (
            invoice_order(session, given_to, booked.booking_of(recorded), contract, given_to.terms[KLUGO]),
            recorded.id,
        )


@pytest.mark.clause("KLUGO 8")
def test_an_order_is_invoiced_at_once_and_never_again_with_the_month(books: Books) -> None:
    customer(books, KLUGO)
    for day in ("2026-10-06", "2026-10-06", "2026-10-20"):
        assert order_at_once(books, day, day)[0] is None
    report = close(books, "2026-10", "2026-11-02")
    assert [(each.month, each.period_from, each.gross_cents, each.package) for each in books.invoices()] == [
        ("2026-10", date(2026, 10, 6), 4900, ""),
        ("2026-10", date(2026, 10, 6), 4900, ""),
        ("2026-10", date(2026, 10, 20), 4900, ""),
    ]
    assert (report.customers, report.invoices, report.gross_cents) == (1, 3, 14700)
    first = books.invoices()[0]
    assert (first.net_cents, first.vat_cents, [each.rate for each in first.vat]) == (4118, 782, [Decimal(19)])
    assert first.payment is not None


@pytest.mark.clause("KLUGO 8")
def test_an_order_does_not_stand_in_for_the_months_own_invoice(books: Books) -> None:
    """A contract may still change in a month in which only an order was invoiced, and the month is billed whole."""
    customer(books, CONNECTAVO)
    terms = shipped()[KLUGO]
    given = booking("order", "2026-10-06", 1, KLUGO, service="beratung-plus")
    with books.ledger.write() as session:
        recorded = booked.add(session, given, "anna", noon("2026-10-06"))
        contract = contract_of(history.contract(session, "k-1"), given.day)
        assert contract is not None
        invoice_order(session, run(books, "2026-10", "2026-10-06"), booked.booking_of(recorded), contract, terms)
        assert history.billed_through(session, "k-1") is None
    close(books, "2026-10", "2026-11-02")
    order, month = books.invoices()
    assert (order.package, bool(month.package), bookings_of(month)) == ("", True, [])
    with books.ledger.read() as session:
        assert history.billed_through(session, "k-1") == date(2026, 10, 31)


@pytest.mark.clause("Cloudeteer 6(1)")
def test_an_order_between_does_not_hide_what_was_billed_in_advance(books: Books) -> None:
    """The month's invoice and the order's are of one month; the advance is in one of them."""
    customer(books, CLOUDETEER)
    close(books, "2026-09", "2026-10-01")
    before = books.invoices()[-1]
    given = work(60, "2026-09-30")
    with books.ledger.write() as session:
        recorded = booked.add(session, given, "anna", noon("2026-10-02"))
        contract = contract_of(history.contract(session, "k-1"), given.day)
        assert contract is not None
        given_to = run(books, "2026-09", "2026-10-02")
        invoice_order(session, given_to, booked.booking_of(recorded), contract, given_to.terms[CLOUDETEER])
    close(books, "2026-10", "2026-11-02")
    last = books.invoices()[-1]
    advance = {line.item for line in before.lines if line.first == date(2026, 10, 1)}
    assert advance
    assert [line.text for line in last.lines if line.first == date(2026, 10, 1) and line.item in advance] == []


@pytest.mark.clause("KLUGO 10.3")
def test_a_free_order_has_no_invoice(books: Books) -> None:
    customer(books, KLUGO)
    problem, number = order_at_once(books, "2026-10-06", "2026-10-06", price=Decimal(0))
    close(books, "2026-10", "2026-11-02")
    assert (problem, books.invoices(), number) == (None, [], 1)


def test_an_order_of_who_cannot_be_billed_is_refused_with_the_reason(books: Books) -> None:
    customer(books, KLUGO)
    books.customer("k-1", package="", since="2026-02-01", city="")
    problem, _ = order_at_once(books, "2026-10-06", "2026-10-06")
    assert (problem.rule, problem.message) == ("incomplete_address", "Es fehlt: Ort. Die Kundendaten ergänzen.")


@pytest.mark.parametrize("kind", ["business", "consumer"])
@pytest.mark.parametrize("under", PACKAGES)
@pytest.mark.clause("fluks 1.10")
@pytest.mark.clause("KLUGO 9")
def test_a_consumer_is_billed_only_under_terms_for_everyone(books: Books, under: str, kind: str) -> None:
    customer(books, under)
    books.customer("k-1", package="", since="2026-02-01", kind=kind)
    given = booking("credit", "2026-10-05", 1, under, clause="Vertrag § 4", text="Kulanz")
    book(books, given if under != KLUGO else booking("order", "2026-10-05", 1, KLUGO, service="beratung-plus"))
    report = close(books, "2026-10", "2026-11-02")
    is_parked = kind == "consumer" and under != KLUGO
    assert [each.rule for each in report.problems] == ["consumer_not_allowed"] * is_parked
    assert all("gelten nur für Unternehmen" in each.message for each in report.problems)
    assert (report.state, report.invoices) == (("blocked", 0) if is_parked else ("closed", 1))


@pytest.mark.parametrize(("price", "invoices"), [("0", 0), ("0.004", 0), ("0.005", 1), ("0.01", 1), ("0.02", 1)])
@pytest.mark.clause("KLUGO 10.2")
def test_a_free_month_has_no_invoice_until_an_order_costs_a_cent(books: Books, price: str, invoices: int) -> None:
    customer(books, KLUGO)
    book(books, booking("order", "2026-10-05", 1, KLUGO, service="beratung-plus", price=Decimal(price)))
    report = close(books, "2026-10", "2026-11-02")
    assert (report.state, report.invoices, len(books.invoices())) == ("closed", invoices, invoices)


@pytest.mark.clause("KLUGO 10.2")
@pytest.mark.parametrize("package", ["user-login", "beratung-basic"])
def test_a_free_package_alone_has_no_invoice(books: Books, package: str) -> None:
    books.customer("k-1", package="")
    started = ContractEvent("started", date(2026, 1, 1), noon("2026-01-01"), terms=KLUGO, package=package)
    books.event("k-1", started)
    assert close(books, "2026-10", "2026-11-02").state == "closed"
    assert books.invoices() == []


def bill_in(url: str, folder: Path, *, at_once: bool) -> None:
    """Invoice an order at once, or close the month."""
    with open_books(Ledger(url), folder) as books:
        if at_once:
            order_at_once(books, "2026-10-06", "2026-10-06", reference="A-1")
        close(books, "2026-10", "2026-11-02")


@pytest.mark.parametrize("what", ["close", "order"])
@pytest.mark.parametrize("where", ["before", "behind"])
@pytest.mark.clause("KLUGO 8")
def test_killed_while_billing_and_run_again_a_booking_is_billed_once(
    books: Books, ledger_url: str, tmp_path: Path, where: Where, what: str
) -> None:
    customer(books, KLUGO)
    given = booking("order", "2026-10-06", 1, KLUGO, service="beratung-plus")
    if what == "close":
        book(books, given)
    kill_at(Point(f"invoicing.{what}", "issue", where), partial(bill_in, at_once=what == "order"), ledger_url, tmp_path)
    assert books.invoices() == []
    if what == "order":
        assert order_at_once(books, "2026-10-06", "2026-10-06", reference="A-1")[0] is None
    for _ in range(2):
        close(books, "2026-10", "2026-11-02")
    assert [(each.number, bookings_of(each)) for each in books.invoices()] == [
        ("RE-2026-000001", [("Beratung Plus, 06.10.2026", 4118)])
    ]
