"""``zaehlwerk demo``: a whole billing month through the real HTTP door, checked against an independent count.

It starts the real service on embedded defaults in a directory of its own and talks to it as an engine and a
finance department would. Run again on the same directory it finds everything done: all events are duplicates,
no second invoice, no second mail, no second file.
"""

import json
import signal
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from api.cli.terminal import amount
from api.demo.customers import UNKNOWN_CUSTOMER, DemoCustomer, customers
from api.demo.independent_count import IndependentCount
from api.demo.process import PAUSE_SECONDS, DemoError, Finance, keys, service
from api.demo.traffic import Batch, Traffic
from api.event_client import Answer, EventClient
from api.progress import progress_bar
from api.settings import Settings
from api.workplace import filed_terms
from invoicing.money import german_date
from metering.event import Window
from metering.month import BillingMonth, local_day

TERMS = "fluks-2023-03"
_SEED, _LATE_EVENTS = 2026, 500


@dataclass(frozen=True, slots=True)
class Plan:
    """What the demo does: the month, how many customers and events, and where."""

    settings: Settings
    month: BillingMonth
    customers: int
    events: int
    now: datetime


def data_dir(settings: Settings, folder: Path | None) -> Settings:
    """Return settings whose data lie in the given folder."""
    return settings.model_copy(update={"data_dir": folder}) if folder else settings


def plan_for(settings: Settings, customers_wanted: int, events: int, now: datetime) -> Plan:
    """Return the plan; a directory that holds a demo keeps its month and sizes, so that a rerun repeats it."""
    path = settings.data_dir / "demo.json"
    fresh = {
        "month": str(BillingMonth.of(now).previous()),
        "customers": customers_wanted,
        "events": events,
        "now": now.isoformat(),
    }
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(fresh), encoding="utf-8")
    kept = json.loads(path.read_text(encoding="utf-8"))
    month, then = BillingMonth.parse(kept["month"]), datetime.fromisoformat(kept["now"])
    return Plan(settings, month, kept["customers"], kept["events"], then)


