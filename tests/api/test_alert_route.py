"""``GET /v1/customers/{customer}/alerts``, and the alerts of a service that runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.alert_office import SECRET as WEBHOOK_SECRET
from tests.api.alert_office import Receiver, receiver
from tests.api.running import Service, running, settings_in
from tests.waiting import until


@pytest.fixture
def hooks() -> Iterator[Receiver]:
    with receiver() as taking:
        yield taking


@pytest.fixture
def watching(tmp_path: Path, hooks: Receiver) -> Iterator[Service]:
    """A service that looks for alerts all the time."""
    settings = settings_in(tmp_path, alert_seconds=0.01, webhook_url=hooks.url, webhook_secret=WEBHOOK_SECRET)
    with running(settings) as service:
        yield service


def use(service: Service, key: str, number: int, units: int) -> None:
    event = {
        "id": f"e-{number}",
        "customer": key,
        "type": "trigger",
        "time": "2026-11-02T08:00:00Z",
        "workflow": "wf-1",
        "quantity": units,
    }
    assert service.engine.post("/v1/events", json=event).is_success


def test_a_running_service_tells_and_finance_sees_who_was_told(watching: Service, hooks: Receiver) -> None:
    watching.customer("k-1", package="schnupperpaket")
    use(watching, "k-1", 1, 420)
    until(lambda: hooks.calls, "80 % are told")
    use(watching, "k-1", 2, 80)
    until(lambda: len(hooks.calls) > 1, "100 % are told")
    until(lambda: len(list((watching.settings.data_dir / "outbox").iterdir())) > 1, "the mails left")
    until(lambda: _states(watching) == ["sent"] * 4, "everything is recorded")
    page = watching.ask("GET", "/v1/customers/k-1/alerts")
    newest, oldest = page["items"]
    assert page["next_cursor"] is None
    assert (newest["percent"], newest["used"], oldest["percent"], oldest["used"]) == (100, 500, 80, 420)
    mail, webhook = oldest.pop("deliveries")
    assert oldest == {
        "customer": "k-1",
        "month": "2026-11",
        "percent": 80,
        "used": 420,
        "included": 500,
        "raised_at": "2026-11-02T09:00:00Z",
    }
    assert (mail["channel"], mail["recipient"], mail["attempts"]) == ("mail", "rechnung@nord.example", 1)
    assert (webhook["channel"], webhook["message_id"], webhook["answer"]) == (
        "webhook",
        hooks.calls[0].id,
        "204 No Content",
    )


def _states(service: Service) -> list[str]:
    items = service.ask("GET", "/v1/customers/k-1/alerts")["items"]
    return [delivery["state"] for item in items for delivery in item["deliveries"]]


def test_alerts_page_newest_first(watching: Service, hooks: Receiver) -> None:
    watching.customer("k-1", package="schnupperpaket")
    use(watching, "k-1", 1, 500)
    until(lambda: len(hooks.calls) > 1, "both are told")
    first = watching.ask("GET", "/v1/customers/k-1/alerts?limit=1")
    second = watching.ask("GET", f"/v1/customers/k-1/alerts?limit=1&cursor={first['next_cursor']}")
    assert [page["items"][0]["percent"] for page in (first, second)] == [100, 80]
    assert second["next_cursor"] is None


def test_a_customer_without_alerts_has_an_empty_list_and_an_unknown_one_none(shared: Service) -> None:
    shared.customer("k-quiet", mandate=False, contract=False)
    assert shared.ask("GET", "/v1/customers/k-quiet/alerts") == {"items": [], "next_cursor": None}
    assert "k-unknown" in shared.ask("GET", "/v1/customers/k-unknown/alerts", expect=404)["detail"]
