"""Months and invoices over HTTP: close, park, decide, list, download, explain."""

import fcntl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from io import BytesIO
from typing import Any

import httpx
import pytest
from pypdf import PdfReader
from sqlmodel import select

from api.background import Background
from invoicing.records import CustomerVersion, MonthRecord
from sepa.records import CollectionRecord
from tests.api.running import CONTRACT, Service, running, settings_in
from tests.waiting import until


@pytest.fixture(scope="module")
def billed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """October is closed for three customers; nothing is announced yet."""
    with running(settings_in(tmp_path_factory.mktemp("billed"))) as service:
        service.customer("k-1")
        service.customer("k-2", mandate=False, package="schnupperpaket", addons=["forms"])
        service.customer("k-3", package="basic-2500")
        service.use("k-2", "2026-10-07", *["trigger"] * 502)
        service.use("k-9", "2026-09-30", "trigger")
        service.close_month("2026-10")
        yield service


def test_a_closed_month_shows_its_sums(billed: Service) -> None:
    net = 50_000 + 6_000 + 20 + 3_000 + 25_000
    assert billed.ask("GET", "/v1/months/2026-10") == {
        "month": "2026-10",
        "state": "closed",
        "customers": 3,
        "invoices": 3,
        "net_cents": net,
        "vat_cents": 15_964,
        "gross_cents": net + 15_964,
        "problems": [],
    }


def test_closing_again_is_accepted_and_changes_nothing(billed: Service) -> None:
    before = billed.ask("GET", "/v1/invoices")
    assert billed.ask("POST", "/v1/months/2026-10/close", {"dry_run": False}, expect=202)["state"] == "closing"
    until(lambda: billed.ask("GET", "/v1/months/2026-10")["state"] == "closed", "the month is closed again")
    assert billed.ask("GET", "/v1/invoices") == before


def test_an_open_month_is_open_and_cannot_be_closed_yet(billed: Service) -> None:
    assert billed.ask("GET", "/v1/months/2026-11")["state"] == "open"
    for body in (None, {"dry_run": True}):
        answer = billed.ask("POST", "/v1/months/2026-11/close", body, expect=409)
        assert "2026-12-01" in answer["detail"]


@pytest.mark.parametrize(("body", "field"), [({"dry_run": "vielleicht"}, "dry_run"), ({"dryrun": True}, "dryrun")])
def test_a_misspelt_close_closes_nothing(billed: Service, body: dict[str, Any], field: str) -> None:
    billed.refused("POST", "/v1/months/2026-09/close", body, field)
    assert billed.ask("GET", "/v1/months/2026-09")["state"] == "open"


def test_a_dry_run_tells_everything_and_stores_nothing(service: Service) -> None:
    service.customer("k-1")
    service.use("k-9", "2026-10-01", "trigger")
    before = service.actions()
    told = service.ask("POST", "/v1/months/2026-10/close", {"dry_run": True}, expect=202)
    assert (told["state"], told["customers"], told["invoices"], told["net_cents"]) == ("open", 2, 1, 50_000)
    assert [(each["customer"], each["rule"]) for each in told["problems"]] == [("k-9", "unknown_customer")]
    assert service.ask("GET", "/v1/months/2026-10")["invoices"] == 0
    assert service.ask("GET", "/v1/months") == {"items": [], "next_cursor": None}
    assert service.ask("GET", "/v1/invoices") == {"items": [], "next_cursor": None}
    assert service.actions() == before
    service.use("k-1", "2026-10-31", "trigger")
    assert service.ask("GET", "/v1/customers/k-1/usage/2026-10")["late"] == 0


def test_unknown_usage_blocks_the_month_until_somebody_decides(each_service: Service) -> None:
    each_service.customer("k-1")
    for stranger in ("k-8", "k-9"):
        each_service.use(stranger, "2026-10-01", "trigger", "action")
    report = each_service.close_month("2026-10")
    assert (report["state"], report["customers"], report["invoices"]) == ("blocked", 3, 1)
    path = "/v1/months/2026-10/unassigned"
    assert (
        "already invoiced"
        in each_service.ask("POST", f"{path}/k-9", {"reason": "gehört zu k-1", "assign_to": "k-1"}, expect=409)[
            "detail"
        ]
    )
    each_service.ask("POST", f"{path}/k-9", {"reason": "Testsystem"}, expect=204)
    each_service.customer("k-8b", package="basic-2500")
    each_service.ask("POST", f"{path}/k-8", {"reason": "umbenannt", "assign_to": "k-8b"}, expect=204)
    each_service.ask("POST", f"{path}/k-8", {"reason": "doch nicht"}, expect=409)
    each_service.ask("POST", "/v1/months/2026-10/close", expect=202)
    until(lambda: each_service.actions().count("month.close_ended") == 2, "the month is closed again", seconds=60)
    assert each_service.ask("GET", "/v1/months/2026-10")["state"] == "closed"
    assert each_service.ask("GET", "/v1/customers/k-8b/usage/2026-10")["used"] == 2
    kept = {each["action"]: each["details"] for each in each_service.audit() if each["action"].startswith("usage.")}
    assert kept["usage.set_aside"] == {"to": None, "reason": "Testsystem"}
    assert kept["usage.assigned"] == {"to": "k-8b", "reason": "umbenannt"}


