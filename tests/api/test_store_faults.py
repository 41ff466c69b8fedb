"""The counter in trouble behind the running service: every post says so, nothing is lost, nothing needs a restart."""

import asyncio
import json
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from api.ingest import MOST_REQUESTS
from metering.lane import MOST_WAITING
from metering.redis import open_redis
from tests.api.posting import Service, events, problem_of, serving
from tests.redis_fixtures import free_port, kill, pid_of, replica_of, standing_still, started
from tests.waiting import until

DURABLE = ("--appendonly", "yes", "--appendfsync", "always")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service whose counter is a server by URL."""
    with (
        started("--dir", str(tmp_path), *DURABLE) as url,
        open_redis(url, tmp_path) as counter,
        serving(tmp_path, counter) as service,
    ):
        yield service


def trouble(answer: httpx.Response) -> str:
    """Return what a sender is told when the counter cannot count now, which must be complete."""
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["retry-after"]) >= 1
    problem = problem_of(answer)
    assert problem["detail"] == "Send the batch again: what was counted stays counted once."
    return str(problem["title"])


def counts_again(service: Service, batch: list[dict[str, Any]]) -> dict[str, int]:
    """Send until it is counted, as a sender does that is told to come again, and return what it was told."""
    answers: list[httpx.Response] = []

    def counted() -> bool:
        answers.append(service.post(batch))
        return answers[-1].status_code == 200

    until(counted, "the service counts again without a restart")
    told: dict[str, int] = answers[-1].json()
    return told


def test_a_full_memory_is_told_apart_and_counts_again_when_there_is_room(service: Service) -> None:
    assert service.post(events(10)).status_code == 200
    service.counter.client.config_set("maxmemory", 1)
    assert [trouble(service.post(events(count))) for count in (1, 20, 5_000)] == ["The counter's memory is full"] * 3
    assert service.used() == 10
    service.counter.client.config_set("maxmemory", 0)
    assert service.post(events(20)).json() == {"accepted": 10, "duplicates": 10}
    assert service.used() == 20


def test_invalid_events_are_told_again_when_they_could_not_be_kept(service: Service) -> None:
    batch = [*events(3), {"id": "odd"}]
    service.counter.client.config_set("maxmemory", 1)
    assert trouble(service.post(batch)) == "The counter's memory is full"
    service.counter.client.config_set("maxmemory", 0)
    answer = service.post(batch)
    assert (answer.status_code, answer.json()["accepted"], len(answer.json()["rejected"])) == (422, 3, 1)
    assert service.used() == 3


@pytest.mark.parametrize("batch", [events(1), [{"id": "odd"}]], ids=["valid", "invalid"])
@pytest.mark.parametrize(
    ("ruin", "mend", "title"),
    [
        (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0"), "The counter's memory is full"),
        (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE"), "The counter is being moved to another server"),
        (
            ("CONFIG", "SET", "min-replicas-to-write", "1"),
            ("CONFIG", "SET", "min-replicas-to-write", "0"),
            "Too few copies of the count can be made",
        ),
    ],
)
def test_the_same_trouble_is_told_the_same_whatever_was_sent(
    service: Service, batch: Any, ruin: tuple[str, ...], mend: tuple[str, ...], title: str
) -> None:
    service.counter.client.execute_command(*ruin)
    assert trouble(service.post(batch)) == title
    service.counter.client.execute_command(*mend)
    assert service.post(batch).status_code in {200, 422}


def test_a_server_that_only_reads_is_told_apart_and_counts_again_when_it_writes(service: Service) -> None:
    assert service.post(events(10)).status_code == 200
    service.counter.client.replicaof("127.0.0.1", free_port())
    assert [trouble(service.post(events(20))) for _ in range(3)] == ["The counter is being moved to another server"] * 3
    service.counter.client.replicaof("NO", "ONE")
    assert counts_again(service, events(20)) == {"accepted": 10, "duplicates": 10}
    assert service.used() == 20


def test_a_silent_counter_is_a_timeout_and_counts_again_when_it_speaks(service: Service) -> None:
    assert service.post(events(10)).status_code == 200
    with standing_still(pid_of(service.counter)):
        assert trouble(service.post(events(20))) == "The counter does not answer in time"
    assert counts_again(service, events(20))["accepted"] in {0, 10}
    assert service.used() == 20


def test_a_counter_that_was_away_counts_again_with_everything_acknowledged(tmp_path: Path) -> None:
    port, files = free_port(), ("--dir", str(tmp_path), *DURABLE)
    with open_redis(f"redis://127.0.0.1:{port}", tmp_path) as counter, started_for(counter, port, *files) as service:
        assert service.post(events(10)).status_code == 200
        kill(counter)
        assert {trouble(service.post(events(20))) for _ in range(4)} == {"The counter is away"}
        with started(*files, port=port):
            assert counts_again(service, events(20)) == {"accepted": 10, "duplicates": 10}
            assert service.used() == 20


@contextmanager
def started_for(counter: Any, port: int, *files: str) -> Iterator[Service]:
    with started(*files, port=port), serving(Path("/nowhere"), counter) as service:
        yield service


def test_a_replica_takes_over_at_the_same_address(tmp_path: Path) -> None:
    """The primary's machine dies; its replica comes back in its place, first reading only, then promoted."""
    port, copy = free_port(), ("--dir", str(tmp_path), *DURABLE)
    with open_redis(f"redis://127.0.0.1:{port}", tmp_path) as counter, started_for(counter, port) as service:
        assert service.post(events(10)).status_code == 200
        with replica_of(counter.url, *copy):
            assert service.post(events(15)).status_code == 200
            counter.client.wait(1, 5_000)
            kill(counter)
        with started(*copy, "--replicaof", "127.0.0.1", str(free_port()), port=port):
            until(lambda: "moved" in trouble(service.post(events(20))), "the service finds the replica")
            counter.client.replicaof("NO", "ONE")
            assert counts_again(service, events(20)) == {"accepted": 5, "duplicates": 15}
            assert service.used() == 20


