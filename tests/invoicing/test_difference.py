"""What an earlier month costs now, less what was billed of it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.contract import Contract
from invoicing.contract.parts import Part, whole
from invoicing.difference import Earlier, difference
from invoicing.money import to_cents
from invoicing.prices import Allowance, Blocks, Graduated, Minimum, MonthlyPrice, PerUnit, Tier
from invoicing.rating import Charge, rate
from invoicing.terms import Setting, Terms, find
from metering.month import BillingMonth
from metering.usage import DayCount, Usage

OCTOBER = BillingMonth(2026, 10)
NUMBER = "RE-2026-000001"
PACKAGES = ("schnupperpaket", "basic-2500", "standard-10000", "premium-50000")


def october(trigger: int, action: int = 0) -> Usage:
    return Usage("k-1", OCTOBER, (DayCount(date(2026, 10, 5), {"trigger": trigger, "action": action}),))


def agreed(terms: Terms, package: str = "standard-10000", *addons: str) -> tuple[Part, ...]:
    return whole(Contract(terms.id, package, frozenset(addons), date(2026, 1, 1)), OCTOBER)


def priced(terms: Terms, price: str) -> Terms:
    """The same terms with another price of a unit above the allowance of STANDARD 10.000."""
    standard = terms.packages["standard-10000"]
    prices = (replace(each, price=Decimal(price)) if isinstance(each, Allowance) else each for each in standard.prices)
    package = replace(standard, prices=tuple(prices))
    return replace(terms, packages={**terms.packages, "standard-10000": package})


PER_TRIGGER = PerUnit("per_unit", ("trigger",), Decimal("0.25"), "1")


def sold(terms: Terms, *prices: MonthlyPrice) -> Terms:
    """The same terms with BASIC 2.500 alone, at other prices."""
    return replace(terms, packages={"basic-2500": replace(terms.packages["basic-2500"], prices=prices)})


@pytest.mark.clause("fluks Anlage 3 fn 1")
@pytest.mark.parametrize(
    ("billed", "now", "units", "cents"),
    [
        (0, 0, None, 0),
        (0, 10_000, None, 0),
        (9_998, 9_999, None, 0),
        (9_999, 10_000, None, 0),
        (9_999, 10_001, 1, 8),
        (10_000, 10_001, 1, 8),
        (10_001, 10_002, 1, 8),
        (10_001, 10_001, None, 0),
        (12_345, 12_357, 12, 96),
        (10_001, 10_000, -1, -8),
        (10_001, 9_999, -1, -8),
        (10_000, 9_999, None, 0),
        (12_345, 0, -2_345, -18_760),
    ],
)
def test_only_what_lies_above_the_allowance_is_charged_or_given_back(
    fluks: Terms, billed: int, now: int, units: int | None, cents: int
) -> None:
    charges = difference(fluks, agreed(fluks), october(billed), october(0, now), NUMBER)
    assert [(each.kind, each.quantity, each.cents) for each in charges] == (
        [] if units is None else [("late", Decimal(units), cents)]
    )


@pytest.mark.parametrize(
    ("billed", "now", "text"),
    [
        (12_345, 12_357, "Nachberechnung Oktober 2026 zu RE-2026-000001: 12 Auslöser/Aktionen nachträglich gezählt"),
        (9_990, 10_001, "Nachberechnung Oktober 2026 zu RE-2026-000001: 11 Auslöser/Aktionen nachträglich gezählt"),
        (10_001, 10_002, "Nachberechnung Oktober 2026 zu RE-2026-000001: 1 Auslöser/Aktion nachträglich gezählt"),
        (12_345, 10_000, "Nachberechnung Oktober 2026 zu RE-2026-000001: 2.345 Auslöser/Aktionen storniert"),
        (10_001, 10_000, "Nachberechnung Oktober 2026 zu RE-2026-000001: 1 Auslöser/Aktion storniert"),
    ],
)
def test_the_line_says_what_happened(fluks: Terms, billed: int, now: int, text: str) -> None:
    (charge,) = difference(fluks, agreed(fluks), october(billed), october(now), NUMBER)
    assert (charge.text, charge.unit, charge.unit_price) == (text, "Auslöser/Aktion", Decimal("0.08"))
    assert charge.clause == "fluks AGB Anlage 3 § 2"


@pytest.mark.parametrize(
    ("billed", "now", "formula"),
    [
        (
            12_345,
            12_357,
            "neu: 12.357 genutzt − 10.000 enthalten = 2.357 × 0,08 € = 188,56 €; "
            "berechnet: 12.345 genutzt − 10.000 enthalten = 2.345 × 0,08 € = 187,60 €; 188,56 € − 187,60 € = 0,96 €",
        ),
        (
            9_990,
            10_001,
            "neu: 10.001 genutzt − 10.000 enthalten = 1 × 0,08 € = 0,08 €; "
            "berechnet: 9.990 genutzt, 10.000 enthalten = 0,00 €; 0,08 € − 0,00 € = 0,08 €",
        ),
        (
            10_001,
            9_990,
            "neu: 9.990 genutzt, 10.000 enthalten = 0,00 €; "
            "berechnet: 10.001 genutzt − 10.000 enthalten = 1 × 0,08 € = 0,08 €; 0,00 € − 0,08 € = -0,08 €",
        ),
    ],
)
def test_the_formula_shows_both_reckonings(fluks: Terms, billed: int, now: int, formula: str) -> None:
    (charge,) = difference(fluks, agreed(fluks), october(billed), october(now), NUMBER)
    assert charge.formula == formula


@pytest.mark.parametrize("prices", ["net", "gross"])
def test_the_line_says_of_what_it_is(fluks: Terms, prices: Literal["net", "gross"]) -> None:
    terms = replace(fluks, rules=replace(fluks.rules, prices=Setting(prices, "1")))
    (charge,) = difference(terms, agreed(terms), october(10_000), october(10_001), NUMBER)
    assert (charge.item, charge.meters, charge.gross) == (
        "packages.standard-10000",
        ("trigger", "action"),
        prices == "gross",
    )


@pytest.mark.parametrize(
    ("billed", "now", "text", "formula"),
    [
        (
            0,
            2,
            "2 Auslöser nachträglich gezählt",
            "neu: 2 × 0,25 € = 0,50 €; berechnet: nichts = 0,00 €; 0,50 € − 0,00 € = 0,50 €",
        ),
        (
            2,
            1,
            "1 Auslöser storniert",
            "neu: 1 × 0,25 € = 0,25 €; berechnet: 2 × 0,25 € = 0,50 €; 0,25 € − 0,50 € = -0,25 €",
        ),
        (
            1,
            0,
            "1 Auslöser storniert",
            "neu: nichts = 0,00 €; berechnet: 1 × 0,25 € = 0,25 €; 0,00 € − 0,25 € = -0,25 €",
        ),
    ],
)
def test_what_has_no_allowance_says_what_was_used(fluks: Terms, billed: int, now: int, text: str, formula: str) -> None:
    terms = sold(fluks, PER_TRIGGER)
    (charge,) = difference(terms, agreed(terms, "basic-2500"), october(billed), october(now), NUMBER)
    assert (charge.text, charge.formula) == (f"Nachberechnung Oktober 2026 zu {NUMBER}: {text}", formula)


def test_what_is_missing_to_a_minimum_is_less_after_a_late_count(fluks: Terms) -> None:
    basic = fluks.packages["basic-2500"]
    least = replace(basic, prices=(*basic.prices, Minimum("minimum", Decimal("300.00"), "all", "Anlage 3 § 1")))
    terms = replace(fluks, packages={**fluks.packages, "basic-2500": least})
    charges = difference(terms, agreed(terms, "basic-2500"), october(0), october(2_600), NUMBER)
    assert [(each.text, each.cents) for each in charges] == [
        ("Nachberechnung Oktober 2026 zu RE-2026-000001: 2.600 Auslöser/Aktionen nachträglich gezählt", 1_000),
        ("Nachberechnung Oktober 2026 zu RE-2026-000001: Paket BASIC 2.500, Aufstockung auf den Mindestbetrag", -1_000),
    ]
    (voided,) = difference(terms, agreed(terms, "basic-2500"), october(5_501), october(5_499), NUMBER)
    assert voided.text.endswith(": 2 Auslöser/Aktionen storniert")


def test_each_package_of_a_month_has_its_own_allowance(fluks: Terms) -> None:
    """Half of the month 250 are included, then half of 2.500; one late event before the contract's first day counts."""
    by_days = replace(fluks.rules, proration=Setting("thirtieths", "1"), allowance=Setting("prorated", "1"))
    terms = replace(fluks, rules=by_days)
    small, large = (agreed(terms, each)[0] for each in ("schnupperpaket", "basic-2500"))
    parts = replace(small, first=date(2026, 10, 2), last=date(2026, 10, 16)), replace(large, first=date(2026, 10, 17))
    billed = Usage("k-1", OCTOBER, (DayCount(date(2026, 10, 16), {"trigger": 250}),))
    now = replace(billed, days=(DayCount(date(2026, 10, 1), {"trigger": 2}), *billed.days))
    (charge,) = difference(terms, parts, billed, now, NUMBER)
    assert charge.text == "Nachberechnung Oktober 2026 zu RE-2026-000001: 2 Auslöser/Aktionen nachträglich gezählt"
    assert charge.formula == (
        "neu: 252 genutzt − 250 enthalten = 2 × 0,10 € = 0,20 €; "
        "berechnet: 250 genutzt, 250 enthalten = 0,00 €; 0,20 € − 0,00 € = 0,20 €"
    )


