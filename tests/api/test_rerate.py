"""Old invoices rated again: from what was recorded when they were issued, whatever was recorded since."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from api.rerated import rerate_month
from api.workplace import open_workplace
from invoicing.history import pinned_terms
from invoicing.invoice import Invoice, from_json, to_json
from invoicing.records import InvoiceRecord
from invoicing.rerate import rerated
from metering.month import BillingMonth
from tests.api.running import CUSTOMER, Service
from tests.api.test_cli import told, zaehlwerk


def again(service: Service, number: str = "RE-2026-000001", **changes: Any) -> list[str]:
    """What is said of an invoice, or of one that was tampered with."""
    with service.ledger.read() as session:
        record = session.get_one(InvoiceRecord, number)
        invoice = replace(from_json(record.document), **changes)
        copy = InvoiceRecord(**{**record.model_dump(), "document": to_json(invoice).decode()})
        return list(rerated(session, pinned_terms(session), copy))


def issued(service: Service, number: str = "RE-2026-000001") -> Invoice:
    with service.ledger.read() as session:
        return from_json(session.get_one(InvoiceRecord, number).document)


def test_what_is_recorded_later_changes_nothing_that_was_billed(each_service: Service) -> None:
    each_service.customer("k-1", package="schnupperpaket", addons=["forms"])
    each_service.use("k-1", "2026-10-07", *["trigger"] * 501)
    each_service.close_month("2026-10")
    assert again(each_service) == []
    each_service.clock.move(days=1)
    each_service.ask("PUT", "/v1/customers/k-1", {**CUSTOMER, "name": "Hausverwaltung Süd GmbH"})
    body = {"effective_on": "2026-11-01", "package": "premium-50000", "remove_addons": ["forms"]}
    each_service.ask("POST", "/v1/customers/k-1/contract/changes", body, expect=201)
    each_service.use("k-1", "2026-10-08", *["action"] * 7)
    assert again(each_service) == []
    each_service.clock.move(days=29)
    each_service.close_month("2026-11")
    late = issued(each_service, "RE-2026-000002")
    assert [(each.kind, each.net_cents) for each in late.lines][-1] == ("late", 70)
    assert again(each_service, "RE-2026-000002") == []
    assert again(each_service) == []


def with_line(invoice: Invoice, place: int, **changes: Any) -> dict[str, Any]:
    lines = list(invoice.lines)
    lines[place] = replace(lines[place], **changes)
    return {"lines": tuple(lines)}


TAMPERED: dict[str, tuple[Callable[[Invoice], dict[str, Any]], str]] = {
    "a cent on a line": (lambda invoice: with_line(invoice, 0, net_cents=6_001), "Position 1"),
    "another quantity": (lambda invoice: with_line(invoice, 1, quantity=Decimal(2)), "Position 2"),
    "another day": (lambda invoice: with_line(invoice, 0, last=date(2026, 10, 30)), "Position 1"),
    "another clause": (lambda invoice: with_line(invoice, 0, clause="fluks AGB 1.2"), "Position 1"),
    "a line less": (lambda invoice: {"lines": invoice.lines[:1]}, "Position 2: berechnet nichts"),
    "a line twice": (lambda invoice: {"lines": (*invoice.lines, invoice.lines[1])}, "nachberechnet nichts"),
    "another sum": (lambda invoice: {"gross_cents": invoice.gross_cents + 1}, "Summen"),
    "another buyer": (lambda invoice: {"buyer": replace(invoice.buyer, city="Bremen")}, "Kundendaten"),
    "other terms": (lambda _: {"terms": "fluks-1999"}, "liegen nicht vor"),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_an_invoice_that_was_tampered_with_is_told(shared: Service, what: str) -> None:
    if not shared.ask("GET", "/v1/invoices")["items"]:
        shared.customer("k-1", package="schnupperpaket")
        shared.use("k-1", "2026-10-07", *["trigger"] * 501)
        shared.close_month("2026-10")
    change, says = TAMPERED[what]
    assert again(shared) == []
    assert any(says in problem for problem in again(shared, **change(issued(shared))))


def test_a_whole_month_is_rated_again(each_service: Service) -> None:
    for key in ("k-1", "k-2", "k-3"):
        each_service.customer(key)
    each_service.close_month("2026-10")
    with open_workplace(each_service.settings, each_service.clock) as work:
        found = rerate_month(work, BillingMonth(2026, 10))
        assert (found.month, found.invoices, found.disagreements) == ("2026-10", 3, ())
        assert rerate_month(work, BillingMonth(2026, 9)).invoices == 0


def test_a_month_in_the_terminal(service: Service) -> None:
    def said(month: str) -> tuple[int, str]:
        done = zaehlwerk(service.settings.data_dir, "rerate", month)
        return done.returncode, " ".join(done.stdout.split())

    for key in ("k-1", "k-2"):
        service.customer(key, package="schnupperpaket")
    service.close_month("2026-10")
    assert said("2026-09") == (0, "2026-09: 0 Rechnungen nachberechnet, alle gleich")
    assert said("2026-10") == (0, "2026-10: 2 Rechnungen nachberechnet, alle gleich")
    with service.ledger.write() as session:
        session.execute(text("DROP TRIGGER contract_event_no_update"))
        session.execute(text("UPDATE contract_event SET package = 'basic-2500' WHERE customer = 'k-2'"))
    code, words = said("2026-10")
    assert code == 1
    assert words.startswith("RE-2026-000002 k-2: Position 1: berechnet „Paket Schnupperpaket")
    assert "nachberechnet „Paket BASIC 2.500" in words
    assert words.endswith("2026-10: 2 Rechnungen nachberechnet, 1 davon anders")
    shown = told(service.settings.data_dir, "rerate", "2026-10", code=1)
    assert (shown["invoices"], [each["invoice"] for each in shown["disagreements"]]) == (2, ["RE-2026-000002"])
