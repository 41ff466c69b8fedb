"""Instants at the edge of what the decoder and the calendar can tell apart."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from metering.event import Reader, Window
from metering.month import BERLIN
from tests.metering.samples import cell_of

READER = Reader(["trigger", "action"])
WINDOW = Window.at(datetime(2026, 11, 5, 12, tzinfo=UTC), late_days=35, future_minutes=5)
EVENT = {"id": "e-1", "customer": "k-1", "type": "trigger", "time": ""}
CLOUD = {"specversion": "1.0", "id": "e-1", "subject": "k-1", "type": "de.fluks.trigger", "time": ""}


@pytest.mark.parametrize("kind", ["application/json", "application/x-ndjson", "application/cloudevents+json"])
@pytest.mark.parametrize(
    ("time", "cell"),
    [
        ("2026-10-31T22:59:59.999999Z", "2026-10 trigger:31"),
        ("2026-10-31T22:59:59.9999995Z", "2026-10 trigger:31"),
        ("2026-10-31T22:59:59.999999999Z", "2026-10 trigger:31"),
        ("2026-10-31T23:59:59.999999999+01:00", "2026-10 trigger:31"),
        ("2026-10-31T23:00:00.000000000Z", "2026-11 trigger:01"),
        ("2026-10-31T23:00:00.000000001Z", "2026-11 trigger:01"),
        ("2026-10-30T22:59:59.999999999999Z", "2026-10 trigger:30"),
    ],
)
def test_no_fraction_of_a_second_carries_an_event_into_the_next_month(kind: str, time: str, cell: str) -> None:
    event = {**(CLOUD if "cloud" in kind else EVENT), "time": time}
    for body in (json.dumps(event), json.dumps(event, indent=1).replace("\n", "")):
        [read], [] = READER.read(kind, body.encode(), WINDOW)
        assert cell_of(read) == cell


def test_only_the_time_is_cut() -> None:
    identity = "2026-10-31T22:59:59.999999999Z"
    spoken = '"time":"2026-10-31T22:59:59.999999999Z"'
    event = {**EVENT, "id": identity, "workflow": spoken, "time": "2026-10-05T12:00:00Z"}
    [read], [] = READER.read("application/json", json.dumps(event).encode(), WINDOW)
    assert (read.id, read.workflow) == (identity, spoken)


@pytest.mark.parametrize("change", [datetime(2026, 10, 25, 1, tzinfo=UTC), datetime(2026, 3, 29, 1, tzinfo=UTC)])
def test_minutes_ahead_are_minutes_when_the_clocks_change(change: datetime) -> None:
    moments = [change + timedelta(minutes=minute) for minute in range(-70, 71, 5)]
    windows = [Window.at(each.astimezone(BERLIN), late_days=35, future_minutes=5) for each in moments]
    assert [each.latest for each in windows] == [each + timedelta(minutes=5) for each in moments]
    assert {later.latest - earlier.latest for earlier, later in pairwise(windows)} == {timedelta(minutes=5)}