@pytest.mark.parametrize(
    ("price", "billed", "now", "said"),
    [
        ("0.005", 10_001, 10_002, []),  # 1 × 0,005 € and 2 × 0,005 € are both one cent
        ("0.005", 10_000, 10_001, [(Decimal(1), Decimal("0.005"), 1)]),
        ("0.004", 10_001, 10_002, [(Decimal(1), Decimal("0.01"), 1)]),  # 0,4 cents round down, 0,8 cents up
        ("0.0125", 10_010, 10_013, [(Decimal(1), Decimal("0.03"), 3)]),
        ("0.0125", 10_013, 10_010, [(Decimal(1), Decimal("-0.03"), -3)]),
    ],
)
def test_the_difference_of_two_roundings_is_exact(
    fluks: Terms, price: str, billed: int, now: int, said: list[tuple[Decimal, Decimal, int]]
) -> None:
    terms = priced(fluks, price)
    charges = difference(terms, agreed(terms), october(billed), october(now), NUMBER)
    assert [(each.quantity, each.unit_price, each.cents) for each in charges] == said
    assert all(_is_to_the_cent(each) for each in charges)


@pytest.mark.clause("fluks Anlage 3 fn 1")
@given(
    st.sampled_from(PACKAGES),
    st.lists(st.integers(0, 60_000), min_size=2, max_size=5),
    st.sampled_from(["0.08", "0.005", "0.0125", "0.000001"]),
)
def test_bill_by_bill_adds_up_to_one_bill_of_everything(package: str, counts: list[int], price: str) -> None:
    terms = priced(find("fluks-2023-03"), price)
    contract = agreed(terms, package, "forms")
    usages = [october(each) for each in counts]
    late = [
        charge for before, after in pairwise(usages) for charge in difference(terms, contract, before, after, NUMBER)
    ]
    first, last = (sum(each.cents for each in rate(terms, contract, usages[at])) for at in (0, -1))
    assert first + sum(each.cents for each in late) == last
    assert all(_is_to_the_cent(each) and each.kind == "late" for each in late)


