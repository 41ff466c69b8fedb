"""``POST /v1/events``: a plain ASGI door in front of FastAPI's router, for it is the hot path.

An answer leaves only after everything it acknowledges is stored as durably as the store is configured.
"""

import gzip
import io
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

import msgspec
import zstandard
from redis.exceptions import AuthenticationError, BusyLoadingError, OutOfMemoryError, ReadOnlyError, RedisError
from redis.exceptions import TimeoutError as NoAnswer
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problem import CONTENT_TYPE, document
from metering.dead_letter import keep
from metering.event import BodyError, Decoded, Event, Reader, Rejected, Window
from metering.lane import Overloaded, Unconfirmed
from metering.tally import Tally

PATH = "/v1/events"
LARGEST_BODY = 8 * 1024 * 1024
MOST_REQUESTS = 1_000  # under way at once; more are refused before their bodies are read
_RETRY = {"retry-after": "1"}
_ZSTD_STEP = 256  # bytes; they unpack to 8 MiB at most, so a bomb is noticed in time
_encode = msgspec.json.encode
Headers = Iterable[tuple[bytes, bytes]]
Answer = tuple[HTTPStatus, bytes, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Limits:
    """How late and how far ahead an event may be."""

    late_days: int
    future_minutes: int


@dataclass(frozen=True, slots=True)
class Inside:
    """What the door works with while the service is open."""

    tally: Tally
    client: Any
    reader: Reader
    refuse: Callable[[str | None], HTTPStatus | None]
    clock: Callable[[], datetime]
    observe: Callable[[int, int, int], None]
    recover: Callable[[], None]


class RefusedError(Exception):
    """A request that is not counted: its status, why, and headers of the answer."""

    def __init__(self, status: HTTPStatus, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers


class EventDoor:
    """Dispatches events before the router; everything else goes on to the application."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        """Stand in front of ``app``."""
        self._app, self._limits = app, limits
        self._inside: Inside | None = None
        self._under_way = 0

    def open(self, inside: Inside) -> None:
        """Take events from now on."""
        self._inside = inside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that comes through ASGI."""
        if scope["type"] != "http" or scope["path"] != PATH or self._inside is None:
            await self._app(scope, receive, send)
            return
        try:
            if scope["method"] != "POST":
                raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, "Events are posted.", allow="POST")  # noqa: TRY301
            self._admit(self._inside, scope["headers"])
            answer = self.answer(scope["headers"], await _received(receive))
        except RefusedError as refused:
            status, body, headers = _refused(refused)
        else:
            status, body, headers = await answer
        await send({"type": "http.response.start", "status": status, "headers": head_of(status, body, headers)})
        await send({"type": "http.response.body", "body": body})

    def lets_in(self, headers: Headers) -> bool:
        """Tell whether a post with these headers would be read."""
        try:
            self._admit(self._inside, headers)
        except RefusedError:
            return False
        return True

    def _admit(self, inside: Inside | None, headers: Headers) -> None:
        key = next((value for name, value in headers if name == b"authorization"), b"")
        _admit(inside.refuse(key.decode("latin-1")) if inside else HTTPStatus.SERVICE_UNAVAILABLE)

    async def answer(self, headers: Headers, body: bytes) -> Answer:
        """Return status, body and further headers of the answer to a post of events that was let in."""
        if self._inside is None:
            raise RuntimeError("the door is not open")
        self._under_way += 1
        try:
            if self._under_way > MOST_REQUESTS:
                raise Overloaded  # noqa: TRY301 - one answer for all that is too much
            now = self._inside.clock()
            read = self._read(self._inside, dict(headers), body, now)
            del body  # who waits holds events, not the bytes they came in
            return await self._count(self._inside, *read, now)
        except RefusedError as refused:
            return _refused(refused)
        except Overloaded:
            status = HTTPStatus.TOO_MANY_REQUESTS
            return status, document(status, status.phrase, _TOO_MUCH), _RETRY
        except RedisError as error:
            self._inside.recover()
            status = HTTPStatus.SERVICE_UNAVAILABLE
            return status, document(status, _why(error), _AGAIN), _RETRY
        finally:
            self._under_way -= 1

    def _read(self, inside: Inside, headers: Mapping[bytes, bytes], body: bytes, now: datetime) -> Decoded:
        kind = _content_type(headers, inside.reader)
        if len(body) > LARGEST_BODY:
            raise _too_large()
        body = _unpacked(body, headers.get(b"content-encoding", b"").decode("latin-1").lower())
        try:
            window = Window.at(now, self._limits.late_days, self._limits.future_minutes)
            return inside.reader.read(kind, body, window)
        except BodyError as error:
            raise RefusedError(HTTPStatus(error.status), str(error)) from error

    async def _count(self, inside: Inside, events: list[Event], rejected: list[Rejected], now: datetime) -> Answer:
        if rejected:
            await keep(inside.client, rejected, now)
        counted = await inside.tally.count(events)
        inside.observe(counted.accepted, counted.duplicates, len(rejected))
        told = {"accepted": counted.accepted, "duplicates": counted.duplicates}
        if not rejected:
            return HTTPStatus.OK, _encode(told), {}
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return status, document(status, "Some events are invalid", _DETAIL, **told, rejected=_listed(rejected)), {}


def head_of(status: int, body: bytes, headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Return the headers of an answer."""
    kind = b"application/json" if status == HTTPStatus.OK else CONTENT_TYPE.encode()
    lines = [(b"content-type", kind), (b"content-length", b"%d" % len(body))]
    return lines + [(name.encode(), value.encode()) for name, value in headers.items()]


def _refused(refused: RefusedError) -> Answer:
    return refused.status, document(refused.status, refused.status.phrase, refused.detail), refused.headers


_AGAIN = "Send the batch again: what was counted stays counted once."
_TOO_MUCH = "More is waiting to be counted than fits; send the batch again in a moment."
_TROUBLES = {
    "OOM": "The counter's memory is full",
    "READONLY": "The counter is being moved to another server",
    "MOVED": "The counter is being moved to another server",
    "CLUSTERDOWN": "A part of the counter is away",
    "LOADING": "The counter is starting",
    "MISCONF": "The counter cannot write to its disk",
    "NOAUTH": "The counter refuses this service",
    "NOREPLICAS": "Too few copies of the count can be made",
    "WRONGPASS": "The counter refuses this service",
}
_KINDS = {
    OutOfMemoryError: "OOM",
    ReadOnlyError: "READONLY",
    BusyLoadingError: "LOADING",
    AuthenticationError: "NOAUTH",
}
_DETAIL = "The valid events are counted, the invalid ones are kept as dead letters; sending all again is harmless."


def _why(error: RedisError) -> str:
    """Return in a few words what is wrong with the store."""
    if isinstance(error, Unconfirmed):
        return "Too few copies of the count were confirmed"
    if isinstance(error, NoAnswer):
        return "The counter does not answer in time"
    code = _KINDS.get(type(error)) or str(error).partition(" ")[0]  # the usual client leaves the code out
    return _TROUBLES.get(code, "The counter is away")


def _admit(refusal: HTTPStatus | None) -> None:
    if refusal is HTTPStatus.UNAUTHORIZED:
        raise RefusedError(refusal, "Send Authorization: Bearer KEY.", **{"www-authenticate": "Bearer"})
    if refusal is HTTPStatus.SERVICE_UNAVAILABLE:
        raise RefusedError(refusal, "The ledger is busy or away; try again in a moment.", **_RETRY)
    if refusal is not None:
        raise RefusedError(refusal, "This key may not post events.")


def _content_type(headers: Mapping[bytes, bytes], reader: Reader) -> str:
    kind = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
    if kind not in reader.content_types:
        known = ", ".join(reader.content_types)
        raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Content-Type {kind!r} is unknown; send one of {known}.")
    return kind


async def _received(receive: Receive) -> bytes:
    """Return the whole body, refusing it as soon as it grows too large."""
    parts: list[bytes] = []
    size = 0
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            raise RefusedError(HTTPStatus.BAD_REQUEST, "The sender went away before the body was complete.")
        part = message.get("body", b"")
        size += len(part)
        if size > LARGEST_BODY:
            raise _too_large()
        parts.append(part)
        if not message.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _unpacked(body: bytes, encoding: str) -> bytes:
    """Return the body as sent; never more than the largest body is unpacked."""
    if encoding in {"", "identity"}:
        return body
    if encoding not in _UNPACKERS:
        known = ", ".join(_UNPACKERS)
        detail = f"Content-Encoding {encoding!r} is unknown; send {known} or none."
        raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail, **{"accept-encoding": known})
    try:
        plain = _UNPACKERS[encoding](body)
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"The body is not valid {encoding}.") from error
    if len(plain) > LARGEST_BODY:
        raise _too_large()
    return plain


def _from_gzip(body: bytes) -> bytes:
    with gzip.GzipFile(fileobj=io.BytesIO(body)) as stream:
        return stream.read(LARGEST_BODY + 1)


def _from_zstd(body: bytes) -> bytes:
    """Unpack frame after frame; a frame without its end is an error, not a shorter body."""
    plain, frame = bytearray(), zstandard.ZstdDecompressor().decompressobj()
    for start in range(0, len(body), _ZSTD_STEP):
        rest = body[start : start + _ZSTD_STEP]
        while rest and len(plain) <= LARGEST_BODY:
            if frame.eof:
                frame = zstandard.ZstdDecompressor().decompressobj()
            plain += frame.decompress(rest)
            rest = frame.unused_data
        if len(plain) > LARGEST_BODY:
            return bytes(plain)
    if not frame.eof:
        raise EOFError
    return bytes(plain)


_UNPACKERS: dict[str, Callable[[bytes], bytes]] = {"gzip": _from_gzip, "zstd": _from_zstd}


def _too_large() -> RefusedError:
    return RefusedError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"The body is larger than {LARGEST_BODY // 2**20} MiB; send smaller batches.",
    )


def _listed(rejected: list[Rejected]) -> list[dict[str, Any]]:
    return [{"index": each.index, "id": each.id, "field": each.field, "message": each.message} for each in rejected]
