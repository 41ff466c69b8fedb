"""Books to test with: a ledger, a real counter, and sentences for what happens."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from invoicing import history, terms
from invoicing.close import MonthReport, close
from invoicing.contract import ContractEvent
from invoicing.invoice import DirectDebit, Invoice, Party, from_json
from invoicing.issue import Run
from invoicing.ledger import Ledger
from invoicing.records import CustomerVersion, InvoiceRecord
from metering.event import Event
from metering.month import BillingMonth
from metering.redis import Connection, open_redis
from metering.tally import Counted, Tally

SELLER = Party("Klabauter GmbH", "Kai 1", "20457", "Hamburg", "DE", "rechnung@klabauter.example", vat_id="DE999999999")
_ids = count(1)


def noon(day: str) -> datetime:
    """An instant on a day: 12:00 UTC."""
    return datetime.fromisoformat(f"{day}T12:00:00+00:00").astimezone(UTC)


@dataclass
class Books:
    ledger: Ledger
    counter: Connection

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
            Event(each, key, day[:7], f"{meter}:{day[8:]}", "wf-1", None, 1)
            for each in ids or tuple(f"e{next(_ids)}" for _ in range(units))
        ]
        return asyncio.run(self._count(events))

    async def _count(self, events: list[Event]) -> Counted:
        client = self.counter.async_client()
        try:
            return await Tally(client).count(events)
        finally:
            await client.aclose()

    def run(self, month: str, today: str, payments: Mapping[str, DirectDebit] | None = None) -> Run:
        return Run(
            BillingMonth.parse(month), date.fromisoformat(today), noon(today), SELLER, terms.shipped(), payments or {}
        )

    def close(self, month: str, today: str, payments: Mapping[str, DirectDebit] | None = None) -> MonthReport:
        return close(self.ledger, self.counter.client, self.run(month, today, payments))

    def invoices(self) -> list[Invoice]:
        with self.ledger.read() as session:
            query = select(InvoiceRecord).order_by(col(InvoiceRecord.number))
            return [from_json(record.document) for record in session.exec(query)]


@contextmanager
def open_books(ledger: Ledger, folder: Path) -> Iterator[Books]:
    with open_redis("embedded:", folder) as counter:
        yield Books(ledger, counter)


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