def test_a_disk_that_cannot_be_written_is_told_apart(tmp_path: Path) -> None:
    obstacle, port = tmp_path / "dump.rdb", free_port()
    files = ("--dir", str(tmp_path), "--save", "3600 1")
    with open_redis(f"redis://127.0.0.1:{port}", tmp_path) as counter, started_for(counter, port, *files) as service:
        obstacle.mkdir()
        counter.client.bgsave()
        until(lambda: counter.client.info("persistence")["rdb_last_bgsave_status"] == "err", "saving failed")
        assert trouble(service.post(events(5))) == "The counter cannot write to its disk"
        obstacle.rmdir()
        counter.client.bgsave()
        assert counts_again(service, events(5)) == {"accepted": 5, "duplicates": 0}


def test_a_counter_that_loads_is_told_apart(tmp_path: Path) -> None:
    port = free_port()
    debug = ("--enable-debug-command", "yes", "--loading-process-events-interval-bytes", "1024")
    files = ("--dir", str(tmp_path), "--rdbcompression", "no", *debug)
    with open_redis(f"redis://127.0.0.1:{port}", tmp_path) as counter, started_for(counter, port, *files) as service:
        counter.client.mset({f"ballast-{number}": "x" * 2_000 for number in range(100)})
        counter.client.config_set("key-load-delay", 10_000)
        reload = threading.Thread(target=lambda: counter.client.execute_command("DEBUG", "RELOAD"))
        reload.start()
        until(lambda: is_told(service, "The counter is starting"), "it says that it loads")
        reload.join()
        assert sum(counts_again(service, events(5)).values()) == 5
        assert service.used() == 5


def is_told(service: Service, title: str) -> bool:
    answer = service.post(events(5))
    return answer.status_code == 503 and trouble(answer) == title


def test_a_counter_that_wants_another_password_is_told_apart(service: Service) -> None:
    client = service.counter.client
    with redis.Redis(connection_pool=client.connection_pool) as once, once.client() as known:
        known.config_set("requirepass", "new")
        assert is_told(service, "The counter refuses this service")
        known.config_set("requirepass", "")
    assert counts_again(service, events(5)) == {"accepted": 5, "duplicates": 0}


@dataclass
class Crowd:
    """Posts on a connection each, all at the same time."""

    service: Service
    statuses: "Counter[int]"

    async def post(self, body: bytes) -> None:
        """Post once and note the answer."""
        url = self.service.client.base_url
        reader, writer = await asyncio.open_connection(url.host, url.port)
        head = "POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer engine\r\nContent-Type: application/json"
        writer.write(f"{head}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = await reader.read()
        self.statuses[int(answer.split(b" ")[1])] += 1
        if b" 429 " in answer[:20]:
            assert b"retry-after: 1" in answer
            assert b"application/problem+json" in answer
        writer.close()
        await writer.wait_closed()

    async def all_of(self, bodies: list[bytes], refused: int) -> None:
        """Post all while the counter stands still, and let it go on as soon as so many were refused."""
        posts = [asyncio.create_task(self.post(body)) for body in bodies]
        with standing_still(pid_of(self.service.counter)):
            while self.statuses[429] < refused:
                await asyncio.wait(posts, return_when=asyncio.FIRST_COMPLETED)
                posts = [each for each in posts if not each.done()]
                assert set(self.statuses) <= {429}, self.statuses
        await asyncio.gather(*posts)


@pytest.mark.parametrize(
    ("requests", "size", "taken"),
    [(MOST_REQUESTS + 200, 1, MOST_REQUESTS), (40, 10_000, MOST_WAITING // 10_000)],
    ids=["many posts", "many events"],
)
def test_more_than_fits_is_refused_at_once_and_the_rest_is_counted_when_the_counter_goes_on(
    service: Service, requests: int, size: int, taken: int
) -> None:
    """Two transactions of up to 20,000 events may be under way beside what waits."""
    assert service.post(events(1, "warm")).status_code == 200
    crowd = Crowd(service, Counter())
    bodies = [json.dumps(events(size, f"{number}")).encode() for number in range(requests)]
    under_way = 4 if size > 1 else 0
    asyncio.run(crowd.all_of(bodies, requests - taken - under_way))
    assert crowd.statuses[200] in range(taken, taken + under_way + 1)
    assert crowd.statuses == {200: crowd.statuses[200], 429: requests - crowd.statuses[200]}
    assert service.used() == 1 + crowd.statuses[200] * size
    assert memory_of(service) < 700 * 1024
    assert service.post(events(1, "after")).json() == {"accepted": 1, "duplicates": 0}


def memory_of(service: Service) -> int:
    """Return the most memory that the service has had, in KiB."""
    status = Path(f"/proc/{service.process.pid}/status").read_text(encoding="utf-8")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1])
