import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import RedisError

from metering import lane as lanes
from metering.batch import batch_of
from metering.event import Event
from metering.keys import STREAMS, key_of
from metering.lane import MOST_WAITING, Lane, Overloaded
from metering.redis import Connection, open_redis
from metering.usage import read_usage
from tests.metering.samples import OCTOBER, batch, event, journaled
from tests.redis_fixtures import free_port, kill, pid_of, replica_of, run, standing_still, started


@asynccontextmanager
async def lane_to(url: str, confirm: str = "") -> AsyncIterator[Lane]:
    lane = Lane(url, confirm)
    try:
        yield lane
    finally:
        await lane.close()


def used(connection: Connection) -> int:
    return read_usage(connection.client, "k-1", OCTOBER).total("trigger")


async def outcome(answer: Awaitable[int]) -> int | str:
    """Return the number told, or the kind of error."""
    try:
        return await answer
    except (RedisError, asyncio.CancelledError) as error:
        return type(error).__name__


def told(url: str, *batches: list[Event], confirm: str = "") -> list[int | str]:
    """Return what is told about batches that are submitted at the same time."""

    async def all_of_them() -> list[int | str]:
        async with lane_to(url, confirm) as lane:
            return await asyncio.gather(*[outcome(lane.submit(0, batch_of(each))) for each in batches])

    return run(all_of_them())


def test_what_comes_at_the_same_time_shares_transactions(valkey_tcp: Connection) -> None:
    batches = [[event(f"{number}-{n}") for n in range(3)] for number in range(200)]
    assert told(valkey_tcp.url, *batches) == [3] * 200
    assert 1 <= valkey_tcp.client.xlen(STREAMS[0]) <= 2
    assert sorted(journaled(valkey_tcp), key=str) == sorted(batches, key=str)
    assert used(valkey_tcp) == 600


def test_each_request_is_told_about_its_own_events(valkey_tcp: Connection) -> None:
    """Requests overlap: whose events were new follows from the order in which the journal has them."""
    batches = [
        [event(f"{n}", customer=f"k-{n % 3}") for n in range(start, start + 12)] + [event(f"own-{start}", "action:09")]
        for start in range(100)
    ]
    answers = dict(zip([each[-1].id for each in batches], told(valkey_tcp.url, *batches), strict=True))
    known: set[str] = set()
    for each in journaled(valkey_tcp):
        ids = {one.id for one in each}
        assert answers[each[-1].id] == len(ids - known)
        known |= ids
    assert len(known) == 211


def test_partitions_go_together_and_are_journaled_apart(valkey_tcp: Connection) -> None:
    async def count() -> list[int]:
        async with lane_to(valkey_tcp.url) as lane:
            return await asyncio.gather(*[lane.submit(n % 4, batch_of(batch(3, f"{n}"))) for n in range(12)])

    assert run(count()) == [3] * 12
    assert all(valkey_tcp.client.xlen(stream) for stream in STREAMS[:4])
    assert valkey_tcp.client.exists(*STREAMS) == 4


def test_a_partition_that_is_refused_spoils_no_other(valkey_tcp: Connection) -> None:
    valkey_tcp.client.set(f"{key_of('k-1', OCTOBER)}:0", "not a set")

    async def count() -> list[int | str]:
        async with lane_to(valkey_tcp.url) as lane:
            wrong, right = lane.submit(0, batch_of(batch(3))), lane.submit(1, batch_of([event("a", customer="k-2")]))
            return [
                await outcome(wrong),
                await outcome(right),
                await lane.submit(0, batch_of([event("b", "action:31")])),
            ]

    assert run(count()) == ["ResponseError", 1, 1]


