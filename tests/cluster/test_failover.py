"""A server is killed, demoted or loses slots under load: nothing acknowledged is lost, nothing is counted twice."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event as Signal
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import psycopg
import pytest
from redis.crc import key_slot
from redis.exceptions import RedisClusterException, RedisError

from api.event_client import EventClient
from api.security import Role, create_key
from invoicing.ledger import Ledger
from metering.event import Event
from metering.journal import Journal
from metering.keys import STREAMS, partition_of
from metering.recount import recount
from metering.redis import Connection
from tests.api.posting import serving
from tests.cluster.nodes import Nodes
from tests.cluster.traffic import Post, Senders, by_counter, by_hand, events_of, processes, sending
from tests.metering.samples import OCTOBER, event
from tests.postgres import Postgres
from tests.service_process import ServiceProcess
from tests.waiting import until

TODAY = "2026-11-05"
VICTIM = "k-1"  # whose server is struck


@dataclass
class Host(ServiceProcess):
    """An API process on a host of its own: its own data directory; ledger, counter and journal are shared."""

    def key(self, role: Role) -> str:
        ledger = Ledger(self.settings["ZAEHLWERK_DATABASE_URL"])
        ledger.upgrade()
        with ledger.write() as session:
            made = create_key(session, f"{role}-{uuid4().hex}", role, datetime.now(UTC))
        ledger.close()
        return made


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(str(tmp_path / "journal"))


@pytest.fixture
def hosts(nodes: Nodes, postgres: Postgres, journal: Journal, tmp_path: Path) -> Iterator[list[Host]]:
    """Two API processes that share nothing but the stores."""
    database = f"t{uuid4().hex}"
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {database}")
    settings = {
        "ZAEHLWERK_DATABASE_URL": postgres.url(database),
        "ZAEHLWERK_REDIS_URL": nodes.url,
        "ZAEHLWERK_CONFIRM": "wait:1",
        "ZAEHLWERK_JOURNAL_URL": journal.events.root,
        "ZAEHLWERK_JOURNAL_SECONDS": "1",
    }
    with ExitStack() as stack:
        found = [Host(tmp_path / name, TODAY, settings) for name in ("one", "two")]
        found[0].key("engine")  # and the schema
        for each in found:
            stack.callback(each.end)
        list(stack.enter_context(ThreadPoolExecutor()).map(Host.start, found))
        yield found


def posting_to(client: EventClient) -> Post:
    return lambda events: client.post(msgspec.json.encode(events)).accepted


def posted(host: Host, key: str, events: list[Event]) -> tuple[int, Any]:
    """The status of a post, and how many were accepted or what is wrong."""
    answer = httpx.post(
        f"{host.url}/v1/events",
        content=msgspec.json.encode(events),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        timeout=30,
    )
    told = answer.json()
    return answer.status_code, told["accepted"] if answer.is_success else told["title"]


def all_is_well(senders: Senders, cluster: Connection, journal: Journal) -> None:
    """Counter, journal and what was acknowledged agree to the event."""
    sent = by_hand(senders.acknowledged)
    assert by_counter(cluster) == sent
    again = recount(journal, cluster.client, OCTOBER)
    assert again.differences == ()
    assert again.other_content == ()
    assert again.events == sent.total()
    assert senders.accepted <= sent.total(), "an event was accepted twice"


def test_a_killed_primary_loses_nothing_that_any_api_process_acknowledged(
    nodes: Nodes, hosts: list[Host], cluster: Connection, journal: Journal
) -> None:
    """Twice, so that the server that was killed first takes over from the one that took over from it."""
    key, never = hosts[0].key("engine"), Signal()
    with ExitStack() as stack:
        clients = [
            stack.enter_context(EventClient(host.url, key, wait=lambda _: never.wait(0.05)))
            for host in (*hosts, *hosts)
        ]
        with sending([posting_to(each) for each in clients]) as senders:
            for _ in range(2):
                killed = nodes.primary_of(VICTIM)
                replica = nodes.replica_of(killed)
                killed.kill()
                acknowledged = senders.all_acknowledged()
                until(lambda to=replica: to.is_primary, "the replica takes over")  # type: ignore[misc]
                assert by_hand(acknowledged) - by_counter(cluster) == Counter()
                nodes.heal()
                assert (killed.is_primary, replica.is_primary) == (False, True)
                assert nodes.replica_of(replica) is killed
                senders.go_on()
        assert min(each.retries for each in clients) > 0, "somebody did not notice"
    senders.acknowledged += what_only_one_server_has(nodes, hosts, key)
    all_is_well(senders, cluster, journal)


def what_only_one_server_has(nodes: Nodes, hosts: list[Host], key: str) -> list[Event]:
    """Is not acknowledged, and counts once when it comes again to another process."""
    events = events_of(500)
    nodes.replica_of(nodes.primary_of(VICTIM)).kill()
    assert posted(hosts[0], key, events) == (503, "Too few copies of the count were confirmed")
    nodes.heal()
    assert posted(hosts[1], key, events) == (200, 0)
    return events


def failed_over(nodes: Nodes) -> None:
    """Let a replica take over from a primary that lives, as for an upgrade; and back."""
    for _ in range(2):
        demoted = nodes.primary_of(VICTIM)
        replica = nodes.replica_of(demoted)
        replica.cluster("FAILOVER")
        until(lambda to=replica: to.is_primary, "the replica takes over")  # type: ignore[misc]
        until(nodes.is_well, "the cluster is well again")
        assert nodes.replica_of(replica) is demoted


def moved(nodes: Nodes) -> None:
    """Move the victim's partition to another primary, with everything in it; and back."""
    home = nodes.primary_of(VICTIM)
    other = next(node for node in nodes.primaries() if node is not home)
    slot = key_slot(STREAMS[partition_of(VICTIM)].encode())
    for giver, taker in ((home, other), (other, home)):
        giver.cluster("MIGRATESLOTS", "SLOTSRANGE", slot, slot, "NODE", taker.id)
        until(lambda to=taker: nodes.primary_of(VICTIM) is to, "the slot has moved")  # type: ignore[misc]
        until(nodes.is_well, "all know it")


