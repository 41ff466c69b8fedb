"""Customers, mandates and contracts as finance and the engine meet them."""

from datetime import date
from typing import Any

import pytest

from api.usage import continued
from invoicing.contract import Contract
from invoicing.contract.parts import whole
from metering.month import BillingMonth
from metering.usage import DayCount, Usage
from tests.api.running import CONTRACT, CUSTOMER, IBAN, MANDATE, Service


def test_a_customer_is_put_shown_and_listed(each_service: Service) -> None:
    each_service.ask("PUT", "/v1/customers/k-1", CUSTOMER)
    shown = each_service.ask("GET", "/v1/customers/k-1")
    assert shown == {
        **CUSTOMER,
        "customer": "k-1",
        "vat_id": "",
        "buyer_reference": "",
        "recorded_at": "2026-11-02T09:00:00Z",
    }
    assert each_service.ask("GET", "/v1/customers") == {"items": [shown], "next_cursor": None}


def test_the_same_put_again_changes_nothing(service: Service) -> None:
    first = service.ask("PUT", "/v1/customers/k-1", CUSTOMER)
    service.clock.move(days=1)
    assert service.ask("PUT", "/v1/customers/k-1", CUSTOMER) == first
    assert service.actions() == ["customer.recorded"]
    moved = service.ask("PUT", "/v1/customers/k-1", {**CUSTOMER, "city": "Bremen"})
    assert moved["recorded_at"] == "2026-11-03T09:00:00Z"
    assert service.audit()[0]["details"] == {"fields": ["city"]}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "A\nB"}, "name"),
        ({"name": "A\x00B"}, "name"),
        ({"name": None}, "name"),
        ({"kind": "firma"}, "kind"),
        ({"country": "Deutschland"}, "country"),
        ({"country": "de"}, "country"),
        ({"email": "nord.example"}, "email"),
        ({"email": "a@b\nBcc: c@d"}, "email"),
        ({"vat_id": "x" * 201}, "vat_id"),
        ({"strasse": "Deichweg 7"}, "strasse"),
    ],
)
def test_wrong_master_data_are_refused_by_name(shared: Service, changes: dict[str, Any], field: str) -> None:
    shared.refused("PUT", "/v1/customers/k-bad", {**CUSTOMER, **changes}, field)


@pytest.mark.parametrize("field", CUSTOMER)
def test_every_missing_field_is_named(shared: Service, field: str) -> None:
    shared.refused("PUT", "/v1/customers/k-bad", {k: v for k, v in CUSTOMER.items() if k != field}, field)


@pytest.mark.parametrize("key", ["-k", "k%20", "k%00", "x" * 65, "k%C3%A4", "k%0A"])
def test_an_id_that_events_could_not_carry_is_refused(shared: Service, key: str) -> None:
    shared.refused("PUT", f"/v1/customers/{key}", CUSTOMER, "customer")


def test_customers_are_listed_page_by_page(service: Service) -> None:
    for key in ("k-3", "k-1", "k-2"):
        service.ask("PUT", f"/v1/customers/{key}", CUSTOMER)
    first = service.ask("GET", "/v1/customers?limit=2")
    rest = service.ask("GET", f"/v1/customers?limit=2&cursor={first['next_cursor']}")
    assert [each["customer"] for page in (first, rest) for each in page["items"]] == ["k-1", "k-2", "k-3"]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "cursor=", "cursor=%00", "cursor=%F0%9F"])
def test_a_page_that_cannot_be_is_refused(shared: Service, query: str) -> None:
    shared.refused("GET", f"/v1/customers?{query}", None, query.partition("=")[0])


