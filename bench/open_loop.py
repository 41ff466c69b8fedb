"""A client that sends on a timetable and never waits for the service: no coordinated omission.

Request n is due at start + n / rate, whatever became of those before it. Its latency counts from when it was due, so
time spent waiting for a free connection is the service's latency. Without a rate, every request is due at once.
"""

import gc
import json
import select
import socket
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_END, _ONE = b"\r\n\r\n", b'{"accepted":1,"duplicates":0}'  # the answer that comes most


@dataclass(slots=True)
class Answers:
    """What came back: counted, known already, seconds per request in no order, seconds from first to last."""

    accepted: int = 0
    duplicates: int = 0
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def percentile(self, share: float) -> float:
        """Return the latency that ``share`` of the requests stay under, in seconds."""
        return sorted(self.latencies)[min(len(self.latencies) - 1, int(share * len(self.latencies)))]


class Connection:
    """A kept-alive connection with at most one request under way."""

    def __init__(self, address: tuple[str, int]) -> None:
        """Connect."""
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due, self._received = 0.0, b""

    def fileno(self) -> int:
        """Return what the kernel waits for."""
        return self.socket.fileno()

    def send(self, request: bytes, due: float) -> None:
        """Send a request that was due at this time."""
        self.due = due
        self.socket.sendall(request)

    def receive(self) -> tuple[int, int] | None:
        """Return how many were accepted and known when the answer is complete; fail on every refusal."""
        self._received += self.socket.recv(65_536)
        head, _, body = self._received.partition(_END)
        if not body.endswith(b"}"):
            assert self._received, "the service hung up"
            return None
        assert head.startswith(b"HTTP/1.1 200 "), self._received.decode()
        self._received = b""
        if body == _ONE:
            return 1, 0
        told = json.loads(body)
        return told["accepted"], told["duplicates"]


def request_of(url: str, key: str, body: bytes) -> bytes:
    """Write a request to the last byte."""
    parts = urlsplit(url)
    head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {key}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def send_all(url: str, requests: Sequence[bytes], connections: int, rate: float | None = None) -> Answers:
    """Send the requests over some connections, ``rate`` per second or as fast as they are answered."""
    parts = urlsplit(url)
    everyone = [Connection((str(parts.hostname), int(parts.port or 80))) for _ in range(connections)]
    gc.disable()
    try:
        return _sent(requests, deque(everyone), 1 / rate if rate else 0.0)
    finally:
        gc.enable()
        for each in everyone:
            each.socket.close()


def _sent(requests: Sequence[bytes], idle: deque[Connection], step: float) -> Answers:
    answers, number, clock = Answers(), 0, time.perf_counter
    by_handle = {each.fileno(): each for each in idle}
    with select.epoll() as poll:
        for handle in by_handle:
            poll.register(handle, select.EPOLLIN)
        start = clock()
        while len(answers.latencies) < len(requests):
            while idle and number < len(requests) and (due := start + number * step) <= clock():
                idle.popleft().send(requests[number], due)
                number += 1
            pause = max(0.0, start + number * step - clock()) if idle and number < len(requests) else None
            for handle, _ in poll.poll(pause):
                connection = by_handle[handle]
                if told := connection.receive():
                    answers.accepted += told[0]
                    answers.duplicates += told[1]
                    answers.latencies.append(clock() - connection.due)
                    idle.append(connection)
        answers.seconds = clock() - start
    return answers
