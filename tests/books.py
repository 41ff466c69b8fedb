"""Books to test with: a ledger, a real counter, and sentences for what happens."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from invoicing import billed, history, terms
from invoicing.close import MonthReport, close
from invoicing.contract import ContractEvent
from invoicing.invoice import DirectDebit, Invoice, from_json
from invoicing.issue import Run
from invoicing.ledger import Ledger
from invoicing.party import Party
from invoicing.records import CustomerVersion, InvoiceRecord, UsageDecision
from invoicing.recounts import Counts, recounts
from metering.event import Event
from metering.journal import Journal
from metering.month import BillingMonth
from metering.redis import Connection, open_redis
from metering.tally import Counted
from metering.usage import read_many
from metering.void import Void, void
from tests.redis_fixtures import counted

SELLER = Party("Klabauter GmbH", "Kai 1", "20457", "Hamburg", "DE", "rechnung@klabauter.example", vat_id="DE999999999")
_ids = count(1)


def noon(day: str) -> datetime:
    """An instant on a day: 12:00 UTC."""
    return datetime.fromisoformat(f"{day}T12:00:00+00:00").astimezone(UTC)


@dataclass
class Books:
    ledger: Ledger
    counter: Connection
    journal: Journal

    def customer(self, key: str, package: str = "standard-10000", since: str = "2026-01-01", **master: str) -> None:
        """A customer with a contract since a day."""
        fields: dict[str, Any] = {
            "name": f"Kunde {key} GmbH",
            "kind": "business",
            "street": "Gasse 1",
            "postcode": "10115",
            "city": "Berlin",
            "country": "DE",
            "email": f"{key}@kunde.example",
        }
        with self.ledger.write() as session:
            session.add(CustomerVersion(customer=key, recorded_at=noon(since), **{**fields, **master}))
            if package:
                started = ContractEvent(
                    "started", date.fromisoformat(since), noon(since), terms="fluks-2023-03", package=package
                )
                history.record(session, key, started)

    def event(self, key: str, event: ContractEvent) -> None:
        with self.ledger.write() as session:
            history.record(session, key, event)

    def use(self, key: str, day: str, units: int = 1, meter: str = "trigger", ids: tuple[str, ...] = ()) -> Counted:
        """A customer's events on a local day."""
        events = [
            Event(each, key, meter, noon(day), "wf-1") for each in ids or tuple(f"e{next(_ids)}" for _ in range(units))
        ]
        return self.count(events)

    def count(self, events: list[Event]) -> Counted:
        """Count events as the reader makes them."""
        return counted(self.counter, events)[0]

    def void(self, key: str, month: str, ids: Sequence[str]) -> None:
        """Events that should never have been counted, taken back."""
        wanted = Void(key, BillingMonth.parse(month), ids, "doppelt ausgeführt", "anna", noon(f"{month}-28"))
        taken, problems = void(self.journal, self.counter.client, wanted)
        assert (len(taken), problems) == (len(ids), [])

    def decide(self, month: str, source: str, target: str | None) -> None:
        """What finance decides about a month's usage of an unknown customer."""
        at = noon(str(BillingMonth.parse(month).next().first_day))
        with self.ledger.write() as session:
            session.add(
                UsageDecision(
                    month=month,
                    customer=source,
                    assigned_to=target,
                    reason="Tippfehler",
                    decided_by="anna",
                    decided_at=at,
                )
            )
            if target is None:
                now = read_many(self.counter.client, [source], BillingMonth.parse(month))
                billed.record(session, now.values(), at, None)

    def run(self, month: str, today: str, payments: Mapping[str, DirectDebit] | None = None) -> Run:
        return Run(
            BillingMonth.parse(month), date.fromisoformat(today), noon(today), SELLER, terms.shipped(), payments or {}
        )

    def close(self, month: str, today: str, payments: Mapping[str, DirectDebit] | None = None) -> MonthReport:
        return close(self.ledger, self.run(month, today, payments), self.recounts(month))

    def recounts(self, month: str) -> Counts:
        """What a close of the month is given to bill."""
        return recounts(self.ledger, self.journal, self.counter.client, BillingMonth.parse(month))

    def invoices(self) -> list[Invoice]:
        with self.ledger.read() as session:
            query = select(InvoiceRecord).order_by(col(InvoiceRecord.number))
            return [from_json(record.document) for record in session.exec(query)]


@contextmanager
def open_books(ledger: Ledger, folder: Path) -> Iterator[Books]:
    with open_redis("embedded:", folder) as counter:
        yield Books(ledger, counter, Journal(str(folder / "journal")))


def close_in(url: str, folder: Path, month: str, today: str) -> None:
    """Close a month in a process of its own."""
    with open_books(Ledger(url), folder) as books:
        books.close(month, today)


def debit(due_on: str = "2026-11-06", **changes: object) -> DirectDebit:
    """A debit as sepa would offer it."""
    offered = DirectDebit(
        due_on=date.fromisoformat(due_on),
        mandate_reference="M-1",
        creditor_id="DE98ZZZ09999999999",
        masked_iban="DE02 **** **** **** **20 51",
        scheme="CORE",
        notice_days=5,
        account_holder="Kunde GmbH",
        clause="fluks AGB 13.3",
    )
    return replace(offered, **changes)  # type: ignore[arg-type]