def run(plan: Plan, port: int, console: Console, *, stay: bool) -> None:
    """Run the demo; with ``stay`` keep serving afterwards until interrupted."""
    terms = filed_terms(plan.settings.terms_dir)[TERMS]
    people = customers(
        _SEED,
        plan.customers,
        plan.month,
        {key: package.included for key, package in terms.packages.items()},
        list(terms.addons),
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a stop from outside stops the service too
    with service(plan.settings.data_dir, port) as url, keys(plan.settings) as (engine_key, finance_key):
        console.print(f"Service runs at {url}, data in {plan.settings.data_dir}")
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {finance_key}"}, timeout=120) as client:
            finance = Finance(client)
            _set_up(finance, people, console)
            traffic = Traffic(_SEED, plan.month, people, plan.events, plan.now)
            if _still_taken(plan):
                _post(url, engine_key, plan, traffic, console)
                _month_end(finance, plan.month, console)
                _post_late(url, engine_key, traffic, console)
            else:
                console.print(f"{plan.month} is too long ago for new events; for a new demo choose another --dir")
                deque(traffic.batches(), maxlen=0)
            _table(finance, plan, people, traffic.count, console)
            _paths(finance, plan, console)
        if stay:
            console.print(f"\nFinance pages: [bold]{url}/[/]  API: {url}/docs  stop with Ctrl-C")
            console.print(f"Login (key with the role finance): [bold]{finance_key}[/]", soft_wrap=True)
            _wait()


def _still_taken(plan: Plan) -> bool:
    """Tell whether the service still takes events of the demo's month today."""
    window = Window.at(datetime.now(UTC), plan.settings.late_days, plan.settings.future_minutes)
    return window.earliest <= plan.month.start


def _set_up(finance: Finance, people: list[DemoCustomer], console: Console) -> None:
    """Create customers, mandates and contracts as finance would; what exists already stays as it is."""
    for person in people:
        path = f"/v1/customers/{person.id}"
        finance.ask("PUT", path, person.body())
        if person.mandate:
            answer = finance.ask("PUT", f"{path}/mandate", person.mandate.body(), expect=(200, 422))
            if person.mandate.refused:
                console.print(f"Refused as it must be: {person.name}: {answer['detail']}", markup=False)
        contract = {
            "terms": TERMS,
            "package": person.package,
            "starts_on": person.starts_on.isoformat(),
            "addons": list(person.addons),
        }
        finance.ask("POST", f"{path}/contract", contract)
        if person.terminated_on:
            body = {"received_on": person.terminated_on.isoformat()}
            ended = finance.ask("POST", f"{path}/contract/termination", body)
            console.print(f"Ended: {person.name}: {ended['why']}", markup=False)
    console.print(f"{len(people)} customers with contracts")


def _post(url: str, key: str, plan: Plan, traffic: Traffic, console: Console) -> None:
    """Post the month batch after batch and compare every answer with what the generator expects."""
    began = time.perf_counter()
    with (
        EventClient(url, key) as client,
        progress_bar(plan.events, f"Events of {plan.month}", Console(stderr=True)) as advance,
    ):
        answers = [_posted(client, batch, advance) for batch in traffic.batches()]
    seconds = time.perf_counter() - began
    accepted, duplicates, rejected = _summed(answers)
    count = traffic.count
    if accepted + duplicates != count.accepted + count.duplicates or rejected != count.rejected.total():
        raise DemoError(f"the service took {accepted}+{duplicates}, refused {rejected}; expected {count}")
    if accepted not in {0, count.accepted}:
        raise DemoError(f"{accepted} accepted; the independent count says {count.accepted}, or 0 on a rerun")
    console.print(
        f"{count.posted:,} events posted in {seconds:.1f} s: {accepted:,} accepted, {duplicates:,} duplicates, "
        f"{rejected:,} rejected; the independent count agrees"
    )


def _posted(client: EventClient, batch: Batch, advance: Any) -> Answer:
    answer = client.post(batch.body)
    advance(batch.expected.accepted)
    return answer


def _post_late(url: str, key: str, traffic: Traffic, console: Console) -> None:
    """Post events of the closed month: they are counted apart."""
    with EventClient(url, key) as client:
        accepted, duplicates, _ = _summed([client.post(batch.body) for batch in traffic.late_batches(_LATE_EVENTS)])
    console.print(f"{accepted:,} late events after the close, counted apart; {duplicates:,} duplicates among them")


def _summed(answers: list[Answer]) -> tuple[int, int, int]:
    return (
        sum(each.accepted for each in answers),
        sum(each.duplicates for each in answers),
        sum(len(each.rejected) for each in answers),
    )


def _month_end(finance: Finance, month: BillingMonth, console: Console) -> None:
    """Close, decide about the unknown customer, close again, announce, collect."""
    report = _closed(finance, month)
    for problem in report["problems"]:
        console.print(f"Parked: {problem['customer']}: {problem['message']}", markup=False)
        if problem["customer"] == UNKNOWN_CUSTOMER:
            path = f"/v1/months/{month}/unassigned/{UNKNOWN_CUSTOMER}"
            finance.ask("POST", path, {"reason": "Testsystem des Entwicklungsteams, nicht abzurechnen"})
            report = _closed(finance, month)
    if report["state"] != "closed":
        raise DemoError(f"{month} is {report['state']}: {report['problems']}")
    notices = finance.ask("POST", "/v1/notices")
    exports = finance.ask("POST", "/v1/sepa/exports")
    console.print(
        f"{month} is closed: {report['invoices']} invoices; {notices['sent']} mails sent now, "
        f"{len(exports['files'])} pain.008 files written now"
    )
    for held in [*notices["waiting"], *exports["held"]]:
        console.print(f"Waiting: {held['customer']} {held['invoice']}: {held['reason']}", markup=False)


def _closed(finance: Finance, month: BillingMonth) -> Any:
    """Close and ask until the month is closed or blocked."""
    finance.ask("POST", f"/v1/months/{month}/close")
    while (report := finance.ask("GET", f"/v1/months/{month}"))["state"] == "closing":
        time.sleep(PAUSE_SECONDS)
    return report


def _table(finance: Finance, plan: Plan, people: list[DemoCustomer], count: IndependentCount, console: Console) -> None:
    """Print what was billed, and compare the units with the independent count."""
    invoices = {each["customer"]: each for each in finance.all("/v1/invoices", month=str(plan.month))}
    collections = {each["invoice"]: each for each in finance.all("/v1/collections")}
    table = Table(box=None, header_style="bold", title=f"{plan.month}", pad_edge=False)
    table.add_column("customer", no_wrap=True, max_width=30)
    table.add_column("package", no_wrap=True)
    for heading in ("used", "included", "overage", "net €", "VAT €", "gross €"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("notice", no_wrap=True)
    table.add_column("due", no_wrap=True)
    total: dict[str, int] = dict.fromkeys(("used", "net_cents", "vat_cents", "gross_cents"), 0)
    for person in people:
        if not (invoice := invoices.get(person.id)):
            continue
        usage = finance.ask("GET", f"/v1/customers/{person.id}/usage/{plan.month}")
        if usage["used"] != count.used(person.id):
            raise DemoError(f"{person.id}: {usage['used']} used, the independent count says {count.used(person.id)}")
        collection = collections.get(invoice["number"], {})
        total["used"] += usage["used"]
        for field in ("net_cents", "vat_cents", "gross_cents"):
            total[field] += invoice[field]
        table.add_row(
            f"{person.id} {person.name}",
            person.package,
            f"{usage['used']:,}",
            f"{usage['included']:,}",
            f"{usage['overage']:,}",
            *(amount(invoice[field]) for field in ("net_cents", "vat_cents", "gross_cents")),
            "sent" if collection.get("state") in {"announced", "exported"} else collection.get("state", "none"),
            german_date(date.fromisoformat(collection["due_on"])) if collection.get("due_on") else "–",
        )
    table.add_section()
    sums = (amount(total[field]) for field in ("net_cents", "vat_cents", "gross_cents"))
    table.add_row(f"{len(invoices)} invoices", "", f"{total['used']:,}", "", "", *sums, "", "", style="bold")
    console.print(table)
    expected = sum(count.used(person.id) for person in people)
    console.print(f"Units billed {total['used']:,} = independent count {expected:,}")


def _paths(finance: Finance, plan: Plan, console: Console) -> None:
    """Say where everything lies."""
    folder = plan.settings.data_dir
    year = local_day(plan.now).year
    console.print(f"\nInvoices  {folder / 'invoices' / str(year)}/RE-{year}-*.pdf")
    console.print(f"Mails     {folder / 'outbox'}/*.eml")
    for export in reversed(finance.all("/v1/sepa/exports")):
        console.print(f"pain.008  {folder / 'sepa' / export['message_id']}.xml", soft_wrap=True)
        console.print(f"slip      {folder / 'sepa' / export['message_id']}-begleitzettel.pdf", soft_wrap=True)
    console.print(f"Ledger    {folder / 'zaehlwerk.db'}   Counter {folder / 'redis'}/")


def _wait() -> None:
    try:
        signal.pause()
    except KeyboardInterrupt:
        return
