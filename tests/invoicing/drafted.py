"""Invoices under the other vendors' terms, drafted as a close drafts them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from invoicing.bill import Advance
from invoicing.booking import Booking, charge, credited, timesheet
from invoicing.check import Case
from invoicing.contract.event import Contract, ContractEvent
from invoicing.contract.parts import parts_of
from invoicing.difference import Earlier
from invoicing.invoice import DirectDebit, Invoice
from invoicing.issue import Run, draft
from invoicing.payment import BankAccount
from invoicing.records import CustomerVersion
from invoicing.rights import Delay, delay_credit, suspension_credit
from invoicing.terms import Terms, find
from metering.gauge import Gauge
from metering.month import BillingMonth
from metering.usage import DayCount, Usage
from tests.invoicing.printed import BUYER, DEBIT, SELLER

OCTOBER = BillingMonth(2026, 10)
CLOUDETEER, KLUGO, CUNIO, CONNECTAVO = map(find, ("cloudeteer-2023-12", "klugo", "cunio-2020-02", "connectavo-2021-12"))
ACCOUNT = BankAccount(SELLER.name, "DE02120300000000202051", "BYLADEM1001")
_SIGNED = datetime(2026, 1, 1, 12, tzinfo=UTC)
_MONDAY, _DAY = datetime(2026, 10, 26, 6, tzinfo=UTC), timedelta(days=1)


def day(text: str) -> date:
    """``10-05`` is 5 October 2026."""
    return date.fromisoformat(f"2026-{text}")


def master(kind: str = "business", **fields: str) -> CustomerVersion:
    """A customer's master data."""
    known = {name: getattr(BUYER, name) for name in ("name", "street", "postcode", "city", "country", "email")}
    return CustomerVersion(customer="k-1007", recorded_at=_SIGNED, kind=kind, **{**known, **fields})


def started(terms: Terms, package: str, *addons: str, on: str = "01-01", trial: str = "") -> ContractEvent:
    """A contract's start."""
    return ContractEvent(
        "started",
        day(on),
        _SIGNED,
        terms=terms.id,
        package=package,
        addons=addons,
        trial_ends_on=day(trial) if trial else None,
    )


def changed(on: str, package: str | None = None, add: tuple[str, ...] = ()) -> ContractEvent:
    """A change of package or modules."""
    return ContractEvent("changed", day(on), _SIGNED, package=package, add_addons=add)


def used(counts: Mapping[str, Mapping[str, int]], gauges: Mapping[Gauge, Mapping[str, int]] | None = None) -> Usage:
    """What was used in October: units by day, levels by gauge and day."""
    days = tuple(DayCount(day(each), dict(found)) for each, found in sorted(counts.items()))
    levels = {gauge: tuple((day(at), level) for at, level in found.items()) for gauge, found in (gauges or {}).items()}
    return Usage("k-1007", OCTOBER, days, gauges=levels)


def drafted(
    terms: Terms,
    events: Sequence[ContractEvent] = (),
    usage: Usage | None = None,
    *,
    issued_on: str = "11-02",
    bookings: Iterable[Booking] = (),
    earlier: Sequence[Earlier] = (),
    in_advance: Mapping[str, int] | None = None,
    customer: CustomerVersion | None = None,
    debit: DirectDebit | None = None,
) -> Invoice:
    """The invoice of October 2026."""
    today, booked = day(issued_on), tuple(bookings)
    now = datetime.combine(today, time(12), UTC)
    payments = {"k-1007": debit} if debit else {}
    run = Run(OCTOBER, today, now, SELLER, {terms.id: terms}, payments, ACCOUNT)
    proration = terms.rules.proration.value
    case = Case(
        customer="k-1007",
        master=customer or master(),
        contract=Contract(terms.id, next(iter(terms.packages)), frozenset(), day("01-01")),
        terms=terms,
        usage=usage or Usage("k-1007", OCTOBER),
        parts=parts_of(events, OCTOBER, proration),
        next_terms=terms,
        next_parts=parts_of(events, OCTOBER.next(), proration),
        in_advance={
            item: Advance(cents, item, terms.cited("6(1)"), terms.rules.vat_percent.value, gross=False)
            for item, cents in (in_advance or {}).items()
        },
        booked=tuple(charge(each, terms) for each in booked),
        earlier=tuple(earlier),
        timesheet=timesheet(booked, {terms.id: terms}),
    )
    return draft(run, case, "RE-2026-000124")


def worked(terms: Terms, on: str, minutes: int, role: str, text: str) -> Booking:
    """Some work on a day."""
    return Booking("k-1007", "work", day(on), minutes, terms.id, service="work", role=role, text=text)


