"""A consumer withdraws from an order: what the service answers, before anybody pays anything back."""

from typing import Any

import pytest

from tests.api.running import CUSTOMER, MANDATE, Service

KLUGO = {"terms": "klugo", "package": "user-login", "starts_on": "2026-10-15"}


def ordered(service: Service, key: str, kind: str = "consumer") -> str:
    """The number of the invoice of an order of 2 November 2026, at 49.00 euro."""
    service.ask("PUT", f"/v1/customers/{key}", {**CUSTOMER, "kind": kind})
    service.ask("PUT", f"/v1/customers/{key}/mandate", MANDATE)
    service.ask("POST", f"/v1/customers/{key}/contract", KLUGO, expect=201)
    order = service.ask("POST", f"/v1/customers/{key}/orders", {"service": "beratung-plus"}, expect=201)
    return str(order["invoice"])


def answer(service: Service, number: str, expect: int = 200, **query: object) -> Any:
    asked = {"received_on": query["sent_on"], **query}
    found = service.finance.get(f"/v1/invoices/{number}/withdrawal", params=asked)  # type: ignore[arg-type]
    assert found.status_code == expect, found.text
    return found.json()


@pytest.mark.clause("KLUGO 9.1")
@pytest.mark.parametrize(
    ("query", "keep", "back", "refund_by"),
    [
        ({"sent_on": "2026-11-16"}, 0, 4900, "2026-11-30"),
        ({"sent_on": "2026-11-16", "rendered": 1, "total": 3, "begun_at_request": True}, 1633, 3267, "2026-11-30"),
        ({"sent_on": "2026-11-16", "rendered": 1, "total": 3}, 0, 4900, "2026-11-30"),
        ({"sent_on": "2026-11-16", "rendered": 3, "total": 3, "begun_at_request": True}, 4900, 0, "2026-11-30"),
        ({"sent_on": "2026-11-16", "received_on": "2026-11-18"}, 0, 4900, "2026-12-02"),
    ],
)
def test_a_withdrawal_in_time(shared: Service, query: dict[str, Any], keep: int, back: int, refund_by: str) -> None:
    number = shared.ask("GET", "/v1/invoices?customer=k-in-time")["items"]
    known = number[0]["number"] if number else ordered(shared, "k-in-time")
    told = answer(shared, known, told_on="2026-11-02", **query)
    assert (told["allowed"], told["last_day"]) == (True, "2026-11-16")
    assert (told["keep_cents"], told["refund_cents"], told["refund_by"]) == (keep, back, refund_by)
    assert (told["offset_cents"], told["transfer_cents"], told["means"]) == (back, 0, "direct_debit")
    paid = answer(shared, known, told_on="2026-11-02", paid=True, **query)
    assert (paid["offset_cents"], paid["transfer_cents"], paid["means"]) == (0, back, "bank_transfer")


@pytest.mark.clause("KLUGO 9.1")
def test_a_withdrawal_too_late_or_of_a_business(shared: Service) -> None:
    number = ordered(shared, "k-late")
    late = answer(shared, number, told_on="2026-11-02", sent_on="2026-11-17")
    assert (late["allowed"], late["refund_cents"]) == (False, 0)
    assert "verspätet" in late["why"]
    untold = answer(shared, number, sent_on="2027-11-16")
    assert (untold["allowed"], untold["last_day"]) == (True, "2027-11-16")
    business = answer(shared, ordered(shared, "k-firm", "business"), sent_on="2026-11-02")
    assert (business["allowed"], business["last_day"]) == (False, None)


@pytest.mark.clause("KLUGO 9")
def test_who_ordered_as_a_consumer_stays_one_for_that_order(service: Service) -> None:
    number = ordered(service, "k-1")
    service.clock.move(minutes=1)
    service.ask("PUT", "/v1/customers/k-1", {**CUSTOMER, "kind": "business"})
    assert answer(service, number, told_on="2026-11-02", sent_on="2026-11-16")["allowed"] is True


def test_a_question_that_cannot_be_answered_says_why(service: Service) -> None:
    number = ordered(service, "k-1")
    assert answer(service, number, 422, sent_on="2026-11-02", rendered=2)["errors"][0]["field"] == "rendered"
    assert answer(service, number, 422, sent_on="gestern")["errors"][0]["field"] == "sent_on"
    answer(service, "RE-2026-000099", 404, sent_on="2026-11-02")
    service.customer("k-2")
    service.close_month("2026-10")
    monthly = service.ask("GET", "/v1/invoices?customer=k-2")["items"][0]["number"]
    assert "order" in answer(service, monthly, 409, sent_on="2026-11-02")["detail"]
