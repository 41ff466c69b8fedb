"""Announce, collect, download; dead letters and the audit log."""

import hashlib
from collections.abc import Iterator
from io import BytesIO

import pytest
from lxml import etree
from pypdf import PdfReader

from tests.api.running import IBAN, MANDATE, Service, running, settings_in

CREDITOR = "DE27100777770209299700"


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """October is closed, announced and collected: k-1 CORE, k-2 B2B, k-3 without a mandate."""
    folder = tmp_path_factory.mktemp("collected")
    with running(settings_in(folder, creditor_iban=CREDITOR)) as service:
        service.customer("k-1")
        service.customer("k-2", mandate=False)
        service.ask("PUT", "/v1/customers/k-2/mandate", {**MANDATE, "scheme": "B2B"})
        service.customer("k-3", mandate=False)
        service.close_month("2026-10")
        service.ask("POST", "/v1/notices")
        service.ask("POST", "/v1/sepa/exports", expect=201)
        yield service


def test_what_cannot_be_announced_waits_with_its_reason(collected: Service) -> None:
    answer = collected.ask("POST", "/v1/notices")
    assert (answer["sent"], answer["failed"]) == (0, [])
    assert [(each["customer"], each["invoice"]) for each in answer["waiting"]] == [("k-3", "RE-2026-000003")]
    assert "kein SEPA-Mandat" in answer["waiting"][0]["reason"]


def test_collections_show_amount_state_day_and_file(collected: Service) -> None:
    items = collected.ask("GET", "/v1/collections")["items"]
    assert [(each["end_to_end_id"], each["state"], each["due_on"], each["amount_cents"]) for each in items] == [
        ("RE-2026-000001-1", "exported", "2026-11-09", 59_500),
        ("RE-2026-000002-1", "exported", "2026-11-09", 59_500),
        ("RE-2026-000003-1", "waiting", None, 59_500),
    ]
    waiting = collected.ask("GET", "/v1/collections?state=waiting")["items"]
    assert waiting == items[2:]
    first = collected.ask("GET", "/v1/collections?limit=2")
    rest = collected.ask("GET", f"/v1/collections?limit=2&cursor={first['next_cursor']}")
    assert first["items"] + rest["items"] == items


def test_exporting_again_writes_nothing(collected: Service) -> None:
    assert collected.ask("POST", "/v1/sepa/exports", expect=201) == {"files": [], "held": []}


def test_files_are_listed_newest_first_page_by_page(collected: Service) -> None:
    everything = collected.ask("GET", "/v1/sepa/exports")["items"]
    first = collected.ask("GET", "/v1/sepa/exports?limit=1")
    rest = collected.ask("GET", f"/v1/sepa/exports?limit=1&cursor={first['next_cursor']}")
    assert first["items"] + rest["items"] == everything
    assert sorted(each["scheme"] for each in everything) == ["B2B", "CORE"]
    assert {(each["count"], each["control_sum_cents"]) for each in everything} == {(1, 59_500)}
    assert all(each["due_dates"] == ["2026-11-09"] for each in everything)


def test_a_file_is_downloaded_as_recorded_and_the_first_time_is_kept(collected: Service) -> None:
    (file,) = [each for each in collected.ask("GET", "/v1/sepa/exports")["items"] if each["scheme"] == "CORE"]
    path = f"/v1/sepa/exports/{file['id']}/pain.008.xml"
    answer = collected.finance.get(path)
    assert answer.headers["content-type"] == "application/xml"
    assert answer.headers["content-disposition"] == f'attachment; filename="{file["message_id"]}.xml"'
    assert hashlib.sha256(answer.content).hexdigest() == file["sha256"]
    xml = etree.fromstring(answer.content)
    assert xml.xpath("string(//*[local-name()='EndToEndId'])") == "RE-2026-000001-1"
    assert xml.xpath("string(//*[local-name()='DbtrAcct']//*[local-name()='IBAN'])") == IBAN
    downloaded_at = collected.clock().isoformat().replace("+00:00", "Z")
    collected.clock.move(minutes=5)
    collected.finance.get(path)
    (again,) = [each for each in collected.ask("GET", "/v1/sepa/exports")["items"] if each["scheme"] == "CORE"]
    assert again["downloaded_at"] == downloaded_at
    assert collected.actions().count("export.downloaded") == 2