def spent(terms: Terms, on: str, cents: int, category: str, text: str) -> Booking:
    """An expense."""
    return Booking("k-1007", "expense", day(on), cents, terms.id, service="expenses", role=category, text=text)


USERS = Gauge("users", "max", None)
MACHINES = Gauge("machines", "max", None)

ADVANCE = drafted(
    CLOUDETEER,
    [started(CLOUDETEER, "managed-cloud", "monitoring"), changed("11-01", add=("on-call",))],
    used({"10-05": {"backup-gb": 600}, "10-20": {"backup-gb": 612}}, {USERS: {"10-02": 11, "10-19": 14}}),
    in_advance={"packages.managed-cloud": 89_000, "addons.monitoring": 5_900},
    bookings=[
        worked(CLOUDETEER, "10-07", 130, "senior", "Umstellung der Sicherung auf das neue Rechenzentrum"),
        spent(CLOUDETEER, "10-07", 8_450, "Reise", "Bahnfahrt Kiel – Düsseldorf und zurück"),
        Booking(
            "k-1007",
            "credit",
            day("10-28"),
            2_871,
            CLOUDETEER.id,
            text="Leistung für 24 Stunden ausgesetzt",
            clause="Cloudeteer AGB 5(3)",
            formula="890,00 € × 1.440 Min. / 44.640 Min. = 28,71 €",
        ),
    ],
)
UPGRADED = drafted(
    CUNIO,
    [
        started(CUNIO, "basis", "craftsmen"),
        changed("10-13", package="plus"),
        changed("10-20", add=("tickets",)),
    ],
    used({"10-03": {"sms": 120, "call-minutes": 44}, "10-24": {"sms": 31, "tickets": 245}}),
)
TRIAL = drafted(
    CUNIO,
    [started(CUNIO, "basis", "tickets", on="10-01", trial="10-20")],
    used({"10-03": {"sms": 120}, "10-24": {"sms": 31, "tickets": 12}}),
    issued_on="11-07",
)
EFFORT = drafted(
    CONNECTAVO,
    [started(CONNECTAVO, "professional")],
    used({"10-12": {"reports": 18}}, {MACHINES: {"10-06": 28, "10-21": 33}}),
    bookings=[
        worked(CONNECTAVO, "10-06", 150, "engineer", "Inbetriebnahme der Steuerung an Biegemaschine 4"),
        worked(CONNECTAVO, "10-07", 95, "developer", "Schnittstelle zum Leitstand: Übergabe der Störmeldungen"),
        worked(CONNECTAVO, "10-21", 50, "engineer", "Schulung der Schichtführer"),
    ],
)
SUSPENDED = drafted(
    CLOUDETEER,
    [started(CLOUDETEER, "managed-cloud")],
    in_advance={"packages.managed-cloud": 89_000},
    bookings=[
        credited(
            "k-1007",
            day("10-31"),
            CLOUDETEER,
            suspension_credit(CLOUDETEER, OCTOBER, 89_000, [(_MONDAY, _MONDAY + _DAY)]),
        )
    ],
)
DELAYED = drafted(
    CONNECTAVO,
    [started(CONNECTAVO, "professional")],
    bookings=[
        credited(
            "k-1007",
            day("10-22"),
            CONNECTAVO,
            delay_credit(CONNECTAVO, Delay(120_000, day("10-01"), day("10-20"), day("10-21"), day("10-22"))),
            damages=True,
        )
    ],
)
ORDERED = drafted(
    KLUGO,
    bookings=[Booking("k-1007", "order", day("10-05"), 1, KLUGO.id, service="beratung-plus", id=7)],
    customer=master("consumer", name="Änne Größl", street="Lärchenweg 3", postcode="93047", city="Regensburg"),
    issued_on="10-05",
)
ORDERED = replace(ORDERED, buyer=replace(ORDERED.buyer, vat_id="", buyer_reference=""))
DEBITED = drafted(
    CLOUDETEER,
    [started(CLOUDETEER, "managed-workplace", on="10-10")],
    used({"10-11": {"transfer-gb": 620}}, {USERS: {"10-12": 7}}),
    debit=replace(DEBIT, due_on=day("11-16"), notice_days=14, clause=""),
)
LONG_ANNEX = drafted(
    CONNECTAVO,
    bookings=[
        worked(
            CONNECTAVO,
            f"10-{at % 28 + 1:02}",
            30 + 15 * (at % 5),
            ("engineer", "developer")[at % 2],
            f"Störung {at}: Ursache gesucht und behoben",
        )
        for at in range(1, 46)
    ],
)
assert Decimal(ORDERED.lines[0].unit_price) == Decimal(49)
