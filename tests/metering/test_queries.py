"""The README's queries, asked as they stand there."""

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from metering.journal import Journal
from metering.redis import Connection
from tests.metering.journals import ROOT
from tests.metering.samples import event
from tests.redis_fixtures import counted

DAY, BUSIEST, ONE = re.findall(r"^SELECT.*?;", (ROOT / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)


@pytest.fixture
def folder(counter: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data directory where the queries look for it, with events that came twice and events of others."""
    mine = [
        event("01JB2Q7", "trigger:05", customer="k-1007", workflow="wf-1", connector="fluks-forms"),
        event("a-1", "action:05", customer="k-1007", workflow="wf-2"),
        event("a-2", "action:05", customer="k-1007", workflow="wf-2"),
        event("a-3", "action:06", customer="k-1007", workflow="wf-2"),
    ]
    others = [event("01JB2Q7", "trigger:05", customer="k-1", workflow="wf-1"), event("b", customer="k-1")]
    counted(counter, [*mine, *others], mine[:1] * 5, others[:1] * 5)
    Journal(str(tmp_path / "var" / "journal")).archive(counter.client)
    monkeypatch.chdir(tmp_path)


def answers(query: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in duckdb.sql(query).to_arrow_table().to_pylist()]


@pytest.mark.usefixtures("folder")
def test_the_readme_asks_for_a_day_a_workflow_and_an_event() -> None:
    assert answers(DAY) == [("action", 2), ("trigger", 1)]
    assert answers(BUSIEST) == [("wf-2", 3)]
    told = answers(ONE)
    assert [row[:3] for row in told] == [("k-1007", "01JB2Q7", "trigger")] * 6
    assert len({row[8:10] for row in told}) == 6, "each stands where it arrived"
