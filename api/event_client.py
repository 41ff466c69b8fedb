"""The client side of ``POST /v1/events``: one batch, posted until it is answered or patience ends."""

import random
import threading
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Self

import httpx
import msgspec
import zstandard

_BUSY = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 15.0


class SendError(Exception):
    """The service will not take the events, or could not be reached for too long; the message says which."""


class Rejection(msgspec.Struct, frozen=True):
    """One event that the service refused: its place in the batch and what is wrong with it."""

    index: int
    field: str = ""
    message: str = ""
    id: str | None = None


class Answer(msgspec.Struct, frozen=True):
    """What the service did with one batch."""

    accepted: int
    duplicates: int
    rejected: list[Rejection] = []


NOTHING = Answer(accepted=0, duplicates=0)


class _Problem(msgspec.Struct):
    title: str = ""
    detail: str = ""


class EventClient:
    """The client of a service: posts a batch, and again while the service is busy or away. Threads share it.

    ``patience`` bounds the seconds that one batch may take; ``wait`` and ``clock`` stand in for time.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        compress: bool = False,
        patience: float = 120.0,
        wait: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._client = httpx.Client(
            base_url=url.rstrip("/").removesuffix("/v1/events"),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
            timeout=httpx.Timeout(30.0, connect=5.0),
        )
        self._compress, self._patience, self._clock, self._jitter = compress, patience, clock, jitter
        self._stopped = threading.Event()
        self._wait = wait or self._stopped.wait
        self._counting = threading.Lock()
        self.retries = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()
        self._client.close()

    def stop(self) -> None:
        """Let every thread that waits give up."""
        self._stopped.set()

    def post(self, body: bytes) -> Answer:
        """Post a JSON array of events; raise SendError when the service refuses it or stays away too long."""
        headers = {}
        if self._compress:
            body, headers = zstandard.ZstdCompressor(level=1).compress(body), {"Content-Encoding": "zstd"}
        began, pause = self._clock(), _FIRST_PAUSE
        while True:
            response, trouble = self._attempt(body, headers)
            if response is not None and response.status_code not in _BUSY:
                return _answer(response)
            asked = _retry_after(response) if response is not None else 0.0
            delay = max(asked, pause * (1 + self._jitter()) / 2)
            if self._stopped.is_set() or self._clock() - began + delay > self._patience:
                raise SendError(f"gave up after {self._clock() - began:.0f} seconds: {trouble}")
            self._count_retry()
            self._wait(delay)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _attempt(self, body: bytes, headers: dict[str, str]) -> tuple[httpx.Response | None, str]:
        try:
            response = self._client.post("/v1/events", content=body, headers=headers)
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
            raise SendError(f"cannot post to {self._client.base_url}: {error}; write http://HOST:PORT") from error
        except httpx.TransportError as error:
            return None, f"{self._client.base_url} cannot be reached ({str(error) or type(error).__name__})"
        return response, _told(response)

    def _count_retry(self) -> None:
        with self._counting:
            self.retries += 1


def _retry_after(response: httpx.Response) -> float:
    """Seconds from a ``Retry-After`` of either kind; a date is measured from the answer's own ``Date``."""
    told = response.headers.get("Retry-After", "").strip()
    if told.isdecimal():
        return float(told)
    try:
        until, now = parsedate_to_datetime(told), parsedate_to_datetime(response.headers["Date"])
        return max(0.0, (until - now).total_seconds())
    except (ValueError, KeyError, TypeError):
        return 0.0


def _told(response: httpx.Response) -> str:
    try:
        problem = msgspec.json.decode(response.content, type=_Problem)
    except msgspec.DecodeError:
        problem = _Problem()
    text = problem.detail or problem.title or response.reason_phrase
    return f"the service answered {response.status_code}: {text.rstrip('.')}"


def _answer(response: httpx.Response) -> Answer:
    if response.status_code in {HTTPStatus.OK, HTTPStatus.UNPROCESSABLE_ENTITY}:
        try:
            return msgspec.json.decode(response.content, type=Answer)
        except msgspec.DecodeError:
            pass
    raise SendError(_told(response))