def test_a_mandate_is_recorded_once_and_shown_masked(each_service: Service) -> None:
    each_service.customer("k-1", mandate=False)
    first = each_service.ask("PUT", "/v1/customers/k-1/mandate", MANDATE)
    assert first == each_service.ask("PUT", "/v1/customers/k-1/mandate", MANDATE)
    assert first == each_service.ask("GET", "/v1/customers/k-1/mandate")
    assert (first["reference"], first["account_holder"]) == ("k-1-1", "Kunde k-1 GmbH")
    assert IBAN not in first["iban"].replace(" ", "")
    assert each_service.actions().count("mandate.recorded") == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"iban": "DE02120300000000202052"}, "iban"),
        ({"iban": "DE0212030000000020205"}, "iban"),
        ({"iban": "US02120300000000202051"}, "iban"),
        ({"iban": "nix"}, "iban"),
        ({"bic": "KLABAUTER"}, "bic"),
        ({"reference": "Mandat Ä"}, "reference"),
        ({"reference": "x" * 36}, "reference"),
        ({"scheme": "COR1"}, "scheme"),
        ({"signed_on": "01.09.2026"}, "signed_on"),
        ({"signed_on": "2026-02-30"}, "signed_on"),
        ({"signed_on": "9999-12-31"}, "signed_on"),
        ({"prenotification_days": 0}, "prenotification_days"),
        ({"prenotification_days": 91}, "prenotification_days"),
        ({"prenotification_days": 10**30}, "prenotification_days"),
    ],
)
def test_a_broken_mandate_is_refused_by_name(shared: Service, changes: dict[str, Any], field: str) -> None:
    shared.ask("PUT", "/v1/customers/k-m", CUSTOMER)
    message = shared.refused("PUT", "/v1/customers/k-m/mandate", {**MANDATE, **changes}, field)
    assert IBAN not in message


@pytest.mark.parametrize("days", [1, 5, 90, None])
def test_notice_may_be_agreed_on_the_mandate(shared: Service, days: int | None) -> None:
    shared.ask("PUT", "/v1/customers/k-n", CUSTOMER)
    body = {**MANDATE, "prenotification_days": days}
    assert shared.ask("PUT", "/v1/customers/k-n/mandate", body)["prenotification_days"] == days


@pytest.mark.clause("fluks 1.10")
def test_a_consumer_has_no_b2b_mandate_whichever_comes_first(shared: Service) -> None:
    shared.ask("PUT", "/v1/customers/k-c", {**CUSTOMER, "kind": "consumer"})
    assert "CORE" in shared.refused("PUT", "/v1/customers/k-c/mandate", {**MANDATE, "scheme": "B2B"}, "scheme")
    shared.ask("PUT", "/v1/customers/k-c/mandate", MANDATE)
    shared.ask("PUT", "/v1/customers/k-b", CUSTOMER)
    shared.ask("PUT", "/v1/customers/k-b/mandate", {**MANDATE, "scheme": "B2B"})
    shared.refused("PUT", "/v1/customers/k-b", {**CUSTOMER, "kind": "consumer"}, "kind")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "", None, 404),
        ("GET", "/mandate", None, 404),
        ("GET", "/contract", None, 404),
        ("PUT", "/mandate", MANDATE, 404),
        ("POST", "/contract", CONTRACT, 404),
        ("POST", "/contract/changes", {"effective_on": "2026-12-01", "package": "basic-2500"}, 404),
        ("POST", "/contract/termination", {"received_on": "2026-12-15"}, 404),
        ("GET", "/usage/2026-10", None, 200),
        ("GET", "/entitlement", None, 200),
    ],
)
def test_an_unknown_customer_is_said_to_be_so(
    shared: Service, method: str, path: str, body: dict[str, Any] | None, status: int
) -> None:
    answer = shared.ask(method, f"/v1/customers/k-unknown{path}", body, expect=status)
    if status == 404:
        assert "k-unknown" in answer["detail"]


