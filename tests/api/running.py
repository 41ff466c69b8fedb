"""The real application behind a real server, with a clock moved by hand and a key for every role."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from api.app import create_app
from api.security import create_key
from api.settings import Settings
from invoicing.ledger import Ledger
from tests.ledgers import empty_sqlite
from tests.waiting import until

IBAN = "DE02120300000000202051"
CUSTOMER = {
    "name": "Hausverwaltung Nord GmbH",
    "kind": "business",
    "street": "Deichweg 7",
    "postcode": "26121",
    "city": "Oldenburg",
    "country": "DE",
    "email": "rechnung@nord.example",
}
MANDATE = {"iban": IBAN, "signed_on": "2026-09-01", "scheme": "CORE"}
CONTRACT = {"terms": "fluks-2023-03", "package": "standard-10000", "starts_on": "2026-09-01"}


@dataclass
class HandClock:
    """Stands still until it is moved."""

    now: datetime = datetime(2026, 11, 2, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: int) -> None:
        self.now += timedelta(**by)


@dataclass
class Service:
    """A running service: who asks, over HTTP, and what lies beneath."""

    settings: Settings
    clock: HandClock
    url: str
    ledger: Ledger
    keys: Mapping[str, str]
    clients: dict[str, httpx.Client] = field(default_factory=dict)

    def as_role(self, role: str) -> httpx.Client:
        """A client with that role's key; ``nobody`` has none."""
        if role not in self.clients:
            headers = {"Authorization": f"Bearer {self.keys[role]}"} if role in self.keys else {}
            self.clients[role] = httpx.Client(base_url=self.url, headers=headers, timeout=30)
        return self.clients[role]

    @property
    def finance(self) -> httpx.Client:
        return self.as_role("finance")

    @property
    def engine(self) -> httpx.Client:
        return self.as_role("engine")

    def ask(self, method: str, path: str, body: object = None, expect: int = 200) -> Any:
        """What finance is answered, which must carry the expected status."""
        answer = self.finance.request(method, path, json=body)
        assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def refused(self, method: str, path: str, body: object, field_name: str) -> str:
        """The message of a 422 that names exactly this field."""
        errors = self.ask(method, path, body, expect=422)["errors"]
        assert [each["field"] for each in errors] == [field_name], errors
        return str(errors[0]["message"])

    def customer(self, key: str, *, mandate: bool = True, contract: bool = True, **changes: object) -> str:
        """A customer as finance creates it."""
        self.ask("PUT", f"/v1/customers/{key}", {**CUSTOMER, "name": f"Kunde {key} GmbH"})
        if mandate:
            self.ask("PUT", f"/v1/customers/{key}/mandate", MANDATE)
        if contract:
            self.ask("POST", f"/v1/customers/{key}/contract", {**CONTRACT, **changes}, expect=201)
        return key

    def use(self, key: str, day: str, *meters: str, connector: str = "fluks-forms") -> None:
        """One event for each meter on a day; ids are the day's and never the same."""
        events = [
            {
                "id": f"{key}-{day}-{number}-{self.clock.now.isoformat()}",
                "customer": key,
                "type": meter,
                "time": f"{day}T08:00:00Z",
                "workflow": "wf-1",
                "connector": connector,
            }
            for number, meter in enumerate(meters)
        ]
        assert self.engine.post("/v1/events", json=events).json() == {"accepted": len(events), "duplicates": 0}

    def close_month(self, month: str) -> dict[str, Any]:
        """Close, ask until it is done, and return where the month stands."""
        self.ask("POST", f"/v1/months/{month}/close", expect=202)
        until(lambda: self.ask("GET", f"/v1/months/{month}")["state"] != "closing", f"{month} is done", seconds=60)
        until(lambda: "month.close_ended" in self.actions(), "documents are rendered", seconds=60)
        report: dict[str, Any] = self.ask("GET", f"/v1/months/{month}")
        return report

    def audit(self, **filters: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.finance.get("/v1/audit", params={"limit": "1000", **filters}).json()["items"]
        return items

    def actions(self) -> list[str]:
        """What the audit log says was done, newest first."""
        return [each["action"] for each in self.audit()]


@contextmanager
def running(settings: Settings, clock: HandClock | None = None) -> Iterator[Service]:
    """Serve on a free port until the block ends."""
    clock = clock or HandClock()
    own = settings.data_dir / "zaehlwerk.db"
    if not settings.database_url and not own.exists():
        empty_sqlite(own)
    ledger = Ledger(settings.ledger_url)
    with served(create_app(settings, clock)) as url:
        with ledger.write() as session:
            roles = ("engine", "finance", "admin")
            keys = {role: create_key(session, f"{role}-key", role, clock()) for role in roles}  # type: ignore[arg-type]
        service = Service(settings, clock, url, ledger, keys)
        yield service
        for client in service.clients.values():
            client.close()
    ledger.close()


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve an application in a thread on a free port."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started or not thread.is_alive(), "the service has started")
    assert server.started, "the service did not start"
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def settings_in(folder: Path, **values: Any) -> Settings:
    """Settings of a fresh directory, whatever the machine's environment says."""
    return Settings(_env_file=None, data_dir=folder, **values)
