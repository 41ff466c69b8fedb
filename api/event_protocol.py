"""Posts of events on the shortest way from the socket to the counter and back.

uvicorn's own protocol reads and answers; only for ``POST /v1/events`` it builds no ASGI scope, no channel of messages
and writes the answer at once. Connections, keep-alive, pipelining, graceful stop and back-pressure stay uvicorn's: a
request that is not plain (pipelined behind another, or announced by ``Expect``) goes the usual way through ASGI.
"""

import asyncio
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api.ingest import LARGEST_BODY, PATH, Answer, EventDoor, head_of

_URL = PATH.encode()
_log = logging.getLogger(__name__)


class _Nobody:
    """Whom uvicorn wakes when something arrives: nobody waits for parts of a post."""

    def set(self) -> None:
        """Do nothing."""


class _Post:
    """A post that is being read or answered, as uvicorn's protocol looks at it."""

    __slots__ = ("body", "disconnected", "headers", "keep_alive", "message_event", "more_body", "response_complete")

    def __init__(self, headers: list[tuple[bytes, bytes]], *, keep_alive: bool) -> None:
        self.headers, self.body = headers, bytearray()
        self.keep_alive = keep_alive
        self.more_body = True
        self.message_event = _Nobody()
        self.disconnected = self.response_complete = False

    def taken(self) -> bytes:
        """Return the body and keep nothing of it."""
        body, self.body = bytes(self.body), bytearray()
        return body


class EventProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a short way for events."""

    def on_headers_complete(self) -> None:
        """Begin a request."""
        if self.url != _URL or not self._is_plain():
            super().on_headers_complete()
            return
        keep_alive = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
        self.cycle: Any = _Post(self.headers, keep_alive=keep_alive)

    def on_body(self, body: bytes) -> None:
        """Take a part of the body, and no more of it than may be sent."""
        post = self.cycle
        if not isinstance(post, _Post):
            super().on_body(body)
        elif len(post.body) <= LARGEST_BODY:
            post.body += body

    def on_message_complete(self) -> None:
        """Answer, in a task that a graceful stop waits for."""
        post = self.cycle
        if not isinstance(post, _Post):
            super().on_message_complete()
            return
        post.more_body = False
        self.tasks.add(self.loop.create_task(self._answer(post)))

    def _is_plain(self) -> bool:
        return (
            self.parser.get_method() == b"POST"
            and not self.expect_100_continue
            and not self.parser.should_upgrade()
            and (self.cycle is None or self.cycle.response_complete)
            and self.limit_concurrency is None
            and isinstance(self.app, EventDoor)
            and self.app.lets_in(self.headers)
        )

    async def _answer(self, post: _Post) -> None:
        try:
            status, body, headers = await self._answered(post)
            if self.flow.write_paused and not post.disconnected:
                await self.flow.drain()
            if not post.disconnected:
                self._write(post, status, body, headers)
        finally:
            self.tasks.discard(asyncio.current_task())

    async def _answered(self, post: _Post) -> Answer:
        try:
            answer: Answer = await self.app.answer(post.headers, post.taken())
        except Exception:  # noqa: BLE001 - whatever it is, the sender gets an answer
            _log.exception("a post of events failed")
            post.keep_alive = False
            return HTTPStatus.INTERNAL_SERVER_ERROR, b"", {}
        return answer

    def _write(self, post: _Post, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        parts = [STATUS_LINE[status]]
        for name, value in (*self.server_state.default_headers, *head_of(status, body, headers)):
            parts += (name, b": ", value, b"\r\n")
        parts.append(b"\r\n" if post.keep_alive else b"connection: close\r\n\r\n")
        parts.append(body)
        self.transport.write(b"".join(parts))
        post.response_complete = True
        if not post.keep_alive:
            self.transport.close()
        self.on_response_complete()
