import gzip
import io
import json
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
import uvicorn
import zstandard
from rich.console import Console

from api.event_client import EventClient, SendError
from api.event_file import EventFileError
from api.progress import progress_bar
from api.send import Rejected, SendStoppedError, Summary, send

KEY = "zw_made_up"
Message = MutableMapping[str, Any]
Reply = tuple[int, dict[str, str], dict[str, Any]]


class Service:
    """A small service that answers as the real one: counts customer + id once, and can be told to be busy."""

    def __init__(self) -> None:
        self.url = ""
        self.counted: dict[tuple[str, str], dict[str, Any]] = {}
        self.sizes: list[int] = []
        self.encodings: set[str] = set()
        self.replies: list[Reply] = []
        self.lose_answers = 0

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        write: Callable[[Message], Awaitable[None]],
    ) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message.get("more_body", False)
        status, extra, answer = self._reply(scope["path"], headers, body)
        if self.lose_answers and status == 200:
            self.lose_answers -= 1
            extra = {"Content-Length": "9999"}
        content = [(name.encode(), value.encode()) for name, value in extra.items()]
        await write({"type": "http.response.start", "status": status, "headers": content})
        await write({"type": "http.response.body", "body": json.dumps(answer).encode()})

    def _reply(self, path: str, headers: dict[str, str], body: bytes) -> Reply:
        if path != "/v1/events":
            return 404, {}, {"title": "Not Found"}
        if headers.get("authorization") != f"Bearer {KEY}":
            return 401, {}, {"title": "Unauthorized", "detail": "This key is not known."}
        if self.replies:
            return self.replies.pop(0)
        encoding = headers.get("content-encoding", "")
        self.encodings.add(encoding)
        events = json.loads(zstandard.ZstdDecompressor().decompress(body) if encoding == "zstd" else body)
        self.sizes.append(len(events))
        return self._count(events)

    def _count(self, events: list[dict[str, Any]]) -> Reply:
        rejected = [self._refused(n, event) for n, event in enumerate(events) if "id" not in event]
        sound = [event for event in events if "id" in event]
        before = len(self.counted)
        self.counted.update({(event["customer"], event["id"]): event for event in sound})
        accepted = len(self.counted) - before
        answer = {"accepted": accepted, "duplicates": len(sound) - accepted}
        return (422, {}, {"title": "x", **answer, "rejected": rejected}) if rejected else (200, {}, answer)

    def _refused(self, index: int, _event: dict[str, Any]) -> dict[str, Any]:
        return {"index": index, "id": None, "field": "id", "message": "is missing"}


@pytest.fixture
def service() -> Iterator[Service]:
    app = Service()
    with socket.create_server(("127.0.0.1", 0)) as client:
        app.url = f"http://127.0.0.1:{client.getsockname()[1]}"
        config = uvicorn.Config(app, lifespan="off", ws="none", log_level="critical", date_header=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([client],))
        thread.start()
        yield app
        server.should_exit = True
        thread.join()


