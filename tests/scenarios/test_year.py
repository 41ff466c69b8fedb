"""A contract's first year on the real close, its clock moved by hand: what happens when, and what each invoice says.

Every line begins with the moment at which it happens. Events go through the reader into the counter, so each finds its
month and its day by its own instant, at both sides of local midnights and of the changes of the clock.
"""

import json
from collections.abc import Iterator
from datetime import date, datetime
from itertools import count
from pathlib import Path

import pytest

from invoicing.contract import ContractEvent, check_change, check_start, check_termination, lives
from invoicing.history import billed_through
from invoicing.invoice import Invoice
from invoicing.ledger import Ledger
from invoicing.money import german_amount
from invoicing.terms import Terms, find
from metering.event import Reader, Window
from metering.month import BillingMonth
from sepa.mandate import AgreedNotice, DebitPolicy, Mandate, plan
from tests.books import Books, noon, open_books

KEY = "k-1007"
YEAR = """
2026-02-17                 | signs  | schnupperpaket
2026-02-18T00:30:00+01:00  | uses   |    400 trigger    | the night after, still the 17th in UTC
2026-02-28T22:59:59.999Z   | uses   |    101 action     | the last millisecond of February
2026-02-28T23:00:00Z       | uses   |      1 trigger    | the first of March
2026-03-02                 | closes | 2026-02: RE-2026-000001   501     60,10     71,52  2026-03-09
2026-03-29T01:59:59+01:00  | uses   |    250 trigger    | the last second before the clock goes forward
2026-03-29T03:00:00+02:00  | uses   |    248 action     | the next one
2026-03-31T21:59:59.999Z   | uses   |      1 action     | the last millisecond of March
2026-03-31T22:00:00Z       | uses   |      7 trigger    | the first of April
2026-04-01                 | closes | 2026-03: RE-2026-000002   500     60,00     71,40  2026-04-07
2026-04-10                 | agrees | from 2026-05: package basic-2500
2026-05-04                 | closes | 2026-04: RE-2026-000003     7     60,00     71,40  2026-05-11
2026-05-15                 | agrees | from 2026-06: add forms
2026-05-20T12:00:00Z       | uses   |   2501 action     | one more than the new package includes
2026-06-01                 | closes | 2026-05: RE-2026-000004  2501    250,10    297,62  2026-06-08
2026-06-20                 | agrees | from 2026-07: package standard-10000
2026-07-01                 | closes | 2026-06: RE-2026-000005     0    280,00    333,20  2026-07-06
2026-07-16T12:00:00Z       | uses   |  12345 trigger    | the example of the price list
2026-08-03                 | closes | 2026-07: RE-2026-000006 12345    717,60    853,94  2026-08-10
2026-08-20                 | agrees | from 2026-09: remove forms
2026-08-31T21:59:59.999Z   | uses   |  10000 action     | all that is included, at the last moment
2026-08-31T22:00:00Z       | uses   |      1 action     | the first of September
2026-09-01                 | closes | 2026-08: RE-2026-000007 10000    530,00    630,70  2026-09-07
2026-10-01                 | closes | 2026-09: RE-2026-000008     1    500,00    595,00  2026-10-06
2026-10-15                 | agrees | from 2026-11: package premium-50000
2026-10-25T02:30:00+02:00  | uses   |   6000 trigger    | in the hour that comes twice
2026-10-25T02:30:00+01:00  | uses   |   4000 action     | in the same hour, an hour later
2026-10-31T22:59:59.999Z   | uses   |      1 action     | the last millisecond of October
2026-10-31T23:00:00Z       | uses   |      5 trigger    | the first of November
2026-11-02                 | closes | 2026-10: RE-2026-000009 10001    500,08    595,10  2026-11-09
2026-12-15                 | ends   | 2027-01-31
2026-12-21                 | closes | 2026-11: RE-2026-000010     5    800,00    952,00  2026-12-28
2026-12-31T22:59:59.999Z   | uses   |  50000 trigger    | the last millisecond of the year
2026-12-31T23:00:00Z       | uses   |  50001 trigger    | the first of January
2027-01-04                 | closes | 2026-12: RE-2027-000001 50000    800,00    952,00  2027-01-11
2027-02-01                 | closes | 2027-01: RE-2027-000002 50001    800,05    952,06  2027-02-08
2027-03-01                 | closes | 2027-02: nothing
"""


