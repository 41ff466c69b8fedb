"""Events of many customers, what they count by hand, and senders that come again until they are answered."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count

from redis.exceptions import RedisError

from metering.event import Event
from metering.redis import Connection
from metering.tally import Tally
from metering.usage import customers_with_usage, read_many
from tests.metering.samples import OCTOBER, cell_of, event
from tests.waiting import until

CUSTOMERS = [f"k-{number}" for number in range(500)]  # some in every partition
FRESH, REPEATED = 60, 20
_PATIENCE = 60.0
Counts = Counter[tuple[str, str]]
Post = Callable[[list[Event]], int]


def events_of(number: int, prefix: str = "e", customers: list[str] | None = None) -> list[Event]:
    """Events all over October, triggers and actions, customer by customer."""
    everyone = customers or CUSTOMERS
    return [
        event(
            f"{prefix}-{n}", f"{'action' if n % 3 else 'trigger'}:{n % 31 + 1:02}", customer=everyone[n % len(everyone)]
        )
        for n in range(number)
    ]


def by_hand(events: Iterable[Event]) -> Counts:
    """Units by customer and cell; each id of a customer once."""
    once = {(each.customer, each.id): cell_of(each) for each in events}
    return Counter((customer, cell) for (customer, _), cell in once.items())


def by_counter(connection: Connection) -> Counts:
    """What the counter says of October."""
    everyone = sorted(customers_with_usage(connection.client, OCTOBER))
    usages = read_many(connection.client, everyone, OCTOBER)
    return Counter(
        {
            (customer, f"{OCTOBER} {meter}:{day.day:%d}"): units
            for customer, usage in usages.items()
            for day in usage.days
            for meter, units in day.counts.items()
        }
    )


class Senders:
    """Senders that post batch after batch until they are stopped, each the same batch until it is acknowledged.

    A batch repeats some events of the one before; all others are sent once they are acknowledged never again, so that
    nothing hides a loss. The last two senders post the same batches at the same time.
    """

    def __init__(self, posts: list[Post]) -> None:
        self.acknowledged: list[Event] = []
        self.accepted = 0
        self._batches = [0] * len(posts)
        self._lock, self._stopping = threading.Lock(), threading.Event()
        self._pool = ThreadPoolExecutor(len(posts))
        last = len(posts) - 1
        names = [f"s{min(number, last - 1)}" for number in range(len(posts))]
        self._running = [
            self._pool.submit(self._send, *each) for each in zip(range(len(posts)), posts, names, strict=True)
        ]

    def _send(self, number: int, post: Post, name: str) -> None:
        before: list[Event] = []
        for n in count():
            if self._stopping.is_set():
                return
            fresh = events_of(FRESH, f"{name}-{n}", CUSTOMERS[n * 7 % 400 :])
            accepted = post(fresh + before)
            with self._lock:
                self.acknowledged += fresh
                self.accepted += accepted
                self._batches[number] = n + 1
            before = fresh[:REPEATED]

    def go_on(self, batches: int = 5) -> None:
        """Wait until each sender's next batches are acknowledged."""
        wanted = [done + batches for done in self._batches]

        def have_come_further() -> bool:
            for each in self._running:
                if each.done():
                    each.result()
            return all(done >= least for done, least in zip(self._batches, wanted, strict=True))

        until(have_come_further, "every sender comes further", _PATIENCE)

    def all_acknowledged(self) -> list[Event]:
        """What is acknowledged so far."""
        with self._lock:
            return self.acknowledged.copy()

    def stop(self) -> None:
        """Let each sender finish what it has begun."""
        self._stopping.set()
        for each in self._running:
            each.result()
        self._pool.shutdown()


@contextmanager
def sending(posts: list[Post]) -> Iterator[Senders]:
    """Let senders work meanwhile; at the end everything that they sent is acknowledged."""
    senders = Senders(posts)
    try:
        senders.go_on()
        yield senders
        senders.go_on()
    finally:
        senders.stop()


class Process:
    """Counts as an API process does, without HTTP, and comes again when it is told so."""

    def __init__(self, connection: Connection, confirm: str) -> None:
        self._runner = asyncio.Runner()
        self._tally = self._runner.run(self._open(connection, confirm))

    async def _open(self, connection: Connection, confirm: str) -> Tally:
        return Tally(connection.lanes(confirm))

    def outcome(self, events: list[Event]) -> int | str:
        """How many were accepted, or the kind of error."""
        return self._runner.run(outcome(self._tally, events))

    def post(self, events: list[Event]) -> int:
        while not isinstance(told := self.outcome(events), int):
            time.sleep(0.05)
        return told

    def close(self) -> None:
        self._runner.run(self._tally.close())
        self._runner.close()


async def outcome(tally: Tally, events: list[Event]) -> int | str:
    """How many were accepted, or the kind of error."""
    try:
        return (await tally.count(events)).accepted
    except RedisError as error:
        return type(error).__name__


@contextmanager
def processes(connection: Connection, number: int, confirm: str = "wait:1") -> Iterator[list[Process]]:
    found = [Process(connection, confirm) for _ in range(number)]
    try:
        yield found
    finally:
        for each in found:
            each.close()