class HandClock:
    """Time that passes only by waiting."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def read(self) -> float:
        return self.now


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def client(service: Service, clock: HandClock) -> Iterator[EventClient]:
    with EventClient(service.url, KEY, wait=clock.wait, clock=clock.read, jitter=lambda: 1.0) as opened:
        yield opened


def log(tmp_path: Path, count: int, *, missing: tuple[int, ...] = (), naive: tuple[int, ...] = ()) -> Path:
    path = tmp_path / "events.csv"
    rows = [
        f"{'' if n in missing else f'e{n}'},k-{n % 7},action,2026-10-05T12:00:00{'' if n in naive else 'Z'}"
        for n in range(count)
    ]
    path.write_text("id,customer,type,time\n" + "".join(row + "\n" for row in rows))
    return path


BODY = b'[{"id":"e1","customer":"k-1","type":"action","time":"2026-10-05T12:00:00Z"}]'
BUSY = {"title": "Service Unavailable", "detail": "The store is away."}


def test_every_event_of_a_file_arrives_in_batches(service: Service, tmp_path: Path) -> None:
    done: list[int] = []
    summary = send(log(tmp_path, 2_345), service.url, KEY, progress=done.append)

    assert len(service.counted) == 2_345
    assert sorted(service.sizes) == [345, 1_000, 1_000]
    assert done == [1_000, 1_000, 345]
    assert (summary.sent, summary.accepted, summary.duplicates, summary.batches) == (2_345, 2_345, 0, 3)
    assert (summary.rejected, summary.unreadable, summary.retries) == ((), 0, 0)


def test_sending_again_counts_nothing_twice(service: Service, tmp_path: Path) -> None:
    path = log(tmp_path, 2_345)
    send(path, service.url, KEY, batch_size=100)
    again = send(path, service.url + "/v1/events", KEY, batch_size=999, compress=True)
    assert (again.accepted, again.duplicates) == (0, 2_345)
    assert service.encodings == {"", "zstd"}


def test_rejections_are_summed_by_reason_with_lines_of_the_file(service: Service, tmp_path: Path) -> None:
    path = log(tmp_path, 250, missing=(0, 1, 30, 99, 100, 101, 249), naive=(5, 130))
    summary = send(path, service.url, KEY, batch_size=100)

    assert (summary.sent, summary.accepted, summary.unreadable) == (248, 241, 2)
    missing, naive = summary.rejected
    assert missing == Rejected("id", "is missing", 7, (2, 3, 32, 101, 102))
    assert (naive.field, naive.count, naive.lines) == ("time", 2, (7, 132))


def test_a_file_of_unreadable_lines_is_never_posted(service: Service, tmp_path: Path) -> None:
    summary = send(log(tmp_path, 3, naive=(0, 1, 2)), service.url, KEY)
    assert (summary.sent, summary.unreadable, summary.batches) == (0, 3, 0)
    assert service.sizes == []


def test_an_empty_file_is_done_at_once(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "none.ndjson"
    path.touch()
    assert send(path, service.url, KEY, clock=lambda: 0.0) == Summary()


def test_bodies_stay_under_the_limit_of_the_door(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "long.ndjson"
    event = {"customer": "k-1", "type": "action", "time": "2026-10-05T12:00:00Z", "workflow": "w" * 3_000_000}
    path.write_bytes(b"\n".join(msgspec.json.encode({"id": f"e{n}", **event}) for n in range(5)))
    summary = send(path, service.url, KEY, concurrency=1)
    assert service.sizes == [2, 2, 1]
    assert (summary.accepted, summary.batches) == (5, 3)


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({"Retry-After": "7"}, [7.0, 0.5]),
        ({"Retry-After": "0"}, [0.25, 0.5]),
        ({}, [0.25, 0.5]),
        ({"Retry-After": "soon"}, [0.25, 0.5]),
        (
            {"Retry-After": "Mon, 05 Oct 2026 12:00:09 GMT", "Date": "Mon, 05 Oct 2026 12:00:00 GMT"},
            [9.0, 0.5],
        ),
    ],
)
def test_a_busy_service_is_asked_again_when_it_says(
    service: Service, client: EventClient, clock: HandClock, headers: dict[str, str], waits: list[float]
) -> None:
    service.replies = [(503, headers, BUSY), (429, {}, {"title": "Too Many Requests"})]
    assert client.post(BODY).accepted == 1
    assert clock.waits == waits
    assert client.retries == 2


def test_pauses_grow_up_to_a_bound_and_patience_ends(service: Service, clock: HandClock, client: EventClient) -> None:
    service.replies = [(503, {}, BUSY)] * 99
    with pytest.raises(SendError, match="gave up after 106 seconds: the service answered 503: The store is away"):
        client.post(BODY)
    assert clock.waits == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, *[15.0] * 6]


def test_pauses_are_spread_so_that_clients_do_not_return_together(service: Service, clock: HandClock) -> None:
    service.replies = [(503, {}, BUSY)] * 2
    with EventClient(service.url, KEY, wait=clock.wait, clock=clock.read, jitter=lambda: 0.0) as client:
        client.post(BODY)
    assert clock.waits == [0.125, 0.25]


def test_a_service_that_asks_for_more_time_than_there_is_patience_is_given_up(
    service: Service, clock: HandClock, client: EventClient
) -> None:
    service.replies = [(503, {"Retry-After": "121"}, BUSY)]
    with pytest.raises(SendError, match="gave up after 0 seconds"):
        client.post(BODY)
    assert clock.waits == []


def test_an_answer_that_got_lost_is_no_loss(service: Service, client: EventClient) -> None:
    service.lose_answers = 1
    answer = client.post(BODY)
    assert (answer.accepted, answer.duplicates) == (0, 1)
    assert len(service.counted) == 1


@pytest.mark.parametrize(
    ("status", "answer", "told"),
    [
        (403, {"detail": "This key may not send events."}, "answered 403: This key may not send events"),
        (413, {"title": "Content Too Large"}, "answered 413: Content Too Large"),
        (415, {"detail": "Send application/json."}, "answered 415: Send application/json"),
        (500, {"title": "Internal Server Error"}, "answered 500"),
        (422, {"title": "Unprocessable", "detail": "Not an array."}, "answered 422: Not an array"),
        (200, {"status": "fine"}, "answered 200"),
    ],
)
def test_other_refusals_stop_at_once_with_the_reason(
    service: Service, client: EventClient, clock: HandClock, status: int, answer: dict[str, Any], told: str
) -> None:
    service.replies = [(status, {}, answer)]
    with pytest.raises(SendError, match=told):
        client.post(BODY)
    assert clock.waits == []


def test_a_stopped_run_says_how_far_it_came(service: Service, tmp_path: Path, clock: HandClock) -> None:
    def forbid(_events: int) -> None:
        service.replies = [(403, {}, {"detail": "The key was revoked."})] * 99

    with pytest.raises(SendStoppedError) as stopped:
        send(log(tmp_path, 5_000), service.url, KEY, concurrency=1, progress=forbid, wait=clock.wait)

    summary = stopped.value.summary
    assert summary.accepted == summary.sent == 1_000 * summary.batches
    assert 1 <= summary.batches <= 2
    assert "answered 403: The key was revoked. Until then" in str(stopped.value)
    assert f"Until then {summary.sent:,} events were answered" in str(stopped.value)
    assert "Sending the whole file again is harmless" in str(stopped.value)


def test_a_wrong_key_counts_nothing(service: Service, tmp_path: Path) -> None:
    with pytest.raises(SendStoppedError, match="401: This key is not known"):
        send(log(tmp_path, 10), service.url, "zw_other")
    assert service.counted == {}


def test_nobody_listening_is_said_with_the_address(tmp_path: Path, clock: HandClock) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unheard.getsockname()[1]}"
        with pytest.raises(SendStoppedError, match=f"{url}/? cannot be reached"):
            send(log(tmp_path, 10), url, KEY, wait=clock.wait, clock=clock.read)
    assert sum(clock.waits) <= 120


@pytest.mark.parametrize("url", ["localhost:8000", "htp://localhost"])
def test_an_address_that_is_none_is_refused_without_waiting(tmp_path: Path, clock: HandClock, url: str) -> None:
    with pytest.raises(SendStoppedError, match="write http://HOST:PORT"):
        send(log(tmp_path, 10), url, KEY, wait=clock.wait)
    assert clock.waits == []


def test_a_damaged_file_is_told_and_stops_the_threads(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(gzip.compress(log(tmp_path, 5_000).read_bytes())[:-400])
    with pytest.raises(EventFileError, match="damaged or cut off"):
        send(path, service.url, KEY, batch_size=100)


@pytest.mark.parametrize(
    ("total", "steps", "lines"),
    [
        (1_000, [50] * 20, [f"sending: {n * 100:,} of 1,000 ({n * 10} %)" for n in range(1, 11)]),
        (1_000, [999, 1], ["sending: 999 of 1,000 (99 %)", "sending: 1,000 of 1,000 (100 %)"]),
        (10, [7], ["sending: 7 of 10 (70 %)"]),
        (0, [], ["sending: 0"]),
        (None, [60_000, 60_000, 5], ["sending: 120,000", "sending: 120,005"]),
    ],
)
def test_progress_is_plain_lines_where_there_is_no_terminal(
    total: int | None, steps: list[int], lines: list[str]
) -> None:
    console = Console(file=io.StringIO(), force_terminal=False)
    with progress_bar(total, "sending", console) as advance:
        for step in steps:
            advance(step)
    assert console.file.getvalue().splitlines() == lines  # type: ignore[attr-defined]


def test_progress_is_a_bar_on_a_terminal() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    with progress_bar(1_000, "sending", console) as advance:
        advance(1_000)
    assert "1000/1000" in console.file.getvalue()  # type: ignore[attr-defined]
