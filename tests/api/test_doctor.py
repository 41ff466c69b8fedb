"""The doctor: what is configured, reachable and durable."""

from pathlib import Path
from typing import Any

import pytest

from api.doctor import Finding, examine
from tests.api.running import settings_in
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
    assert [each.what for each in findings.values() if not each.ok] == ["counter"]
    assert findings["ledger"].ok
    assert "geheim" not in str(findings)


def test_an_unreachable_ledger_is_a_finding_without_its_password(tmp_path: Path) -> None:
    findings = found(tmp_path, database_url=f"postgresql://zw:geheim@127.0.0.1:{free_port()}/zw")
    assert [each.ok for each in findings.values()] == [False]
    assert "geheim" not in str(findings)