def test_a_contract_starts_once(each_service: Service) -> None:
    each_service.customer("k-1", contract=False)
    started = each_service.ask("POST", "/v1/customers/k-1/contract", {**CONTRACT, "addons": ["forms"]}, expect=201)
    assert started == {
        "customer": "k-1",
        "terms": "fluks-2023-03",
        "package": "standard-10000",
        "addons": ["forms"],
        "starts_on": "2026-09-01",
        "ends_on": None,
        "trial_ends_on": None,
        "term_months": None,
        "term_ends_on": None,
        "prices": {},
        "prepaid": False,
    }
    again = each_service.ask("POST", "/v1/customers/k-1/contract", {**CONTRACT, "addons": ["forms"]}, expect=201)
    assert again == started == each_service.ask("GET", "/v1/customers/k-1/contract")
    assert each_service.actions().count("contract.started") == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"terms": "fluks-1999"}, "terms"),
        ({"package": "gold"}, "package"),
        ({"addons": ["fax"]}, "addons"),
        ({"starts_on": "2026-9-1"}, "starts_on"),
        ({"starts_on": 0}, "starts_on"),
        ({"starts_on": "1767225600"}, "starts_on"),
        ({"starts_on": "9999-12-31"}, "starts_on"),
        ({"starts_on": "1969-12-31"}, "starts_on"),
        ({"price": 1}, "price"),
    ],
)
def test_a_contract_that_cannot_be_is_refused_by_name(shared: Service, changes: dict[str, Any], field: str) -> None:
    shared.customer("k-x", mandate=False, contract=False)
    shared.refused("POST", "/v1/customers/k-x/contract", {**CONTRACT, **changes}, field)


def test_a_second_contract_is_refused_while_one_runs(shared: Service) -> None:
    shared.customer("k-two", mandate=False)
    shared.refused("POST", "/v1/customers/k-two/contract", {**CONTRACT, "starts_on": "2026-12-01"}, "starts_on")


@pytest.mark.clause("fluks 13.1")
@pytest.mark.parametrize(
    ("day", "says"),
    [
        ("2026-12-02", "choose 2027-01-01"),
        ("2026-12-31", "choose 2027-01-01"),
        ("2026-08-01", "choose 2026-10-01"),
        ("2099-12-31", "choose 2100-01-01"),
    ],
)
def test_a_change_on_another_day_names_the_next_possible_one(shared: Service, day: str, says: str) -> None:
    shared.customer("k-day", mandate=False)
    body = {"effective_on": day, "package": "premium-50000"}
    assert says in shared.refused("POST", "/v1/customers/k-day/contract/changes", body, "effective_on")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"package": "gold"}, "package"),
        ({}, "package"),
        ({"package": "standard-10000"}, "package"),
        ({"add_addons": ["fax"]}, "add_addons"),
        ({"remove_addons": ["forms"]}, "remove_addons"),
        ({"addons": ["forms"]}, "addons"),
    ],
)
def test_a_change_that_cannot_be_is_refused_by_name(shared: Service, changes: dict[str, Any], field: str) -> None:
    shared.customer("k-ch", mandate=False)
    shared.refused("POST", "/v1/customers/k-ch/contract/changes", {"effective_on": "2026-12-01", **changes}, field)


def test_a_change_is_made_once_unless_it_was_undone(service: Service) -> None:
    """Sent again it does nothing; sent again after it was taken back it is a new decision."""
    service.customer("k-1", mandate=False)

    def change(package: str) -> str:
        body = {"effective_on": "2026-12-01", "package": package}
        answer = service.ask("POST", "/v1/customers/k-1/contract/changes", body, expect=201)
        return str(answer["package"])

    wanted = ["premium-50000", "premium-50000", "basic-2500", "premium-50000", "premium-50000"]
    assert [change(package) for package in wanted] == wanted
    assert service.actions().count("contract.changed") == 3
    assert service.ask("GET", "/v1/customers/k-1/contract?on=2026-12-01")["package"] == "premium-50000"


