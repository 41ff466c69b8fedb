from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, StatementError
from sqlmodel import select

from invoicing.billed import last_row, newest, record
from invoicing.ledger import Ledger
from invoicing.records import CustomerVersion, InvoiceRecord, MonthRecord
from metering.month import BillingMonth
from metering.usage import DayCount, Usage

OCTOBER = BillingMonth(2026, 10)
DAYS = (DayCount(date(2026, 10, 5), {"action": 2, "trigger": 1}), DayCount(date(2026, 10, 31), {"connector": 9}))
NOON = datetime(2026, 11, 1, 12, tzinfo=timezone(timedelta(hours=1)))


def customer(name: str, at: datetime = NOON) -> CustomerVersion:
    address: dict[str, Any] = {
        "street": "Gasse 1",
        "postcode": "10115",
        "city": "Berlin",
        "country": "DE",
        "email": "a@b.example",
    }
    return CustomerVersion(customer="k-1", recorded_at=at, name=name, kind="business", **address)


def invoice(number: str = "RE-2026-000001", month: str = "2026-10") -> InvoiceRecord:
    return InvoiceRecord(
        number=number,
        customer="k-1",
        month=month,
        issued_on=date(2026, 11, 1),
        issued_at=NOON,
        net_cents=71760,
        vat_cents=13634,
        gross_cents=85394,
        document="{}",
        sha256="0" * 64,
    )


def test_instants_come_back_as_they_went_in_whatever_the_database(ledger: Ledger) -> None:
    with ledger.write() as session:
        session.add(customer("Müller & Söhne"))
    with ledger.read() as session:
        found = session.exec(select(CustomerVersion)).one()
    assert found.recorded_at == NOON
    assert found.recorded_at.tzinfo is UTC
    assert found.name == "Müller & Söhne"


def test_a_naive_instant_is_refused(ledger: Ledger) -> None:
    with pytest.raises(StatementError, match="needs an offset"), ledger.write() as session:
        session.add(customer("x", at=datetime(2026, 11, 1)))  # noqa: DTZ001 - the mistake under test


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE invoice SET gross_cents = 1",
        "DELETE FROM invoice",
        "UPDATE customer_version SET name = 'x'",
        "UPDATE billed_usage SET counts = '{}'",
        "DELETE FROM billed_usage",
    ],
)
@pytest.mark.clause("§ 146 Abs. 4 AO")
def test_the_database_refuses_to_change_what_was_issued(ledger: Ledger, statement: str) -> None:
    with ledger.write() as session:
        session.add(invoice())
        session.add(customer("Alt"))
        record(session, [Usage("k-1", OCTOBER, DAYS)], NOON, None)
    with pytest.raises(DBAPIError, match="append-only"), ledger.write() as session:
        session.execute(text(statement))
    with ledger.read() as session:
        assert session.exec(select(InvoiceRecord)).one().gross_cents == 85394
        assert session.exec(select(CustomerVersion)).one().name == "Alt"
        assert newest(session, OCTOBER)["k-1"].usage.days == DAYS


def test_the_newest_record_of_what_was_billed_holds_and_knows_whose_bill_it_was(ledger: Ledger) -> None:
    with ledger.write() as session:
        session.add(invoice())
        session.flush()
        record(session, [Usage("k-1", OCTOBER), Usage("typo", OCTOBER, DAYS)], NOON, "RE-2026-000001")
        record(session, [Usage("test", OCTOBER, DAYS), Usage("k-1", OCTOBER.next(), DAYS)], NOON, None)
        record(session, [Usage("k-1", OCTOBER, DAYS)], NOON, None)
    with ledger.read() as session:
        found = newest(session, OCTOBER)
        assert {key: (each.row, each.owner) for key, each in found.items()} == {
            "k-1": (5, "k-1"),
            "typo": (2, "k-1"),
            "test": (3, ""),
        }
        assert [each.usage for each in found.values()] == [Usage(key, OCTOBER, DAYS) for key in found]
        assert newest(session, OCTOBER, ["typo", "nobody"]) == {"typo": found["typo"]}
        assert (newest(session, OCTOBER.previous()), last_row(session)) == ({}, 5)


def test_a_customers_month_has_one_invoice(ledger: Ledger) -> None:
    with ledger.write() as session:
        session.add(invoice("RE-2026-000001"))
    with pytest.raises(DBAPIError), ledger.write() as session:
        session.add(invoice("RE-2026-000002"))


def test_what_fails_leaves_nothing(ledger: Ledger) -> None:
    with pytest.raises(RuntimeError), ledger.write() as session:  # noqa: PT012 - the block is what fails
        session.add(MonthRecord(month="2026-10", state="open", changed_at=NOON))
        session.flush()
        raise RuntimeError
    with ledger.read() as session:
        assert session.exec(select(MonthRecord)).all() == []


def test_several_processes_may_upgrade_at_once(blank_url: str) -> None:
    ledgers = [Ledger(blank_url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(Ledger.upgrade, ledgers))
    with ledgers[0].read() as session:
        assert session.exec(select(MonthRecord)).all() == []
    for each in ledgers:
        each.close()


def test_amounts_beyond_32_bits_are_kept(ledger: Ledger) -> None:
    with ledger.write() as session:
        big = invoice()
        big.gross_cents = 99_999_999_999
        session.add(big)
    with ledger.read() as session:
        assert session.exec(select(InvoiceRecord)).one().gross_cents == 99_999_999_999
