"""The real service as a process of its own, in a data directory, to be stopped, killed and started again.

It keeps its port, so that clients find it again. Customers, keys and questions go the way that users go.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import httpx

from api.security import Role, create_key
from invoicing.ledger import Ledger
from tests.redis_fixtures import free_port, is_alive
from tests.waiting import until

_SECONDS = 30.0
IBAN = "DE02120300000000202051"


@dataclass
class ServiceProcess:
    """A data directory and the service that runs in it, if one does; ``today`` stands in for its clock."""

    folder: Path
    today: str
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None
    _key: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What a command needs to work in this data directory."""
        own = {"ZAEHLWERK_DATA_DIR": str(self.folder), "ZAEHLWERK_LOG_LEVEL": "WARNING"}
        return {**os.environ, **own, **self.settings}

    @property
    def admin_key(self) -> str:
        self._key = self._key or self.key("admin")
        return self._key

    def key(self, role: Role) -> str:
        """A new key, without a detour over the service."""
        ledger = Ledger(f"sqlite:///{self.folder / 'zaehlwerk.db'}")
        ledger.upgrade()
        with ledger.write() as session:
            made = create_key(session, f"{role}-{os.urandom(4).hex()}", role, datetime.now(UTC))
        ledger.close()
        return made

    def start(self) -> Self:
        """Start the service and wait until it is ready."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "api.cli", "serve", "--port", str(self.port), "--today", self.today]
        with (self.folder / "service.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        until(self._is_ready, f"the service is ready; see {self.folder}/service.log", _SECONDS)
        return self

    def _is_ready(self) -> bool:
        assert self._running().poll() is None, (self.folder / "service.log").read_text(encoding="utf-8")
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).is_success
        except httpx.TransportError:
            return False

    def kill(self) -> int:
        """End the service as a power cut would, seen from the service; return what process it was."""
        process = self._running()
        process.kill()
        process.wait(_SECONDS)
        self.process = None
        return process.pid

    def stop(self) -> int:
        """Ask the service to leave, as systemd does, and return its exit code."""
        self.ask_to_stop()
        return self.wait()

    def ask_to_stop(self) -> None:
        self._running().send_signal(signal.SIGTERM)

    def wait(self) -> int:
        code = self._running().wait(_SECONDS)
        self.process = None
        return code

    def _running(self) -> "subprocess.Popen[bytes]":
        assert self.process, "the service does not run"
        return self.process

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run ``zaehlwerk`` beside the service, in the same data directory."""
        command = [sys.executable, "-m", "api.cli", *arguments]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Return the answer's JSON; every refusal fails the test."""
        headers = {"Authorization": f"Bearer {self.admin_key}"}
        answer = httpx.request(method, f"{self.url}{path}", json=body, headers=headers, timeout=_SECONDS)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def customer(self, key: str, package: str, since: str) -> None:
        """A customer with a mandate and a contract since a day."""
        master = {
            "name": f"Kunde {key} GmbH",
            "kind": "business",
            "street": "Gasse 1",
            "postcode": "10115",
            "city": "Berlin",
            "country": "DE",
            "email": "rechnung@kunde.example",
        }
        contract = {"terms": "fluks-2023-03", "package": package, "starts_on": since}
        self.ask("PUT", f"/v1/customers/{key}", master)
        self.ask("PUT", f"/v1/customers/{key}/mandate", {"iban": IBAN, "signed_on": since, "scheme": "CORE"})
        self.ask("POST", f"/v1/customers/{key}/contract", contract)

    def used(self, customer: str, month: str) -> dict[tuple[str, str, str], int]:
        """What was counted for a customer, by (customer, day, type)."""
        days = self.ask("GET", f"/v1/customers/{customer}/usage/{month}")["days"]
        return {
            (customer, day["date"], meter): day[meter] for day in days for meter in ("trigger", "action") if day[meter]
        }

    @property
    def counter_pid(self) -> int:
        """The process of the embedded Valkey."""
        return int((self.folder / "redis" / "valkey.pid").read_text(encoding="utf-8"))

    def end(self) -> None:
        """Leave nothing behind, whatever the test did."""
        pid_file = self.folder / "redis" / "valkey.pid"
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(_SECONDS)
        if pid_file.exists() and is_alive(pid := self.counter_pid):
            os.kill(pid, signal.SIGKILL)


@contextmanager
def service_in(folder: Path, today: str, **settings: str) -> Iterator[ServiceProcess]:
    """Run the service in a folder; settings are ``ZAEHLWERK_*`` variables."""
    service = ServiceProcess(folder, today, settings)
    try:
        yield service.start()
    finally:
        service.end()