class Year:
    """One customer's year, line by line; nothing happens before its moment, and time never goes back."""

    def __init__(self, books: Books, terms: Terms) -> None:
        self.books, self.terms = books, terms
        self.reader = Reader(terms.meters)
        self.events: list[ContractEvent] = []
        self.now = noon("2026-02-01")
        self._ids = count(1)

    def tell(self, line: str) -> None:
        moment, verb, what = (cell.strip() for cell in line.split("|")[:3])
        self.now = datetime.fromisoformat(moment) if "T" in moment else noon(moment)
        verbs = {
            "signs": self.signs,
            "uses": self.uses,
            "agrees": self.agrees,
            "ends": self.ends,
            "closes": self.closes,
        }
        verbs[verb](what)

    @property
    def today(self) -> date:
        return self.now.date()

    def _record(self, event: ContractEvent) -> None:
        self.events.append(event)
        self.books.event(KEY, event)

    def _billed_through(self) -> date | None:
        with self.books.ledger.read() as session:
            return billed_through(session, KEY)

    def signs(self, package: str) -> None:
        self.books.customer(KEY, package="", since=self.today.isoformat())
        event = ContractEvent("started", self.today, self.now, terms=self.terms.id, package=package)
        check_start(self.events, lives([event])[0].start, self.terms, None)
        self._record(event)

    def agrees(self, what: str) -> None:
        month, _, change = what.removeprefix("from ").partition(": ")
        kind, _, key = change.partition(" ")
        event = ContractEvent(
            "changed",
            BillingMonth.parse(month).first_day,
            self.now,
            package=key if kind == "package" else None,
            add_addons=(key,) if kind == "add" else (),
            remove_addons=(key,) if kind == "remove" else (),
        )
        check_change(self.events, event, self.terms, self._billed_through(), self.today)
        self._record(event)

    def ends(self, expected: str) -> None:
        ends_on = check_termination(self.events, self.today, self.terms).ends_on
        assert ends_on.isoformat() == expected
        self._record(ContractEvent("terminated", ends_on, self.now, received_on=self.today))

    def uses(self, what: str) -> None:
        """An event of so many units, posted twice, as a sender does who missed the answer."""
        units, meter = what.split()
        event = {"id": f"e-{next(self._ids)}", "customer": KEY, "type": meter, "quantity": int(units)}
        body = json.dumps(event | {"time": self.now.isoformat()}).encode()
        events, refused = self.reader.read("application/json", body, Window.at(self.now, 35, 5))
        assert refused == []
        assert [self.books.count(events).accepted, self.books.count(events).accepted] == [1, 0]

    def closes(self, what: str) -> None:
        month, _, expected = what.partition(": ")
        before = len(self.books.invoices())
        days = self.terms.rules.prenotification_days
        assert days
        agreed = AgreedNotice(days.value, "fluks AGB 13.3")
        payments = {KEY: plan(MANDATE, self.today, agreed, POLICY)}
        report = self.books.close(month, self.today.isoformat(), payments)
        assert (report.state, report.problems) == ("closed", ()), month
        issued = self.books.invoices()[before:]
        assert [printed(each) for each in issued] == ([] if expected == "nothing" else [expected.split()]), month


POLICY = DebitPolicy("DE98ZZZ09999999999", notice_days=14, lead_days=1, horizon_days=14)
MANDATE = Mandate(
    id=1,
    customer=KEY,
    reference="M-1007",
    scheme="CORE",
    signed_on=date(2026, 2, 17),
    masked_iban="DE02 **** **** **** **20 51",
    account_holder="Kunde k-1007 GmbH",
    notice_days=None,
    last_due_on=None,
)


def printed(invoice: Invoice) -> list[str]:
    """Number, units used, net, gross and due date, as the table has them."""
    assert invoice.payment
    net, gross = german_amount(invoice.net_cents), german_amount(invoice.gross_cents)
    return [invoice.number, str(invoice.usage.used), net, gross, invoice.payment.due_on.isoformat()]


@pytest.fixture
def books(ledger: Ledger, tmp_path: Path) -> Iterator[Books]:
    with open_books(ledger, tmp_path) as opened:
        yield opened


@pytest.mark.clause("fluks Anlage 3 §1")
@pytest.mark.clause("fluks Anlage 3 §2")
@pytest.mark.clause("fluks Anlage 3 fn 2")
@pytest.mark.clause("fluks 13.3")
@pytest.mark.clause("fluks 16.1")
@pytest.mark.clause("fluks 5.2")
def test_a_contracts_first_year_on_the_real_close(books: Books) -> None:
    year = Year(books, find("fluks-2023-03"))
    for line in YEAR.strip().splitlines():
        before = year.now
        year.tell(line)
        assert year.now >= before, f"time went back: {line}"

    assert counted(books, "2026-02") == {"18": (400, 0), "28": (0, 101)}
    assert counted(books, "2026-03") == {"01": (1, 0), "29": (250, 248), "31": (0, 1)}
    assert counted(books, "2026-10") == {"25": (6000, 4000), "31": (0, 1)}
    first = books.invoices()[0]
    assert (first.period_from, first.period_to) == (date(2026, 2, 17), date(2026, 2, 28))


def counted(books: Books, month: str) -> dict[str, tuple[int, int]]:
    """Triggers and actions of each day with usage, as the month's invoice states them."""
    (invoice,) = (each for each in books.invoices() if each.month == month)
    days = {f"{day:%d}": (counts.get("trigger", 0), counts.get("action", 0)) for day, counts in invoice.usage.days}
    return {day: counts for day, counts in days.items() if any(counts)}
