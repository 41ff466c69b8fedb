"""A lane to one server: what arrives while a transaction is under way goes with the next (group commit).

Two connections take turns, so that one batch is prepared while the other is being written to disk. Every transaction
holds whole batches and their journal entry: it happens, or not. Nobody is answered before it has happened, and, where
that is asked for, before replicas have it or the disk does.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import hiredis
from redis.asyncio.connection import SSLConnection, parse_url
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as NoAnswer

from metering.batch import Batch, command
from metering.keys import STREAMS

MOST_WAITING = 200_000  # events; more are refused, not queued
_PER_TRANSACTION = 20_000
_CONNECTIONS = 2
_ANSWER_SECONDS = 5.0
_CONFIRM_MS = 3_000
_READ = 1 << 18
_DISCARDED = "EXECABORT Transaction discarded because of: "


class Overloaded(RedisError):
    """Too much is waiting; the sender should come again in a moment."""


class Moved(RedisError):
    """Another server has this partition now; nothing was changed."""


class Unconfirmed(RedisError):
    """Too few replicas or disks confirmed the write in time; it may be lost, so it is not acknowledged."""


@dataclass(slots=True)
class _Waiting:
    partition: int
    batch: Batch
    answer: "asyncio.Future[int]"


@dataclass(slots=True)
class _Transaction:
    """Batches of one partition that are counted and journaled in one step."""

    partition: int
    waiting: list[_Waiting] = field(default_factory=list)

    @property
    def bodies(self) -> list[bytes]:
        """What the journal's entry holds."""
        return [each.batch.journal for each in self.waiting if each.batch.journal]

    @property
    def answers(self) -> int:
        """How many answers come before that of EXEC."""
        return 1 + sum(each.batch.answers for each in self.waiting) + bool(self.bodies)

    def text(self) -> Iterator[bytes]:
        """Yield the commands."""
        yield b"*1\r\n$5\r\nMULTI\r\n"
        for each in self.waiting:
            yield each.batch.commands.encode()
        if bodies := self.bodies:
            stream = STREAMS[self.partition].encode()
            yield b"*%d\r\n$4\r\nXADD\r\n$%d\r\n%b\r\n$1\r\n*\r\n" % (3 + 2 * len(bodies), len(stream), stream)
            for body in bodies:
                yield b"$1\r\ne\r\n$%d\r\n%b\r\n" % (len(body), body)
        yield b"*1\r\n$4\r\nEXEC\r\n"

    def settle(self, answers: list[Any]) -> None:
        """Tell each batch how many of its events were new."""
        place = 0
        for each in self.waiting:
            part = answers[place : place + each.batch.answers]
            place += each.batch.answers
            if not each.answer.done():
                each.answer.set_result(sum(part))

    def fail(self, error: RedisError) -> None:
        """Tell each batch that nothing is certain."""
        for each in self.waiting:
            if not each.answer.done():
                each.answer.set_exception(error)


