"""Folding: the same counts whatever way the server keeps its sets, and for as many events as a customer may have."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from metering.event import Event
from metering.fold import keys_of, read_cells
from metering.redis import LARGEST_INTSET, Connection, open_redis
from tests.metering.samples import OCTOBER, batch, event, parts, void
from tests.redis_fixtures import counted, started

ARRAYS = ("--set-max-intset-entries", str(LARGEST_INTSET))
KINDS = {
    "plain arrays": (*ARRAYS, "--rdbcompression", "no"),
    "packed arrays": (*ARRAYS, "--rdbcompression", "yes"),
    "hash tables": ("--set-max-intset-entries", "512", "--rdbcompression", "yes"),
    "hash tables at once": ("--set-max-intset-entries", "0", "--rdbcompression", "no"),
    "short lists": ("--set-max-intset-entries", "0", "--set-max-listpack-entries", "512"),
}


@pytest.fixture(scope="module", params=KINDS)
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    with started(*KINDS[request.param]) as url:
        yield url


@pytest.fixture
def each_kind(server: str, tmp_path: Path) -> Iterator[Connection]:
    """An empty server of each kind."""
    with open_redis(server, tmp_path) as connection:
        connection.client.flushall()
        yield connection


def cells(connection: Connection, customer: str = "k-1") -> dict[str, int]:
    [(_, found)] = read_cells(connection.client, [customer], OCTOBER)
    return {f"{meter}:{day:%d}": units for (day, meter), units in found.items()}


@pytest.mark.parametrize("size", [0, 1, 6, 7, 511, 512, 513, 2_046, 2_047, 5_000])
def test_a_set_of_any_size_is_read_whole(each_kind: Connection, size: int) -> None:
    """The sizes are those at which the server's format writes a length another way, and one beside them."""
    counted(each_kind, batch(size))
    assert cells(each_kind) == ({"trigger:05": size} if size else {})


def test_an_id_said_twice_is_found_in_other_sets_too(each_kind: Connection) -> None:
    counted(each_kind, *parts([event(f"e-{n}", f"action:{day:02}") for n in range(700) for day in (31, 5, 4)], 900))
    counted(each_kind, [event(f"e-{n}", "trigger:04") for n in range(10)])
    counted(each_kind, [event("e-11", "volume:03", quantity=8), event("e-12", "volume:04", quantity=8)])
    void(each_kind, "k-1", "e-20", "e-21", "e-0")
    assert cells(each_kind) == {"volume:03": 8, "trigger:04": 9, "action:04": 700 - 13}


def everything(count: int) -> list[Event]:
    """As many events of one customer, over all days and both types; every tenth is also said for a later day."""
    days = [event(f"e-{n}", f"{('trigger', 'action')[n % 2]}:{n % 31 + 1:02}") for n in range(count)]
    return days + [event(f"e-{n}", "action:31") for n in range(0, count, 10)]


def expected(count: int) -> dict[str, int]:
    found = {f"{meter}:{day:02}": 0 for day in range(1, 32) for meter in ("trigger", "action")}
    for n in range(count):
        meter, day = ("trigger", "action")[n % 2], n % 31 + 1
        found[f"{meter}:{day:02}"] += 1
    return found


def test_a_customer_with_very_many_events_is_counted_exactly(counter: Connection) -> None:
    many = everything(200_000)
    told = counted(counter, *parts(many, 10_000))
    assert sum(each.accepted for each in told) + sum(each.duplicates for each in told) == len(many)
    assert cells(counter) == expected(200_000)
    *pieces, _, _ = keys_of("k-1", OCTOBER)
    assert {counter.client.object("encoding", piece) for piece in pieces} == {b"intset"}
    assert sum(map(counter.client.memory_usage, pieces)) < 9 * len(many)


def test_a_server_with_other_settings_counts_the_same(each_kind: Connection) -> None:
    counted(each_kind, *parts(everything(30_000), 7_000))
    assert cells(each_kind) == expected(30_000)


def test_customers_are_read_together_and_apart_the_same(each_kind: Connection) -> None:
    customers = [f"k-{n}" for n in range(20)]
    counted(each_kind, [event(f"e-{n}", customer=f"k-{n % 19}") for n in range(15_000)][:10_000])
    together = dict(read_cells(each_kind.client, customers, OCTOBER))
    assert list(together) == customers
    assert sum(sum(found.values()) for found in together.values()) == 10_000
    assert together["k-19"] == {}
    assert together["k-3"] == {(date(2026, 10, 5), "trigger"): 10_000 // 19 + (10_000 % 19 > 3)}
