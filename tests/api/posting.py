"""Post events to a service that runs as a process of its own, and look at the counter behind it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from metering.month import BillingMonth
from metering.redis import Connection
from metering.usage import Usage, read_usage
from tests.api.event_service import DATA_DIR, URL
from tests.redis_fixtures import free_port
from tests.waiting import until

OCTOBER = BillingMonth(2026, 10)
VALID = {"id": "e-1", "customer": "k-1007", "type": "trigger", "time": "2026-10-05T12:00:00.123Z"}


@dataclass(frozen=True)
class Service:
    """A running service, a client of it, and the counter behind it."""

    client: httpx.Client
    counter: Connection
    process: "subprocess.Popen[bytes]"

    def post(self, body: Any, content_type: str = "application/json", **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post("/v1/events", content=content, headers={"content-type": content_type, **named})

    def usage(self, customer: str = "k-1007") -> Usage:
        return read_usage(self.counter.client, customer, OCTOBER)

    def used(self, customer: str = "k-1007") -> int:
        return self.usage(customer).total("trigger", "action")


def is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/ready").is_success
    except httpx.TransportError:
        return False


@contextmanager
def serving(folder: Path, counter: Connection, way: str = "short") -> Iterator[Service]:
    port = free_port()
    command = [sys.executable, "-m", "tests.api.event_service", str(port), way]
    environment = {**os.environ, DATA_DIR: str(folder), URL: counter.url}
    with (
        subprocess.Popen(command, env=environment) as process,
        httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"authorization": "Bearer engine"}, timeout=30
        ) as client,
    ):
        try:
            until(lambda: is_ready(client), "the service is ready")
            yield Service(client, counter, process)
        finally:
            process.terminate()


def one(**fields: Any) -> dict[str, Any]:
    return {**VALID, **fields}


def events(count: int, prefix: str = "e") -> list[dict[str, Any]]:
    return [one(id=f"{prefix}-{n}") for n in range(count)]


def problem_of(answer: httpx.Response) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == answer.status_code
    assert {"type", "title", "detail"} < problem.keys()
    return problem