@pytest.mark.parametrize(
    ("source", "body", "status", "says"),
    [
        ("k-nobody", {"reason": "weg"}, 404, "no usage"),
        ("k-1", {"reason": "weg"}, 409, "billed to it"),
        ("k-9", {"reason": ""}, 422, "reason"),
        ("k-9", {"reason": "weg", "assign_to": "k nix"}, 422, "assign_to"),
        ("k-9", {"reason": "weg", "assign_to": "k-nobody"}, 404, "k-nobody"),
    ],
)
def test_a_decision_that_cannot_be_is_refused(
    billed: Service, source: str, body: dict[str, Any], status: int, says: str
) -> None:
    answer = billed.ask("POST", f"/v1/months/2026-09/unassigned/{source}", body, expect=status)
    assert says in answer["detail"]


def test_late_events_are_counted_apart(billed: Service) -> None:
    billed.use("k-3", "2026-10-31", "trigger", "action")
    told = billed.ask("GET", "/v1/customers/k-3/usage/2026-10")
    assert (told["used"], told["late"]) == (0, 2)


def test_late_events_are_billed_with_the_next_month_and_then_no_more_late(each_service: Service) -> None:
    service = each_service
    service.customer("k-1", mandate=False, package="schnupperpaket")
    service.use("k-1", "2026-10-07", *["trigger"] * 500)
    service.close_month("2026-10")
    service.use("k-1", "2026-10-31", *["action"] * 3)
    assert service.ask("GET", "/v1/customers/k-1/usage/2026-10")["late"] == 3
    service.clock.move(days=30)
    service.ask("POST", "/v1/months/2026-11/close", expect=202)
    until(lambda: service.actions().count("month.close_ended") == 2, "November is closed", seconds=60)
    told = service.ask("GET", "/v1/customers/k-1/usage/2026-10")
    assert (told["used"], told["late"]) == (503, 0)
    invoice = service.ask("GET", "/v1/invoices/RE-2026-000002")
    assert [(each["text"], each["net_cents"]) for each in invoice["lines"]][1:] == [
        ("Nachberechnung Oktober 2026 zu RE-2026-000001: 3 Auslöser/Aktionen nachträglich gezählt", 30)
    ]
    assert service.ask("GET", "/v1/invoices/RE-2026-000002/explain")["problems"] == []


def test_late_usage_without_a_contract_is_settled_outside(service: Service) -> None:
    service.customer("k-1", mandate=False, package="schnupperpaket")
    service.ask("POST", "/v1/customers/k-1/contract/termination", {"received_on": "2026-09-30"}, expect=201)
    service.use("k-1", "2026-10-07", *["trigger"] * 500)
    service.close_month("2026-10")
    path = "/v1/months/2026-10/unassigned/k-1"
    assert "nothing has changed" in service.ask("POST", path, {"reason": "weg"}, expect=409)["detail"]
    service.use("k-1", "2026-10-31", "action")
    service.clock.move(days=30)
    dry = service.ask("POST", "/v1/months/2026-11/close", {"dry_run": True}, expect=202)
    assert [(each["customer"], each["rule"]) for each in dry["problems"]] == [("k-1", "late_without_contract")]
    body = {"reason": "gehört zu k-2", "assign_to": "k-2"}
    assert "can be set aside" in service.ask("POST", path, body, expect=409)["detail"]
    service.ask("POST", path, {"reason": "außerhalb berechnet"}, expect=204)
    assert service.ask("POST", "/v1/months/2026-11/close", {"dry_run": True}, expect=202)["problems"] == []
    assert service.ask("GET", "/v1/customers/k-1/usage/2026-10")["late"] == 0
    assert service.audit()[0]["details"] == {"to": None, "reason": "außerhalb berechnet"}


