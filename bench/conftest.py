"""The services under load, each in a process of its own with an embedded Valkey of its own, ``appendfsync always``."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from bench.baseline_service import SOCKET
from metering.month import BillingMonth
from metering.redis import open_redis
from metering.usage import read_many
from tests.redis_fixtures import free_port
from tests.service_process import service_in
from tests.waiting import until

CUSTOMERS = 1_000
MONTH = BillingMonth(2026, 10)


@dataclass(frozen=True)
class Target:
    """Where to post, with which key, and how to ask for all that was counted."""

    url: str
    key: str
    counted: Callable[[], int]


@pytest.fixture(scope="session")
def zaehlwerk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """Run the real service on its defaults, one worker."""
    with service_in(tmp_path_factory.mktemp("zaehlwerk"), today="2026-11-05") as service:
        with open_redis("embedded:", service.folder) as store:

            def counted() -> int:
                usages = read_many(store.client, [f"k-{number}" for number in range(CUSTOMERS)], MONTH)
                return sum(usage.total("trigger", "action") for usage in usages.values())

            yield Target(f"{service.url}/v1/events", service.key("engine"), counted)
        service.stop()


@pytest.fixture(scope="session")
def baseline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """Run the plain service behind the same web server: uvicorn, uvloop, httptools, one worker."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "bench.baseline_service:app", "--port", str(port)]
    command += ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    with open_redis("embedded:", Path(tmp_path_factory.mktemp("baseline"))) as store:
        assert store.embedded
        process = subprocess.Popen(command, env={**os.environ, SOCKET: str(store.embedded.socket)})
        try:
            until(lambda: answers(port), "the plain service answers", 30)

            def counted() -> int:
                keys = list(store.client.scan_iter("count:*", count=10_000))
                return sum(map(int, store.client.mget(keys))) if keys else 0

            yield Target(f"http://127.0.0.1:{port}", "none", counted)
        finally:
            process.terminate()
            process.wait(30)


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/openapi.json").is_success
    except httpx.TransportError:
        return False