def test_the_past_is_shown_as_it_was_known(service: Service) -> None:
    service.customer("k-1", mandate=False)
    service.clock.move(days=1)
    body = {"effective_on": "2026-12-01", "add_addons": ["forms"], "package": "premium-50000"}
    service.ask("POST", "/v1/customers/k-1/contract/changes", body, expect=201)

    def shown(query: str) -> tuple[str, list[str]]:
        answer = service.ask("GET", f"/v1/customers/k-1/contract?{query}")
        return answer["package"], answer["addons"]

    assert shown("on=2026-11-30") == ("standard-10000", [])
    assert shown("on=2026-12-01") == ("premium-50000", ["forms"])
    assert shown("on=2026-12-01&known_at=2026-11-02T09:00:00Z") == ("standard-10000", [])
    assert shown("on=2026-12-01&known_at=2026-11-03T10:00:00%2B01:00") == ("premium-50000", ["forms"])
    service.ask("GET", "/v1/customers/k-1/contract?on=2026-08-31", expect=404)
    service.ask("GET", "/v1/customers/k-1/contract?known_at=2026-11-01T09:00:00Z", expect=404)
    service.ask("GET", "/v1/customers/k-1?known_at=2026-11-01T09:00:00Z", expect=404)
    was = service.ask("GET", "/v1/customers/k-1")
    before = service.clock.now.isoformat().replace("+", "%2B")
    service.clock.move(minutes=1)
    service.ask("PUT", "/v1/customers/k-1", {**CUSTOMER, "city": "Bremerhaven"})
    assert service.ask("GET", "/v1/customers/k-1")["city"] == "Bremerhaven"
    assert service.ask("GET", f"/v1/customers/k-1?known_at={before}") == was
    service.refused("GET", "/v1/customers/k-1/contract?known_at=2026-11-02T09:00:00", None, "known_at")
    service.refused("GET", "/v1/customers/k-1/contract?on=morgen", None, "on")


@pytest.mark.clause("fluks 16.1")
@pytest.mark.parametrize(
    ("received_on", "ends_on"),
    [("2026-11-30", "2026-12-31"), ("2026-12-15", "2027-01-31"), ("2027-01-31", "2027-02-28")],
)
def test_a_termination_computes_the_end_and_cites_the_clause(service: Service, received_on: str, ends_on: str) -> None:
    service.customer("k-1", mandate=False)
    path, body = "/v1/customers/k-1/contract/termination", {"received_on": received_on}
    end = service.ask("POST", path, body, expect=201)
    assert (end["customer"], end["received_on"], end["ends_on"]) == ("k-1", received_on, ends_on)
    assert "16.1" in end["why"]
    assert service.ask("POST", path, body, expect=201) == end
    assert service.ask("GET", "/v1/customers/k-1/contract")["ends_on"] == ends_on
    assert service.actions().count("contract.terminated") == 1
    service.refused("POST", path, {"received_on": "2027-03-15"}, "received_on")


def test_who_left_may_come_back_and_leave_again(service: Service) -> None:
    service.customer("k-1", mandate=False)
    for starts_on, received_on, ends_on in (
        ("2026-09-01", "2026-11-15", "2026-12-31"),
        ("2027-01-01", "2027-02-10", "2027-03-31"),
    ):
        service.ask("POST", "/v1/customers/k-1/contract", {**CONTRACT, "starts_on": starts_on}, expect=201)
        end = service.ask("POST", "/v1/customers/k-1/contract/termination", {"received_on": received_on}, expect=201)
        assert end["ends_on"] == ends_on


def test_a_contract_is_changed_only_where_there_is_one(shared: Service) -> None:
    shared.customer("k-none", mandate=False, contract=False)
    body = {"effective_on": "2026-12-01", "package": "basic-2500"}
    assert "start one" in shared.ask("POST", "/v1/customers/k-none/contract/changes", body, expect=409)["detail"]
    body = {"received_on": "2026-12-01"}
    assert "start one" in shared.ask("POST", "/v1/customers/k-none/contract/termination", body, expect=409)["detail"]


