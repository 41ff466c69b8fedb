"""Count once: the online counter. A batch and its journal entry are one atomic step (on a cluster: per partition)."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import RedisClusterException, RedisError

from metering.batch import Batch, batch_of
from metering.event import Event
from metering.keys import STREAMS, partition_of
from metering.lane import Lane, Moved, Overloaded


@dataclass(frozen=True, slots=True)
class Counted:
    """What became of valid events."""

    accepted: int
    duplicates: int


class Lanes(Protocol):
    """Where batches go."""

    clustered: bool

    async def lane(self, partition: int) -> Lane:
        """Return the lane to the server that has a partition."""

    async def look_again(self) -> None:
        """Find out anew which server has what."""

    async def close(self) -> None:
        """Close every lane."""


class Tally:
    """The counter behind its lanes."""

    def __init__(self, lanes: Lanes, *, journal: bool = True) -> None:
        """Count with ``lanes``; without ``journal`` events are counted but not journaled, as a rebuild needs it."""
        self._lanes, self._journal = lanes, journal

    async def count(self, events: list[Event]) -> Counted:
        """Count valid events; raise redis' errors when a part of them is not certain: sending all again is harmless."""
        if not events:
            return Counted(0, 0)
        if not self._lanes.clustered:
            lane = await self._lanes.lane(0)
            accepted = await lane.submit(0, batch_of(events, journal=self._journal))
        else:
            accepted = await self._count_apart(events)
        return Counted(accepted, len(events) - accepted)

    async def close(self) -> None:
        """Close the lanes."""
        await self._lanes.close()

    async def _count(self, partition: int, batch: Batch) -> int:
        try:
            return await (await self._lanes.lane(partition)).submit(partition, batch)
        except Moved:
            await self._lanes.look_again()
            return await (await self._lanes.lane(partition)).submit(partition, batch)
        except Overloaded:
            raise
        except RedisError:
            await self._lanes.look_again()
            raise

    async def _count_apart(self, events: list[Event]) -> int:
        """Count partition by partition, all at once; every part is awaited before an error is told."""
        parts: dict[int, list[Event]] = defaultdict(list)
        for event in events:
            parts[partition_of(event.customer)].append(event)
        batches = {partition: batch_of(part, journal=self._journal) for partition, part in parts.items()}
        told = await asyncio.gather(*(self._count(*each) for each in batches.items()), return_exceptions=True)
        for each in told:
            if isinstance(each, BaseException):
                raise each
        return sum(each for each in told if isinstance(each, int))


class OneServer:
    """Everything in one server."""

    clustered = False

    def __init__(self, url: str, confirm: str = "") -> None:
        """Use the server at ``url``."""
        self._lane = Lane(url, confirm)

    async def lane(self, partition: int) -> Lane:
        """Return the only lane."""
        del partition
        return self._lane

    async def look_again(self) -> None:
        """Do nothing: there is one server."""

    async def close(self) -> None:
        """Close the lane."""
        await self._lane.close()


class Cluster:
    """Partitions spread over a cluster's primaries."""

    clustered = True

    def __init__(self, url: str, confirm: str = "", known: Iterable[tuple[str, int]] = ()) -> None:
        """Ask the cluster at ``url`` (``redis://…``), or another server that is known, who has what."""
        self._url, self._confirm = urlsplit(url), confirm
        others = [ClusterNode(*address) for address in known]
        self._client = RedisCluster.from_url(url, startup_nodes=others, require_full_coverage=False)
        self._nodes = self._client.nodes_manager  # the client itself does not start while one certain server is away
        self._lanes: dict[tuple[str, int], Lane] = {}
        self._looking: asyncio.Task[None] | None = None

    async def lane(self, partition: int) -> Lane:
        """Return the lane to a partition's primary."""
        try:
            if not self._nodes.slots_cache:
                await self._nodes.initialize()
            node = self._client.get_node_from_key(STREAMS[partition])
        except RedisClusterException as error:
            raise NoConnection(f"the cluster does not say who has what: {error}") from error
        if node is None:
            raise Moved("no server has this partition now")
        address = (str(node.host), int(node.port))
        if address not in self._lanes:
            self._lanes[address] = Lane(self._url_of(*address), self._confirm)
        return self._lanes[address]

    async def look_again(self) -> None:
        """Ask for the slots anew; who comes while somebody asks waits for the same answer."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        await asyncio.shield(self._looking)

    async def close(self) -> None:
        """Close every lane and the client."""
        for lane in self._lanes.values():
            await lane.close()
        if self._looking:
            await asyncio.gather(self._looking, return_exceptions=True)
        for each in ("nodes_cache", "startup_nodes"):
            await self._nodes.aclose(each)

    def _url_of(self, host: str, port: int) -> str:
        """Return a primary's address with the cluster's credentials."""
        login, at, _ = self._url.netloc.rpartition("@")
        name = f"[{host}]" if ":" in host else host
        return self._url._replace(netloc=f"{login}{at}{name}:{port}", path="").geturl()

    async def _look(self) -> None:
        with suppress(RedisError, RedisClusterException, OSError):
            await self._nodes.initialize()