@pytest.mark.parametrize("change", [failed_over, moved])
def test_a_partition_changes_hands_under_load_and_nobody_is_restarted(
    nodes: Nodes, cluster: Connection, journal: Journal, change: Callable[[Nodes], None]
) -> None:
    with processes(cluster, 4) as those, sending([each.post for each in those]) as senders:
        change(nodes)
    all_is_well(senders, cluster, journal)


def test_a_service_needs_no_certain_server_and_no_restart(
    nodes: Nodes, cluster: Connection, journal: Journal, tmp_path: Path
) -> None:
    """Its address names one server; the service was started while that ran, and has asked for nothing yet."""
    named = nodes.running[0]
    batch = [msgspec.to_builtins(each) for each in events_of(500)]
    with serving(tmp_path, cluster) as service:
        replica = nodes.replica_of(named) if named.is_primary else None
        named.kill()
        until(lambda: replica is None or replica.is_primary, "its replica takes over")
        until(lambda: service.post([*batch, {"id": "odd"}]).status_code == 422, "all know who took over")
        for node in nodes.running:
            node.kill()
        for each in (batch, [*batch, {"id": "odd"}]):
            assert service.post(each).status_code == 503
        with pytest.raises((RedisError, RedisClusterException)):
            journal.archive(cluster.client)
        nodes.heal()
        again = {"accepted": 0, "duplicates": 500}
        until(lambda: service.post(batch).json() == again, "the service counts again, each of its connections")
        until(lambda: service.post([*batch, {"id": "odd"}]).status_code == 422, "and keeps what is invalid")
    assert by_counter(cluster) == by_hand(events_of(500))


def test_a_slot_that_is_half_moved_refuses_what_it_cannot_count_and_counts_it_afterwards(
    nodes: Nodes, cluster: Connection, journal: Journal
) -> None:
    """Keys that are still there are counted there; a transaction that needs another place happens not at all."""
    home = nodes.primary_of(VICTIM)
    other = next(node for node in nodes.primaries() if node is not home)
    slot = key_slot(STREAMS[partition_of(VICTIM)].encode())
    with processes(cluster, 1, confirm="") as (process,):
        first, second = ([event(f"{name}-{n}", customer=VICTIM) for n in range(50)] for name in ("a", "b"))
        elsewhere = [event("c", "trigger:20", customer=VICTIM)]
        assert process.post(first) == 50
        other.cluster("SETSLOT", slot, "IMPORTING", home.id)
        home.cluster("SETSLOT", slot, "MIGRATING", other.id)
        assert process.post(second) == 50
        assert process.outcome(second + elsewhere) == "Moved"
        with home.client as client:
            keys = client.execute_command("CLUSTER", "GETKEYSINSLOT", slot, 100)
            client.execute_command("MIGRATE", "127.0.0.1", other.port, "", 0, 5_000, "KEYS", *keys)
        for node in (other, home):
            node.cluster("SETSLOT", slot, "NODE", other.id)
        assert process.post(second + elsewhere) == 1
        until(nodes.is_well, "all know it")
        assert by_counter(cluster) == by_hand(first + second + elsewhere)
        assert recount(journal, cluster.client, OCTOBER).differences == ()
        other.cluster("MIGRATESLOTS", "SLOTSRANGE", slot, slot, "NODE", home.id)
        until(lambda: nodes.primary_of(VICTIM) is home, "the slot is where it was")
