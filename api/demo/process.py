"""The real service as a process of its own, keys for it, and a finance department that asks it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from api.audit import note
from api.security import create_key
from api.settings import Settings
from api.workplace import open_workplace

PAUSE_SECONDS = 0.1
_START_SECONDS = 60.0


class DemoError(RuntimeError):
    """The service did not do what the demo expects; the message says where."""


@dataclass(frozen=True, slots=True)
class Finance:
    """A finance department with a key: plain JSON over HTTP, every unexpected answer is an error."""

    client: httpx.Client

    def ask(self, method: str, path: str, body: Any = None, expect: tuple[int, ...] = (200, 201, 202, 204)) -> Any:
        """Return the answer's JSON."""
        response = self.client.request(method, path, json=body)
        if response.status_code not in expect:
            raise DemoError(f"{method} {path}: {response.status_code} {response.text}")
        return response.json() if response.content else None

    def all(self, path: str, **filters: str) -> list[dict[str, Any]]:
        """Return every item of a list that pages."""
        items: list[dict[str, Any]] = []
        while True:
            part = self.client.get(path, params=filters).raise_for_status().json()
            items += part["items"]
            if part["next_cursor"] is None:
                return items
            filters["cursor"] = part["next_cursor"]


@contextmanager
def service(data_dir: Path, port: int) -> Iterator[str]:
    """Run ``zaehlwerk serve`` as a process of its own, and stop it at the end."""
    port = port or _free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "api.cli", "serve", "--port", str(port)]
    environment = {**os.environ, "ZAEHLWERK_DATA_DIR": str(data_dir), "ZAEHLWERK_LOG_LEVEL": "WARNING"}
    process = subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603 - our own command
    try:
        _await_ready(url, process)
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=_START_SECONDS)


def _await_ready(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise DemoError(f"the service stopped with exit code {process.returncode} before it was ready")
        try:
            if httpx.get(f"{url}/readyz", timeout=2).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(PAUSE_SECONDS)
    raise DemoError(f"the service was not ready within {_START_SECONDS:.0f} seconds")


@contextmanager
def keys(settings: Settings) -> Iterator[tuple[str, str]]:
    """Make a key for the engine and one for finance, named by the instant."""
    with open_workplace(settings) as work:
        now = work.clock()
        with work.ledger.write() as session:
            suffix = f"{now:%Y%m%d-%H%M%S-%f}"
            engine = create_key(session, f"demo-engine-{suffix}", "engine", now)
            finance = create_key(session, f"demo-finance-{suffix}", "finance", now)
            note(session, now, "demo", "key.created", suffix)
        yield engine, finance


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
