from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.contract import Contract
from invoicing.contract.parts import whole
from invoicing.prices import above_allowance
from invoicing.rating import Charge, rate
from invoicing.rating.measure import gauges_of, readings
from invoicing.terms import Terms, find
from metering.gauge import Gauge
from metering.month import BillingMonth
from metering.usage import DayCount, Usage

OCTOBER = BillingMonth(2026, 10)
PACKAGES = {  # key: (label, base price in cents, allowance, price of one more in cents)
    "schnupperpaket": ("Schnupperpaket", 6000, 500, 10),
    "basic-2500": ("BASIC 2.500", 25000, 2500, 10),
    "basic-5000": ("BASIC 5.000", 35000, 5000, 10),
    "standard-10000": ("STANDARD 10.000", 50000, 10000, 8),
    "premium-50000": ("PREMIUM 50.000", 80000, 50000, 5),
    "premium-100000": ("PREMIUM 100.000", 110000, 100000, 5),
}
EVERY_PACKAGE = pytest.mark.parametrize("package", PACKAGES)


def october(package: str, trigger: int = 0, action: int = 0, connector: int = 0, *addons: str) -> tuple[Charge, ...]:
    counts = {"trigger": trigger, "action": action, "connector": connector}
    contract = Contract("fluks-2023-03", package, frozenset(addons), date(2026, 1, 1))
    usage = Usage("k", OCTOBER, (DayCount(date(2026, 10, 5), counts),), late=(DayCount(date(2026, 10, 6), counts),))
    return rate(find("fluks-2023-03"), whole(contract, OCTOBER), usage)


def amounts(charges: tuple[Charge, ...]) -> list[tuple[str, int]]:
    return [(charge.kind, charge.cents) for charge in charges]


@pytest.mark.clause("fluks Anlage 3 §1")
@EVERY_PACKAGE
def test_the_base_price_covers_the_allowance(package: str) -> None:
    label, base, included, _ = PACKAGES[package]
    for used in (0, 1, included - 1, included):
        (charge,) = october(package, used)
        assert amounts((charge,)) == [("base", base)]
        assert (charge.quantity, charge.unit) == (Decimal(1), "Monat")
        assert charge.clause == "fluks AGB Anlage 3 § 1"
        assert label in charge.text
        assert f"{included:,}".replace(",", ".") in charge.text


@pytest.mark.clause("fluks Anlage 3 §2")
@pytest.mark.clause("fluks Anlage 3 fn 1")
@EVERY_PACKAGE
@pytest.mark.parametrize("more", [1, 2, 2345])
def test_each_unit_above_the_allowance_costs_the_packages_price(package: str, more: int) -> None:
    _, base, included, price = PACKAGES[package]
    charges = october(package, included, more)
    assert amounts(charges) == [("base", base), ("overage", more * price)]
    assert (charges[1].quantity, charges[1].unit) == (Decimal(more), "Auslöser/Aktion")
    assert charges[1].clause == "fluks AGB Anlage 3 § 2"


@pytest.mark.parametrize(("used", "included", "above"), [(0, 10, 0), (9, 10, 0), (10, 10, 0), (11, 10, 1), (5, 0, 5)])
@pytest.mark.clause("fluks Anlage 3 fn 1")
def test_only_what_exceeds_the_allowance_is_above_it(used: int, included: int, above: int) -> None:
    assert above_allowance(used, included) == above


@pytest.mark.clause("Connectavo II 2.6")
@pytest.mark.parametrize(
    ("package", "levels", "expected"),
    [  # the highest number of machines connected at once, and what is charged
        ("start", [], [("base", 190_00)]),
        ("start", [0], [("base", 190_00)]),
        ("start", [4, 2], [("base", 190_00)]),
        ("start", [5, 3], [("base", 190_00)]),
        ("start", [6, 2], [("base", 190_00), ("overage", 30_00)]),
        ("start", [2, 6, 5], [("base", 190_00), ("overage", 30_00)]),
        ("standard", [10, 10], [("base", 390_00)]),
        ("standard", [11, 10], [("base", 390_00), ("overage", 29_00)]),
        ("professional", [30], [("base", 890_00)]),
        ("professional", [31], [("base", 890_00), ("overage", 24_00)]),
    ],
)
def test_more_machines_than_licensed_are_charged(
    package: str, levels: list[int], expected: list[tuple[str, int]]
) -> None:
    connectavo = find("connectavo-2021-12")
    contract = Contract(connectavo.id, package, frozenset(), date(2026, 1, 1))
    readings = tuple((date(2026, 10, 5 + at), level) for at, level in enumerate(levels))
    usage = Usage("k", OCTOBER, gauges={Gauge("machines", "max", None): readings})
    assert amounts(rate(connectavo, whole(contract, OCTOBER), usage)) == expected


