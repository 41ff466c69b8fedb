"""A month of 10,000 customers closed: recount from the journal, counter and ledger; then documents apart."""

import asyncio
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from invoicing import history
from invoicing.contract import ContractEvent
from invoicing.document.invoice_pdf import render_many
from invoicing.ledger import Ledger
from invoicing.records import CustomerVersion
from metering.event import Event
from metering.tally import Tally
from tests.books import Books, debit, noon, open_books

CUSTOMERS, DOCUMENTS = 10_000, 200
MONTHS = {"2026-09": "2026-10-01", "2026-10": "2026-11-02"}
PACKAGES = ("schnupperpaket", "basic-2500", "standard-10000", "premium-50000")
KEYS = [f"k-{number:05}" for number in range(CUSTOMERS)]


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    """SQLite and the embedded Valkey, both on disk; every customer has a contract, a mandate, and usage."""
    folder = tmp_path_factory.mktemp("books")
    ledger = Ledger(f"sqlite:///{folder / 'ledger.db'}")
    ledger.upgrade()
    with open_books(ledger, folder) as opened:
        _sign_up(ledger)
        asyncio.run(_use(opened))
        yield opened
    ledger.close()


def _sign_up(ledger: Ledger) -> None:
    with ledger.write() as session:
        for number, key in enumerate(KEYS):
            session.add(
                CustomerVersion(
                    customer=key,
                    name=f"Kunde {key} GmbH",
                    kind="business",
                    street="Gasse 1",
                    postcode="10115",
                    city="Berlin",
                    country="DE",
                    email=f"{key}@kunde.example",
                    recorded_at=noon("2026-01-01"),
                )
            )
            package = PACKAGES[number % len(PACKAGES)]
            began = date(2026, 1, 1)
            started = ContractEvent("started", began, noon("2026-01-01"), terms="fluks-2023-03", package=package)
            history.record(session, key, started)


async def _use(books: Books) -> None:
    """Every customer uses something on ten days of each month, some more than is included."""
    tally = Tally(books.counter.lanes())
    for month in MONTHS:
        for day in range(1, 31, 3):
            time = noon(f"{month}-{day:02}")
            events = [
                Event(f"{month}-{day}-{key}", key, "trigger", time, "wf-1", None, 1 + number % 90)
                for number, key in enumerate(KEYS)
            ]
            await tally.count(events)
    await tally.close()


@pytest.mark.benchmark(group="close")
def test_close(benchmark: Any, books: Books) -> None:
    months = iter(MONTHS.items())
    payments = {key: debit() for key in KEYS}

    def close_next() -> None:
        month, today = next(months)
        report = books.close(month, today, payments)
        assert (report.state, report.invoices) == ("closed", CUSTOMERS)

    benchmark.pedantic(close_next, rounds=len(MONTHS))
    benchmark.extra_info["items"] = CUSTOMERS


@pytest.mark.benchmark(group="documents")
def test_documents(benchmark: Any, books: Books) -> None:
    invoices = books.invoices()[:DOCUMENTS]
    benchmark.pedantic(lambda: list(render_many(invoices)), rounds=1)
    benchmark.extra_info["items"] = DOCUMENTS