def test_months_are_listed_newest_first_page_by_page(service: Service) -> None:
    with service.ledger.write() as session:
        for month in ("2026-08", "2026-10", "2026-09"):
            session.add(MonthRecord(month=month, state="closed", changed_at=service.clock()))
    first = service.ask("GET", "/v1/months?limit=2")
    rest = service.ask("GET", f"/v1/months?limit=2&cursor={first['next_cursor']}")
    assert [each["month"] for page in (first, rest) for each in page["items"]] == ["2026-10", "2026-09", "2026-08"]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "customers"),
    [
        ("", ["k-1", "k-2", "k-3"]),
        ("month=2026-10", ["k-1", "k-2", "k-3"]),
        ("month=2026-09", []),
        ("customer=k-2", ["k-2"]),
        ("customer=k-4", []),
        ("state=waiting", ["k-2"]),
        ("state=planned", ["k-1", "k-3"]),
        ("state=issued", []),
        ("state=planned&customer=k-2", []),
    ],
)
def test_invoices_are_filtered(billed: Service, query: str, customers: list[str]) -> None:
    page = billed.ask("GET", f"/v1/invoices?{query}")
    assert [each["customer"] for each in page["items"]] == customers


def test_invoices_are_listed_page_by_page(billed: Service) -> None:
    numbers, cursor = [], ""
    while cursor is not None:
        page = billed.ask("GET", f"/v1/invoices?limit=1{cursor and f'&cursor={cursor}'}")
        numbers += [each["number"] for each in page["items"]]
        cursor = page["next_cursor"]
    assert numbers == ["RE-2026-000001", "RE-2026-000002", "RE-2026-000003"]


@pytest.mark.parametrize("query", ["month=2026-13", "customer=k%20", "state=paid%00", "limit=0", "cursor=%00"])
def test_a_filter_that_cannot_be_is_refused(billed: Service, query: str) -> None:
    billed.refused("GET", f"/v1/invoices?{query}", None, query.partition("=")[0])


def test_an_invoice_shows_lines_with_their_clauses(billed: Service) -> None:
    invoice = billed.ask("GET", "/v1/invoices/RE-2026-000002")
    assert (invoice["customer"], invoice["state"], invoice["due_on"]) == ("k-2", "waiting", None)
    assert [(each["quantity"], each["net_cents"], each["vat_rate"]) for each in invoice["lines"]] == [
        ("1", 6_000, "19"),
        ("2", 20, "19"),
        ("1", 3_000, "19"),
    ]
    assert all(each["clause"].startswith("fluks ") for each in invoice["lines"])


def test_an_invoice_with_several_attempts_is_shown_once_with_the_newest(service: Service) -> None:
    service.customer("k-1")
    service.close_month("2026-10")
    with service.ledger.write() as session:
        first = session.exec(select(CollectionRecord)).one()
        first.state = "returned"
        session.flush()
        again = CollectionRecord.model_validate(first, update={"id": None, "end_to_end_id": "RE-2026-000001-2"})
        again.state, again.due_on = "waiting", None
        session.add(again)
    (shown,) = service.ask("GET", "/v1/invoices")["items"]
    assert (shown["state"], shown["due_on"]) == ("waiting", None)
    assert service.ask("GET", "/v1/invoices/RE-2026-000001")["state"] == "waiting"
    assert len(service.ask("GET", "/v1/collections")["items"]) == 2


def test_an_invoice_is_downloaded_as_pdf(billed: Service) -> None:
    answer = billed.finance.get("/v1/invoices/RE-2026-000002.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == 'attachment; filename="RE-2026-000002.pdf"'
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages)
    assert "RE-2026-000002" in text
    assert "107,34" in text


def test_every_cent_is_explained(billed: Service) -> None:
    explained = billed.ask("GET", "/v1/invoices/RE-2026-000002/explain")
    assert explained["problems"] == []
    assert sum(each["net_cents"] for each in explained["lines"]) == 9_020
    assert (explained["used"], explained["included"], explained["overage"]) == (502, 500, 2)
    assert explained["days"] == [{"date": "2026-10-07", "trigger": 502, "action": 0}]
    line = billed.ask("GET", "/v1/invoices/RE-2026-000002/explain?line=2")
    assert [each["position"] for each in line["lines"]] == [2]
    assert "1 to 3" in billed.ask("GET", "/v1/invoices/RE-2026-000002/explain?line=4", expect=404)["detail"]
    billed.refused("GET", "/v1/invoices/RE-2026-000002/explain?line=0", None, "line")


@pytest.mark.parametrize("path", ["", ".pdf", "/explain"])
@pytest.mark.parametrize(("number", "status"), [("RE-2026-000099", 404), ("RE-1", 422), ("RE-2026-00000%D9%A1", 422)])
def test_an_invoice_that_is_none_is_said_to_be_so(billed: Service, path: str, number: str, status: int) -> None:
    billed.ask("GET", f"/v1/invoices/{number}{path}", expect=status)


