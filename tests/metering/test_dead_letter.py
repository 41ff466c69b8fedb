from datetime import UTC, datetime, timedelta

import pytest

from metering.dead_letter import DeadLetter, count, dead_letters, keep
from metering.event import Rejected
from metering.redis import Connection
from tests.redis_fixtures import run

NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)


def rejected(number: int, raw: str = "{}", identity: str | None = "e", message: str = "is missing") -> Rejected:
    return Rejected(number, identity, "time", message, raw)


def kept(connection: Connection, *letters: Rejected, at: datetime = NOON) -> None:
    async def store() -> None:
        async with connection.async_client() as client:
            await keep(client, letters, at)

    run(store())


def test_a_letter_says_when_what_and_why(each_counter: Connection) -> None:
    kept(each_counter, rejected(3, '{"id":"ä"}', "ä"))
    assert dead_letters(each_counter.client, None, 10) == (
        [DeadLetter(NOON, "ä", "time", "is missing", '{"id":"ä"}')],
        None,
    )


def test_the_same_event_refused_again_is_one_letter_with_its_first_date(each_counter: Connection) -> None:
    kept(each_counter, rejected(3), rejected(7))
    kept(each_counter, rejected(0), at=NOON + timedelta(days=1))
    assert count(each_counter.client) == 1
    assert dead_letters(each_counter.client, None, 10)[0][0].received_at == NOON


@pytest.mark.parametrize("other", [rejected(0, "[]"), rejected(0, identity=None), rejected(0, message="is not valid")])
def test_another_event_or_reason_is_another_letter(each_counter: Connection, other: Rejected) -> None:
    kept(each_counter, rejected(0), other)
    assert count(each_counter.client) == 2


def test_nothing_refused_is_nothing_kept(each_counter: Connection) -> None:
    kept(each_counter)
    assert (count(each_counter.client), dead_letters(each_counter.client, None, 10)) == (0, ([], None))


@pytest.mark.parametrize(("length", "left"), [(0, 0), (2_047, 2_047), (2_048, 2_048), (2_049, 2_048)])
def test_a_long_event_is_cut(each_counter: Connection, length: int, left: int) -> None:
    kept(each_counter, rejected(0, "x" * length))
    [letter], _ = dead_letters(each_counter.client, None, 1)
    assert letter.event == "x" * left


@pytest.mark.parametrize(("letters", "pages"), [(1, [1]), (10, [10]), (11, [10, 1]), (25, [10, 10, 5])])
def test_letters_come_newest_first_in_pages(each_counter: Connection, letters: int, pages: list[int]) -> None:
    for number in range(letters):
        kept(each_counter, rejected(0, str(number)), at=NOON + timedelta(seconds=number))
    sizes: list[int] = []
    found: list[int] = []
    cursor = None
    while not sizes or cursor:
        page, cursor = dead_letters(each_counter.client, cursor, 10)
        sizes.append(len(page))
        found += [int(letter.event) for letter in page]
    assert (sizes, found) == (pages, list(range(letters))[::-1])


@pytest.mark.parametrize("cursor", ["", "x", "-1", "1.5", "99999999999999999999"])
def test_a_cursor_that_is_none_starts_at_the_beginning(each_counter: Connection, cursor: str) -> None:
    kept(each_counter, rejected(0))
    assert len(dead_letters(each_counter.client, cursor, 10)[0]) == 1


def test_a_page_past_the_end_is_empty(each_counter: Connection) -> None:
    kept(each_counter, rejected(0))
    assert dead_letters(each_counter.client, "5", 10) == ([], None)