@pytest.mark.parametrize("over", [1, 10_000])
def test_more_than_may_wait_is_refused_and_what_waits_is_counted(valkey_tcp: Connection, over: int) -> None:
    ten_thousand, rest = batch_of(batch(10_000)), batch_of(batch(over, "more"))

    async def fill() -> list[int]:
        async with lane_to(valkey_tcp.url) as lane:
            waiting = [lane.submit(0, ten_thousand) for _ in range(MOST_WAITING // 10_000)]
            with pytest.raises(Overloaded):
                lane.submit(0, rest)
            return [*await asyncio.gather(*waiting), await lane.submit(0, rest)]

    assert sorted(run(fill())) == sorted([10_000, over, *[0] * (MOST_WAITING // 10_000 - 1)])
    assert used(valkey_tcp) == 10_000 + over


def test_who_goes_away_harms_nobody(valkey_tcp: Connection) -> None:
    """Every third leaves, before its batch is sent or while it is under way."""

    async def leave(wait: Callable[[], Awaitable[object]]) -> list[int | str]:
        async with lane_to(valkey_tcp.url) as lane:
            waiting = [asyncio.ensure_future(lane.submit(0, batch_of(batch(n + 1, f"{n}")))) for n in range(30)]
            await wait()
            for each in waiting[::3]:
                each.cancel()
            answers = await asyncio.gather(*map(outcome, waiting))
            return [*answers, await lane.submit(0, batch_of(batch(7, "after")))]

    async def is_sent() -> None:
        with standing_still(pid_of(valkey_tcp)):
            for _ in range(100):
                await asyncio.sleep(0)

    for wait in (lambda: asyncio.sleep(0), is_sent):
        valkey_tcp.client.flushall()
        answers = run(leave(wait))
        assert answers == ["CancelledError" if n % 3 == 0 else n + 1 for n in range(30)] + [7]


def test_what_a_stopped_lane_holds_is_told_so(valkey_tcp: Connection) -> None:
    async def stop() -> list[int | str]:
        lane = Lane(valkey_tcp.url)
        waiting = [lane.submit(0, batch_of(batch(9_000))) for _ in range(5)]
        await lane.close()
        with pytest.raises(NoConnection):
            lane.submit(0, batch_of(batch(1)))
        return await asyncio.gather(*map(outcome, waiting))

    assert run(stop()) == ["ConnectionError"] * 5


def test_a_lost_connection_costs_an_error_at_most_and_the_next_count_works(valkey_tcp: Connection) -> None:
    async def lose() -> list[int | str]:
        async with lane_to(valkey_tcp.url) as lane:
            large = batch_of(batch(20_000))
            await asyncio.gather(lane.submit(0, large), lane.submit(0, large))  # both connections are open now
            valkey_tcp.client.client_kill_filter(_type="normal", skipme=True)
            return [await outcome(lane.submit(0, batch_of(batch(5, f"{n}")))) for n in range(4)]

    answers = run(lose())
    assert set(answers[:2]) <= {5, "ConnectionError"}
    assert answers[2:] == [5, 5]


def test_a_killed_server_is_an_error_and_counts_again_when_it_is_back(tmp_path: Path) -> None:
    port, files = free_port(), ("--dir", str(tmp_path), "--appendonly", "yes", "--appendfsync", "always")

    async def outlive() -> list[int | str]:
        with started(*files, port=port) as url, open_redis(url, tmp_path) as connection:
            lane = Lane(url)
            before = await lane.submit(0, batch_of(batch(10)))
            with standing_still(pid_of(connection)):
                waiting = [asyncio.ensure_future(outcome(lane.submit(0, batch_of(batch(20))))) for _ in range(3)]
                await asyncio.sleep(0)
            kill(connection)
            lost = await asyncio.gather(*waiting)
            away = await outcome(lane.submit(0, batch_of(batch(20))))
        with started(*files, port=port) as url:
            back = await lane.submit(0, batch_of(batch(20)))
            await lane.close()
            return [before, away, back + sum(each for each in lost if isinstance(each, int))]

    assert run(outlive()) == [10, "ConnectionError", 10]


def test_a_late_answer_is_never_taken_for_the_next_one(valkey_tcp: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    async def be_late() -> list[int | str]:
        async with lane_to(valkey_tcp.url) as lane:
            large = batch_of(batch(20_000))
            await asyncio.gather(lane.submit(0, large), lane.submit(0, large))  # both connections are open now
            monkeypatch.setattr(lanes, "_ANSWER_SECONDS", 0.1)
            with standing_still(pid_of(valkey_tcp)):
                late = [await outcome(lane.submit(0, batch_of(batch(7, "late")))) for _ in range(3)]
            monkeypatch.setattr(lanes, "_ANSWER_SECONDS", 5.0)
            return [*late, *[await lane.submit(0, batch_of(batch(3, f"{n}"))) for n in range(4)]]

    assert run(be_late()) == [*["TimeoutError"] * 3, *[3] * 4]
    assert used(valkey_tcp) - 20_000 in {4 * 3, 4 * 3 + 7}


def test_when_nothing_is_answered_who_waits_is_told_so_at_once(
    valkey_tcp: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits behind an unanswered transaction does not wait for a turn in which nothing is answered either."""
    monkeypatch.setattr(lanes, "_ANSWER_SECONDS", 0.3)

    async def wait() -> tuple[list[int | str], float]:
        async with lane_to(valkey_tcp.url) as lane:
            with standing_still(pid_of(valkey_tcp)):
                begun = asyncio.get_running_loop().time()
                large = batch_of(batch(10_000))
                late = await asyncio.gather(*[outcome(lane.submit(0, large)) for _ in range(20)])
                return late, asyncio.get_running_loop().time() - begun

    late, seconds = run(wait())
    assert late == ["TimeoutError"] * 20
    assert seconds < 2 * 0.3


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


@asynccontextmanager
async def listening(port: int, handle: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[None]:
    """Listen on a port; at the end hang up and wait until every connection is dealt with."""
    tasks: list[asyncio.Task[None]] = []
    writers: list[asyncio.StreamWriter] = []

    async def kept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with suppress(OSError):
            await handle(reader, writer)

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.create_task(kept(reader, writer)))

    async with await asyncio.start_server(accept, "127.0.0.1", port, ssl=tls):
        yield
    for writer in writers:
        writer.transport.abort()
    await asyncio.gather(*tasks)


def passed_on_to(port: int) -> Handler:
    """Return what passes everything on to a port, there and back."""

    async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(1 << 16):
                target.write(data)
        target.close()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(copy(reader, back), copy(there, writer))
        await back.wait_closed()

    return pass_on


@pytest.mark.parametrize(
    ("greeting", "error"),
    [
        (b"", "ConnectionError"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "ConnectionError"),
        (b"-ERR no\r\n", "ConnectionError"),
    ],
    ids=["hangs up", "speaks something else", "refuses and hangs up"],
)
def test_what_is_no_counter_is_an_error_and_the_lane_lives_on(
    valkey_tcp: Connection, greeting: bytes, error: str
) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(greeting)
        writer.close()
        await writer.wait_closed()

    async def ask() -> list[int | str]:
        port = free_port()
        async with lane_to(f"redis://127.0.0.1:{port}") as lane:
            async with listening(port, greet):
                answers = [await outcome(lane.submit(0, batch_of(batch(1)))) for _ in range(5)]
            target = int(valkey_tcp.url.rpartition(":")[2])
            async with listening(port, passed_on_to(target)):
                return [*answers, await lane.submit(0, batch_of(batch(1)))]

    assert run(ask()) == [error] * 5 + [1]


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1:1",
        "redis://no.such.host.invalid",
        "unix:///no/such/socket",
        "redis://h:99999",
        "redis://" + "x" * 70 + ".de",
    ],
)
def test_an_address_without_a_server_is_an_error_each_time(url: str) -> None:
    assert told(url, batch(1), batch(2)) == ["ConnectionError"] * 2


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate for this machine, its key beside it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "counter")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "counter.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("?ssl_ca_certs={certificate}", 3),
        ("?ssl_cert_reqs=none", 3),
        ("?ssl_cert_reqs=none&db=0", 3),
        ("", "ConnectionError"),
        ("?ssl_ca_certs=/no/such/file", "ConnectionError"),
    ],
)
def test_tls_asks_for_the_certificate_that_the_address_names(
    valkey_tcp: Connection, certificate: Path, query: str, answer: int | str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    async def ask() -> int | str:
        port, target = free_port(), int(valkey_tcp.url.rpartition(":")[2])
        async with (
            listening(port, passed_on_to(target), context),
            lane_to(f"rediss://127.0.0.1:{port}{query.format(certificate=certificate)}") as lane,
        ):
            return await outcome(lane.submit(0, batch_of(batch(3))))

    assert run(ask()) == answer
    assert used(valkey_tcp) == (3 if answer == 3 else 0)


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    """A server that wants a password, and knows a user of its own."""
    with started() as url, redis.Redis.from_url(url) as client:
        client.acl_setuser("engine", enabled=True, passwords=["+p@ss:word/"], commands=["+@all"], keys=["*"])
        client.config_set("requirepass", "s3cret")
        yield url.partition("//")[2]


@pytest.mark.parametrize(
    ("address", "number", "answer"),
    [
        ("redis://:s3cret@{}", 0, 3),
        ("redis://default:s3cret@{}/0", 0, 3),
        ("redis://:s3cret@{}/3", 3, 3),
        ("redis://engine:p%40ss%3Aword%2F@{}/4", 4, 3),
        ("redis://engine:p%40ss%3Aword%2F@{}?db=5", 5, 3),
        ("redis://:wrong@{}/6", 6, "ResponseError"),
        ("redis://nobody:s3cret@{}/6", 6, "ResponseError"),
        ("redis://{}/6", 6, "ResponseError"),
        ("redis://{}", 6, "ResponseError"),
        ("redis://:s3cret@{}/99", 6, "ResponseError"),
    ],
)
def test_the_address_says_who_comes_and_where_it_is_counted(
    guarded: str, tmp_path: Path, address: str, number: int, answer: int | str
) -> None:
    """As the usual client reads it: what is counted in one place must not be read in another."""
    with redis.Redis.from_url(f"redis://:s3cret@{guarded}/{number}") as client:
        client.flushdb()
        assert told(address.format(guarded), batch(3)) == [answer]
        assert bool(client.dbsize()) == (answer == 3)
    if answer == 3:
        with open_redis(address.format(guarded), tmp_path) as connection:
            assert used(connection) == 3


def test_a_socket_s_address_may_name_a_database_too(counter: Connection) -> None:
    assert counter.embedded
    assert told(f"unix://{counter.embedded.socket}?db=2", batch(3)) == [3]
    assert counter.client.dbsize() == 0


def test_a_count_is_confirmed_by_a_replica(valkey_tcp: Connection) -> None:
    with replica_of(valkey_tcp.url) as replica:
        assert told(valkey_tcp.url, batch(3), batch(5), confirm="wait:1") == [3, 2]
        with redis.Redis.from_url(replica) as client:
            assert client.xlen(STREAMS[0]) >= 1


def test_what_too_few_replicas_confirm_is_not_acknowledged_and_counts_once_when_it_comes_again(
    valkey_tcp: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "_CONFIRM_MS", 50)
    assert told(valkey_tcp.url, batch(3), confirm="wait:1") == ["Unconfirmed"]
    with replica_of(valkey_tcp.url) as replica:
        assert told(valkey_tcp.url, batch(3), confirm="wait:2") == ["Unconfirmed"]
        monkeypatch.setattr(lanes, "_CONFIRM_MS", 3_000)
        assert told(valkey_tcp.url, batch(4), confirm="wait:1") == [1]
        with redis.Redis.from_url(replica) as client:
            monkeypatch.setattr(lanes, "_CONFIRM_MS", 50)
            with standing_still(int(client.info("server")["process_id"])):
                assert told(valkey_tcp.url, batch(5), confirm="wait:1") == ["Unconfirmed"]
    assert used(valkey_tcp) == 5


@pytest.mark.parametrize(
    ("confirm", "answer"), [("", 3), ("waitaof:0", 3), ("waitaof:1", "Unconfirmed"), ("wait:0", 3)]
)
def test_a_count_is_confirmed_by_the_disk(
    valkey_tcp: Connection, monkeypatch: pytest.MonkeyPatch, confirm: str, answer: int | str
) -> None:
    monkeypatch.setattr(lanes, "_CONFIRM_MS", 50 if answer != 3 else 3_000)
    assert told(valkey_tcp.url, batch(3), confirm=confirm) == [answer]


def test_a_disk_that_keeps_no_log_confirms_nothing() -> None:
    with started("--appendonly", "no") as url:
        assert told(url, batch(3), confirm="waitaof:0") == ["Unconfirmed"]


def test_disks_of_replicas_confirm_too(valkey_tcp: Connection, tmp_path: Path) -> None:
    with replica_of(valkey_tcp.url, "--appendonly", "yes", "--dir", str(tmp_path)):
        assert told(valkey_tcp.url, batch(3), confirm="waitaof:1") == [3]
