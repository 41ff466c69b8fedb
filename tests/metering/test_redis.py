import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from metering import redis as store
from metering.durability import durability
from metering.redis import Connection, StoreError, open_redis
from metering.usage import read_usage
from tests.metering.samples import OCTOBER, batch, event, journaled
from tests.redis_fixtures import counted, is_alive, kill, pid_of, started
from tests.waiting import until

USER = """
import sys
from pathlib import Path
from metering.redis import open_redis
with open_redis("embedded:", Path(sys.argv[1])) as connection:
    print(connection.client.incr("seen"), connection.client.info("server")["process_id"], flush=True)
    sys.stdin.read()
"""


class User:
    """Another process that works in a data directory until it is told to leave."""

    def __init__(self, data_dir: Path) -> None:
        command = [sys.executable, "-c", USER, str(data_dir)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        self.seen, self.server = map(int, self._process.stdout.readline().split())

    def leave(self) -> None:
        self._process.communicate(timeout=30)
        assert self._process.returncode == 0

    def killed(self) -> None:
        self._process.kill()
        self._process.communicate(timeout=30)


@contextmanager
def user(data_dir: Path) -> Iterator[User]:
    working = User(data_dir)
    try:
        yield working
    finally:
        working.killed()


def test_processes_of_a_directory_share_one_server_and_the_last_stops_it(tmp_path: Path) -> None:
    with user(tmp_path) as first, user(tmp_path) as second:
        assert (first.seen, second.seen, first.server) == (1, 2, second.server)
        first.leave()
        assert is_alive(second.server)
        with open_redis("embedded:", tmp_path) as third:
            assert (third.client.incr("seen"), pid_of(third)) == (3, second.server)
        assert is_alive(second.server)
        second.leave()
        assert not is_alive(second.server)


def test_one_process_may_open_it_twice(tmp_path: Path) -> None:
    with open_redis("embedded:", tmp_path) as outer:
        server = pid_of(outer)
        with open_redis("embedded:", tmp_path) as inner:
            assert pid_of(inner) == server
        assert outer.client.ping()
    assert not is_alive(server)


def test_directories_have_servers_of_their_own(tmp_path: Path) -> None:
    with open_redis("embedded:", tmp_path / "a") as a, open_redis("embedded:", tmp_path / "b") as b:
        a.client.set("x", 1)
        assert (pid_of(a) == pid_of(b), b.client.get("x")) == (False, None)


def test_what_was_written_is_there_when_it_opens_again(tmp_path: Path) -> None:
    with open_redis("embedded:", tmp_path) as connection:
        counted(connection, batch(10))
    with open_redis("embedded:", tmp_path) as connection:
        assert read_usage(connection.client, "k-1", OCTOBER).total("trigger") == 10


def test_a_killed_user_blocks_nobody(tmp_path: Path) -> None:
    with user(tmp_path) as only:
        only.killed()
        assert is_alive(only.server)
        with open_redis("embedded:", tmp_path) as connection:
            assert (connection.client.incr("seen"), pid_of(connection)) == (2, only.server)
        assert not is_alive(only.server)


def test_everything_killed_leaves_the_data_and_no_obstacle(tmp_path: Path) -> None:
    with user(tmp_path) as only:
        only.killed()
        os.kill(only.server, signal.SIGKILL)
    with open_redis("embedded:", tmp_path) as connection:
        assert connection.client.incr("seen") == 2
        assert pid_of(connection) != only.server


def test_a_killed_server_is_brought_back_with_its_data(counter: Connection) -> None:
    counted(counter, batch(100))
    server = pid_of(counter)
    kill(counter)
    counter.ensure_running()
    assert pid_of(counter) != server
    assert read_usage(counter.client, "k-1", OCTOBER).total("trigger") == 100
    restarted = pid_of(counter)
    counter.ensure_running()
    assert pid_of(counter) == restarted


def test_several_processes_bring_back_one_server(tmp_path: Path, counter: Connection) -> None:
    kill(counter)
    with user(tmp_path) as first, user(tmp_path) as second:
        counter.ensure_running()
        assert {first.server, second.server} == {pid_of(counter)}


def test_no_second_server_writes_beside_one_that_is_silent(
    counter: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_START_SECONDS", 0.2)
    monkeypatch.setattr(store, "_ANSWER_SECONDS", 0.1)
    server = pid_of(counter)
    os.kill(server, signal.SIGSTOP)
    try:
        with pytest.raises(StoreError, match="runs but does not answer"):
            counter.ensure_running()
    finally:
        os.kill(server, signal.SIGCONT)
    until(lambda: pid_of(counter) == server, "the same server answers again")


def test_a_server_that_cannot_start_says_where_to_look(tmp_path: Path) -> None:
    with open_redis("embedded:", tmp_path) as connection:
        connection.client.set("x", 1)
    [aof] = (tmp_path / "redis").glob("appendonlydir/*.incr.aof")
    aof.write_bytes(b"this is no log\n" + aof.read_bytes())
    with pytest.raises(StoreError, match=r"did not start; see .*valkey\.log"), open_redis("embedded:", tmp_path):
        pass
    assert "Bad file format" in (tmp_path / "redis" / "valkey.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.999])
def test_a_torn_last_write_is_forgotten_whole_and_does_not_stop_the_start(tmp_path: Path, share: float) -> None:
    """Of a transaction that the log does not hold to its end nothing is left, neither counts nor journal."""
    with open_redis("embedded:", tmp_path) as connection:
        counted(connection, batch(10))
        [aof] = (tmp_path / "redis").glob("appendonlydir/*.incr.aof")
        before = aof.stat().st_size
        counted(connection, [event(f"n-{n}", f"trigger:{n % 31 + 1:02}", customer=f"k-{n % 3}") for n in range(300)])
        kill(connection)
    os.truncate(aof, before + int((aof.stat().st_size - before) * share))
    with open_redis("embedded:", tmp_path) as connection:
        assert [read_usage(connection.client, f"k-{n}", OCTOBER).total("trigger") for n in range(3)] == [0, 10, 0]
        assert journaled(connection) == [batch(10)]


def test_a_long_path_gets_a_private_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path.joinpath(*["a-long-folder-name"] * 8)
    with tempfile.TemporaryDirectory(prefix="zw-", dir="/tmp") as short:
        monkeypatch.setattr(tempfile, "tempdir", short)
        with open_redis("embedded:", deep) as connection, open_redis("embedded:", deep) as again:
            assert connection.embedded
            assert connection.embedded.socket.is_relative_to(short)
            assert connection.embedded.socket.parent.stat().st_mode & 0o777 == 0o700
            assert pid_of(connection) == pid_of(again)


@pytest.mark.parametrize("url", ["", "postgres://x", "embedded", "localhost:6379", "http://x", "rediscluster://x"])
def test_an_unknown_url_is_refused_with_the_variable_s_name(url: str, tmp_path: Path) -> None:
    known = "use embedded:, redis://, rediss://, redis\\+cluster://"
    with pytest.raises(StoreError, match=f"ZAEHLWERK_REDIS_URL: .* is unknown; {known}"), open_redis(url, tmp_path):
        pass


def test_a_server_by_url_is_left_alone(valkey_url: str, tmp_path: Path) -> None:
    with open_redis(valkey_url, tmp_path) as connection:
        connection.ensure_running()
    with redis.Redis.from_url(valkey_url) as client:
        assert client.ping()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("appendfsync", ["always", "everysec"])
def test_the_embedded_server_is_durable(tmp_path: Path, appendfsync: str) -> None:
    with open_redis("embedded:", tmp_path, appendfsync) as connection:
        found = durability(connection.client)
    assert [fine for _, fine, _ in found] == [True] * 5
    assert found[2] == ("appendfsync", True, f"appendfsync {appendfsync}")


def test_a_server_that_forgets_is_told_apart(tmp_path: Path) -> None:
    eviction = ("--maxmemory-policy", "allkeys-lru")
    with (
        started("--appendonly", "no", "--appendfsync", "no", *eviction) as url,
        open_redis(url, tmp_path) as connection,
    ):
        found = {what: (fine, finding) for what, fine, finding in durability(connection.client)}
    assert found.pop("version")[0]
    assert found == {
        "appendonly": (False, "appendonly no (needs yes)"),
        "appendfsync": (False, "appendfsync no"),
        "memory": (False, "set-max-intset-entries 512 (exact anyway; 16384 and more saves memory)"),
        "eviction": (False, "maxmemory-policy allkeys-lru (needs noeviction)"),
    }
