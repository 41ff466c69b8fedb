"""Looking ahead over HTTP: the same figures as the close gives afterwards, and nothing stored."""

from typing import Any

import pytest

from tests.api.running import CUSTOMER, Service


def test_a_preview_says_what_the_close_then_issues(each_service: Service) -> None:
    each_service.customer("k-1", package="schnupperpaket", addons=["forms"])
    each_service.use("k-1", "2026-10-07", *["trigger"] * 501)
    told = each_service.ask("GET", "/v1/customers/k-1/preview?month=2026-10")
    assert (told["month"], told["period_from"], told["period_to"]) == ("2026-10", "2026-10-01", "2026-10-31")
    assert [(each["net_cents"], each["clause"]) for each in told["lines"]] == [
        (6_000, "fluks AGB Anlage 3 § 1"),
        (10, "fluks AGB Anlage 3 § 2"),
        (3_000, "fluks AGB Anlage 3 § 3"),
    ]
    assert told["lines"][1]["formula"] == "501 genutzt − 500 enthalten = 1 × 0,10 € = 0,10 €"
    assert each_service.ask("GET", "/v1/invoices")["items"] == []
    each_service.close_month("2026-10")
    (issued,) = each_service.ask("GET", "/v1/invoices")["items"]
    assert [told[name] for name in ("net_cents", "vat_cents", "gross_cents")] == [
        issued[name] for name in ("net_cents", "vat_cents", "gross_cents")
    ]
    again = each_service.ask("GET", "/v1/customers/k-1/preview?month=2026-10", expect=409)
    assert "RE-2026-000001" in again["detail"]


def test_the_running_month_is_previewed_as_it_is_so_far(service: Service) -> None:
    service.customer("k-1", package="schnupperpaket")
    service.use("k-1", "2026-11-01", *["trigger"] * 500)
    assert service.ask("GET", "/v1/customers/k-1/preview")["net_cents"] == 6_000
    service.use("k-1", "2026-11-02", "action")
    told = service.ask("GET", "/v1/customers/k-1/preview")
    assert (told["month"], told["net_cents"]) == ("2026-11", 6_010)
    assert service.ask("GET", "/v1/invoices")["items"] == []


@pytest.mark.parametrize(
    ("contract", "used", "says"),
    [
        (None, False, "Es gibt nichts zu berechnen."),
        (None, True, "Nutzung in einem Monat ohne Vertrag"),
        ({"terms": "klugo", "package": "user-login", "starts_on": "2026-10-01"}, False, "Es gibt nichts zu berechnen."),
    ],
)
def test_a_preview_says_why_there_would_be_no_invoice(
    service: Service,
    contract: dict[str, Any] | None,
    used: bool,  # noqa: FBT001
    says: str,
) -> None:
    service.ask("PUT", "/v1/customers/k-1", CUSTOMER)
    if contract:
        service.ask("POST", "/v1/customers/k-1/contract", contract, expect=201)
    if used:
        service.use("k-1", "2026-10-07", "trigger")
    told = service.ask("GET", "/v1/customers/k-1/preview?month=2026-10")
    assert (told["lines"], told["gross_cents"]) == ([], 0)
    assert told["why_not"].startswith(says)


def test_the_cheapest_package_for_the_last_months(service: Service) -> None:
    service.customer("k-1", package="basic-2500")
    service.use("k-1", "2026-10-07", *["trigger"] * 510)
    told = service.ask("GET", "/v1/customers/k-1/what-if")
    assert (told["months"], told["cents"], told["cheapest"]) == (
        ["2026-09", "2026-10"],
        [25_000, 25_000],
        "schnupperpaket",
    )
    best, booked = told["options"][:2]
    assert (best["cents"], best["difference_cents"]) == ([6_000, 6_100], -37_900)
    assert (booked["package"], booked["is_current"], booked["difference_cents"]) == ("basic-2500", True, 0)
    assert service.ask("GET", "/v1/customers/k-1/what-if?months=1")["months"] == ["2026-10"]
    with_forms = service.ask("GET", "/v1/customers/k-1/what-if?months=1&addons=forms")
    assert (with_forms["cents"], with_forms["options"][0]["total_cents"]) == ([28_000], 9_100)
    assert "fax" in service.ask("GET", "/v1/customers/k-1/what-if?addons=fax", expect=409)["detail"]
    service.refused("GET", "/v1/customers/k-1/what-if?months=0", None, "months")
    service.ask("PUT", "/v1/customers/k-2", CUSTOMER)
    assert "no contract" in service.ask("GET", "/v1/customers/k-2/what-if", expect=409)["detail"]
    service.ask("GET", "/v1/customers/k-9/what-if", expect=404)


def test_a_dry_run_says_how_the_month_differs_from_the_one_before(service: Service) -> None:
    for key in ("k-1", "k-2", "k-3"):
        service.customer(key, package="schnupperpaket")
    service.close_month("2026-09")
    body = {"effective_on": "2026-10-01", "package": "basic-2500"}
    service.ask("POST", "/v1/customers/k-2/contract/changes", body, expect=201)
    service.use("k-3", "2026-10-07", *["trigger"] * 501)
    service.customer("k-4", starts_on="2026-10-01")
    told = service.ask("POST", "/v1/months/2026-10/close", {"dry_run": True}, expect=202)
    assert [(each["customer"], each["difference_cents"]) for each in told["differences"]] == [
        ("k-4", 50_000),
        ("k-2", 19_000),
        ("k-3", 10),
    ]
    assert (told["differences"][0]["before_cents"], told["differences_left_out"]) == (None, 0)
    assert service.ask("GET", "/v1/months/2026-10")["state"] == "open"


def test_assigned_usage_is_part_of_what_is_previewed(service: Service) -> None:
    service.customer("k-1", package="schnupperpaket")
    service.use("k-typo", "2026-10-07", *["trigger"] * 501)
    decision = {"reason": "Tippfehler", "assign_to": "k-1"}
    service.ask("POST", "/v1/months/2026-10/unassigned/k-typo", decision, expect=204)
    assert service.ask("GET", "/v1/customers/k-1/preview?month=2026-10")["net_cents"] == 6_010
    assert service.ask("GET", "/v1/customers/k-1/what-if?months=1")["cents"] == [6_010]