@pytest.mark.clause("fluks 4.3")
def test_usage_is_told_by_day_connector_and_workflow(service: Service) -> None:
    service.customer("k-1", mandate=False, package="schnupperpaket")
    service.use("k-1", "2026-11-01", *["trigger"] * 400, *["action"] * 111)
    service.use("k-1", "2026-11-02", "connector", connector="fluks-mail")
    told = service.engine.get("/v1/customers/k-1/usage/2026-11").json()
    assert (told["used"], told["trigger"], told["action"]) == (511, 400, 111)
    assert (told["included"], told["remaining"], told["overage"], told["late"]) == (500, 0, 11, 0)
    assert told["days"] == [
        {"date": "2026-11-01", "trigger": 400, "action": 111},
        {"date": "2026-11-02", "trigger": 0, "action": 0},
    ]
    assert told["connectors"] == {"fluks-forms": 511, "fluks-mail": 1}
    assert told["workflows"] == {"wf-1": 512}
    assert told["projected_net_cents"] == 6_000 + (511 * 30 // 2 - 500) * 10


def reported(service: Service, key: str, *lines: str) -> None:
    """Events as lines of day, meter and quantity."""
    rows = [line.split() for line in lines]
    events = [
        {
            "id": f"{day}-{meter}-{units}-{n}",
            "customer": key,
            "type": meter,
            "time": f"2026-11-{day}T06:00:00Z",
            "quantity": int(units),
        }
        for n, (day, meter, units) in enumerate(rows)
    ]
    assert service.engine.post("/v1/events", json=events).json()["accepted"] == len(rows)


@pytest.mark.clause("Connectavo II 2.6")
def test_a_level_is_told_as_it_is_and_never_added_up(service: Service) -> None:
    service.customer("k-1", mandate=False, terms="connectavo-2021-12", package="standard")
    reported(service, "k-1", "01 machines 3", "01 machines 3", "02 machines 3", "02 machines 2", "02 reports 5")
    told = service.engine.get("/v1/customers/k-1/usage/2026-11").json()
    assert [told[name] for name in ("used", "included", "remaining", "overage", "late")] == [3, 10, 7, 0, 0]
    assert told["meters"] == {"machines": 3}
    assert told["days"] == [
        {"date": "2026-11-01", "trigger": 0, "action": 0, "machines": 3},
        {"date": "2026-11-02", "trigger": 0, "action": 0, "machines": 3},
    ]
    assert told["projected_net_cents"] == 39_000
    reported(service, "k-1", *["02 machines 12"] * 5)
    told = service.engine.get("/v1/customers/k-1/usage/2026-11").json()
    assert [told[name] for name in ("used", "included", "remaining", "overage")] == [12, 10, 0, 2]
    assert told["projected_net_cents"] == 39_000 + 2 * 2_900
    entitled = service.engine.get("/v1/customers/k-1/entitlement").json()
    assert (entitled["allowed"], entitled["remaining"]) == (True, None)
    assert "used up;" not in entitled["reason"]


@pytest.mark.clause("Cloudeteer 15(1)")
def test_every_meter_that_has_a_price_is_told_by_its_name(service: Service) -> None:
    service.customer("k-1", mandate=False, terms="cloudeteer-2023-12", package="managed-workplace")
    reported(service, "k-1", "01 users 7", "01 transfer-gb 300", "02 users 6", "02 transfer-gb 20", "02 backup-gb 9")
    told = service.engine.get("/v1/customers/k-1/usage/2026-11").json()
    assert told["meters"] == {"users": 7, "transfer-gb": 320}
    assert told["days"] == [
        {"date": "2026-11-01", "trigger": 0, "action": 0, "users": 7, "transfer-gb": 300},
        {"date": "2026-11-02", "trigger": 0, "action": 0, "users": 6, "transfer-gb": 20},
    ]
    assert [told[name] for name in ("used", "trigger", "action")] == [0, 0, 0]
    assert [told[name] for name in ("included", "remaining", "overage")] == [None] * 3
    assert told["projected_net_cents"] == 29_000 + 2 * 3_900 + 320 * 30 // 2 * 5


def test_usage_without_a_contract_is_told_without_an_allowance(shared: Service) -> None:
    shared.use("k-free", "2026-11-01", "trigger")
    told = shared.engine.get("/v1/customers/k-free/usage/2026-11").json()
    assert told["used"] == 1
    assert {told[name] for name in ("included", "remaining", "overage", "projected_net_cents")} == {None}


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "0000-01", "9999-12", "heute", "%D9%A2026-10"])
def test_a_month_that_is_none_is_refused(shared: Service, month: str) -> None:
    shared.refused("GET", f"/v1/customers/k-1/usage/{month}", None, "month")


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "today", "units"),
    [
        ("2026-01-01", None, "2026-11-01", 3000),
        ("2026-01-01", None, "2026-11-15", 200),
        ("2026-01-01", None, "2026-11-29", 103),
        ("2026-01-01", None, "2026-11-30", 100),
        ("2026-01-01", None, "2026-12-01", 100),
        ("2026-11-16", None, "2026-11-20", 300),
        ("2026-11-16", None, "2026-11-10", 100),
        ("2026-01-01", "2026-11-10", "2026-11-05", 200),
        ("2026-01-01", "2026-11-10", "2026-11-20", 100),
    ],
)
def test_a_projection_goes_on_as_the_contracts_days_so_far(
    starts_on: str, ends_on: str | None, today: str, units: int
) -> None:
    usage = Usage("k", BillingMonth(2026, 11), (DayCount(date(2026, 11, 1), {"trigger": 100}),))
    end = date.fromisoformat(ends_on) if ends_on else None
    parts = whole(Contract("t", "p", frozenset(), date.fromisoformat(starts_on), end), usage.month)
    assert continued(usage, parts, date.fromisoformat(today)).total("trigger") == units


