"""From an amount back to the events, over HTTP and from the command line."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.api.running import Service
from tests.api.test_cli import zaehlwerk
from tests.invoicing.printed import text_of


@pytest.fixture(scope="module")
def billed(shared: Service) -> Service:
    """Two customers with an invoice each; the second one's usage came under another id, too."""
    shared.customer("k-1", package="schnupperpaket", addons=["forms"])
    shared.use("k-1", "2026-10-07", *["trigger"] * 300)
    shared.use("k-1", "2026-10-08", *["action"] * 202, "connector")
    shared.customer("k-2", package="schnupperpaket")
    shared.use("k-2", "2026-10-09", *["trigger"] * 500)
    shared.use("k-typo", "2026-10-05", "trigger")
    decision = {"reason": "Tippfehler", "assign_to": "k-2"}
    shared.ask("POST", "/v1/months/2026-10/unassigned/k-typo", decision, expect=204)
    shared.close_month("2026-10")
    return shared


def events(service: Service, number: str, **query: object) -> Any:
    answer = service.finance.get(f"/v1/invoices/{number}/events", params=query)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_events_behind_a_line_add_up_to_its_days(billed: Service) -> None:
    explained = billed.ask("GET", "/v1/invoices/RE-2026-000001/explain?line=2")
    (line,) = explained["lines"]
    assert line["days"] == [
        {"date": "2026-10-07", "trigger": 300, "action": 0},
        {"date": "2026-10-08", "trigger": 0, "action": 202},
    ]
    found = events(billed, "RE-2026-000001", line=2, limit=1000)
    assert found["next_cursor"] is None
    for day in line["days"]:
        for meter in ("trigger", "action"):
            those = [each for each in found["items"] if (each["day"], each["type"]) == (day["date"], meter)]
            assert sum(each["quantity"] for each in those) == day[meter]
    first = found["items"][0]
    assert (first["time"], first["workflow"], first["connector"]) == ("2026-10-07T08:00:00Z", "wf-1", "fluks-forms")
    assert events(billed, "RE-2026-000001", line=2, day="2026-10-08")["items"][0]["type"] == "action"


def test_events_come_page_by_page(billed: Service) -> None:
    seen: list[str] = []
    cursor = 0
    while cursor is not None:
        found = events(billed, "RE-2026-000001", line=2, limit=200, cursor=cursor)
        seen += [each["id"] for each in found["items"]]
        cursor = found["next_cursor"]
    assert (len(seen), len(set(seen))) == (502, 502)


def test_events_that_came_under_another_id_are_among_them(billed: Service) -> None:
    found = events(billed, "RE-2026-000002", line=2, limit=1000)["items"]
    assert len(found) == 501
    assert found[-1]["id"].startswith("k-typo-")


def test_what_came_late_is_unfolded_to_its_days_and_their_events(service: Service) -> None:
    service.customer("k-1", package="schnupperpaket")
    service.use("k-1", "2026-10-07", *["trigger"] * 500)
    service.close_month("2026-10")
    service.use("k-1", "2026-10-09", "trigger", "action", "action")
    service.clock.now = service.clock.now.replace(month=12)
    service.close_month("2026-11")
    told = service.ask("GET", "/v1/invoices/RE-2026-000002/explain?line=2")
    (line,) = told["lines"]
    assert (line["kind"], line["net_cents"], told["problems"]) == ("late", 30, [])
    assert line["days"] == [{"date": "2026-10-09", "trigger": 1, "action": 2}]
    found = events(service, "RE-2026-000002", line=2)["items"]
    assert sorted(each["type"] for each in found) == ["action", "action", "trigger"]
    other_day = service.ask("GET", "/v1/invoices/RE-2026-000002/events?line=2&day=2026-10-08", expect=422)
    assert "choose a day of these" in other_day["detail"]


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("line=1", 409, "counts no events"),
        ("line=9", 404, "choose 1 to 3"),
        ("line=2&day=2026-11-01", 422, "2026-10-01 to 2026-10-31"),
        ("line=2&day=gestern", 422, "day"),
        ("", 422, "line"),
    ],
)
def test_what_has_no_events_says_so(billed: Service, query: str, status: int, says: str) -> None:
    answer = billed.ask("GET", f"/v1/invoices/RE-2026-000001/events?{query}", expect=status)
    assert says in json.dumps(answer)


def test_the_appendix_for_a_customer_who_asks(billed: Service) -> None:
    answer = billed.finance.get("/v1/invoices/RE-2026-000001/explanation.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == 'attachment; filename="RE-2026-000001-Nachweis.pdf"'
    text = text_of(answer.content)
    for said in (
        "Nachweis zur Rechnung Nr. RE-2026-000001",
        "502 genutzt − 500 enthalten = 2 × 0,10 € = 0,20 €",
        "07.10.2026 300 0 08.10.2026 0 202",
        "Netto: 60,00 € + 0,20 € + 30,00 € = 90,20 €",
        "Alles nachgerechnet: jeder Betrag stimmt.",
    ):
        assert said in text
    assert billed.finance.get("/v1/invoices/RE-2026-000001/explanation.pdf").content == answer.content
    assert billed.ask("GET", "/v1/invoices/RE-2026-000009/explanation.pdf", expect=404)


def test_the_command_goes_as_far_as_the_events(billed: Service, tmp_path: Path) -> None:
    folder = billed.settings.data_dir
    told = zaehlwerk(folder, "explain", "RE-2026-000001", "--line", "2", "--day", "2026-10-08").stdout
    assert "202 Ereignisse im Journal:" in told
    assert told.count("  action  ") == 202
    pdf = tmp_path / "nachweis.pdf"
    zaehlwerk(folder, "explain", "RE-2026-000001", "--pdf", str(pdf))
    assert pdf.read_bytes().startswith(b"%PDF")
    found = json.loads(zaehlwerk(folder, "explain", "RE-2026-000002", "--line", "2", "--events", "--json").stdout)
    assert (len(found["events"]), found["explanation"]["problems"]) == (501, [])
    assert zaehlwerk(folder, "explain", "RE-2026-000001", "--events").returncode == 2
