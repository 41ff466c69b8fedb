"""An office to test alerts in: a workplace with customers, and a receiver of webhooks that checks every signature."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Thread
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from sqlmodel import col, select

from api import contracts, customers
from api.forms import ChangeForm, ContractForm, CustomerForm
from api.records import AlertDelivery, AllowanceAlert
from api.settings import Settings
from api.workplace import Workplace, open_workplace
from metering.event import Event
from tests.api.running import CUSTOMER, HandClock
from tests.redis_fixtures import counted

KEY = bytes(range(32))
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
_ids = count(1)


@dataclass
class Office:
    """Who is a customer, what is used, and what was told."""

    work: Workplace
    clock: HandClock

    def customer(
        self, key: str, package: str = "schnupperpaket", since: str = "2026-09-01", terms: str = "fluks-2023-03"
    ) -> str:
        """A customer with a contract, as finance records it."""
        self.address(key, f"{key}@kunde.example")
        form = ContractForm(terms=terms, package=package, starts_on=date.fromisoformat(since))
        contracts.start(self.work, "test", key, form)
        return key

    def address(self, key: str, email: str) -> None:
        customers.register(self.work, "test", key, CustomerForm.model_validate({**CUSTOMER, "email": email}))

    def change(self, key: str, package: str, effective_on: str) -> None:
        form = ChangeForm(effective_on=date.fromisoformat(effective_on), package=package)
        contracts.change(self.work, "test", key, form)

    def use(self, key: str, units: int, at: str = "2026-11-02T08:00:00+00:00", meter: str = "trigger") -> None:
        """Units counted with one event."""
        event = Event(f"e{next(_ids)}", key, meter, datetime.fromisoformat(at), "wf-1", None, units)
        counted(self.work.counter, [event])

    def alerts(self) -> list[tuple[str, str, int, int, int]]:
        """What was raised, in order."""
        with self.work.ledger.read() as session:
            rows = session.exec(select(AllowanceAlert).order_by(col(AllowanceAlert.id)))
            return [(row.customer, row.month, row.percent, row.used, row.included) for row in rows]

    def deliveries(self, channel: str) -> list[AlertDelivery]:
        with self.work.ledger.read() as session:
            query = select(AlertDelivery).where(AlertDelivery.channel == channel)
            return list(session.exec(query.order_by(col(AlertDelivery.id))))


@contextmanager
def office(settings: Settings, clock: HandClock | None = None) -> Iterator[Office]:
    clock = clock or HandClock()
    with open_workplace(settings, clock) as work:
        yield Office(work, clock)


@dataclass(frozen=True)
class Call:
    """A call whose signature was right."""

    id: str
    timestamp: int
    body: bytes

    @property
    def content(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.body)
        return content

    @property
    def about(self) -> tuple[str, str, int]:
        data = self.content["data"]
        return data["customer"], data["month"], data["percent"]


@dataclass
class Receiver:
    """What arrived, and how the receiver answers: statuses in turn, then 204."""

    calls: list[Call] = field(default_factory=list)
    forged: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    refuses: str = ""
    before_answer: Callable[[], object] = lambda: None
    url: str = ""

    def take(self, headers: Any, body: bytes) -> int:
        """Check a call as a receiver should, with a key of its own, and return the status to answer with."""
        identity, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
        (signature,) = [part.removeprefix("v1,") for part in headers["webhook-signature"].split(" ")]
        check = HMAC(KEY, SHA256())
        check.update(f"{identity}.{timestamp}.".encode() + body)
        try:
            check.verify(base64.b64decode(signature, validate=True))
        except InvalidSignature:
            self.forged.append(identity)
            return 401
        call = Call(identity, int(timestamp), body)
        self.calls.append(call)
        self.before_answer()
        if self.refuses and call.about[0] == self.refuses:
            return 503
        return self.statuses.pop(0) if self.statuses else 204


@contextmanager
def receiver(port: int = 0) -> Iterator[Receiver]:
    taking = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status = taking.take(self.headers, self.rfile.read(int(self.headers["content-length"])))
            self.send_response(status)
            if status in range(300, 400):
                self.send_header("location", f"{taking.url}/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        taking.url = f"http://127.0.0.1:{server.server_port}/hooks/zaehlwerk"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield taking
        finally:
            server.shutdown()
            thread.join()