def test_the_engine_learns_whether_a_customer_may_run(service: Service) -> None:
    def told(key: str) -> dict[str, Any]:
        answer: dict[str, Any] = service.engine.get(f"/v1/customers/{key}/entitlement").json()
        return answer

    service.customer("k-1", mandate=False, package="schnupperpaket", addons=["forms"])
    service.customer("k-2", mandate=False, package="schnupperpaket")
    service.use("k-2", "2026-11-01", *["trigger"] * 501)
    one, two, nobody = told("k-1"), told("k-2"), told("k-nobody")
    assert (one["allowed"], one["remaining"]) == (True, 500)
    assert "forms" in one["features"]
    assert (two["allowed"], two["remaining"]) == (True, 0)
    assert "overage" in two["reason"]
    assert nobody == {"allowed": False, "reason": "no contract on this day", "features": [], "remaining": 0}
    service.ask("POST", "/v1/customers/k-1/contract/termination", {"received_on": "2026-11-02"}, expect=201)
    service.clock.move(days=90)
    assert told("k-1")["allowed"] is False


@pytest.mark.parametrize(
    ("method", "path", "status", "title"),
    [
        ("GET", "/v1/nothing", 404, "Not Found"),
        ("DELETE", "/v1/customers/k-1", 405, "Method Not Allowed"),
        ("GET", "/v1/events", 405, "Method Not Allowed"),
        ("GET", "/v1/invoices/RE-2026-000009", 404, "Not found"),
        ("PUT", "/v1/customers/k-1", 422, "Invalid request"),
        ("POST", "/v1/months/2099-01/close", 409, "Not possible now"),
    ],
)
def test_every_error_is_a_problem_document(shared: Service, method: str, path: str, status: int, title: str) -> None:
    answer = shared.finance.request(method, path)
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["status"], problem["title"]) == (status, status, title)
    assert problem["type"] == "about:blank"
    assert problem["detail"]


@pytest.mark.parametrize(
    ("body", "field"), [(b"{", "body"), (b"\xff\xfe", "body"), (b"", "body"), (b'"x"', "body"), (b"null", "body")]
)
def test_a_body_that_is_none_is_refused(shared: Service, body: bytes, field: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = shared.finance.put("/v1/customers/k-1", content=body, headers=headers)
    assert (answer.status_code, [each["field"] for each in answer.json()["errors"]]) == (422, [field])


@pytest.mark.parametrize("body", [b'{"\\ud800": 1}', b'{"name": "\\ud800"}', b"[" * 100_000, b'{"kind": 1e999}'])
def test_what_json_allows_and_text_does_not_is_refused(shared: Service, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    assert shared.finance.put("/v1/customers/k-1", content=body, headers=headers).status_code in {400, 422}


@pytest.mark.parametrize(
    ("holder", "refused"), [("Ä" * 35, False), ("Ä" * 36, True), ("漢字", True), ("A" * 70, False), ("A" * 71, True)]
)
def test_a_holder_that_banks_cannot_read_is_refused_with_the_mandate(
    service: Service, holder: str, *, refused: bool
) -> None:
    service.customer("k-1", mandate=False)
    body = {**MANDATE, "account_holder": holder}
    if refused:
        assert "as the bank knows it" in service.refused("PUT", "/v1/customers/k-1/mandate", body, "account_holder")
    else:
        service.ask("PUT", "/v1/customers/k-1/mandate", body)