class Lane:
    """Sends batches to one server."""

    def __init__(self, url: str, confirm: str = "") -> None:
        """Write to ``url``; ``confirm``: empty, ``wait:N`` (replicas) or ``waitaof:N`` (this disk and N replicas')."""
        self._url = url
        self._confirm = _confirmation(confirm)
        self._queue: deque[_Waiting] = deque()
        self._events = 0
        self._something = asyncio.Event()
        self._workers = [asyncio.create_task(self._work()) for _ in range(_CONNECTIONS)]

    def submit(self, partition: int, batch: Batch) -> "asyncio.Future[int]":
        """Queue a batch; the answer is how many of its events were new. Raise Overloaded when too much waits."""
        if self._workers[0].done():
            raise _stopped()
        if self._events + batch.events > MOST_WAITING:
            raise Overloaded("too many events are waiting to be counted")
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(partition, batch, answer))
        self._events += batch.events
        self._something.set()
        return answer

    async def close(self) -> None:
        """Stop; what waits is told that nothing is certain."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        self._fail(self._taken(self._events), _stopped())

    async def _work(self) -> None:
        connection: _Connection | None = None
        try:
            while True:
                await self._something.wait()
                if not (transactions := self._taken(_PER_TRANSACTION)):
                    self._something.clear()
                    continue
                try:
                    async with asyncio.timeout(_ANSWER_SECONDS):
                        connection = connection or await _Connection.open(self._url)
                        await self._send(connection, transactions)
                except Exception as error:  # noqa: BLE001 - a lane outlives whatever befalls a connection
                    if connection:
                        connection.close()
                        connection = None
                    if isinstance(error, TimeoutError):
                        transactions += self._taken(self._events)
                    self._fail(transactions, _translated(error))
                except BaseException:
                    self._fail(transactions, _stopped())
                    raise
        finally:
            if connection:
                connection.close()

    def _fail(self, transactions: list[_Transaction], error: RedisError) -> None:
        for each in transactions:
            each.fail(error)

    def _taken(self, most: int) -> list[_Transaction]:
        """Take what waits, up to so many events (at least one batch), by partition."""
        found: dict[int, _Transaction] = {}
        taken = 0
        while self._queue and (not taken or taken + self._queue[0].batch.events <= most):
            waiting = self._queue.popleft()
            taken += waiting.batch.events
            found.setdefault(waiting.partition, _Transaction(waiting.partition)).waiting.append(waiting)
        self._events -= taken
        return list(found.values())

    async def _send(self, connection: "_Connection", transactions: list[_Transaction]) -> None:
        """Run the transactions and settle each; raise what went wrong, so that another connection is tried next."""
        connection.write(b"".join([part for each in transactions for part in each.text()]) + self._confirm.command)
        results: list[list[Any] | RedisError] = [await connection.transaction(each.answers) for each in transactions]
        confirmed = await connection.answer() if self._confirm.command else None
        for transaction, result in zip(transactions, results, strict=True):
            if isinstance(result, RedisError):
                transaction.fail(result)
            elif not self._confirm.holds(confirmed):
                transaction.fail(Unconfirmed("too few replicas confirmed the write in time"))
            else:
                transaction.settle(result)
        for result in results:
            if isinstance(result, RedisError):
                raise result


@dataclass(frozen=True, slots=True)
class _Confirmation:
    """What is asked after the transactions, and the least answer."""

    command: bytes = b""
    wanted: tuple[int, ...] = ()

    def holds(self, answer: Any) -> bool:
        if not self.command:
            return True
        numbers = answer if isinstance(answer, list) else [answer]
        return all(isinstance(got, int) and got >= least for got, least in zip(numbers, self.wanted, strict=False))


def _confirmation(setting: str) -> _Confirmation:
    kind, _, number = setting.partition(":")
    if kind == "wait":
        return _Confirmation(command("WAIT", number, str(_CONFIRM_MS)).encode(), (int(number),))
    if kind == "waitaof":
        return _Confirmation(command("WAITAOF", "1", number, str(_CONFIRM_MS)).encode(), (1, int(number)))
    return _Confirmation()


class _Connection:
    """A connection that speaks the protocol directly: the client's own layers cost as much as a whole count."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._parser = hiredis.Reader(replyError=_refusal)

    @classmethod
    async def open(cls, url: str) -> "_Connection":
        """Connect, log in, choose the database, all as the usual client reads the address."""
        where = parse_url(url)
        if path := where.get("path"):
            connection = cls(*await asyncio.open_unix_connection(path, limit=_READ))
        else:
            host, port = where.get("host", "localhost"), where.get("port", 6379)
            connection = cls(*await asyncio.open_connection(host, port, ssl=_tls(where), limit=_READ))
        try:
            await connection._greet(where)
        except BaseException:
            connection.close()
            raise
        return connection

    async def _greet(self, where: Mapping[str, Any]) -> None:
        login = [where[name] for name in ("username", "password") if where.get(name)]
        greetings = [("AUTH", *login)] if "password" in where else []
        if where.get("db"):
            greetings.append(("SELECT", str(where["db"])))
        for greeting in greetings:
            self.write(command(*greeting).encode())
            if isinstance(refused := await self.answer(), RedisError):
                raise refused

    def write(self, data: bytes) -> None:
        self._writer.write(data)

    async def answer(self) -> Any:
        """Return the next answer; an error is returned, not raised."""
        while (answer := self._parser.gets()) is False:
            data = await self._reader.read(_READ)
            if not data:
                raise EOFError
            self._parser.feed(data)
        return answer

    async def transaction(self, before: int) -> list[Any] | RedisError:
        """Return what EXEC answered after so many answers, or the first refusal; nothing is left to be read."""
        answers = [await self.answer() for _ in range(before)]
        done = await self.answer()
        told = done if isinstance(done, list) else [done]
        refused = next((each for each in (*answers, *told) if isinstance(each, RedisError)), None)
        return refused or told

    def close(self) -> None:
        """Hang up; what was not sent yet never will be."""
        self._writer.transport.abort()


def _tls(where: Mapping[str, Any]) -> ssl.SSLContext | None:
    """Return what the address says about TLS, as the usual client reads it."""
    if where.get("connection_class") is not SSLConnection:
        return None
    said = {name: value for name, value in where.items() if name.startswith("ssl_")}
    return SSLConnection(**said).ssl_context.get()


def _refusal(text: str) -> RedisError:
    text = text.removeprefix(_DISCARDED)
    return Moved(text) if text.startswith(("MOVED", "ASK", "TRYAGAIN")) else ResponseError(text)


def _stopped() -> RedisError:
    return NoConnection("the service stops")


def _translated(error: Exception) -> RedisError:
    """Return an error as the callers of the usual client know it."""
    if isinstance(error, RedisError):
        return error
    if isinstance(error, TimeoutError):
        return NoAnswer("the counter did not answer in time")
    return NoConnection(f"no connection to the counter: {error or 'it hung up'}")
