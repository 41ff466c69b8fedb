"""A store in trouble: a batch and its journal entry are there, or neither is, and who sent it is told which trouble."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from redis.exceptions import RedisError

from metering.event import Event
from metering.keys import STREAMS, key_of
from metering.redis import Connection, open_redis
from metering.tally import Counted, Tally
from metering.usage import read_usage
from tests.metering.samples import OCTOBER, batch, event, journaled, parts
from tests.redis_fixtures import counted, free_port, replica_of, run, started
from tests.waiting import until


def told(connection: Connection, *batches: list[Event]) -> list[Counted | str]:
    """Return what is told about batches that are sent one after the other, or the first word of why not."""

    async def all_of_them() -> list[Counted | str]:
        tally = Tally(connection.lanes())
        try:
            return [await outcome(tally, each) for each in batches]
        finally:
            await tally.close()

    return run(all_of_them())


async def outcome(tally: Tally, events: list[Event]) -> Counted | str:
    try:
        return await tally.count(events)
    except RedisError as error:
        return str(error).partition(" ")[0]


def used(connection: Connection) -> int:
    return sum(read_usage(connection.client, f"k-{n}", OCTOBER).total("trigger") for n in range(1, 50))


def kept(connection: Connection) -> int:
    """Return how many different ids the journal has."""
    return len({each.id for sent in journaled(connection) for each in sent})


@pytest.mark.parametrize("size", [1, 10_000])
def test_a_full_memory_takes_nothing_and_says_so_until_there_is_room(valkey_tcp: Connection, size: int) -> None:
    counted(valkey_tcp, batch(3))
    valkey_tcp.client.config_set("maxmemory", 1)
    try:
        assert told(valkey_tcp, batch(size, "x"), batch(3)) == ["OOM", "OOM"]
        assert (used(valkey_tcp), kept(valkey_tcp)) == (3, 3)
    finally:
        valkey_tcp.client.config_set("maxmemory", 0)
    assert told(valkey_tcp, batch(size, "x")) == [Counted(size, 0)]


def test_memory_that_fills_up_under_way_leaves_whole_batches(valkey_tcp: Connection) -> None:
    """Every transaction happens or does not, also when it is refused after the last of its commands was taken."""
    everything = [event(f"e-{n}", f"trigger:{n % 31 + 1:02}", customer=f"k-{n % 49 + 1}") for n in range(60_000)]
    batches = parts(everything, 1_500)
    limit = int(valkey_tcp.client.info("memory")["used_memory"]) + 2_500_000
    valkey_tcp.client.config_set("maxmemory", limit)

    async def send_all() -> list[Counted | str]:
        tally = Tally(valkey_tcp.lanes())
        try:
            return await asyncio.gather(*[outcome(tally, each) for each in batches])
        finally:
            await tally.close()

    try:
        answers = run(send_all()) + told(valkey_tcp, *batches)
    finally:
        valkey_tcp.client.config_set("maxmemory", 0)
    assert {each for each in answers if isinstance(each, str)} == {"OOM"}
    accepted = sum(each.accepted for each in answers if isinstance(each, Counted))
    assert 0 < accepted == used(valkey_tcp) == kept(valkey_tcp) < len(everything)
    told(valkey_tcp, *batches)
    assert used(valkey_tcp) == kept(valkey_tcp) == len(everything)


def test_a_server_that_only_reads_takes_nothing_until_it_writes_again(valkey_tcp: Connection) -> None:
    async def demote() -> list[Counted | str]:
        tally = Tally(valkey_tcp.lanes())
        before = await outcome(tally, batch(3))
        valkey_tcp.client.replicaof("127.0.0.1", free_port())
        during = [await outcome(tally, batch(5)) for _ in range(3)]
        valkey_tcp.client.replicaof("NO", "ONE")
        after = await outcome(tally, batch(5))
        await tally.close()
        return [before, *during, after]

    assert run(demote()) == [Counted(3, 0), *["READONLY"] * 3, Counted(2, 3)]
    assert (used(valkey_tcp), kept(valkey_tcp)) == (5, 5)


def test_a_replica_that_takes_over_knows_what_was_counted(valkey_tcp: Connection, tmp_path: Path) -> None:
    counted(valkey_tcp, batch(10))
    with replica_of(valkey_tcp.url) as url, open_redis(url, tmp_path) as replica:
        until(lambda: kept(replica) == 10, "the replica has the journal")
        assert told(replica, batch(11)) == ["READONLY"]
        replica.client.replicaof("NO", "ONE")
        assert told(replica, batch(11)) == [Counted(1, 10)]
        assert (used(replica), kept(replica)) == (11, 11)


def test_a_disk_that_cannot_be_written_takes_nothing(tmp_path: Path) -> None:
    obstacle = tmp_path / "dump.rdb"
    with started("--dir", str(tmp_path), "--save", "3600 1") as url, open_redis(url, tmp_path) as connection:
        counted(connection, batch(3))
        obstacle.mkdir()
        connection.client.bgsave()
        until(lambda: connection.client.info("persistence")["rdb_last_bgsave_status"] == "err", "saving failed")
        assert told(connection, batch(5)) == ["MISCONF"]
        obstacle.rmdir()
        connection.client.bgsave()
        until(lambda: connection.client.info("persistence")["rdb_last_bgsave_status"] == "ok", "saving worked")
        assert told(connection, batch(5)) == [Counted(2, 3)]


def test_a_server_that_still_loads_takes_nothing_until_it_has(tmp_path: Path) -> None:
    debug = ("--enable-debug-command", "yes", "--loading-process-events-interval-bytes", "1024")
    with (
        started("--dir", str(tmp_path), "--rdbcompression", "no", *debug) as url,
        open_redis(url, tmp_path) as connection,
    ):
        counted(connection, batch(3))
        for number in range(100):
            connection.client.set(f"ballast-{number}", "x" * 2_000)
        connection.client.config_set("key-load-delay", 10_000)
        reload = threading.Thread(target=lambda: connection.client.execute_command("DEBUG", "RELOAD"))
        reload.start()
        until(lambda: answer_of(connection) == "LOADING", "it says that it loads")
        reload.join()
        assert told(connection, batch(5)) == [Counted(2, 3)]
        assert (used(connection), kept(connection)) == (5, 5)


def answer_of(connection: Connection) -> Counted | str:
    [answer] = told(connection, batch(3))
    return answer


def a_string_in_the_way(connection: Connection) -> None:
    connection.client.set(STREAMS[0], "no stream")


def a_list_in_the_way(connection: Connection) -> None:
    connection.client.rpush(f"{key_of('k-1', OCTOBER)}:0", "no set")


@pytest.mark.parametrize("obstacle", [a_string_in_the_way, a_list_in_the_way])
def test_a_foreign_key_in_the_way_is_an_error_and_acknowledges_nothing(
    valkey_tcp: Connection, obstacle: Callable[[Connection], None]
) -> None:
    obstacle(valkey_tcp)
    assert told(valkey_tcp, batch(3)) == ["WRONGTYPE"]
    valkey_tcp.client.flushall()
    assert told(valkey_tcp, batch(3)) == [Counted(3, 0)]
