import asyncio
import gzip
import json
import random
import socket
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import zstandard

from metering.dead_letter import dead_letters
from metering.redis import Connection, open_redis
from tests.api.posting import VALID, Service, events, one, problem_of, serving
from tests.redis_fixtures import kill
from tests.waiting import until

MIB = 1024 * 1024
LARGEST = 8 * MIB


@pytest.fixture(scope="module", params=["short", "asgi"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service, on the short way and through ASGI."""
    folder = tmp_path_factory.mktemp("service")
    with open_redis("embedded:", folder) as counter, serving(folder, counter, request.param) as service:
        yield service


@pytest.fixture
def service(running: Service) -> Service:
    """A service that has counted nothing yet."""
    running.counter.client.flushall()
    return running


CLOUD = {"specversion": "1.0", "id": "e-1", "subject": "k-1007", "type": "de.fluks.trigger", "time": VALID["time"]}


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", json.dumps(VALID).encode()),
        ("application/json; charset=utf-8", json.dumps([VALID]).encode()),
        ("Application/JSON", json.dumps([VALID]).encode()),
        ("application/x-ndjson", json.dumps(VALID).encode() + b"\n"),
        ("application/cloudevents+json", json.dumps(CLOUD).encode()),
        ("application/cloudevents-batch+json; charset=UTF-8", json.dumps([CLOUD]).encode()),
    ],
)
def test_all_valid_is_200_with_what_was_counted(service: Service, content_type: str, body: bytes) -> None:
    for told in ({"accepted": 1, "duplicates": 0}, {"accepted": 0, "duplicates": 1}):
        answer = service.post(body, content_type)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        assert answer.json() == told
    assert service.used() == 1


def test_some_invalid_is_422_and_the_valid_ones_are_counted(service: Service) -> None:
    batch = [one(), one(), one(id="e-2", time="2026-10-05"), one(id="e-3", type="?"), {"id": 7}, one(id="e-4")]
    answer = service.post(batch)
    assert answer.status_code == 422
    assert problem_of(answer) == {
        "type": "about:blank",
        "title": "Some events are invalid",
        "status": 422,
        "detail": "The valid events are counted, the invalid ones are kept as dead letters; "
        "sending all again is harmless.",
        "accepted": 2,
        "duplicates": 1,
        "rejected": [
            {
                "index": 2,
                "id": "e-2",
                "field": "time",
                "message": "is not valid: give RFC 3339 with an offset, for example 2026-10-05T12:00:00Z",
            },
            {
                "index": 3,
                "id": "e-3",
                "field": "type",
                "message": "is unknown: give one of the meters: action, trigger",
            },
            {
                "index": 4,
                "id": None,
                "field": "id",
                "message": "is not valid: give a text of 1 to 128 characters, the same when the event is sent again",
            },
        ],
    }
    assert service.used() == 2


def test_a_batch_sent_twice_leaves_each_dead_letter_once(service: Service) -> None:
    batch = [*events(3), one(id="late", time="2026-01-01T00:00:00Z"), one(id="odd", quantity=0), 5]
    first, second = service.post(batch).json(), service.post(batch).json()
    assert [(each["accepted"], each["duplicates"]) for each in (first, second)] == [(3, 0), (0, 3)]
    assert first["rejected"] == second["rejected"]
    letters, cursor = dead_letters(service.counter.client, None, 100)
    assert sorted((letter.id or "", letter.field) for letter in letters) == [
        ("", ""),
        ("late", "time"),
        ("odd", "quantity"),
    ]
    assert cursor is None


@pytest.mark.parametrize(
    ("body", "content_type", "headers", "status"),
    [
        (b"{", "application/json", {}, 400),
        (b"", "application/json", {}, 400),
        (b"[" * 100_000, "application/json", {}, 400),
        (b'{"id":"\xff"}', "application/json", {}, 400),
        (b"not gzip", "application/json", {"content_encoding": "gzip"}, 400),
        (b"", "application/json", {"content_encoding": "zstd"}, 400),
        (VALID, "application/json", {"authorization": ""}, 401),
        (VALID, "application/json", {"authorization": "Bearer unknown"}, 401),
        (VALID, "application/json", {"authorization": "Bearer nobody"}, 403),
        (VALID, "text/plain", {}, 415),
        (VALID, "", {}, 415),
        (VALID, "application/json", {"content_encoding": "br"}, 415),
        (VALID, "application/json", {"content_encoding": "gzip, zstd"}, 415),
        ([], "application/json", {}, 422),
        (b"\n\n", "application/x-ndjson", {}, 422),
    ],
)
def test_a_refused_request_says_why_and_counts_nothing(
    service: Service, body: Any, content_type: str, headers: dict[str, str], status: int
) -> None:
    answer = service.post(body, content_type, **headers)
    assert answer.status_code == status
    assert len(problem_of(answer)["detail"]) > 10
    assert service.used() == 0
    assert dead_letters(service.counter.client, None, 10) == ([], None)


def test_who_has_no_key_is_told_how_to_send_one(service: Service) -> None:
    assert service.post(VALID, authorization="Basic x").headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_events_are_posted(service: Service, method: str) -> None:
    answer = service.client.request(method, "/v1/events")
    assert (problem_of(answer)["status"], answer.headers["allow"]) == (405, "POST")


def test_everything_else_goes_on_to_the_application(service: Service) -> None:
    assert service.client.get("/ready").text == "/ready"
    assert service.client.post("/v1/events/x").status_code == 404


@pytest.mark.parametrize(("count", "status"), [(1, 200), (9_999, 200), (10_000, 200), (10_001, 413)])
def test_a_request_holds_up_to_ten_thousand_events(service: Service, count: int, status: int) -> None:
    answer = service.post(events(count))
    assert answer.status_code == status
    if status == 413:
        assert "at most 10,000" in problem_of(answer)["detail"]
    assert service.used() == (count if status == 200 else 0)


def padded(size: int) -> bytes:
    """Return a valid body of exactly this many bytes."""
    body = json.dumps(VALID).encode()
    return body + b" " * (size - len(body))


@pytest.mark.parametrize(("size", "status"), [(LARGEST - 1, 200), (LARGEST, 200), (LARGEST + 1, 413), (20 * MIB, 413)])
@pytest.mark.parametrize("encoding", ["identity", "gzip", "zstd"])
def test_a_body_is_at_most_8_mib_packed_or_not(service: Service, size: int, status: int, encoding: str) -> None:
    answer = service.post(PACK[encoding](padded(size)), content_encoding=encoding)
    assert answer.status_code == status
    if status == 413:
        assert "larger than 8 MiB" in problem_of(answer)["detail"]
    assert service.used() == (1 if status == 200 else 0)


def in_frames(body: bytes) -> bytes:
    return b"".join(zstandard.compress(body[start : start + 1_000]) for start in range(0, len(body), 1_000))


PACK: dict[str, Callable[[bytes], bytes]] = {"identity": bytes, "gzip": gzip.compress, "zstd": zstandard.compress}
PACKED: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "gzip in members": ("gzip", lambda body: gzip.compress(body[:500]) + gzip.compress(body[500:])),
    "zstd": ("zstd", zstandard.compress),
    "ZSTD": ("ZSTD", zstandard.compress),
    "zstd in frames": ("zstd", in_frames),
    "zstd without a length": ("zstd", zstandard.ZstdCompressor(write_content_size=False).compress),
}


@pytest.mark.parametrize("way", PACKED)
def test_packed_bodies_are_counted_whole(service: Service, way: str) -> None:
    encoding, pack = PACKED[way]
    lines = b"".join(json.dumps(each).encode() + b"\n" for each in events(5_000))
    answer = service.post(pack(lines), "application/x-ndjson", content_encoding=encoding)
    assert (answer.status_code, answer.json()) == (200, {"accepted": 5_000, "duplicates": 0})


def unfinished_zstd(body: bytes) -> bytes:
    packer = zstandard.ZstdCompressor().compressobj()
    return packer.compress(body) + packer.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)


def damaged_gzip(body: bytes) -> bytes:
    """Return a stream whose first block is of a kind that does not exist."""
    packed = bytearray(gzip.compress(body))
    packed[10] = 0b111
    return bytes(packed)


@pytest.mark.parametrize(
    ("encoding", "damage"),
    [
        ("gzip", lambda body: gzip.compress(body)[:-9]),
        ("gzip", lambda body: gzip.compress(body)[:-8] + bytes(8)),
        ("gzip", damaged_gzip),
        ("gzip", zlib.compress),
        ("gzip", lambda body: gzip.compress(body) + b"and more"),
        ("zstd", lambda body: zstandard.compress(body)[:-1]),
        ("zstd", unfinished_zstd),
        ("zstd", lambda body: zstandard.compress(body) + b"and more"),
        ("zstd", lambda body: b"\0" + zstandard.compress(body)),
    ],
)
def test_a_damaged_package_counts_nothing_rather_than_a_part(
    service: Service, encoding: str, damage: Callable[[bytes], bytes]
) -> None:
    lines = b"".join(json.dumps(each).encode() + b"\n" for each in events(500))
    answer = service.post(damage(lines), "application/x-ndjson", content_encoding=encoding)
    assert answer.status_code == 400
    assert problem_of(answer)["detail"] == f"The body is not valid {encoding}."
    assert service.used() == 0


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_bomb_does_not_go_off(service: Service, encoding: str) -> None:
    bomb = PACK[encoding](bytes(256 * MIB))
    assert len(bomb) < MIB
    answer = service.post(bomb, content_encoding=encoding)
    assert problem_of(answer)["status"] == 413
    assert service.post(VALID).status_code == 200


@dataclass
class Sent:
    """What concurrent clients were told."""

    statuses: list[int] = field(default_factory=list)
    accepted: int = 0
    duplicates: int = 0

    def add(self, answer: httpx.Response) -> None:
        self.statuses.append(answer.status_code)
        if answer.status_code == 200:
            self.accepted += answer.json()["accepted"]
            self.duplicates += answer.json()["duplicates"]


async def post_all(service: Service, clients: list[list[list[dict[str, Any]]]]) -> Sent:
    """Let each client post its batches one after the other, all clients at the same time."""
    sent = Sent()
    limits = httpx.Limits(max_connections=len(clients))
    async with httpx.AsyncClient(
        base_url=service.client.base_url, headers=service.client.headers, limits=limits, timeout=60
    ) as client:

        async def post(batches: list[list[dict[str, Any]]]) -> None:
            for batch in batches:
                sent.add(await client.post("/v1/events", json=batch))

        await asyncio.gather(*(post(batches) for batches in clients))
    return sent


def test_16_clients_with_overlapping_batches_count_exactly(service: Service) -> None:
    chance = random.Random(2026)  # noqa: S311 - a repeatable shuffle
    pool = [
        one(
            id=f"e-{n}",
            customer=f"k-{n % 7}",
            type=("trigger", "action")[n % 2],
            time=f"2026-10-{n % 28 + 1:02d}T12:00:00Z",
        )
        for n in range(6_000)
    ]
    clients = []
    for _ in range(16):
        mine, size = chance.sample(pool, 2_000), chance.choice([25, 100, 500])
        clients.append([mine[start : start + size] for start in range(0, len(mine), size)])
    wanted = {each["id"]: each for batches in clients for batch in batches for each in batch}
    sent = asyncio.run(post_all(service, clients))
    assert set(sent.statuses) == {200}
    assert (sent.accepted, sent.accepted + sent.duplicates) == (len(wanted), 16 * 2_000)
    expected = Counter((each["customer"], each["time"][:10], each["type"]) for each in wanted.values())
    found = {
        (customer, each.day.isoformat(), meter): units
        for customer in {customer for customer, _, _ in expected}
        for each in service.usage(customer).days
        for meter, units in each.counts.items()
    }
    assert found == expected


def test_more_requests_at_once_than_connections_to_the_store_are_all_answered(service: Service) -> None:
    answers = asyncio.run(post_at_once(service, events(300)))
    assert {answer.split(b"\r\n")[0] for answer in answers} == {b"HTTP/1.1 200 OK"}
    assert service.used() == 300


async def post_at_once(service: Service, batch: list[dict[str, Any]]) -> list[bytes]:
    """Post each event on a connection of its own, all at the same time."""

    async def post(event: dict[str, Any]) -> bytes:
        body = json.dumps(event)
        head = "POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer engine\r\nContent-Type: application/json"
        reader, writer = await asyncio.open_connection(service.client.base_url.host, service.client.base_url.port)
        writer.write(f"{head}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return answer

    return await asyncio.gather(*(post(event) for event in batch))


def test_a_service_killed_in_the_middle_counts_as_if_nothing_had_happened(tmp_path: Path, counter: Connection) -> None:
    """The service dies while clients post; they send again to the next one what was not acknowledged, and the rest."""
    clients = [[events(50, f"{n}-{turn // 2}") for turn in range(40)] for n in range(8)]
    with serving(tmp_path, counter) as service:
        acknowledged = asyncio.run(post_until_killed(service, clients, after=60))
    assert 60 <= acknowledged < 8 * 40
    assert acknowledged * 50 // 2 <= service.used() < 8 * 20 * 50
    with serving(tmp_path, counter) as service:
        sent = asyncio.run(post_all(service, clients))
        assert set(sent.statuses) == {200}
    assert service.used() == 8 * 20 * 50


async def post_until_killed(service: Service, clients: list[list[list[dict[str, Any]]]], after: int) -> int:
    """Post, kill the service after so many answers, and return how many batches were acknowledged."""
    acknowledged = 0
    async with httpx.AsyncClient(base_url=service.client.base_url, headers=service.client.headers) as client:

        async def post(batches: list[list[dict[str, Any]]]) -> None:
            nonlocal acknowledged
            for batch in batches:
                try:
                    answer = await client.post("/v1/events", json=batch)
                except httpx.TransportError:
                    return
                assert answer.status_code == 200
                acknowledged += 1
                if acknowledged == after:
                    service.process.kill()

        await asyncio.gather(*(post(batches) for batches in clients))
    return acknowledged


def test_a_killed_counter_is_503_until_it_is_back_and_nothing_is_lost(service: Service) -> None:
    batch = events(50)
    assert service.post(batch).status_code == 200
    kill(service.counter)
    answer = service.post(events(60))
    assert problem_of(answer)["status"] == 503
    assert int(answer.headers["retry-after"]) >= 1
    answers: list[httpx.Response] = []

    def counted() -> bool:
        answers.append(service.post(events(60)))
        return answers[-1].status_code == 200

    until(counted, "the service counts again without a restart")
    assert answers[-1].json() == {"accepted": 10, "duplicates": 50}
    assert service.used() == 60


def posted(body: bytes, content_type: str) -> bytes:
    head = f"POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer engine\r\nContent-Type: {content_type}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def test_posts_that_follow_each_other_unasked_are_each_read_as_what_they_are(service: Service) -> None:
    """A sender need not wait for an answer; what the next post says about itself is nothing to this one."""
    lines = b"".join(json.dumps(each).encode() + b"\n" for each in events(3, "lines"))
    posts = [
        posted(json.dumps(events(2, "first")).encode(), "application/json"),
        posted(b"{}", "text/plain"),
        posted(json.dumps(events(5, "next")).encode(), "application/json"),
        posted(lines, "application/x-ndjson"),
    ]
    with socket.create_connection((service.client.base_url.host, service.client.base_url.port or 80)) as connection:
        connection.sendall(b"".join(posts))
        answers = read_answers(connection, len(posts))
    assert [answer.split(b" ")[1] for answer in answers] == [b"200", b"415", b"200", b"200"]
    assert service.used() == 2 + 3 + 5


def read_answers(connection: socket.socket, count: int) -> list[bytes]:
    """Read until so many answers have begun and the last of them has a body."""
    connection.settimeout(10)
    received = b""
    while received.count(b"HTTP/1.1 ") < count or not received.endswith(b"}"):
        part = connection.recv(1 << 16)
        assert part, received
        received += part
    return [b"HTTP/1.1 " + each for each in received.split(b"HTTP/1.1 ")[1:]]
