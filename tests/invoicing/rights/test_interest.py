from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from invoicing.rights import RightsError, default_costs, figures, interest_of, load_figures
from tests.invoicing.rights.samples import CLOUDETEER, CUNIO, FIGURES, KLUGO, claim, day

DUE = "1000.00 due 2025-12-31"


@pytest.mark.clause("Cloudeteer 6(5)")
@pytest.mark.clause("cunio 8.4")
@pytest.mark.clause("§ 288 BGB")
@pytest.mark.parametrize(
    ("history", "until", "cents"),
    [
        (DUE, "2025-12-31", 0),
        (DUE, "2026-01-01", 28),  # 10.27 %, one day of 365
        (DUE, "2026-01-30", 844),
        (DUE, "2026-06-30", 5093),  # all of the half-year
        (f"{DUE} consumer", "2026-01-30", 515),  # 6.27 %
        (f"{DUE} paid 2025-12-31=1000.00", "2026-01-30", 0),
        (f"{DUE} paid 2026-01-01=1000.00", "2026-01-30", 28),  # the day of payment still counts
        (f"{DUE} paid 2026-01-05=600.00", "2026-01-15", 253),  # 5 days of 1,000 and 10 days of 400
        (f"{DUE} paid 2026-01-05=600.00 2026-01-15=400.00", "2026-06-30", 253),
        (f"{DUE} debit", "2026-01-30", 0),  # not returned
        (f"{DUE} debit returned 2026-01-29", "2026-01-30", 28),
        ("1000.00 due 2024-02-27", "2024-03-08", 345),  # 12.62 %, ten days of 366
        ("1000.00 due 2024-12-21", "2025-01-10", 647),  # ten days of 366 at 12.37 %, ten of 365 at 11.27 %
        ("30.00 due 2025-06-20", "2025-07-10", 18),  # 9.26 ct + 8.44 ct: rounded once
        ("0.00 due 2025-12-31", "2026-06-30", 0),
    ],
)
def test_interest_by_the_day(history: str, until: str, cents: int) -> None:
    assert interest_of(CLOUDETEER, claim(history), day(until), FIGURES).cents == cents


@pytest.mark.clause("§ 247 BGB")
def test_each_half_year_has_its_own_rate() -> None:
    found = interest_of(CLOUDETEER, claim("1000.00 due 2024-06-20"), day("2026-01-15"), FIGURES)
    assert [(each.first, each.last, each.days, each.percent) for each in found.segments] == [
        (day("2024-06-21"), day("2024-06-30"), 10, Decimal("12.62")),
        (day("2024-07-01"), day("2024-12-31"), 184, Decimal("12.37")),
        (day("2025-01-01"), day("2025-06-30"), 181, Decimal("11.27")),
        (day("2025-07-01"), day("2025-12-31"), 184, Decimal("10.27")),
        (day("2026-01-01"), day("2026-01-15"), 15, Decimal("10.27")),
    ]


def test_the_sentence_names_days_points_and_law() -> None:
    assert interest_of(CUNIO, claim(DUE), day("2026-01-30"), FIGURES).why == (
        "Verzugszinsen vom 01.01.2026 bis zum 30.01.2026, 9 Prozentpunkte über dem Basiszinssatz (§ 288 Abs. 2 BGB): "
        "8,44 €."
    )
    consumer = interest_of(CUNIO, claim(f"{DUE} consumer"), day("2026-01-30"), FIGURES)
    assert consumer.clause == "§ 288 Abs. 1 BGB"
    assert ", 5 Prozentpunkte über dem Basiszinssatz (§ 288 Abs. 1 BGB): 5,15 €." in consumer.why
    several = interest_of(CUNIO, claim("1000.00 due 2024-12-21"), day("2025-01-10"), FIGURES)
    assert several.why.startswith("Verzugszinsen vom 22.12.2024 bis zum 10.01.2025, ")
    assert interest_of(CUNIO, claim(f"{DUE} debit"), day("2026-01-30"), FIGURES).why == (
        "Bis zum 30.01.2026 keine Verzugszinsen (§ 288 Abs. 2 BGB). Kein Verzug: Der Betrag wird eingezogen, und der "
        "Einzug wurde nicht zurückgegeben (§ 286 Abs. 4 BGB)."
    )


@pytest.mark.clause("§ 247 BGB")
def test_an_unknown_base_rate_is_never_guessed() -> None:
    with pytest.raises(RightsError, match=r"add the row 2026-07-01 = … to figures\.toml") as refused:
        interest_of(CLOUDETEER, claim(DUE), day("2026-07-01"), FIGURES)
    assert refused.value.field == "base_rate_percent"


