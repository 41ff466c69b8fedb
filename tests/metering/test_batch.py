from datetime import date
from typing import Any

import hiredis
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metering.batch import METERS, PIECES, batch_of, code_of, command, fingerprint, piece_of
from metering.event import Event
from metering.keys import key_of
from tests.metering.samples import NOVEMBER, OCTOBER, event


def commands_of(events: list[Event]) -> list[list[str]]:
    """Read what would be sent as the server reads it."""
    made = batch_of(events)
    reader = hiredis.Reader(encoding="utf-8")
    reader.feed(made.commands.encode())
    found: list[Any] = [reader.gets() for _ in range(made.answers)]
    assert reader.gets() is False
    assert not reader.has_data()
    return found


@pytest.mark.parametrize(
    ("day", "piece"), [(1, 0), (5, 0), (6, 1), (10, 1), (11, 2), (20, 3), (25, 4), (26, 5), (30, 5), (31, 5)]
)
def test_a_month_lies_in_six_pieces(day: int, piece: int) -> None:
    assert piece_of(date(2026, 10, day)) == piece < PIECES


def test_an_event_is_a_number_that_says_its_id_its_day_and_its_type() -> None:
    [[_, key, member]] = commands_of([event("a", "action:31")])
    assert key == f"{key_of('k-1', OCTOBER)}:5"
    assert int(member) & (1 << 56) - 1 == fingerprint("a")
    assert int(member) >> 56 & 63 == 2 * 31 + 1 == code_of(date(2026, 10, 31), "action")
    assert int(member) >> 62 == 1


@given(st.text(min_size=1, max_size=128), st.integers(1, 31), st.sampled_from(METERS))
def test_every_member_has_nineteen_digits_and_fits_an_integer_set(identity: str, day: int, meter: str) -> None:
    [[_, _, member]] = commands_of([event(identity, f"{meter}:{day:02}")])
    assert (len(member), int(member) < 2**63) == (19, True)


def test_an_event_that_says_more_says_it_in_words() -> None:
    said = [event("a", quantity=2), event("b", "volume:09"), event("c", "action:09", quantity=1_000_000)]
    key = f"{key_of('k-1', OCTOBER)}:more"
    assert commands_of(said) == [
        ["SADD", key, f"{fingerprint('a')} 05 trigger 2"],
        ["SADD", key, f"{fingerprint('b')} 09 volume 1"],
        ["SADD", key, f"{fingerprint('c')} 09 action 1000000"],
    ]


def test_one_command_serves_a_customer_s_day() -> None:
    days = [event(f"{n}", f"trigger:{n % 2 + 1:02}", customer=f"k-{n % 3}") for n in range(60)]
    days += [event("x", month=NOVEMBER), event("y", "action:01", customer="k-0")]
    assert sorted(len(each) - 2 for each in commands_of(days)) == [1, *[10] * 5, 11]


@given(st.lists(st.text(max_size=20), max_size=5))
def test_a_command_is_read_as_it_was_meant(parts: list[str]) -> None:
    reader = hiredis.Reader(encoding="utf-8")
    reader.feed(command("SADD", *parts, "\r\n*1\r\n$8\r\nFLUSHALL\r\n").encode())
    assert reader.gets() == ["SADD", *parts, "\r\n*1\r\n$8\r\nFLUSHALL\r\n"]


@given(st.text(min_size=1, max_size=128), st.text(max_size=128), st.sampled_from(["trigger", "übertragen", "a-b.c"]))
def test_what_an_event_says_cannot_become_a_command(identity: str, workflow: str, meter: str) -> None:
    found = commands_of([event(identity, f"{meter}:05", workflow=workflow), event(identity, f"{meter}:05", quantity=3)])
    assert [each[0] for each in found] == ["SADD"] * len(found)


@pytest.mark.parametrize(
    "said",
    [
        event("a"),
        event("ä\r\n", "volume:31", customer="a:b:c", quantity=1_000_000, workflow="漢", connector=""),
        event("a", workflow="w"),
    ],
)
def test_the_journal_s_entry_reads_as_the_same_events(said: Event) -> None:
    made = batch_of([said, said])
    assert msgspec.msgpack.decode(made.journal, type=list[Event]) == [said, said]
    assert (made.events, batch_of([said], journal=False).journal) == (2, b"")


def test_fingerprints_do_not_meet_by_chance() -> None:
    marks = {fingerprint(f"e-{n}") for n in range(200_000)}
    assert len(marks) == 200_000
    assert 0 <= min(marks) < max(marks) < 2**56


@pytest.mark.parametrize(
    ("identity", "mark"), [("a", 64957165749573198), ("e-1", 17207067184573657), ("漢", 68113576786495535)]
)
def test_a_fingerprint_never_changes(identity: str, mark: int) -> None:
    """Another fingerprint would be another event: what was counted would count again."""
    assert fingerprint(identity) == mark