def _is_to_the_cent(charge: Charge) -> bool:
    return to_cents(charge.quantity * charge.unit_price) == charge.cents


def test_add_ons_and_base_price_are_not_charged_again(fluks: Terms) -> None:
    contract = agreed(fluks, "basic-2500", "forms", "documents", "toolbox")
    assert difference(fluks, contract, october(1), october(2_500), NUMBER) == ()
    (charge,) = difference(fluks, contract, october(1), october(2_501), NUMBER)
    assert charge.cents == 10


def test_the_counters_of_a_month_are_taken_together(fluks: Terms) -> None:
    own = Usage("k-1", OCTOBER, (DayCount(date(2026, 10, 5), {"trigger": 10_000}),))
    typo = Usage("typo", OCTOBER, (DayCount(date(2026, 10, 5), {"trigger": 3}),))
    earlier = Earlier(NUMBER, fluks, agreed(fluks), billed=own, readings=(own, typo))
    assert (earlier.now.customer, earlier.now.total("trigger")) == ("k-1", 10_003)
    assert [each.cents for each in earlier.charges] == [24]


@pytest.mark.parametrize("missing", ["terms", "contract", "package", "part"])
def test_a_month_whose_terms_are_gone_is_not_rated(fluks: Terms, missing: str) -> None:
    contract = agreed(fluks, "gold" if missing == "package" else "standard-10000")
    if missing == "part":  # one of two packages of the month is gone
        contract = (*agreed(fluks, "basic-2500"), *agreed(fluks, "gold"))
    earlier = Earlier(
        NUMBER,
        None if missing == "terms" else fluks,
        () if missing == "contract" else contract,
        billed=october(0),
        readings=(october(99_999),),
    )
    assert (earlier.is_known, earlier.charges) == (False, ())