@pytest.mark.clause("Cloudeteer 15(1)")
def test_each_day_says_what_its_meters_measured() -> None:
    """Levels of a gauge beside units that are added up; a day that says nothing of what is asked for is left out."""
    first, second, third = (date(2026, 10, day) for day in (5, 6, 7))
    usage = Usage(
        "k",
        OCTOBER,
        (DayCount(first, {"reports": 4, "machines": 99}), DayCount(third, {"reports": 0})),
        gauges={Gauge("machines", "max", None): ((second, 7), (first, 6))},
    )
    connectavo = find("connectavo-2021-12")
    assert readings(connectavo, usage, ("machines", "reports")) == {
        first: {"machines": 6, "reports": 4},
        second: {"machines": 7, "reports": 0},
    }
    assert list(readings(connectavo, usage, ("machines",))) == [first, second]
    assert gauges_of({"a": find("fluks-2023-03"), "b": connectavo}) == {Gauge("machines", "max", None)}


@given(st.integers(0, 10**7), st.integers(0, 10**6))
def test_included_and_overage_make_up_what_was_used(used: int, included: int) -> None:
    above = above_allowance(used, included)
    assert min(used, included) + above == used
    assert above >= 0


@pytest.mark.clause("fluks 1.2")
def test_what_a_workflow_starts_in_connectors_is_not_counted() -> None:
    assert amounts(october("schnupperpaket", 250, 250, 1_000_000)) == [("base", 6000)]
    assert amounts(october("schnupperpaket", 250, 251, 1_000_000)) == [("base", 6000), ("overage", 10)]


@pytest.mark.clause("fluks Anlage 3 fn 2")
def test_what_was_not_used_last_month_is_not_there_this_month() -> None:
    contract = Contract("fluks-2023-03", "schnupperpaket", frozenset(), date(2026, 1, 1))
    months = (BillingMonth(2026, 9), 0), (BillingMonth(2026, 10), 501)
    terms = find("fluks-2023-03")
    billed = [
        amounts(rate(terms, whole(contract, month), Usage("k", month, (DayCount(month.first_day, {"action": used}),))))
        for month, used in months
    ]
    assert billed == [[("base", 6000)], [("base", 6000), ("overage", 10)]]


ADDONS = {"toolbox": 0, "binary-store": 0, "documents": 4000, "emails": 1000, "forms": 3000}
FREE = {
    "schnupperpaket": {"toolbox", "binary-store"},
    "basic-2500": {"toolbox", "binary-store"},
    "basic-5000": {"toolbox", "binary-store"},
    "standard-10000": {"toolbox", "binary-store", "documents", "emails"},
    "premium-50000": set(ADDONS),
    "premium-100000": set(ADDONS),
}


@pytest.mark.clause("fluks Anlage 3 §3")
@EVERY_PACKAGE
@pytest.mark.parametrize("addon", ADDONS)
def test_a_booked_addon_costs_its_price_unless_the_package_includes_it(package: str, addon: str) -> None:
    charge = october(package, 0, 0, 0, addon)[1]
    free = addon in FREE[package]
    assert (charge.kind, charge.cents, charge.included) == ("addon", 0 if free else ADDONS[addon], free)
    assert charge.text.endswith("(im Paket enthalten)") is free
    assert charge.clause == ("fluks AGB Anlage 3 § 2" if free else "fluks AGB Anlage 3 § 3")


def test_addons_stand_in_the_order_of_the_price_list() -> None:
    charges = october("basic-2500", 0, 0, 0, "forms", "documents", "emails")
    assert [charge.text for charge in charges[1:]] == [
        "Zusatzmodul fluks Documents",
        "Zusatzmodul fluks E-Mails",
        "Zusatzmodul fluks Forms",
    ]


@pytest.mark.clause("fluks Anlage 3 §2")
def test_the_worked_example_explains_itself() -> None:
    charges = october("standard-10000", 345, 12_000, 7, "forms")
    assert [charge.formula for charge in charges] == [
        "1 Monat × 500,00 € = 500,00 €",
        "12.345 genutzt − 10.000 enthalten = 2.345 × 0,08 € = 187,60 €",
        "1 Monat × 30,00 € = 30,00 €",
    ]
    assert [charge.unit_price for charge in charges] == [Decimal("500.00"), Decimal("0.08"), Decimal("30.00")]


@pytest.mark.clause("fluks 13.4")
def test_fees_of_third_parties_never_become_a_charge(fluks: Terms) -> None:
    assert fluks.rules.third_party_fees.value is False
    assert {charge.kind for charge in october("basic-2500", 9_999, 9_999, 9_999, *ADDONS)} == {
        "base",
        "overage",
        "addon",
    }


@given(
    st.sampled_from(sorted(PACKAGES)),
    st.integers(0, 300_000),
    st.integers(0, 300_000),
    st.sets(st.sampled_from(sorted(ADDONS))),
)
def test_every_charge_is_quantity_times_price(package: str, trigger: int, action: int, addons: set[str]) -> None:
    charges = october(package, trigger, action, 5, *addons)
    assert all(charge.quantity * charge.unit_price * 100 == charge.cents for charge in charges)
    assert sum(charge.kind == "addon" for charge in charges) == len(addons)
    assert sum(charge.quantity for charge in charges if charge.kind == "overage") == max(
        0, trigger + action - PACKAGES[package][2]
    )
