"""The soak's load: events made and counted in numpy, and clients that post them as a good client does.

The generator owes nothing to the product: it knows the days of October 2026 in Berlin by arithmetic and counts what it
makes, each event once. What it sends beyond that changes no count: batches that come again later, batches that begin
with the end of the one before, and a few ids that come again as a weaker type.
"""

import heapq
import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from math import log

import numpy as np

METERS = ("trigger", "action", "connector")
CUSTOMERS = 2_000
_DAYS = 31
_START = np.datetime64("2026-09-30T22:00:00.000")  # October begins in Berlin
_MONTH_SECONDS = _DAYS * 86_400 + 3_600
_CLOCK_BACK = 24 * 86_400 + 3 * 3_600  # seconds into the month: from here on a local day is an hour later
_BLOCK, _LARGEST_BATCH = 10_000, 1_000
_SPREAD = 0.02  # of the month: how far events are out of order; a fifth comes from anywhere before
_AGAIN, _AGAIN_WITHIN, _OVERLAPPING = 0.08, 1_500, 0.08
_WEAKER, _LARGER = 0.001, 0.002
_BUSY = {429, 502, 503, 504}
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
_TIMEOUT, _PATIENCE, _PAUSE = 30.0, 120.0, 0.005
Body = tuple[int, bytes]  # how many events, and the events