CUNIO = find("cunio-2020-02")


def sent(**days: int) -> Usage:
    """SMS by day of October: ``d05``."""
    found = ((date(2026, 10, int(day[1:])), units) for day, units in sorted(days.items()))
    return Usage("k-1", OCTOBER, tuple(DayCount(day, {"sms": units}) for day, units in found))


@pytest.mark.clause("cunio 8.4")
@pytest.mark.parametrize(
    ("billed", "now", "expected"),
    [
        (
            {"d05": 100, "d20": 50},
            {"d05": 110, "d20": 55},
            [
                "10 SMS nachträglich gezählt | neu: 110 × 0,09 € = 9,90 €; berechnet: 100 × 0,09 € = 9,00 €",
                "5 SMS nachträglich gezählt | neu: 55 × 0,09 € = 4,95 €; berechnet: 50 × 0,09 € = 4,50 €",
            ],
        ),
        (
            {"d05": 30},
            {"d20": 30},
            [
                "30 SMS nachträglich gezählt | neu: 30 × 0,09 € = 2,70 €; berechnet: nichts = 0,00 €",
                "30 SMS storniert | neu: nichts = 0,00 €; berechnet: 30 × 0,09 € = 2,70 €",
            ],
        ),
    ],
)
def test_each_package_of_a_month_says_what_came_late_on_its_own_days(
    billed: dict[str, int], now: dict[str, int], expected: list[str]
) -> None:
    """Basis until 12 October, then Plus."""
    basis, plus = (Contract(CUNIO.id, key, frozenset(), date(2026, 1, 1)) for key in ("basis", "plus"))
    parts = (Part(OCTOBER.first_day, date(2026, 10, 12), basis), Part(date(2026, 10, 13), OCTOBER.last_day, plus))
    told = difference(CUNIO, parts, sent(**billed), sent(**now), NUMBER)
    assert sorted(
        f"{each.text.partition(f'{NUMBER}: ')[2]} | {each.formula.rpartition('; ')[0]}" for each in told
    ) == sorted(expected)
    assert sum(each.cents for each in told) == 9 * (sum(now.values()) - sum(billed.values()))


@pytest.mark.clause("cunio 8.4")
def test_each_line_has_the_days_that_changed_while_its_package_was_booked() -> None:
    """Basis until 12 October, Plus until the 20th, then Basis again."""
    basis, plus = (Contract(CUNIO.id, key, frozenset(), date(2026, 1, 1)) for key in ("basis", "plus"))
    parts = (
        Part(OCTOBER.first_day, date(2026, 10, 12), basis),
        Part(date(2026, 10, 13), date(2026, 10, 20), plus),
        Part(date(2026, 10, 21), OCTOBER.last_day, basis),
    )
    billed, now = sent(d05=7, d12=30, d13=10, d20=4, d21=5), sent(d05=7, d12=31, d13=12, d20=1, d21=9, d31=1)
    told = difference(CUNIO, parts, billed, now, NUMBER)
    assert {each.item: changes(each) for each in told} == {
        "packages.basis": [(12, {"sms": 1}), (21, {"sms": 4}), (31, {"sms": 1})],
        "packages.plus": [(13, {"sms": 2}), (20, {"sms": -3})],
    }


