"""The events behind a count: each once, as it counts, whether they are filed, voided, sent again, or still wait."""

from datetime import date

import pytest

from metering.evidence import Wanted, counted_events
from metering.month import BillingMonth
from tests.metering.test_gauge import Desk, desk

__all__ = ["desk"]
OCTOBER = BillingMonth(2026, 10)
STORY = """
b 05T12:00 trigger w1 c1
a 05T12:00 trigger w1 c1
b 05T12:00 trigger w1 c1
c 04T22:00 action:3 w2
d 06T08:00 action
e 06T09:00 connector w1 c1
f 31T22:59:59.999999 trigger
g 31T23:00 trigger
d 07T08:00 action
void a
"""


def behind(desk: Desk, *meters: str, first: int = 1, last: int = 31, limit: int = 100, offset: int = 0) -> list[str]:
    """``05 b trigger 1``: the day in Berlin, the id, what it counts as."""
    days = date(2026, 10, first), date(2026, 10, last)
    wanted = Wanted("k-1", OCTOBER, meters, *days)
    found = counted_events(desk.journal, desk.counter.client, wanted, limit, offset)
    return [f"{each.day:%d} {each.id} {each.meter} {each.quantity}" for each in found]


@pytest.mark.parametrize("archived", ["before", "on the way"])
def test_each_event_is_shown_once_as_it_counts(desk: Desk, archived: str) -> None:
    desk.tell(STORY)
    if archived == "before":
        desk.journal.archive(desk.counter.client)
    everything = ["05 c action 3", "05 b trigger 1", "06 d action 1", "31 f trigger 1"]
    assert behind(desk, "trigger", "action") == everything
    assert behind(desk, "trigger") == ["05 b trigger 1", "31 f trigger 1"]
    assert behind(desk, "connector") == ["06 e connector 1"]
    assert behind(desk, "trigger", "action", first=6, last=6) == ["06 d action 1"]
    assert behind(desk, "trigger", "action", first=7, last=30) == []
    pages = [behind(desk, "trigger", "action", limit=1, offset=place) for place in range(5)]
    assert pages == [*([each] for each in everything), []]


def test_what_is_shown_adds_up_to_what_is_counted(desk: Desk) -> None:
    desk.tell(STORY)
    shown = [each.split() for each in behind(desk, "trigger", "action", "connector")]
    counted = {(f"{each.day:%d}", meter): units for each in desk.live().days for meter, units in each.counts.items()}
    added: dict[tuple[str, str], int] = {}
    for day, _, meter, units in shown:
        added[day, meter] = added.get((day, meter), 0) + int(units)
    assert added == {key: units for key, units in counted.items() if units}
