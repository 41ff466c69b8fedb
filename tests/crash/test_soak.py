"""The soak in short: every process killed, the power failed; ``make soak`` does the same with ten million events."""

from collections import Counter
from pathlib import Path

import pytest

from bench.soak import MONTH, Outcome, Plan, compared, soak, table
from bench.soak_faults import Traced
from bench.soak_load import Generator
from metering.keys import key_of
from metering.redis import open_redis

STRIKES = {"service": 2, "archiver": 2, "store": 2, "power": 2}
PLAN = Plan(60_000, STRIKES, seed=3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("soak") / "data"


@pytest.fixture(scope="module")
def outcome(folder: Path) -> Outcome:
    """What became of a small soak, in a journal of many small files."""
    found = soak(folder, PLAN, ZAEHLWERK_JOURNAL_SECONDS="1")
    print(table(found))  # noqa: T201 - what it went through
    return found


def test_counter_journal_and_generator_agree_after_kills_and_power_failures(outcome: Outcome) -> None:
    assert outcome.differences == ()
    assert {kind: outcome.happened[kind] for kind in STRIKES} == STRIKES
    assert outcome.happened["no answer"] > 0, "no client noticed anything"


def test_a_single_event_that_is_missing_from_the_counter_is_told(outcome: Outcome, folder: Path) -> None:
    assert outcome.happened["made"] == PLAN.events
    with open_redis("embedded:", folder) as store:
        assert store.client.spop(f"{key_of('k-7', MONTH)}:2")
    generator = Generator(PLAN.events, PLAN.seed)
    sent = sum(events for events, _ in generator.batches())
    assert sent > PLAN.events, "some batches come again"
    differences, _ = compared(folder, generator)
    assert len(differences) == 2, differences
    assert differences[0].startswith("recount: Difference(customer='k-7'")
    assert differences[1].startswith("k-7, day 1"), "the third set begins with the eleventh"


TRACE = """\
7 write(9</d/1.incr.aof>, ""..., 100) = 100
7 fdatasync(9</d/1.incr.aof>) = 0 (DELAYED)
7 write(9</d/1.incr.aof>, ""..., 50) = 50
7 fdatasync(9</d/1.incr.aof> <unfinished ...>
8 write(5</j/.a.tmp>, ""..., 30) = 30
8 fsync(5</j/.a.tmp>) = 0 (DELAYED)
8 rename("/j/.a.tmp", "/j/a.parquet") = 0
8 fsync(6</j>) = 0 (DELAYED)
8 rename("/j/.b.tmp", "/j/b.parquet") = 0
9 write(9</d/1.incr.aof>, ""..., 7 <unfinished ...>
8 fsync(6</j> <unfinished ...>
7 <... fdatasync resumed>) = ?
9 <... write resumed>) = 7
7 +++ killed by SIGKILL +++
"""


def test_only_what_a_finished_sync_covers_outlives_a_power_failure(tmp_path: Path) -> None:
    (tmp_path / "trace").write_text(TRACE, encoding="utf-8")
    traced = Traced(Counter({"/d/1.incr.aof": 1_000}))
    traced.read(tmp_path / "trace")
    assert traced.synced["/d/1.incr.aof"] == 1_100
    assert traced.length["/d/1.incr.aof"] == 1_157
    assert traced.synced["/j/a.parquet"] == traced.length["/j/a.parquet"] == 30
    assert traced.renamed == {"/j/b.parquet": "/j/.b.tmp"}, "its folder was not synced"