@pytest.mark.clause("fluks Anlage 3 fn 1")
def test_a_day_says_what_its_meters_say_more_or_less(fluks: Terms) -> None:
    billed, now = (
        Usage("k-1", OCTOBER, tuple(DayCount(date(2026, 10, day), counts) for day, counts in each.items()))
        for each in (
            {1: {"trigger": 9_000}, 5: {"trigger": 3_000, "action": 10}, 7: {"action": 5}},
            {1: {"trigger": 9_000}, 3: {"action": 2}, 5: {"trigger": 3_000, "action": 14}},
        )
    )
    (charge,) = difference(fluks, agreed(fluks), billed, now, NUMBER)
    assert changes(charge) == [
        (3, {"trigger": 0, "action": 2}),
        (5, {"trigger": 0, "action": 4}),
        (7, {"trigger": 0, "action": -5}),
    ]
    assert charge.used == 1


@pytest.mark.clause("cunio 8.4")
def test_a_trial_counts_for_what_was_tried_and_for_nothing_else() -> None:
    """SMS of third parties cost in the trial, too; the module was booked only after it."""
    tried = Contract(CUNIO.id, "basis", frozenset(), date(2026, 10, 1), trial_ends_on=date(2026, 10, 10))
    booked = replace(tried, addons=frozenset({"tickets"}))
    parts = (
        Part(date(2026, 10, 1), date(2026, 10, 10), tried, is_trial=True),
        Part(date(2026, 10, 11), OCTOBER.last_day, booked),
    )
    now = Usage(
        "k-1",
        OCTOBER,
        (DayCount(date(2026, 10, 5), {"tickets": 3, "sms": 2}), DayCount(date(2026, 10, 20), {"tickets": 52})),
    )
    told = difference(CUNIO, parts, sent(), now, NUMBER)
    assert {(each.item, each.meters): (each.used, changes(each)) for each in told if each.meters} == {
        ("packages.basis", ("sms",)): (2, [(5, {"sms": 2})]),
        ("addons.tickets", ("tickets",)): (52, [(20, {"tickets": 52})]),
    }


def changes(charge: Charge) -> list[tuple[int, dict[str, int]]]:
    """The days of October on which a charge's meters say something else, and by how much."""
    return [(day.day, dict(counts)) for day, counts in charge.days]


def test_a_minimum_that_is_reached_after_a_late_count_is_given_back(fluks: Terms) -> None:
    terms = sold(fluks, Minimum("minimum", Decimal("300.00"), "usage", "Anlage 3 § 1"), PER_TRIGGER)
    usage, least = difference(terms, agreed(terms, "basic-2500"), october(1_000), october(1_200), NUMBER)
    assert (usage.cents, least.cents, least.days) == (5_000, -5_000, ())
    assert least.text.endswith(f"{NUMBER}: Paket BASIC 2.500, Aufstockung auf den Mindestbetrag")
    assert least.formula == (
        "neu: nichts = 0,00 €; berechnet: Mindestbetrag 300,00 € − 250,00 € = 50,00 €; 0,00 € − 50,00 € = -50,00 €"
    )


def test_units_that_cost_nothing_are_told_where_nothing_is_said_to_be_included(fluks: Terms) -> None:
    terms = sold(fluks, Blocks("blocks", ("trigger",), 100, Decimal("5.00"), "1", included=1_000))
    (charge,) = difference(terms, agreed(terms, "basic-2500"), october(999), october(1_001), NUMBER)
    assert charge.formula == (
        "neu: 1.001 genutzt − 1.000 enthalten = 1 begonnener Block zu 100 × 5,00 € = 5,00 €; "
        "berechnet: 999 genutzt = 0,00 €; 5,00 € − 0,00 € = 5,00 €"
    )


def test_units_of_several_tiers_are_charged_as_one_amount_even_if_they_would_fit_one_price(fluks: Terms) -> None:
    """Five units at 0.001 euro are a cent, and so would be five at the 0.002 euro of the first tier."""
    tiers = (Tier(Decimal("0.002"), 10), Tier(Decimal("0.001")))
    terms = sold(fluks, Graduated("graduated", ("trigger",), tiers, "1"))
    (charge,) = difference(terms, agreed(terms, "basic-2500"), october(10), october(15), NUMBER)
    assert (charge.quantity, charge.unit, charge.unit_price) == (Decimal(1), "Differenz", Decimal("0.01"))
    assert charge.cents == 1