class Generator:
    """Makes batches; ``counts`` says what must be counted: units by customer, day and meter."""

    def __init__(self, events: int, seed: int) -> None:
        """Make so many different events."""
        self._rng = np.random.default_rng(seed)
        self._events = events
        self.made = self.statements = 0
        self.counts = np.zeros((CUSTOMERS, _DAYS + 1, len(METERS)), np.int64)
        shares = 1 / np.arange(1, CUSTOMERS + 1)  # the first has some twelve percent, the last a handful
        self._shares = shares.cumsum() / shares.sum()

    def batches(self) -> Iterator[Body]:
        """Yield batches of 1 to 1,000 events, small ones more often, some of them again later."""
        waiting: list[str] = []
        last: list[str] = []
        later: list[tuple[int, int, list[str]]] = []
        number = 0
        while waiting or self.made < self._events or later:
            size = int(np.exp(self._rng.random() * log(_LARGEST_BATCH + 1)))
            while len(waiting) < size and self.made < self._events:
                waiting += self._block(min(_BLOCK, self._events - self.made))
            if later and (later[0][0] <= number or not waiting):
                batch = heapq.heappop(later)[2]
            else:
                batch, waiting = waiting[:size], waiting[size:]
                if self._rng.random() < _OVERLAPPING:
                    batch = last[len(last) // 2 :][: _LARGEST_BATCH - len(batch)] + batch
                if self._rng.random() < _AGAIN:
                    heapq.heappush(later, (number + int(self._rng.integers(_AGAIN_WITHIN)), number, batch))
                last = batch
            number += 1
            yield len(batch), f"[{','.join(batch)}]".encode()

    def _block(self, size: int) -> list[str]:
        """Make further events and count them; some ids come a second time, as a weaker type."""
        rng, first = self._rng, self.made
        self.made += size
        now = (first + np.arange(size)) / self._events
        share = np.where(rng.random(size) < 0.2, now * rng.random(size), now + _SPREAD * rng.random(size))
        seconds = (share.clip(0, 1) * (_MONTH_SECONDS - 1)).astype(np.int64)
        customers = np.searchsorted(self._shares, rng.random(size)).clip(0, CUSTOMERS - 1)
        customers[1::2] += customers[1::2] == customers[: size - size % 2 : 2]  # neighbours share an id, not a customer
        customers %= CUSTOMERS
        meters = np.searchsorted([0.33, 0.99], rng.random(size))
        units = np.where(rng.random(size) < _LARGER, rng.integers(2, 6, size), 1)
        days = 1 + (seconds - 3_600 * (seconds >= _CLOCK_BACK)) // 86_400
        np.add.at(self.counts, (customers, days, meters), units)
        times = np.datetime_as_string(_START + 1_000 * seconds + rng.integers(0, 1_000, size), unit="ms")
        columns = (customers.tolist(), meters.tolist(), times.tolist(), units.tolist())
        texts = [_text((first + place) // 2, *row) for place, row in enumerate(zip(*columns, strict=True))]
        weaker = np.flatnonzero((rng.random(size) < _WEAKER) & (meters == 0)).tolist()
        texts += [texts[place].replace('"type":"trigger"', '"type":"action"') for place in weaker]
        self.statements += len(texts)
        return texts


def _text(identity: int, customer: int, meter: int, time_of: str, units: int) -> str:
    more = f',"quantity":{units}' if units > 1 else ""
    return (
        f'{{"id":"01JB{identity:010d}","customer":"k-{customer}","type":"{METERS[meter]}","time":"{time_of}Z",'
        f'"workflow":"wf-{identity % 40}","connector":"c-{identity % 7}"{more}}}'
    )


@dataclass
class Clients:
    """Several connections that post until there is nothing left; each batch again until it is answered.

    They go no further than ``leash`` events, and no faster than ``rate`` events per second.
    """

    port: int
    key: str
    batches: Iterator[Body]
    how_many: int
    rate: float = float("inf")
    leash: float = 0
    told: Counter[str] = field(default_factory=Counter)
    longest_wait: float = 0.0

    def __post_init__(self) -> None:
        self._taking, self._telling, self._stopping = threading.Lock(), threading.Lock(), threading.Event()
        self._taken, self._due = 0, 0.0
        self._pool = ThreadPoolExecutor(self.how_many)
        self._running = [self._pool.submit(self._post_all) for _ in range(self.how_many)]

    def go_on(self) -> bool:
        """Tell whether anybody still posts; raise what ended a client before its time."""
        for each in self._running:
            if each.done():
                each.result()
        return not all(each.done() for each in self._running)

    def stop(self) -> None:
        """Let everybody go home, with or without an answer."""
        self._stopping.set()
        self._pool.shutdown()

    def _post_all(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_TIMEOUT)
        while (body := self._next()) and not self._stopping.is_set():
            began, pause, answer = time.monotonic(), _FIRST_PAUSE, None
            while not self._stopping.is_set() and (answer := self._attempt(connection, body[1], pause)) is None:
                pause = min(2 * pause, _LONGEST_PAUSE)
                assert time.monotonic() - began < _PATIENCE, f"a batch is not answered: {dict(self.told)}"
            if answer:
                self._note(body[0], answer, time.monotonic() - began)
        connection.close()

    def _next(self) -> Body | None:
        with self._taking:
            if body := next(self.batches, None):
                self._taken += body[0]
                self._due = max(self._due, time.monotonic()) + body[0] / self.rate
                while self._taken > self.leash or time.monotonic() < self._due:
                    if self._stopping.wait(_PAUSE):
                        return None
            return body

    def _attempt(self, connection: http.client.HTTPConnection, body: bytes, pause: float) -> dict[str, int] | None:
        """Post once; return the answer, or nothing after the pause that a refusal asks for."""
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        try:
            connection.request("POST", "/v1/events", body, headers)
            response = connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            self._refused("no answer", pause)
            return None
        if response.status in _BUSY:
            self._refused(str(response.status), max(pause, float(response.headers.get("Retry-After", 0))))
            return None
        assert response.status == HTTPStatus.OK, f"{response.status} {text.decode()}"
        answer: dict[str, int] = json.loads(text)
        return answer

    def _refused(self, why: str, pause: float) -> None:
        with self._telling:
            self.told[why] += 1
        self._stopping.wait(pause)

    def _note(self, events: int, answer: dict[str, int], seconds: float) -> None:
        with self._telling:
            self.told.update(events=events, batches=1, **answer)
            self.longest_wait = max(self.longest_wait, seconds)
