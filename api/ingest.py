"""``POST /v1/events``: a plain ASGI door in front of FastAPI's router, for it is the hot path.

An answer leaves only after everything it acknowledges is stored as durably as the store is configured.
"""

import gzip
import io
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

import msgspec
import zstandard
from redis.exceptions import RedisError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problem import CONTENT_TYPE, document
from metering.dead_letter import keep
from metering.event import BodyError, Reader, Rejected, Window
from metering.tally import Tally

PATH = "/v1/events"
LARGEST_BODY = 8 * 1024 * 1024
_RETRY = {"retry-after": "1"}
_ZSTD_STEP = 256  # bytes; they unpack to 8 MiB at most, so a bomb is noticed in time
_encode = msgspec.json.encode


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

    def open(self, inside: Inside) -> None:
        """Take events from now on."""
        self._inside = inside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or scope["path"] != PATH or self._inside is None:
            await self._app(scope, receive, send)
            return
        try:
            status, body, headers = await self._count(self._inside, scope, receive)
        except RefusedError as refused:
            status, headers = refused.status, refused.headers
            body = document(status, status.phrase, refused.detail)
        except RedisError:
            self._inside.recover()
            status, headers = HTTPStatus.SERVICE_UNAVAILABLE, _RETRY
            body = document(status, "The counter is away", "Send the batch again: what was counted stays counted once.")
        await _answer(send, status, body, headers)

    async def _count(
        self, inside: Inside, scope: Scope, receive: Receive
    ) -> tuple[HTTPStatus, bytes, Mapping[str, str]]:
        headers = dict(scope["headers"])
        if scope["method"] != "POST":
            raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, "Events are posted.", allow="POST")
        _admit(inside.refuse(headers.get(b"authorization", b"").decode("latin-1")))
        kind = _content_type(headers, inside.reader)
        body = _unpacked(await _received(receive), headers.get(b"content-encoding", b"").decode("latin-1").lower())
        now = inside.clock()
        try:
            window = Window.at(now, self._limits.late_days, self._limits.future_minutes)
            events, rejected = inside.reader.read(kind, body, window)
        except BodyError as error:
            raise RefusedError(HTTPStatus(error.status), str(error)) from error
        if rejected:
            await keep(inside.client, rejected, now)
        counted = await inside.tally.count(events)
        inside.observe(counted.accepted, counted.duplicates, len(rejected))
        told = {"accepted": counted.accepted, "duplicates": counted.duplicates}
        if not rejected:
            return HTTPStatus.OK, _encode(told), {}
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return status, document(status, "Some events are invalid", _DETAIL, **told, rejected=_listed(rejected)), {}


_DETAIL = "The valid events are counted, the invalid ones are kept as dead letters; sending all again is harmless."


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


async def _answer(send: Send, status: int, body: bytes, headers: Mapping[str, str]) -> None:
    kind = b"application/json" if status == HTTPStatus.OK else CONTENT_TYPE.encode()
    lines = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    lines += [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})