def test_a_close_that_breaks_is_logged_shown_and_can_be_repeated(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    """A folder where the documents should go is a file: the first close breaks after billing."""
    service.customer("k-1")
    obstacle = service.settings.data_dir / "invoices"
    obstacle.touch()
    service.ask("POST", "/v1/months/2026-10/close", expect=202)
    until(lambda: service.ask("GET", "/v1/months/2026-10")["state"] == "blocked", "the failure shows", seconds=60)
    (problem,) = service.ask("GET", "/v1/months/2026-10")["problems"]
    assert (problem["customer"], problem["rule"]) == ("", "close_broke_off")
    assert "month.close_failed" in service.actions()
    until(lambda: "close 2026-10 failed" in caplog.text, "the failure is logged")
    obstacle.unlink()
    assert service.close_month("2026-10")["state"] == "closed"
    assert len(service.ask("GET", "/v1/invoices")["items"]) == 1


@pytest.mark.parametrize(("minutes", "state"), [(0, "closing"), (1, "closing"), (2, "blocked")])
def test_a_killed_close_does_not_stay_closing_for_ever(service: Service, minutes: int, state: str) -> None:
    with service.ledger.write() as session:
        killed_at = service.clock() - timedelta(minutes=minutes)
        session.add(MonthRecord(month="2026-10", state="closing", changed_at=killed_at))
    assert service.ask("GET", "/v1/months/2026-10")["state"] == state


def test_closing_from_many_sides_at_once_bills_once(service: Service) -> None:
    for number in range(5):
        service.customer(f"k-{number}", mandate=False)
    headers = {"Authorization": f"Bearer {service.keys['finance']}"}
    answers: list[int] = []

    def close() -> None:
        answers.append(httpx.post(f"{service.url}/v1/months/2026-10/close", headers=headers, timeout=60).status_code)

    threads = [threading.Thread(target=close) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [202] * 8
    until(lambda: service.ask("GET", "/v1/months/2026-10")["state"] == "closed", "the month is closed", seconds=60)
    numbers = [each["number"] for each in service.ask("GET", "/v1/invoices")["items"]]
    assert numbers == [f"RE-2026-{number:06d}" for number in range(1, 6)]


def test_a_customer_that_cannot_be_billed_does_not_stop_the_others(service: Service) -> None:
    service.customer("k-1", mandate=False)
    service.customer("k-2", mandate=False)
    with service.ledger.write() as session:
        complete = session.exec(select(CustomerVersion).where(CustomerVersion.customer == "k-2")).one()
        values = complete.model_dump(exclude={"id"}) | {"street": ""}
        session.add(CustomerVersion(**values))
    report = service.close_month("2026-10")
    assert (report["state"], report["invoices"]) == ("blocked", 1)
    assert [(each["customer"], each["rule"]) for each in report["problems"]] == [("k-2", "incomplete_address")]


def test_work_in_the_background_waits_once_and_never_dies(caplog: pytest.LogCaptureFixture) -> None:
    background, gate, done = Background(), threading.Event(), []

    def held() -> None:
        gate.wait(20)

    background.submit("first", held)
    until(lambda: not background.waits("first"), "the first has begun")
    for _ in range(3):
        background.submit("second", lambda: done.append(1 // 0))
    background.submit("third", lambda: done.append(3))
    assert background.waits("second")
    gate.set()
    until(lambda: done, "the third is done")
    background.stop()
    assert done == [3]
    assert caplog.text.count("second failed") == 1


def test_usage_is_not_assigned_to_a_contract_that_did_not_run_then(service: Service) -> None:
    service.customer("k-2", contract=False)
    service.ask("POST", "/v1/customers/k-2/contract", {**CONTRACT, "starts_on": "2026-11-01"}, expect=201)
    service.use("k-9", "2026-10-01", "trigger")
    service.close_month("2026-10")
    body = {"reason": "gehört zu k-2", "assign_to": "k-2"}
    answer = service.ask("POST", "/v1/months/2026-10/unassigned/k-9", body, expect=404)
    assert "with a contract in 2026-10" in answer["detail"]


@pytest.mark.parametrize(("day", "waits"), [("2026-10-01", True), ("2026-12-01", False)])
def test_a_change_that_reaches_back_waits_for_a_running_close(service: Service, day: str, *, waits: bool) -> None:
    service.customer("k-1", contract=False)
    body = {**CONTRACT, "starts_on": day}
    lock = (service.settings.data_dir / ".close.lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    with ThreadPoolExecutor(1) as pool:
        posted = pool.submit(service.ask, "POST", "/v1/customers/k-1/contract", body, 201)
        done, _ = wait([posted], timeout=1 if waits else 20)
        assert bool(done) is not waits
        lock.close()
        assert posted.result(20)["starts_on"] == day
