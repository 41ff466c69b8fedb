"""Looking ahead over HTTP: the same figures as the close gives afterwards, and nothing stored."""

from typing import Any

import pytest

from tests.api.running import CUSTOMER, Service
from tests.api.test_cli import told as command_told
from tests.api.test_cli import zaehlwerk

NOTHING = "Es gibt nichts zu berechnen."
TODAY = ("--today", "2026-11-02")


def test_a_preview_says_what_the_close_then_issues(each_service: Service) -> None:
    each_service.customer("k-1", package="schnupperpaket", addons=["forms"])
    each_service.use("k-1", "2026-10-07", *["trigger"] * 501)
    told = each_service.ask("GET", "/v1/customers/k-1/preview?month=2026-10")
    assert (told["number"], told["rule"]) == ("ENTWURF", "")
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
    ("contract", "used", "rule", "says"),
    [
        (None, False, "", NOTHING),
        (None, True, "usage_without_contract", "Nutzung in einem Monat ohne Vertrag"),
        ({"terms": "klugo", "package": "user-login", "starts_on": "2026-10-01"}, False, "", NOTHING),
    ],
)
def test_a_preview_says_why_there_would_be_no_invoice(
    service: Service,
    contract: dict[str, Any] | None,
    used: bool,  # noqa: FBT001
    rule: str,
    says: str,
) -> None:
    service.ask("PUT", "/v1/customers/k-1", CUSTOMER)
    if contract:
        service.ask("POST", "/v1/customers/k-1/contract", contract, expect=201)
    if used:
        service.use("k-1", "2026-10-07", "trigger")
    told = service.ask("GET", "/v1/customers/k-1/preview?month=2026-10")
    assert (told["lines"], told["gross_cents"], told["rule"]) == ([], 0, rule)
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
    assert told["skipped"] == {"2026-08": "kein Vertrag"}
    assert service.ask("GET", "/v1/customers/k-1/what-if?months=1")["months"] == ["2026-10"]
    bigger = service.ask("GET", "/v1/customers/k-1/what-if?months=1&package=basic-5000")
    assert ([each["package"] for each in bigger["options"]], bigger["cheapest"]) == (
        ["basic-2500", "basic-5000"],
        "basic-2500",
    )
    assert "gold" in service.ask("GET", "/v1/customers/k-1/what-if?package=gold", expect=409)["detail"]
    with_forms = service.ask("GET", "/v1/customers/k-1/what-if?months=1&addons=forms")
    assert (with_forms["cents"], with_forms["options"][0]["total_cents"]) == ([25_000], 9_100)
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


def lines(service: Service, *arguments: str, code: int = 0) -> list[str]:
    """What a command prints, each line with its columns apart by one blank."""
    done = zaehlwerk(service.settings.data_dir, *arguments, *TODAY)
    assert (done.returncode, done.stderr) == (code, "")
    return [" ".join(line.split()) for line in done.stdout.splitlines() if line.strip()]


def test_what_came_late_under_an_id_that_was_assigned_is_previewed_too(service: Service) -> None:
    service.customer("k-1", package="schnupperpaket")
    service.use("k-typo", "2026-09-05", *["trigger"] * 501)
    decision = {"reason": "Tippfehler", "assign_to": "k-1"}
    service.ask("POST", "/v1/months/2026-09/unassigned/k-typo", decision, expect=204)
    service.close_month("2026-09")
    service.use("k-typo", "2026-09-06", *["trigger"] * 10)
    told = service.ask("GET", "/v1/customers/k-1/preview?month=2026-10")
    assert [each["net_cents"] for each in told["lines"]] == [6_000, 100]
    service.close_month("2026-10")
    (issued,) = service.ask("GET", "/v1/invoices?month=2026-10")["items"]
    assert issued["net_cents"] == told["net_cents"] == 6_100


def test_a_preview_in_the_terminal(service: Service) -> None:
    service.customer("k-1", package="schnupperpaket")
    service.use("k-1", "2026-10-07", *["trigger"] * 1_501)
    assert lines(service, "preview", "k-1", "--month", "2026-10") == [
        "Vorschau 2026-10 für k-1, 01.10.2026 – 31.10.2026 (nichts davon ist gespeichert)",
        "Leistung Menge Einheit Preis € netto € Grundlage",
        "Paket Schnupperpaket, Grundpreis inklusive 500 Auslöser/Aktionen 1 Monat 60,00 60,00 fluks AGB Anlage 3 § 1",
        "Paket Schnupperpaket, Auslöser/Aktionen über 500 hinaus "
        "1.001 Auslöser/Aktion 0,10 100,10 fluks AGB Anlage 3 § 2",
        "Netto 160,10",
        "Umsatzsteuer 30,42",
        "Rechnungsbetrag 190,52",
    ]
    shown = command_told(service.settings.data_dir, "preview", "k-1", "--month", "2026-10", *TODAY)
    assert (shown["invoice"]["number"], shown["invoice"]["gross_cents"]) == ("ENTWURF", 19_052)
    assert lines(service, "preview", "k-1", "--month", "2026-08") == [NOTHING]
    service.ask("PUT", "/v1/customers/k-1", {**CUSTOMER, "country": "AT"})
    assert lines(service, "preview", "k-1", code=1)[0].startswith("Der Kunde sitzt in AT")


def test_packages_compared_in_the_terminal(service: Service) -> None:
    service.customer("k-1", package="basic-2500")
    service.use("k-1", "2026-10-07", *["trigger"] * 510)
    assert lines(service, "what-if", "k-1", "--package", "schnupperpaket") == [
        "2026-09, 2026-10:",
        "Paket 2026-09 2026-10 Summe netto € Unterschied €",
        "wie gebucht 250,00 250,00 500,00",
        "Schnupperpaket 60,00 61,00 121,00 -379,00",
        "BASIC 2.500 (gebucht) 250,00 250,00 500,00 0,00",
        "ohne 2026-08: kein Vertrag",
        "Am günstigsten: Schnupperpaket.",
    ]
    *_, best = lines(service, "what-if", "k-1", "--package", "basic-5000", "--months", "1")
    assert best == "Das gebuchte Paket ist das günstigste."
    shown = command_told(service.settings.data_dir, "what-if", "k-1", "--addon", "forms", *TODAY)
    assert (shown["cents"], shown["skipped"]) == ([25_000, 25_000], {"2026-08": "kein Vertrag"})


def test_a_dry_run_in_the_terminal_marks_who_is_new_gone_or_parked(service: Service) -> None:
    for key in ("k-1", "k-2", "k-3", "k-4"):
        service.customer(key, package="basic-2500")
    service.close_month("2026-09")
    service.clock.move(hours=1)
    service.ask("PUT", "/v1/customers/k-2", {**CUSTOMER, "country": "AT"})
    service.customer("k-5", package="premium-50000", starts_on="2026-10-01")
    service.use("k-1", "2026-10-07", *["trigger"] * 2_501)
    shown = lines(service, "close", "2026-10", "--dry-run", code=1)
    assert shown[:5] == [
        "customer name net € month before € difference €",
        "k-5 Kunde k-5 GmbH 800.00 800.00 new",
        "k-2 250.00 -250.00 parked",
        "k-1 Kunde k-1 GmbH 250.10 250.00 0.10",
        "2026-10 would have 4 invoices, net 1,550.10 €, gross 1,844.62 €; 2 are as in the month before",
    ]
    assert shown[5].startswith("parked: k-2 [foreign_customer]")
