"""An invoice with every price model proves itself, and does not once a single unit or cent was changed."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from invoicing.booking import Booking
from invoicing.contract import Contract, whole
from invoicing.difference import Earlier
from invoicing.explain import explain
from invoicing.invoice import Invoice, Line, from_json, to_json, totals
from invoicing.money import euro
from invoicing.prices import Minimum, cents_text
from invoicing.terms import Terms, read
from metering.gauge import Gauge
from metering.month import BillingMonth
from metering.usage import DayCount, Usage
from tests.invoicing import drafted as sample
from tests.invoicing.drafted import CUNIO, changed, day, drafted, master, spent, started, used, worked
from tests.invoicing.terms.test_every_price import NAME, TEXT

USERS, STORAGE, RUNS = Gauge("users", "max"), Gauge("storage", "last"), Gauge("workflows", "unique", "workflow")
NET = read(Path(f"{NAME}.toml"), TEXT)
GROSS = read(Path(f"{NAME}.toml"), TEXT.replace('prices = { value = "net"', 'prices = { value = "gross"'))


def billed(terms: Terms) -> Invoice:
    """October under terms with every price model, as read back from the ledger."""
    invoice = drafted(
        terms,
        [started(terms, "all", "archive", "scan")],
        used(
            {"10-05": {"calls": 90, "pages": 1_100, "sms": 7}, "10-20": {"calls": 45, "pages": 245}},
            {USERS: {"10-02": 3, "10-19": 12}, STORAGE: {"10-31": 14}, RUNS: {"10-19": 3}},
        ),
        bookings=[
            worked(terms, "10-06", 50, "expert", "Schulung"),
            spent(terms, "10-07", 8_450, "Reise", "Bahnfahrt"),
            Booking("k-1007", "order", day("10-08"), 2, terms.id, service="setup", id=7),
        ],
        customer=master("consumer" if terms is GROSS else "business"),
    )
    return from_json(to_json(invoice))


INVOICE = billed(NET)
FORMULAS = {
    "Aufrufe": "135 genutzt − 100 enthalten = 35 × 0,10 € = 3,50 €",
    "Benutzer": "Höchststand 12 − 3 enthalten = 9 × 9,00 € = 81,00 €",
    "GB": "14 × 0,80 € = 11,20 €",
    "Arbeitsabläufe": "3 × 2,00 € = 6,00 €",
    "SMS": "7 × 0,09 € = 0,63 €",
    "Blöcken": "1.345 genutzt = 2 begonnene Blöcke zu 1.000 × 4,00 € = 8,00 €",
    "Stufe 1": "1.345 genutzt, davon 1.000 × 0,03 € = 30,00 €",
    "ab 1.001": "1.345 genutzt, davon 345 × 0,02 € = 6,90 €",
}


@pytest.mark.parametrize("terms", [NET, GROSS], ids=["net", "gross"])
def test_every_price_model_proves_itself(terms: Terms) -> None:
    invoice = billed(terms)
    assert explain(invoice).problems == ()
    assert {name: line_of(invoice, name).formula for name in FORMULAS} == FORMULAS


@pytest.mark.parametrize(
    ("name", "quantity", "cents", "formula"),
    [
        ("Aufrufe", 36, 360, "136 genutzt − 100 enthalten = 36 × 0,10 € = 3,60 €"),
        ("Aufrufe", 36, 360, "135 genutzt − 99 enthalten = 36 × 0,10 € = 3,60 €"),
        ("Benutzer", 10, 9_000, "Höchststand 13 − 3 enthalten = 10 × 9,00 € = 90,00 €"),
        ("Benutzer", 8, 7_200, "Höchststand 11 − 3 enthalten = 8 × 9,00 € = 72,00 €"),
        ("Benutzer", 10, 9_000, "Höchststand 12 − 2 enthalten = 10 × 9,00 € = 90,00 €"),
        ("Benutzer", 12, 10_800, "Höchststand 12 = 12 × 9,00 € = 108,00 €"),
        ("GB", 15, 1_200, "15 × 0,80 € = 12,00 €"),
        ("GB", 13, 1_040, "13 × 0,80 € = 10,40 €"),
        ("Arbeitsabläufe", 4, 800, "4 × 2,00 € = 8,00 €"),
        ("Arbeitsabläufe", 2, 400, "2 × 2,00 € = 4,00 €"),
        ("SMS", 8, 72, "8 × 0,09 € = 0,72 €"),
        ("SMS", 6, 54, "6 × 0,09 € = 0,54 €"),
        ("Blöcken", 3, 1_200, "2.345 genutzt = 3 begonnene Blöcke zu 1.000 × 4,00 € = 12,00 €"),
        ("Blöcken", 1, 400, "1.345 genutzt − 345 enthalten = 1 begonnener Block zu 1.000 × 4,00 € = 4,00 €"),
        ("Blöcken", 3, 1_200, "1.345 genutzt = 2 begonnene Blöcke zu 1.000 × 6,00 € = 12,00 €"),
        ("ab 1.001", 346, 692, "1.346 genutzt, davon 346 × 0,02 € = 6,92 €"),
    ],
)
def test_units_charged_otherwise_than_measured_are_found(name: str, quantity: int, cents: int, formula: str) -> None:
    line = line_of(INVOICE, name)
    wrong = replace(line, quantity=Decimal(quantity), net_cents=cents, formula=formula)
    says = f"Position {line.position}: {quantity} passt nicht zu gemessen und enthalten."
    assert says in problems_with(INVOICE, {line: wrong})


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("units", [-1, 1])
def test_units_said_to_be_free_that_the_formula_does_not_take_off_are_found(name: str, units: int) -> None:
    line = line_of(INVOICE, name)
    found = problems_with(INVOICE, {line: replace(line, allowed=line.allowed + units)})
    assert any("passt nicht zu gemessen und enthalten" in each for each in found)


@pytest.mark.parametrize(
    ("name", "quantity", "cents", "formula", "together"),
    [
        ("Stufe 1", 999, 2_997, "1.345 genutzt, davon 999 × 0,03 € = 29,97 €", "1.344"),
        ("Stufe 1", 1_001, 3_003, "1.345 genutzt, davon 1.001 × 0,03 € = 30,03 €", "1.346"),
        ("ab 1.001", 344, 688, "1.345 genutzt, davon 344 × 0,02 € = 6,88 €", "1.344"),
        ("ab 1.001", 346, 692, "1.345 genutzt, davon 346 × 0,02 € = 6,92 €", "1.346"),
    ],
)
def test_tiers_that_are_not_all_that_was_measured_are_found(
    name: str, quantity: int, cents: int, formula: str, together: str
) -> None:
    line, last = line_of(INVOICE, name), line_of(INVOICE, "ab 1.001")
    wrong = replace(line, quantity=Decimal(quantity), net_cents=cents, formula=formula)
    says = f"Position {last.position}: Die Stufen ergeben {together}, gemessen wurden 1.345."
    assert says in problems_with(INVOICE, {line: wrong})


def test_a_tier_that_is_missing_is_found() -> None:
    line = line_of(INVOICE, "Stufe 1")
    assert any("Die Stufen ergeben 345" in each for each in problems_with(INVOICE, {line: None}))


@pytest.mark.parametrize("cents", [-1, 1])
def test_a_net_that_is_not_contained_in_its_gross_price_is_found(cents: int) -> None:
    invoice = billed(GROSS)
    first, second = invoice.lines[:2]
    wrong = replace(first, net_cents=first.net_cents + cents)
    assert any(each.startswith("Position 1: In 50,00 € sind nicht") for each in problems_with(invoice, {first: wrong}))
    moved = {first: wrong, second: replace(second, net_cents=second.net_cents - cents)}
    assert len(problems_with(invoice, moved)) == 2


INTERRUPTED = drafted(
    CUNIO, [started(CUNIO, "basis"), changed("10-11", package="plus"), changed("10-22", package="basis")]
)


@pytest.mark.parametrize(
    ("invoice", "position", "cents", "found"),
    [
        (sample.UPGRADED, 1, 5_959, True),
        (sample.UPGRADED, 1, 5_960, False),
        (sample.UPGRADED, 1, 5_961, True),
        (INTERRUPTED, 1, 4_966, True),
        (INTERRUPTED, 1, 4_967, False),
        (INTERRUPTED, 1, 4_968, True),
        (INTERRUPTED, 2, 4_965, True),
        (INTERRUPTED, 2, 4_966, False),  # both parts together are two thirds of 149.00 euro
        (INTERRUPTED, 2, 4_967, False),  # agreed anew, it would be a third alone
        (INTERRUPTED, 2, 4_968, True),
    ],
)
def test_a_part_of_a_month_is_exact_to_the_cent(invoice: Invoice, position: int, cents: int, *, found: bool) -> None:
    assert explain(invoice).problems == ()
    line = invoice.lines[position - 1]
    formula = f"{line.formula.rpartition('=')[0]}= {cents_text(cents)}"
    wrong = replace(line, net_cents=cents, unit_price=euro(cents), formula=formula)
    says = f"Position {position}: {formula} ist nicht der Anteil dieser Tage."
    assert (says in problems_with(invoice, {line: wrong})) is found


SEPTEMBER = BillingMonth(2026, 9)


def counted(pages: Mapping[int, int], users: Mapping[int, int]) -> Usage:
    """Pages and users by day of September."""
    days = tuple(DayCount(date(2026, 9, at), {"pages": units}) for at, units in pages.items())
    levels = tuple((date(2026, 9, at), level) for at, level in users.items())
    return Usage("k-1007", SEPTEMBER, days, gauges={USERS: levels})


def test_what_came_late_of_levels_and_tiers_proves_itself() -> None:
    contract = Contract(NET.id, "all", frozenset({"archive", "scan"}), date(2026, 1, 1))
    earlier = Earlier(
        "RE-2026-000100",
        NET,
        whole(contract, SEPTEMBER),
        billed=counted({5: 900}, {2: 12, 9: 10}),
        readings=(counted({5: 900, 8: 300}, {2: 12, 9: 14}),),
    )
    contracts, october = [started(NET, "all", "archive", "scan")], used({"10-05": {"sms": 3}})
    invoice = from_json(to_json(drafted(NET, contracts, october, earlier=[earlier])))
    assert explain(invoice).problems == ()
    late = [line for line in invoice.lines if line.kind == "late"]
    assert [line.formula.partition(";")[0] for line in late if line.meters] == [
        "neu: Höchststand 14 − 3 enthalten = 11 × 9,00 € = 99,00 €",
        "neu: 1.200 genutzt = 2 begonnene Blöcke zu 1.000 × 4,00 € = 8,00 €",
        "neu: 1.200 genutzt, davon 1.000 × 0,03 € = 30,00 € + 1.200 genutzt, davon 200 × 0,02 € = 4,00 €",
    ]
    users, credit = (explain(invoice, late[at].position).lines[0] for at in (0, 1))
    assert users.days == ({"date": date(2026, 9, 9), "users": 4},)
    assert users.inputs == {"Menge": "2 Benutzer", "Einzelpreis": "9,00 €", "Unterschied": "2"}
    assert credit.days == ()
    assert credit.inputs.keys() == {"Menge", "Einzelpreis"}


def test_a_share_of_a_minimum_proves_itself() -> None:
    least = Minimum("minimum", Decimal("200.00"), "base", "8.1")
    basis = replace(CUNIO.packages["basis"], prices=(*CUNIO.packages["basis"].prices, least))
    terms = replace(CUNIO, packages={"basis": basis})
    invoice = drafted(terms, [started(terms, "basis", on="10-15")])
    assert [(line.kind, line.formula) for line in invoice.lines] == [
        ("base", "149,00 € × 17/30 = 84,43 €"),
        ("minimum", "Mindestbetrag 200,00 € × 17/30 − 84,43 € = 28,90 €"),
    ]
    assert explain(invoice).problems == ()


def test_a_line_has_the_days_on_which_its_own_meters_counted() -> None:
    position = line_of(INVOICE, "SMS").position
    assert explain(INVOICE, position).days == ({"date": day("10-05"), "sms": 7},)


def test_a_day_without_a_level_changes_none() -> None:
    usage = used({"10-20": {"calls": 5}}, {STORAGE: {"10-10": 14}})
    invoice = drafted(NET, [started(NET, "all")], usage)
    assert explain(invoice).problems == ()
    assert line_of(invoice, "GB").formula == "14 × 0,80 € = 11,20 €"


def test_a_formula_ends_with_the_amount_of_its_line() -> None:
    line = line_of(INVOICE, "SMS")
    for formula in ("7 × 0,09 € = 0,63", "7 × 0,09 € = 0,63 € netto", "7 × 0,09 € = 0,64 €", ""):
        says = f"Position {line.position}: {formula} ergibt nicht 0,63 €."
        assert says in problems_with(INVOICE, {line: replace(line, formula=formula)})


def line_of(invoice: Invoice, name: str) -> Line:
    """The line that has a name in its text."""
    (found,) = [line for line in invoice.lines if name in line.text and line.meters]
    return found


def problems_with(invoice: Invoice, changes: Mapping[Line, Line | None]) -> tuple[str, ...]:
    """What is found when some lines are others, or missing, and the sums fit to them."""
    lines = tuple(each for line in invoice.lines if (each := changes.get(line, line)))
    vat, net, tax, gross = totals(lines)
    return explain(replace(invoice, lines=lines, vat=vat, net_cents=net, vat_cents=tax, gross_cents=gross)).problems
