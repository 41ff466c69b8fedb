"""The same code on a cluster of three primaries and three replicas."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from redis.crc import key_slot

from api.doctor import examine
from metering import lane as lanes
from metering.durability import durability
from metering.event import Event
from metering.fold import keys_of
from metering.journal import Journal
from metering.keys import STREAMS, partition_of
from metering.recount import recount
from metering.redis import Connection, open_redis
from metering.tally import Counted, Tally
from tests.api.running import settings_in
from tests.cluster.nodes import PRIMARIES, Node, Nodes
from tests.cluster.traffic import CUSTOMERS, by_counter, by_hand, events_of, outcome
from tests.metering.samples import OCTOBER, void
from tests.redis_fixtures import counted, run


def test_all_of_a_customer_lies_in_one_slot_and_the_primaries_share_the_customers(
    nodes: Nodes, cluster: Connection
) -> None:
    more = [Event(f"q-{each.id}", each.customer, each.type, each.time, quantity=2) for each in events_of(500)]
    assert counted(cluster, events_of(9_500) + more) == [Counted(10_000, 0)]
    for customer in CUSTOMERS:
        void(cluster, customer, "e-1")
        keys = [*keys_of(customer, OCTOBER), STREAMS[partition_of(customer)]]
        assert len({key_slot(key.encode()) for key in keys}) == 1
    where = {key.decode(): node.port for node in nodes.primaries() for key in node.client.scan_iter(count=5_000)}
    assert {key: where.get(key) for customer in CUSTOMERS for key in keys_of(customer, OCTOBER)} == {
        key: where[STREAMS[partition_of(customer)]] for customer in CUSTOMERS for key in keys_of(customer, OCTOBER)
    }
    assert sorted(Counter(where[stream] for stream in STREAMS).values()) == [21, 21, 22]
    shares = Counter(where[STREAMS[partition_of(customer)]] for customer in CUSTOMERS)
    assert min(shares.values()) > len(CUSTOMERS) / PRIMARIES / 2


def test_a_batch_of_many_customers_counts_exactly_and_its_repeat_is_all_duplicates(
    cluster: Connection, tmp_path: Path
) -> None:
    events = events_of(10_000)
    assert counted(cluster, events, events, events[5_000:] + events_of(10, "more")) == [
        Counted(10_000, 0),
        Counted(0, 10_000),
        Counted(10, 5_000),
    ]
    assert by_counter(cluster) == by_hand([*events, *events_of(10, "more")])
    again = recount(Journal(str(tmp_path / "journal")), cluster.client, OCTOBER)
    assert (again.events, again.differences) == (10_010, ())


def test_a_batch_goes_to_each_primary_at_once(nodes: Nodes, cluster: Connection) -> None:
    """One transaction per partition, one after the other without waiting: a server reads them in one go."""

    def said() -> list[tuple[int, int]]:
        infos = [(client.info("commandstats"), client.info("stats")) for client in clients]
        return [(one.get("cmdstat_exec", {}).get("calls", 0), two["total_reads_processed"]) for one, two in infos]

    async def count() -> list[tuple[int, int]]:
        tally = Tally(cluster.lanes())
        try:
            await tally.count(events_of(500, "first"))
            before = said()
            assert await tally.count(events_of(500)) == Counted(500, 0)
            return [(exec_ - execs, read - reads) for (exec_, read), (execs, reads) in zip(said(), before, strict=True)]
        finally:
            await tally.close()

    with ExitStack() as stack:
        clients = [stack.enter_context(node.client) for node in nodes.primaries()]
        told = run(count())
    assert sorted(transactions for transactions, _ in told) == [21, 21, 22]
    assert max(reads for _, reads in told) <= 12, "there were pauses, or commands went one by one"


@pytest.fixture
def synced(nodes: Nodes) -> Iterator[None]:
    """Every server syncs each write at once, so that nobody waits for it."""
    with ExitStack() as stack:
        for node in nodes.all:
            stack.enter_context(setting(node, "appendfsync", "always"))
        yield
        nodes.heal()


@pytest.mark.usefixtures("synced")
@pytest.mark.parametrize("confirm", ["wait:1", "waitaof:0", "waitaof:1"])
def test_a_count_is_confirmed_by_replica_and_disk(nodes: Nodes, cluster: Connection, confirm: str) -> None:
    assert told(cluster, confirm, events_of(600), events_of(700)) == [600, 100]
    for primary in nodes.primaries():
        with primary.client as one, nodes.replica_of(primary).client as two:
            assert confirm == "waitaof:0" or one.dbsize() == two.dbsize() > 0


@pytest.mark.usefixtures("synced")
@pytest.mark.parametrize("confirm", ["wait:1", "waitaof:1"])
def test_without_its_replica_a_primary_confirms_nothing_and_the_repeat_after_healing_is_harmless(
    nodes: Nodes, cluster: Connection, monkeypatch: pytest.MonkeyPatch, confirm: str
) -> None:
    monkeypatch.setattr(lanes, "_CONFIRM_MS", 300 if confirm == "wait:1" else 1_500)  # replicas' disks tell each second
    alone = nodes.primary_of("k-1")
    nodes.replica_of(alone).kill()
    theirs = [customer for customer in CUSTOMERS if port_for(cluster, customer) == alone.port]
    others = [customer for customer in CUSTOMERS if customer not in theirs]
    mixed = events_of(90) + events_of(90, "t", theirs)
    assert told(cluster, confirm, mixed, events_of(90, "o", others)) == ["Unconfirmed", 90]
    nodes.heal()
    monkeypatch.setattr(lanes, "_CONFIRM_MS", 3_000)
    assert told(cluster, confirm, mixed) == [0]
    assert by_counter(cluster) == by_hand(mixed + events_of(90, "o", others))


def told(connection: Connection, confirm: str, *batches: list[Event]) -> list[int | str]:
    """What is told about batches that are counted one after the other."""

    async def all_of_them() -> list[int | str]:
        tally = Tally(connection.lanes(confirm))
        try:
            return [await outcome(tally, each) for each in batches]
        finally:
            await tally.close()

    return run(all_of_them())


def port_for(connection: Connection, customer: str) -> int:
    port: int = connection.client.get_node_from_key(STREAMS[partition_of(customer)]).port
    return port


def test_a_part_that_is_away_does_not_keep_the_others_from_counting(nodes: Nodes, cluster: Connection) -> None:
    """Even that whose slots come first, for senders that knew the cluster before and for new ones."""
    away = min(nodes.primaries(), key=lambda node: next(first for first, _, owner in node.shares() if owner == node.id))
    theirs = [customer for customer in CUSTOMERS if port_for(cluster, customer) == away.port]
    of_away = events_of(90, "a", theirs)
    of_others = events_of(90, "o", [customer for customer in CUSTOMERS if customer not in theirs])

    async def count() -> list[int | str]:
        known = Tally(cluster.lanes())
        told = [await outcome(known, events_of(500, "before"))]
        nodes.replica_of(away).kill()
        away.kill()
        with open_redis(nodes.url, away.folder) as connection:
            new = Tally(connection.lanes())
            told += [await outcome(tally, each) for tally in (known, new) for each in (of_away, of_others)]
        nodes.heal()
        told += [await outcome(tally, each) for tally in (known, new) for each in (of_away, of_others)]
        await known.close()
        await new.close()
        return told

    assert run(count()) == [500, "ConnectionError", 90, "ConnectionError", 0, 90, 0, 0, 0]
    assert by_counter(cluster) == by_hand(events_of(500, "before") + of_away + of_others)


def test_a_healthy_cluster_worries_nobody(cluster: Connection) -> None:
    findings = durability(cluster.client)
    assert [finding for finding in findings if not finding[1]] == []
    assert {"appendonly", "appendfsync", "eviction", "cluster", "replicas"} <= {what for what, _, _ in findings}


def test_the_doctor_names_the_server_that_is_set_wrong_and_the_one_that_is_away(
    nodes: Nodes, cluster: Connection, tmp_path: Path
) -> None:
    alone, other = nodes.primaries()[:2]
    nodes.replica_of(alone).kill()
    with setting(other, "appendonly", "no"):
        wrong = {(what, text) for what, fine, text in durability(cluster.client) if not fine}
        assert ("replicas", f"no replica follows (start one): 127.0.0.1:{alone.port}") in wrong
        assert ("appendonly", f"appendonly no (needs yes): 127.0.0.1:{other.port}") in wrong
        told = [each for each in examine(settings_in(tmp_path, redis_url=nodes.url)) if not each.ok]
    assert {"counter: replicas", "counter: appendonly"} <= {each.what for each in told}
    alone.kill()
    wrong = {(what, text) for what, fine, text in durability(cluster.client) if not fine}
    assert any(what == "server" and f"127.0.0.1:{alone.port}" in text for what, text in wrong), wrong


@contextmanager
def setting(node: Node, name: str, value: str) -> Iterator[None]:
    """Change a server's setting for a while."""
    with node.client as client:
        before = client.config_get(name)[name]
        client.config_set(name, value)
        yield
        client.config_set(name, before)
