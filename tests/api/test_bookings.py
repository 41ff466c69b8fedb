"""Bookings, orders and credits over HTTP, under the terms that ship."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from api import bookings, contracts, customers
from api.booking_forms import BookingForm
from api.forms import ContractForm, CustomerForm
from api.workplace import open_workplace
from invoicing import history
from invoicing.contract import ContractEvent
from invoicing.terms import SHIPPED
from tests.api.running import CUSTOMER, MANDATE, HandClock, Service, running, settings_in
from tests.books import noon
from tests.invoicing.printed import text_of
from tests.waiting import until

CLOUDETEER = ("cloudeteer-2023-12", "managed-cloud")
CONNECTAVO = ("connectavo-2021-12", "standard")
CUNIO = ("cunio-2020-02", "basis")
KLUGO = ("klugo", "beratung-basic")
FLUKS = ("fluks-2023-03", "standard-10000")
WORK = {
    "kind": "work",
    "service": "work",
    "role": "senior",
    "day": "2026-10-05",
    "quantity": 150,
    "text": "Firewall umgezogen",
}
EXPENSE = {
    "kind": "expense",
    "service": "expenses",
    "role": "Reise",
    "day": "2026-10-05",
    "quantity": 8450,
    "text": "Bahn Köln–Bremen",
}
CREDIT = {
    "kind": "credit",
    "day": "2026-10-31",
    "quantity": 1500,
    "text": "Verfügbarkeit 98,2 %",
    "clause": "SLA Ziffer 3",
}


def customer(service: Service, key: str, contract: tuple[str, str], *, mandate: bool = True, **master: str) -> str:
    """A customer under some terms since January; returns where its things are."""
    path, (terms, package) = f"/v1/customers/{key}", contract
    service.ask("PUT", path, {**CUSTOMER, "name": f"Kunde {key}", **master})
    if mandate:
        service.ask("PUT", f"{path}/mandate", MANDATE)
    started = ContractEvent("started", date(2026, 1, 1), noon("2026-01-01"), terms=terms, package=package)
    with service.ledger.write() as session:
        history.record(session, key, started)
    return path


@pytest.fixture(scope="module")
def booked(shared: Service) -> str:
    """A customer to whom bookings are sent that are refused."""
    return customer(shared, "k-refused", CLOUDETEER)


@pytest.mark.clause("Cloudeteer 6(3)")
def test_what_is_booked_is_billed_once_with_its_month(each_service: Service) -> None:
    service = each_service
    path = customer(service, "k-1", CLOUDETEER)
    answer = service.ask("POST", f"{path}/bookings", {**WORK, "reference": "T-1"}, expect=201)
    assert (answer["id"], answer["state"], answer["invoice"], answer["recorded_by"]) == (1, "open", None, "finance-key")
    service.ask("POST", f"{path}/bookings", EXPENSE, expect=201)
    service.close_month("2026-10")
    listed = service.ask("GET", f"{path}/bookings")["items"]
    assert [(each["state"], each["invoice"]) for each in listed] == [("billed", "RE-2026-000001")] * 2
    lines = service.ask("GET", "/v1/invoices/RE-2026-000001")["lines"]
    assert [(line["text"], line["net_cents"], line["clause"]) for line in lines if "2026" in line["text"][-60:]][
        -2:
    ] == [
        ("Arbeit nach Aufwand, 05.10.2026, Senior Consultant: Firewall umgezogen", 38750, "Cloudeteer AGB 6(3)"),
        ("Reise, 05.10.2026: Bahn Köln–Bremen", 8450, "Cloudeteer AGB 6(4)"),
    ]
    assert [each["details"]["booking"] for each in service.audit(subject="k-1") if "booking" in each["action"]] == [
        2,
        1,
    ]


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({**WORK, "service": "beratung"}, "service", "choose one of work"),
        ({**WORK, "kind": "order"}, "service", "these terms have none"),
        ({**WORK, "kind": "hours"}, "kind", "'work'"),
        ({**WORK, "role": "chef"}, "role", "consultant, senior, architect"),
        ({**WORK, "quantity": 0}, "quantity", "must be at least 1"),
        ({**WORK, "quantity": 1.5}, "quantity", "must be a whole number"),
        ({**WORK, "quantity": "15"}, "quantity", "must be a whole number, without quotes"),
        ({**WORK, "text": ""}, "text", "printed on the invoice"),
        ({**WORK, "text": "a\u0000b"}, "text", "write one line"),
        ({**WORK, "price": 130.5}, "price", "write it in quotes"),
        ({**WORK, "price": "1e3"}, "price", 'a point, for example "130.50"'),
        ({**WORK, "price": -1}, "price", 'a point, for example "130.50"'),
        ({**WORK, "clause": "SLA"}, "clause", "belongs to a credit"),
        ({**WORK, "day": "2026-11-03"}, "day", "lies in the future"),
        ({**WORK, "day": "2025-12-31"}, "day", "no contract on 2025-12-31"),
        ({**WORK, "minutes": 15}, "minutes", "is not a known field; known are kind, day, quantity,"),
        ({**WORK, "reference": "T 1"}, "reference", "write only letters"),
        ({**EXPENSE, "role": "Taxi"}, "role", "Reise, Verpflegung, Übernachtung"),
        ({**EXPENSE, "price": "1.00"}, "price", "at cost"),
        ({**CREDIT, "clause": ""}, "clause", "cite the agreement"),
        ({**CREDIT, "role": "senior"}, "role", "does not belong to a credit"),
    ],
)
@pytest.mark.clause("cunio 4.2")
def test_what_cannot_be_billed_is_refused_with_its_field(
    shared: Service, booked: str, body: dict[str, Any], field: str, says: str
) -> None:
    assert says in shared.refused("POST", f"{booked}/bookings", body, field)
    assert shared.ask("GET", f"{booked}/bookings") == {"items": [], "next_cursor": None}


def test_who_has_no_contract_or_is_not_known_gets_nothing_booked(shared: Service) -> None:
    shared.ask("PUT", "/v1/customers/k-bare", CUSTOMER)
    assert "no contract" in shared.refused("POST", "/v1/customers/k-bare/bookings", WORK, "day")
    for method, path, body in (
        ("POST", "bookings", WORK),
        ("GET", "bookings", None),
        ("POST", "orders", {"service": "beratung-plus"}),
        ("POST", "bookings/1/cancellation", {"reason": "weg"}),
    ):
        shared.ask(method, f"/v1/customers/k-nobody/{path}", body, expect=404)


def test_the_same_reference_is_booked_once_and_never_means_something_else(each_service: Service) -> None:
    path = customer(each_service, "k-1", CLOUDETEER)
    other = customer(each_service, "k-2", CLOUDETEER)
    body = {**WORK, "reference": "T-1", "price": "130.00"}
    first = each_service.ask("POST", f"{path}/bookings", body, expect=201)
    assert each_service.ask("POST", f"{path}/bookings", {**body, "price": "130"}, expect=201) == first
    for change in ({"quantity": 151}, {"price": None}, {"text": "anders"}, {"day": "2026-10-06"}):
        refused = each_service.ask("POST", f"{path}/bookings", {**body, **change}, expect=409)
        assert "says something else" in refused["detail"]
    each_service.ask("POST", f"{other}/bookings", {**body, "quantity": 151}, expect=201)
    each_service.close_month("2026-10")
    again = each_service.ask("POST", f"{path}/bookings", body, expect=201)
    assert (again["id"], again["state"], again["invoice"]) == (1, "billed", "RE-2026-000001")
    assert len(each_service.ask("GET", f"{path}/bookings")["items"]) == 1


def test_many_senders_of_one_reference_book_it_once(each_service: Service) -> None:
    path = customer(each_service, "k-1", CLOUDETEER)
    each_service.finance  # noqa: B018 - one client for all threads
    with ThreadPoolExecutor(8) as pool:
        body = {**WORK, "reference": "T-1"}
        answers = list(pool.map(lambda _: each_service.ask("POST", f"{path}/bookings", body, 201), range(8)))
    assert {each["id"] for each in answers} == {1}


def test_bookings_page(shared: Service) -> None:
    path = customer(shared, "k-pages", CLOUDETEER)
    ids = [shared.ask("POST", f"{path}/bookings", WORK, expect=201)["id"] for _ in range(3)]
    first = shared.ask("GET", f"{path}/bookings?limit=2")
    assert ([each["id"] for each in first["items"]], first["next_cursor"]) == (ids[:2], str(ids[1]))
    rest = shared.ask("GET", f"{path}/bookings?limit=2&cursor={first['next_cursor']}")
    assert ([each["id"] for each in rest["items"]], rest["next_cursor"]) == (ids[2:], None)


def test_a_booking_is_taken_back_until_it_is_billed(each_service: Service) -> None:
    service = each_service
    path = customer(service, "k-1", CLOUDETEER)
    wrong, right = (service.ask("POST", f"{path}/bookings", WORK, expect=201)["id"] for _ in range(2))
    body = {"reason": "doppelt erfasst"}
    for _ in range(2):
        answer = service.ask("POST", f"{path}/bookings/{wrong}/cancellation", body, expect=201)
        assert (answer["state"], answer["invoice"], answer["reason"]) == ("cancelled", None, "doppelt erfasst")
    assert service.actions().count("booking.cancelled") == 1
    service.close_month("2026-10")
    refused = service.ask("POST", f"{path}/bookings/{right}/cancellation", body, expect=409)
    assert "was billed by RE-2026-000001" in refused["detail"]
    service.refused("POST", f"{path}/bookings/{right}/cancellation", {"reason": ""}, "reason")
    service.refused("POST", f"{path}/bookings/0/cancellation", body, "booking")
    service.ask("POST", f"{path}/bookings/99/cancellation", body, expect=404)
    states = [each["state"] for each in service.ask("GET", f"{path}/bookings")["items"]]
    assert states == ["cancelled", "billed"]


def test_nobody_takes_back_the_booking_of_another(shared: Service) -> None:
    mine, yours = customer(shared, "k-mine", CLOUDETEER), customer(shared, "k-yours", CLOUDETEER)
    number = shared.ask("POST", f"{mine}/bookings", WORK, expect=201)["id"]
    shared.ask("POST", f"{yours}/bookings/{number}/cancellation", {"reason": "falsch"}, expect=404)
    assert shared.ask("GET", f"{mine}/bookings")["items"][0]["state"] == "open"


@pytest.mark.clause("KLUGO 8")
def test_an_order_is_invoiced_at_once_announced_and_collected_like_any_other(each_service: Service) -> None:
    service = each_service
    path = customer(service, "k-1", KLUGO, kind="consumer")
    body = {"service": "beratung-plus", "reference": "A-1"}
    answer = service.ask("POST", f"{path}/orders", body, expect=201)
    assert (answer["kind"], answer["day"], answer["state"], answer["invoice"]) == (
        "order",
        "2026-11-02",
        "billed",
        "RE-2026-000001",
    )
    head = service.ask("GET", "/v1/invoices/RE-2026-000001")
    assert (head["month"], head["issued_on"], head["gross_cents"], len(head["lines"])) == (
        "2026-11",
        "2026-11-02",
        4900,
        1,
    )
    sent = service.ask("POST", "/v1/notices")
    assert sent["sent"] == 1
    assert service.ask("GET", "/v1/invoices/RE-2026-000001")["state"] == "announced"
    assert service.finance.get("/v1/invoices/RE-2026-000001.pdf").content[:4] == b"%PDF"
    assert service.ask("GET", "/v1/invoices/RE-2026-000001/explain")["lines"][0]["clause"] == "KLUGO AGB 10.3"


@pytest.mark.clause("KLUGO 8")
def test_an_order_sent_twice_is_invoiced_once_also_on_another_day(each_service: Service) -> None:
    path = customer(each_service, "k-1", KLUGO)
    body = {"service": "beratung-plus", "reference": "A-1"}
    first = each_service.ask("POST", f"{path}/orders", body, expect=201)
    each_service.clock.move(days=3)
    assert each_service.ask("POST", f"{path}/orders", body, expect=201) == first
    each_service.ask("POST", f"{path}/orders", {**body, "quantity": 2}, expect=409)
    each_service.ask("POST", f"{path}/orders", {"service": "beratung-plus", "quantity": 2}, expect=201)
    each_service.clock.move(days=30)
    each_service.close_month("2026-11")
    found = each_service.ask("GET", "/v1/invoices")["items"]
    assert [(each["month"], each["gross_cents"]) for each in found] == [("2026-11", 4900), ("2026-11", 9800)]
    month = each_service.ask("GET", "/v1/months/2026-11")
    assert (month["customers"], month["invoices"], month["gross_cents"]) == (1, 2, 14700)


@pytest.mark.clause("KLUGO 10.3")
def test_orders_at_once_from_many_sides_draw_numbers_without_a_gap(each_service: Service) -> None:
    path = customer(each_service, "k-1", KLUGO)
    each_service.finance  # noqa: B018 - one client for all threads
    with ThreadPoolExecutor(6) as pool:
        order = {"service": "beratung-plus"}
        answers = list(pool.map(lambda _: each_service.ask("POST", f"{path}/orders", order, 201), range(12)))
    assert sorted(each["invoice"] for each in answers) == [f"RE-2026-{number:06d}" for number in range(1, 13)]


@pytest.mark.parametrize(
    ("contract", "asked"),
    [
        (KLUGO, "Der Rechnungsbetrag von 49,00 EUR ist mit Zugang der Rechnung fällig (§ 271 Abs. 1 BGB)."),
        (CLOUDETEER, "Die Zahlungsfrist beträgt 10 Tage ab Rechnungsdatum (Cloudeteer AGB 6(2))."),
        (CUNIO, "innerhalb von 14 Tagen nach Zugang der Rechnung auf das folgende Konto (cunio AGB 8.1)."),
        (CONNECTAVO, "innerhalb von 14 Tagen nach Zugang der Rechnung auf das folgende Konto (Connectavo AGB I 2.2)."),
    ],
)
@pytest.mark.clause("KLUGO 20")
def test_who_has_no_mandate_is_asked_for_a_transfer_and_nothing_is_collected(
    service: Service, contract: tuple[str, str], asked: str
) -> None:
    """A mandate that comes later is for later invoices: nobody pays twice."""
    path = customer(service, "k-1", contract, mandate=False, kind="consumer" if contract == KLUGO else "business")
    if contract == KLUGO:
        service.ask("POST", f"{path}/orders", {"service": "beratung-plus"}, expect=201)
    else:
        service.close_month("2026-10")
    assert service.ask("POST", "/v1/notices")["sent"] == 1
    service.ask("PUT", f"{path}/mandate", MANDATE)
    again = service.ask("POST", "/v1/notices")
    assert (again["sent"], again["waiting"], service.ask("GET", "/v1/collections")["items"]) == (0, [], [])
    head = service.ask("GET", "/v1/invoices/RE-2026-000001")
    assert (head["state"], head["gross_cents"] > 0) == ("issued", True)
    text = text_of(service.finance.get("/v1/invoices/RE-2026-000001.pdf").content)
    assert asked in text
    assert "Verwendungszweck RE-2026-000001" in text
    assert "Lastschrift" not in text


@pytest.mark.clause("Cloudeteer 6(3)")
def test_work_costs_the_rate_of_the_day_of_signing_whatever_the_file_says_later(tmp_path: Path) -> None:
    """155.00 euro an hour when the contract was signed, 199.00 in the file today."""
    folder = tmp_path / "terms"
    folder.mkdir()
    settings, file = settings_in(tmp_path, terms_dir=folder), folder / "own-2026.toml"
    text = (SHIPPED / "cloudeteer-2023-12.toml").read_text(encoding="utf-8").replace("cloudeteer-2023-12", "own-2026")
    file.write_text(text, encoding="utf-8")
    path, signed = "/v1/customers/k-1", {"terms": "own-2026", "package": "managed-cloud", "starts_on": "2026-09-01"}
    with open_workplace(settings, HandClock()) as work:
        customers.register(work, "test", "k-1", CustomerForm.model_validate(CUSTOMER))
        contracts.start(work, "test", "k-1", ContractForm.model_validate(signed))
        bookings.book(work, "test", "k-1", BookingForm.model_validate({**WORK, "quantity": 60}))
    file.write_text(text.replace("price = 155.00", "price = 199.00"), encoding="utf-8")
    with running(settings) as service:
        service.ask("POST", f"{path}/bookings", {**WORK, "quantity": 60}, expect=201)
        service.close_month("2026-10")
        lines = service.ask("GET", "/v1/invoices/RE-2026-000001")["lines"]
    assert [line["net_cents"] for line in lines if "Senior Consultant" in line["text"]] == [15_500, 15_500]


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({"service": "beratung-minus"}, "service", "choose one of beratung-plus"),
        ({"service": "beratung-plus", "quantity": 0}, "quantity", "at least"),
        ({"service": "beratung-plus", "day": "2026-11-03"}, "day", "future"),
        ({"service": "beratung-plus", "day": "2025-12-31"}, "day", "no contract"),
        ({}, "service", "is missing"),
    ],
)
@pytest.mark.clause("KLUGO 8")
def test_an_order_that_cannot_be_is_refused_with_its_field(
    shared: Service, body: dict[str, Any], field: str, says: str
) -> None:
    path = customer(shared, "k-orders", KLUGO)
    assert says in shared.refused("POST", f"{path}/orders", body, field)
    assert shared.ask("GET", "/v1/invoices?customer=k-orders")["items"] == []


def test_an_order_of_who_cannot_be_invoiced_is_not_even_booked(shared: Service) -> None:
    path = customer(shared, "k-abroad", KLUGO, country="AT")
    refused = shared.ask("POST", f"{path}/orders", {"service": "beratung-plus"}, expect=409)
    assert "Der Kunde sitzt in AT" in refused["detail"]
    assert shared.ask("GET", f"{path}/bookings")["items"] == []


@pytest.mark.clause("cunio 4.2")
def test_a_credit_is_booked_with_the_agreement_that_owes_it(service: Service) -> None:
    path = customer(service, "k-1", CUNIO)
    answer = service.ask("POST", f"{path}/bookings", CREDIT, expect=201)
    assert (answer["clause"], answer["formula"]) == ("SLA Ziffer 3; cunio AGB 4.2", "vereinbart 15,00 €")
    service.close_month("2026-10")
    explained = service.ask("GET", "/v1/invoices/RE-2026-000001/explain")
    credit = explained["lines"][-1]
    assert (credit["kind"], credit["net_cents"], explained["problems"]) == ("credit", -1500, [])
    assert "ausdrücklich vereinbart" in credit["meaning"]


def hours(count: int, minutes: int = 0) -> dict[str, Any]:
    """A suspension in October that begins at midnight."""
    day, hour = divmod(count, 24)
    end = f"2026-10-{5 + day:02d}T{hour:02d}:{minutes:02d}:00+02:00"
    return {"month": "2026-10", "suspensions": [{"start": "2026-10-05T00:00:00+02:00", "end": end}]}


@pytest.mark.parametrize(
    ("suspended", "cents"), [(hours(0), 0), (hours(10), 0), (hours(10, 1), 1210), (hours(24), 2899)]
)
@pytest.mark.clause("Cloudeteer 5(3)")
def test_a_suspension_is_credited_from_the_hours_on_that_the_terms_name(
    shared: Service, suspended: dict[str, Any], cents: int
) -> None:
    """Of 900.00 € for October, which has 745 hours."""
    path = customer(shared, f"k-s{cents}{suspended['suspensions'][0]['end'][11:13]}", CLOUDETEER)
    body = {**suspended, "price_cents": 90_000}
    if not cents:
        refused = shared.ask("POST", f"{path}/credits/suspension", body, expect=409)
        assert "Keine Gutschrift für Oktober 2026" in refused["detail"]
        return
    answer = shared.ask("POST", f"{path}/credits/suspension", body, expect=201)
    assert (answer["quantity"], answer["clause"], answer["day"]) == (cents, "Cloudeteer AGB 5(3)", "2026-10-31")
    assert answer["formula"].endswith("€")
    assert shared.ask("POST", f"{path}/credits/suspension", body, expect=201) == answer
    shared.ask("POST", f"{path}/credits/suspension", {**body, "price_cents": 90_001}, expect=409)


@pytest.mark.clause("Cloudeteer 5(3)")
def test_a_suspension_is_reckoned_from_the_monthly_fee_and_lowers_the_bill(service: Service) -> None:
    path = customer(service, "k-1", CLOUDETEER)
    answer = service.ask("POST", f"{path}/credits/suspension", hours(24), expect=201)
    service.close_month("2026-10")
    line = service.ask("GET", "/v1/invoices/RE-2026-000001")["lines"][-1]
    assert (line["net_cents"], line["vat_rate"]) == (-answer["quantity"], "19")
    assert answer["quantity"] > 0
    later = {**hours(24), "month": "2026-11"}
    assert "can be reckoned from 2026-12 on" in service.refused("POST", f"{path}/credits/suspension", later, "month")


def test_a_suspension_does_not_end_before_it_starts(shared: Service) -> None:
    path = customer(shared, "k-backward", CLOUDETEER)
    good, bad = hours(24)["suspensions"][0], hours(-1)["suspensions"][0]
    body = {"month": "2026-10", "suspensions": [good, bad]}
    assert "before start" in shared.refused("POST", f"{path}/credits/suspension", body, "suspensions.1.end")


LATE = {"price_cents": 100_000, "agreed_on": "2026-10-01", "claimed_on": "2026-10-20", "completed_on": "2026-10-20"}


@pytest.mark.parametrize(
    ("until", "cents"),
    [("2026-10-01", 0), ("2026-10-07", 0), ("2026-10-08", 500), ("2026-10-15", 1000), ("2026-12-31", 5000)],
)
@pytest.mark.clause("Connectavo I 4.4")
def test_a_delay_costs_half_a_percent_a_week_and_has_no_vat(shared: Service, until: str, cents: int) -> None:
    path = customer(shared, f"k-d{until}", CONNECTAVO)
    body = {**LATE, "until": until}
    if not cents:
        assert "keine vollendete Woche" in shared.ask("POST", f"{path}/credits/delay", body, expect=409)["detail"]
        return
    answer = shared.ask("POST", f"{path}/credits/delay", body, expect=201)
    assert (answer["quantity"], answer["clause"], answer["damages"]) == (cents, "Connectavo AGB I 4.4", True)
    assert shared.ask("POST", f"{path}/credits/delay", body, expect=201) == answer
    again = shared.ask("POST", f"{path}/credits/delay", {**body, "reference": "another"}, expect=201)
    assert (again["quantity"], again["id"] != answer["id"]) == (cents, True)


@pytest.mark.clause("Connectavo I 4.4")
def test_damages_that_are_not_due_yet_are_refused(shared: Service) -> None:
    path = customer(shared, "k-notdue", CONNECTAVO)
    body = {**LATE, "until": "2026-10-20", "completed_on": "2026-11-03"}
    assert "future" in shared.refused("POST", f"{path}/credits/delay", body, "completed_on")


@pytest.mark.parametrize("attempts", [0, 1, 2])
@pytest.mark.clause("fluks 12.4")
def test_a_price_is_reduced_after_two_attempts_that_failed(shared: Service, attempts: int) -> None:
    """10 % of 500.00 € for all of October."""
    path = customer(shared, f"k-r{attempts}", FLUKS)
    body = {
        "month": "2026-10",
        "percent": "10",
        "first": "2026-10-01",
        "last": "2026-10-31",
        "remedies": [{"deadline": "2026-09-15"}, {"deadline": "2026-09-29"}][:attempts],
    }
    if attempts < 2:
        assert f"{attempts} von 2" in shared.ask("POST", f"{path}/credits/reduction", body, expect=409)["detail"]
        return
    answer = shared.ask("POST", f"{path}/credits/reduction", body, expect=201)
    assert (answer["quantity"], answer["clause"], answer["reference"]) == (5000, "fluks AGB 12.4", "reduction-2026-10")
    shared.refused("POST", f"{path}/credits/reduction", {**body, "percent": "100.01", "reference": "x"}, "percent")
    backward = {**body, "last": "2026-09-30", "reference": "x"}
    assert "before first" in shared.refused("POST", f"{path}/credits/reduction", backward, "last")


def test_terms_that_have_no_such_credit_refuse_it(shared: Service) -> None:
    path = customer(shared, "k-none", KLUGO)
    refused = shared.ask("POST", f"{path}/credits/suspension", hours(24), expect=409)
    assert "sehen für ausgesetzte Leistungen keine Gutschrift vor" in refused["detail"]


def test_a_cancellation_waits_for_a_running_close(service: Service) -> None:
    """What the close has gathered it may bill; the answer then says by which invoice."""
    path = customer(service, "k-1", CLOUDETEER)
    number = service.ask("POST", f"{path}/bookings", WORK, expect=201)["id"]
    service.ask("POST", "/v1/months/2026-10/close", expect=202)
    answer = service.finance.post(f"{path}/bookings/{number}/cancellation", json={"reason": "falsch"})
    until(lambda: service.ask("GET", "/v1/months/2026-10")["state"] == "closed", "the month is closed", seconds=60)
    state = service.ask("GET", f"{path}/bookings")["items"][0]["state"]
    assert (answer.status_code, state) in {(201, "cancelled"), (409, "billed")}
