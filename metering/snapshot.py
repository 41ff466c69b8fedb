"""A customer's counter and the journal's position, read in one step."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from redis.cluster import RedisCluster
from redis.exceptions import ResponseError

from metering.fold import Cells, read_cells
from metering.journal import server_of
from metering.keys import STREAMS, partition_of
from metering.month import BillingMonth
from metering.redis import Client
from metering.rows import entry_text


@dataclass(frozen=True, slots=True)
class Look:
    """What was counted, and the last entry that had been added to the customer's stream by then."""

    cells: Cells
    position: str


def stream_for(client: Client, customer: str) -> str:
    """Return the stream that a customer's events are journaled in."""
    return STREAMS[partition_of(customer) if isinstance(client, RedisCluster) else 0]


def read_at_once(client: Client, customer: str, month: BillingMonth) -> Look:
    """Read a customer's month and how far the journal is, in one transaction."""
    stream = stream_for(client, customer)
    step = _OneStep(server_of(client, stream), stream)
    ((_, cells),) = read_cells(step, [customer], month)
    return Look(cells, step.position)


class _OneStep:
    """Stands in for a client while a month is folded: everything that may be asked for is read in one transaction."""

    def __init__(self, client: Client, stream: str) -> None:
        self._client, self._stream = client, stream
        self._members: dict[str, Any] = {}
        self._asked: list[str] = []
        self.position = entry_text("0-0")

    @contextmanager
    def pipeline(self, *, transaction: bool) -> Iterator["_OneStep"]:
        del transaction
        with self._client.pipeline(transaction=True) as self._pipe:
            self._pipe.xinfo_stream(self._stream)
            yield self

    def dump(self, key: str) -> None:
        """Read a set as the server keeps it, and its members in case that cannot be read."""
        self._asked.append(key)
        self._pipe.smembers(key)
        self._pipe.dump(key)

    def smembers(self, key: str) -> Any:
        """Return members that were read; before that, read them."""
        if key in self._members:
            return self._members[key]
        self._pipe.smembers(key)
        return None

    def execute(self) -> list[Any]:
        """Return what was asked for, in order."""
        told, *answers = self._pipe.execute(raise_on_error=False)
        for each in answers:
            if isinstance(each, Exception):
                raise each
        if not isinstance(told, ResponseError):
            self.position = entry_text(told["last-generated-id"])
        pairs = 2 * len(self._asked)
        self._members = dict(zip(self._asked, answers[:pairs:2], strict=True))
        return [*answers[1:pairs:2], *answers[pairs:]]
