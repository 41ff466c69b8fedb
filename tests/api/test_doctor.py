"""The doctor: what is configured, reachable and durable."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from api.alert_watch import sweep
from api.doctor import Finding, examine
from tests.api.alert_office import SECRET, office
from tests.api.running import HandClock, settings_in
from tests.redis_fixtures import free_port


def found(folder: Path, **values: Any) -> dict[str, Finding]:
    return {each.what: each for each in examine(settings_in(folder, **values))}


def test_embedded_defaults_are_well(tmp_path: Path) -> None:
    findings = found(tmp_path)
    assert [each for each in findings.values() if not each.ok] == []
    assert {"ledger", "counter: appendonly", "creditor_iban", "creditor_id", "mail", "terms"} <= findings.keys()
    assert "test value" in findings["creditor_iban"].finding


@pytest.mark.parametrize(
    ("field", "value"), [("creditor_iban", "DE02120300000000202052"), ("creditor_id", "DE00ZZZ09999999999")]
)
def test_a_broken_creditor_is_a_finding(tmp_path: Path, field: str, value: str) -> None:
    findings = found(tmp_path, **{field: value})
    assert [each.what for each in findings.values() if not each.ok] == [field]


def test_an_unreachable_counter_is_a_finding_and_the_rest_is_still_looked_at(tmp_path: Path) -> None:
    findings = found(tmp_path, redis_url=f"redis://:geheim@127.0.0.1:{free_port()}")
    assert [each.what for each in findings.values() if not each.ok] == ["counter", "journal"]
    assert findings["ledger"].ok
    assert "geheim" not in str(findings)


def test_an_unreachable_ledger_is_a_finding_without_its_password(tmp_path: Path) -> None:
    findings = found(tmp_path, database_url=f"postgresql://zw:geheim@127.0.0.1:{free_port()}/zw")
    assert [each.ok for each in findings.values()] == [False]
    assert "geheim" not in str(findings)


def test_events_that_nobody_archives_are_a_finding(tmp_path: Path) -> None:
    settings, clock = settings_in(tmp_path), HandClock(datetime.now(UTC))
    with office(settings, clock) as desk:
        desk.use("k-1", 1)
        clock.move(minutes=10)
        (soon,) = (each for each in examine(settings, clock) if each.what == "journal")
        clock.move(minutes=2)
        (later,) = (each for each in examine(settings, clock) if each.what == "journal")
    assert (soon.ok, later.ok) == (True, False)
    assert "events wait since" in later.finding


def test_an_alert_that_cannot_go_out_is_a_finding(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, webhook_url=f"http://127.0.0.1:{free_port()}/hook", webhook_secret=SECRET)
    with office(settings) as desk:
        desk.use(desk.customer("k-1"), 1_000)
        sweep(desk.work)
        findings = [each for each in examine(settings, desk.clock) if each.what == "alerts"]
    assert [(each.ok, "wait to go out by webhook: ConnectError" in each.finding) for each in findings] == [
        (False, True)
    ]