@pytest.mark.clause("§ 247 BGB")
def test_another_table_can_be_given() -> None:
    known = replace(FIGURES, base_rate_percent={**FIGURES.base_rate_percent, date(2026, 7, 1): Decimal("-0.88")})
    found = interest_of(CLOUDETEER, claim("1000.00 due 2026-06-30"), day("2026-07-30"), known)
    assert (found.cents, found.segments[0].percent) == (667, Decimal("8.12"))


def test_a_copy_of_the_file_is_read_and_checked(tmp_path: Path) -> None:
    shipped = Path(figures.__file__).with_suffix(".toml").read_text(encoding="utf-8")
    copy = tmp_path / "figures.toml"
    copy.write_text(shipped.replace("2026-01-01 = 1.27\n", "2026-01-01 = 1.27\n2026-07-01 = 2\n"), encoding="utf-8")
    assert load_figures(copy).default_rate(day("07-01"), of_consumer=False) == 11
    copy.write_text(shipped.replace("lump_sum_cents = 4000", "lump_sum = 40"), encoding="utf-8")
    with pytest.raises(ValidationError, match="lump_sum"):
        load_figures(copy)


@given(cents=st.integers(0, 10_000_000), paid=st.integers(0, 180), days=st.integers(0, 180))
def test_interest_grows_with_time_and_stops_with_payment(cents: int, paid: int, days: int) -> None:
    owed = claim(f"{Decimal(cents).scaleb(-2)} due 2025-12-31 paid 2026-06-29={Decimal(cents).scaleb(-2)}")
    early, late = (date.fromordinal(day("2025-12-31").toordinal() + n) for n in (min(paid, days), max(paid, days)))
    assert interest_of(CLOUDETEER, owed, early, FIGURES).cents <= interest_of(CLOUDETEER, owed, late, FIGURES).cents
    assert interest_of(CLOUDETEER, owed, day("2026-06-29"), FIGURES).cents == (
        interest_of(CLOUDETEER, owed, day("2026-06-30"), FIGURES).cents
    )


@pytest.mark.clause("Cloudeteer 6(5)")
@pytest.mark.clause("§ 288 BGB")
@pytest.mark.parametrize(
    ("vendor", "history", "on", "spent", "lump", "dunning"),
    [
        ("Cloudeteer", DUE, "2025-12-31", 5000, 0, 0),  # not in default yet
        ("Cloudeteer", DUE, "2026-01-01", 0, 4000, 0),
        ("Cloudeteer", DUE, "2026-01-01", 3999, 4000, 0),  # the lump sum covers it
        ("Cloudeteer", DUE, "2026-01-01", 4000, 4000, 0),
        ("Cloudeteer", DUE, "2026-01-01", 4001, 4000, 1),
        ("Cloudeteer", f"{DUE} consumer", "2026-01-01", 500, 0, 500),
        ("cunio", DUE, "2026-01-01", 5000, 4000, 1000),  # by law alone
        ("cunio", f"{DUE} consumer", "2026-01-01", 500, 0, 500),
        ("KLUGO", f"{DUE} remind 2026-01-05", "2026-01-05", 5000, 0, 0),  # no rule at all: after a reminder
        ("KLUGO", f"{DUE} remind 2026-01-05", "2026-01-06", 5000, 4000, 1000),
        ("Cloudeteer", f"{DUE} paid 2025-12-31=1000.00", "2026-01-30", 5000, 0, 0),
    ],
)
def test_the_lump_sum_and_dunning_costs_beyond_it(
    vendor: str, history: str, on: str, spent: int, lump: int, dunning: int
) -> None:
    terms = {"Cloudeteer": CLOUDETEER, "cunio": CUNIO, "KLUGO": KLUGO}[vendor]
    costs = default_costs(terms, claim(history), day(on), spent, FIGURES)
    assert (costs.lump_cents, costs.dunning_cents) == (lump, dunning)


@pytest.mark.clause("Cloudeteer 6(5)")
def test_the_costs_say_what_they_are_and_from_where() -> None:
    assert default_costs(CLOUDETEER, claim(DUE), day("2026-01-30"), 5000, FIGURES).why == (
        "Pauschale 40,00 €, Mahnkosten nach Anrechnung der Pauschale 10,00 € (§ 288 Abs. 5 BGB; Cloudeteer AGB 6(5))."
    )
    assert default_costs(CUNIO, claim(f"{DUE} consumer"), day("2026-01-30"), 5000, FIGURES).why == (
        "Keine Pauschale, sie gilt nur unter Unternehmen, Mahnkosten 50,00 € (§ 288 Abs. 5 BGB; §§ 280, 286 BGB)."
    )