def test_a_routing_slip_says_what_the_file_holds(collected: Service) -> None:
    file = collected.ask("GET", "/v1/sepa/exports")["items"][0]
    answer = collected.finance.get(f"/v1/sepa/exports/{file['id']}/routing-slip.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages)
    assert file["message_id"] in text.replace("\n", "")
    assert "595,00" in text


@pytest.mark.parametrize("what", ["pain.008.xml", "routing-slip.pdf"])
@pytest.mark.parametrize(
    ("export", "status"), [("99", 404), ("0", 422), ("-1", 422), ("x", 422), ("99999999999999999999", 422)]
)
def test_a_file_that_is_none_is_said_to_be_so(collected: Service, what: str, export: str, status: int) -> None:
    collected.ask("GET", f"/v1/sepa/exports/{export}/{what}", expect=status)


def test_a_file_that_was_moved_away_is_said_to_be_so(collected: Service) -> None:
    file = collected.ask("GET", "/v1/sepa/exports")["items"][0]
    path = collected.settings.data_dir / "sepa" / f"{file['message_id']}.xml"
    elsewhere = path.rename(path.with_suffix(".moved"))
    answer = collected.ask("GET", f"/v1/sepa/exports/{file['id']}/pain.008.xml", expect=409)
    elsewhere.rename(path)
    assert "backup" in answer["detail"]


@pytest.mark.parametrize(
    "path", ["/v1/sepa/exports?cursor=x", "/v1/audit?cursor=-1", "/v1/dead-letters?cursor=99999999999"]
)
def test_a_cursor_that_is_none_is_refused(collected: Service, path: str) -> None:
    collected.refused("GET", path, None, "cursor")


def test_refused_events_are_dead_letters(each_service: Service) -> None:
    for number in range(3):
        event = {"id": f"e-{number}", "customer": "k-1", "type": "dance", "time": "2026-11-01T10:00:00Z"}
        assert each_service.engine.post("/v1/events", json=event).status_code == 422
        each_service.clock.move(seconds=1)
    first = each_service.ask("GET", "/v1/dead-letters?limit=2")
    rest = each_service.ask("GET", f"/v1/dead-letters?limit=2&cursor={first['next_cursor']}")
    letters = first["items"] + rest["items"]
    assert [each["id"] for each in letters] == ["e-2", "e-1", "e-0"]
    assert rest["next_cursor"] is None
    assert (letters[2]["field"], letters[2]["received_at"]) == ("type", "2026-11-02T09:00:00Z")
    assert "dance" in letters[2]["event"]


def test_the_audit_log_says_who_did_what_when(collected: Service) -> None:
    entries = collected.audit()
    assert {each["who"] for each in entries} == {"finance-key"}
    assert {each["action"] for each in entries} >= {
        "customer.recorded",
        "mandate.recorded",
        "contract.started",
        "month.close_started",
        "month.close_ended",
        "notices.sent",
        "collections.exported",
    }
    assert entries[-1]["at"] == "2026-11-02T09:00:00Z"
    assert IBAN not in str(entries).replace(" ", "")
    about = collected.audit(subject="k-2")
    assert [each["action"] for each in about] == ["contract.started", "mandate.recorded", "customer.recorded"] or {
        each["subject"] for each in about
    } == {"k-2"}


def test_the_audit_log_pages(collected: Service) -> None:
    seen, cursor = 0, ""
    while cursor is not None:
        page = collected.ask("GET", f"/v1/audit?limit=4{cursor and f'&cursor={cursor}'}")
        seen += len(page["items"])
        cursor = page["next_cursor"]
    assert seen == len(collected.audit())


def test_metrics_are_for_the_engines_keeper(collected: Service) -> None:
    collected.engine.post("/v1/events", json={"id": "1", "customer": "k-1", "type": "trigger", "time": "x"})
    answer = collected.engine.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'zaehlwerk_events_total{outcome="rejected"}' in answer.text


@pytest.mark.parametrize(("path", "status"), [("/healthz", "ok"), ("/readyz", "ready")])
def test_the_service_says_that_it_lives(each_service: Service, path: str, status: str) -> None:
    assert each_service.as_role("nobody").get(path).json() == {"status": status}
