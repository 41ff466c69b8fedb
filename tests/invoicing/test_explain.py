from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from invoicing.contract import Contract
from invoicing.contract.parts import whole
from invoicing.difference import Earlier
from invoicing.explain import UnknownLineError, explain, render
from invoicing.invoice import Invoice, from_json, to_json
from invoicing.terms import Terms
from metering.month import BillingMonth
from metering.usage import DayCount, Usage
from tests.invoicing.conftest import October
from tests.invoicing.drafted import ADVANCE, CLOUDETEER, EFFORT, ORDERED, UPGRADED, changed, drafted, started


@pytest.fixture
def invoice(bill: October) -> Invoice:
    """The worked example, as read back from the ledger."""
    issued = bill(
        "standard-10000", {"trigger": 5_000, "action": 5_000, "connector": 3}, {"action": 2_345}, addons=("forms",)
    )
    return from_json(to_json(issued))


def test_an_invoice_is_explained_from_itself(invoice: Invoice) -> None:
    explained = explain(invoice)
    assert [each.formula for each in explained.lines] == [
        "1 Monat × 500,00 € = 500,00 €",
        "12.345 genutzt − 10.000 enthalten = 2.345 × 0,08 € = 187,60 €",
        "1 Monat × 30,00 € = 30,00 €",
    ]
    assert explained.totals == (
        "Netto: 500,00 € + 187,60 € + 30,00 € = 717,60 €",
        "Umsatzsteuer: 19 % von 717,60 € = 136,34 €",
        "Brutto: 717,60 € + 136,34 € = 853,94 €",
    )
    assert explained.days == (
        {"date": date(2026, 10, 1), "trigger": 5_000, "action": 5_000},
        {"date": date(2026, 10, 2), "trigger": 0, "action": 2_345},
    )
    assert explained.problems == ()


def test_one_line_brings_its_clause_inputs_and_days(invoice: Invoice) -> None:
    explained = explain(invoice, 2)
    (line,) = explained.lines
    assert (line.clause, line.net_cents) == ("fluks AGB Anlage 3 § 2", 18760)
    assert line.meaning.startswith("Jeder weitere Auslöser")
    assert line.inputs["Genutzt"] == "12.345"
    assert line.inputs["Enthalten"] == "10.000"
    assert set(explained.clauses) == {"fluks AGB Anlage 3 § 2", "fluks AGB 1.2"}
    assert len(explained.days) == 2


@pytest.mark.parametrize("line", [1, 3])
def test_a_flat_price_needs_no_days(invoice: Invoice, line: int) -> None:
    assert explain(invoice, line).days == ()


@pytest.mark.parametrize("line", [0, 4, -1])
def test_a_line_that_is_not_there_is_refused(invoice: Invoice, line: int) -> None:
    with pytest.raises(UnknownLineError, match="choose 1 to 3"):
        explain(invoice, line)


@pytest.fixture
def later(bill: October, fluks: Terms) -> Invoice:
    """October's invoice, on which late units of September stand, and a voided one of August."""
    contract = Contract(fluks.id, "basic-2500", frozenset(), date(2026, 1, 1))
    earlier = [
        Earlier(
            f"RE-2026-00000{place}",
            fluks,
            whole(contract, month),
            billed=Usage("k-1007", month, (DayCount(month.first_day, {"action": before}),)),
            readings=(Usage("k-1007", month, (DayCount(month.first_day, {"action": now}),)),),
        )
        for place, (month, before, now) in enumerate(
            [(BillingMonth(2026, 8), 2_502, 2_501), (BillingMonth(2026, 9), 2_490, 2_512)], start=1
        )
    ]
    return from_json(to_json(bill("standard-10000", {"trigger": 10_001}, earlier=earlier)))


def test_lines_of_earlier_months_are_explained_beside_the_month_s_own(later: Invoice) -> None:
    explained = explain(later)
    assert [(each.kind, each.net_cents) for each in explained.lines] == [
        ("base", 50_000),
        ("overage", 8),
        ("late", -10),
        ("late", 120),
    ]
    assert explained.problems == ()
    assert explained.totals[0] == "Netto: 500,00 € + 0,08 € − 0,10 € + 1,20 € = 501,18 €"
    (line,) = explain(later, 4).lines
    assert line.inputs == {"Menge": "12 Auslöser/Aktionen", "Einzelpreis": "0,10 €", "Unterschied": "22"}
    assert sum(units for day in line.days for name, units in day.items() if name != "date") == 22  # type: ignore[misc]
    (voided,) = explain(later, 3).lines
    assert voided.days == ({"date": date(2026, 8, 1), "trigger": 0, "action": -1},)
    wrong = replace(later, lines=(*later.lines[:3], replace(later.lines[3], used=23)))
    assert explain(wrong).problems == ("Position 4: Die Tage ergeben 22, berechnet wurden 23.",)
    assert line.formula.endswith("1,20 € − 0,00 € = 1,20 €")
    assert set(explain(later, 4).clauses) == {"fluks AGB Anlage 3 § 2", "fluks AGB 1.2"}


def test_a_line_of_an_earlier_month_is_told_in_german(later: Invoice) -> None:
    assert render(explain(later, 3), 200).splitlines()[2:] == [
        "3. Nachberechnung August 2026 zu RE-2026-000001: 1 Auslöser/Aktion storniert",
        "   neu: 2.501 genutzt − 2.500 enthalten = 1 × 0,10 € = 0,10 €; berechnet: 2.502 genutzt − 2.500 enthalten = "
        "2 × 0,10 € = 0,20 €; 0,10 € − 0,20 € = −0,10 €",
        f"   fluks AGB Anlage 3 § 2: {later.clauses['fluks AGB Anlage 3 § 2']}",
        "",
        "Tag          Auslöser   Aktionen",
        "01.08.2026          0         −1",
        "",
        "Alles nachgerechnet: jeder Betrag stimmt.",
    ]


def test_included_modules_and_an_empty_month_add_up(bill: October) -> None:
    assert explain(bill("premium-50000", addons=("forms", "documents"))).problems == ()
    assert explain(bill("schnupperpaket", {"connector": 99_999})).problems == ()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"gross_cents": 85395}, "Summen"),
        ({"net_cents": 71761}, "Summen"),
        ({"vat": ()}, "Summen"),
    ],
)
def test_sums_that_were_tampered_with_are_found(invoice: Invoice, changes: dict[str, object], says: str) -> None:
    changed = replace(invoice, **changes)  # type: ignore[arg-type]
    assert any(says in problem for problem in explain(changed).problems)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"used": 12_346}, "passen nicht zu den Kontingenten"),
        ({"included": 9_999}, "passen nicht zu den Kontingenten"),
        ({"overage": 2_344}, "steht so in keiner Position"),
        ({"allowances": ()}, "passen nicht zu den Kontingenten"),
        ({"days": ()}, "Kontingent: Die Tage ergeben 0, berechnet wurden 12.345"),
        ({"measured": (("trigger", 5_001), ("action", 7_345))}, "Auslöser: Die Tage ergeben 5.000"),
        ({"measured": (("trigger", 5_000), ("action", 7_344))}, "Aktionen: Die Tage ergeben 7.345"),
    ],
)
def test_counts_that_do_not_fit_are_found(invoice: Invoice, changes: dict[str, object], says: str) -> None:
    changed = replace(invoice, usage=replace(invoice.usage, **changes))  # type: ignore[arg-type]
    assert any(says in problem for problem in explain(changed).problems)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"net_cents": 18761}, "ergibt nicht 187,61 €"),
        ({"net_cents": 18759}, "ergibt nicht 187,59 €"),
        ({"quantity": Decimal(2_344)}, "Menge mal Einzelpreis"),
        ({"unit_price": Decimal("0.081")}, "Menge mal Einzelpreis"),
        ({"formula": "2.345 × 0,08 € = 187,61 €"}, "ergibt nicht 187,60 €"),
        ({"formula": "2.346 × 0,08 € = 187,60 €"}, "geht nicht auf"),
        ({"formula": ""}, "ergibt nicht"),
        ({"used": 12_346}, "Die Tage ergeben 12.345"),
        ({"allowed": 9_999}, "passt nicht zu gemessen"),
        ({"last": date(2026, 10, 1)}, "Die Tage ergeben 10.000"),
    ],
)
def test_a_line_that_does_not_give_its_amount_is_found(invoice: Invoice, changes: dict[str, object], says: str) -> None:
    base, overage, forms = invoice.lines
    changed = replace(invoice, lines=(base, replace(overage, **changes), forms))  # type: ignore[arg-type]
    assert any(each.startswith("Position 2:") and says in each for each in explain(changed).problems)


@pytest.mark.parametrize("day", [0, 1])
@pytest.mark.parametrize("units", [-1, 1])
def test_a_day_that_was_tampered_with_is_found(invoice: Invoice, day: int, units: int) -> None:
    days = [(when, dict(counts)) for when, counts in invoice.usage.days]
    days[day][1]["action"] += units
    changed = replace(invoice, usage=replace(invoice.usage, days=tuple(days)))
    assert any(each.startswith("Position 2: Die Tage ergeben") for each in explain(changed).problems)


def test_a_line_is_told_in_german(invoice: Invoice) -> None:
    assert render(explain(invoice, 2), 200).splitlines() == [
        "RE-2026-000001 · k-1007 · 2026-10 · Paket STANDARD 10.000",
        "",
        "2. Paket STANDARD 10.000, Auslöser/Aktionen über 10.000 hinaus",
        "   12.345 genutzt − 10.000 enthalten = 2.345 × 0,08 € = 187,60 €",
        f"   fluks AGB Anlage 3 § 2: {invoice.clauses['fluks AGB Anlage 3 § 2']}",
        "",
        "Tag          Auslöser   Aktionen",
        "01.10.2026      5.000      5.000",
        "02.10.2026          0      2.345",
        "",
        "Alles nachgerechnet: jeder Betrag stimmt.",
    ]


@pytest.mark.parametrize("width", [60, 72, 120])
def test_a_text_keeps_to_its_width_and_its_indent(later: Invoice, width: int) -> None:
    told = render(explain(later), width).splitlines()
    assert max(map(len, told)) <= width
    of_lines = told[2 : told.index("", told.index("") + 1)]
    assert [each for each in of_lines if not each.startswith(("   ", "1. "))] == []
    assert not any(each.lstrip().startswith("€") for each in told)


@pytest.mark.parametrize(
    ("line", "inputs"),
    [
        (1, {"Paket": "Basis", "Zeitraum": "01.10.2026 – 12.10.2026"}),
        (2, {"Paket": "Basis", "Menge": "120 SMS"}),
        (3, {"Paket": "Basis", "Menge": "44 Gesprächsminuten"}),
        (4, {"Paket": "Plus", "Zeitraum": "13.10.2026 – 31.10.2026"}),
        (5, {"Paket": "Plus"}),
        (6, {"Paket": None, "Menge": "1 Monat"}),
        (7, {"Paket": None, "Menge": "200 Vorgänge"}),
    ],
)
def test_a_line_names_the_package_it_is_of(line: int, inputs: dict[str, str | None]) -> None:
    """An upgrade within the month."""
    (explained,) = explain(UPGRADED, line).lines
    assert {name: explained.inputs.get(name) for name in inputs} == inputs


@pytest.mark.parametrize(
    ("line", "inputs"),
    [
        (1, {"Paket": None, "Menge": "1 Differenz"}),
        (2, {"Paket": "Managed Cloud", "Menge": "4 Benutzer"}),
        (3, {"Paket": "Managed Cloud", "Menge": "8 Blöcke"}),
        (5, {"Paket": "Managed Cloud", "Zeitraum": "01.11.2026 – 30.11.2026"}),
        (9, {"Paket": None, "Zeitraum": "07.10.2026"}),
        (10, {"Paket": None, "Zeitraum": "28.10.2026", "Einzelpreis": "-28,71 €"}),
    ],
)
def test_a_line_says_its_own_days_and_one_or_many(line: int, inputs: dict[str, str | None]) -> None:
    """Base prices in advance, and bookings."""
    (explained,) = explain(ADVANCE, line).lines
    assert {name: explained.inputs.get(name) for name in inputs} == inputs


@pytest.mark.parametrize(
    ("line", "inputs"),
    [
        (
            1,
            {
                "Menge": "1 Monat",
                "Einzelpreis": "890,00 €",
                "Paket": "Lizenz Professional",
                "Zeitraum": "01.10.2026 – 31.10.2026",
            },
        ),
        (
            2,
            {
                "Menge": "3 angebundene Maschinen",
                "Einzelpreis": "24,00 €",
                "Paket": "Lizenz Professional",
                "Zeitraum": "01.10.2026 – 31.10.2026",
                "Genutzt": "33",
                "Enthalten": "30",
            },
        ),
        (
            3,
            {
                "Menge": "18 Auswertungen",
                "Einzelpreis": "1,50 €",
                "Paket": "Lizenz Professional",
                "Zeitraum": "01.10.2026 – 31.10.2026",
                "Genutzt": "18",
            },
        ),
        (4, {"Menge": "2,5 Stunden", "Einzelpreis": "120,00 €", "Zeitraum": "06.10.2026"}),
    ],
)
def test_a_line_says_what_it_was_reckoned_from_and_no_more(line: int, inputs: dict[str, str]) -> None:
    assert explain(EFFORT, line).lines[0].inputs == inputs


def test_one_unit_is_called_by_its_own_name(later: Invoice) -> None:
    assert explain(later, 2).lines[0].inputs["Menge"] == "1 Auslöser/Aktion"


def test_the_timesheet_stands_beside_work_and_only_there() -> None:
    assert len(EFFORT.timesheet) == 3
    assert [explain(EFFORT, line).timesheet for line in (None, 4)] == [EFFORT.timesheet] * 2
    assert [explain(EFFORT, line).timesheet for line in (1, 3)] == [(), ()]


def test_each_line_cites_its_own_clauses_and_the_invoice_all_of_them() -> None:
    assert explain(EFFORT).clauses == EFFORT.clauses
    assert set(explain(EFFORT, 1).clauses) == {"Connectavo AGB I 2.1"}
    assert set(explain(EFFORT, 3).clauses) == {"Connectavo AGB I 2.1", "Connectavo AGB II 2.6"}


def test_of_gross_prices_the_net_is_what_is_left() -> None:
    explained = explain(ORDERED)
    assert explained.lines[0].inputs["Einzelpreis"] == "49,00 € brutto"
    assert explained.totals == (
        "Brutto: 49,00 € = 49,00 €",
        "Enthaltene Umsatzsteuer: 19/119 von 49,00 € = 7,82 €",
        "Netto: 49,00 € − 7,82 € = 41,18 €",
    )


def test_a_package_may_have_a_comma_in_its_name() -> None:
    small = replace(CLOUDETEER.packages["managed-cloud"], label="Wolke, klein")
    terms = replace(CLOUDETEER, packages={"managed-cloud": small})
    lines = explain(drafted(terms, [started(terms, "managed-cloud")])).lines
    assert {line.inputs["Paket"] for line in lines} == {"Wolke, klein"}


def test_a_package_that_starts_next_month_is_named_beside_its_price() -> None:
    invoice = drafted(CLOUDETEER, [started(CLOUDETEER, "managed-cloud"), changed("11-01", package="managed-workplace")])
    packages = [(each.inputs.get("Zeitraum"), each.inputs.get("Paket")) for each in explain(invoice).lines]
    assert packages == [
        ("01.10.2026 – 31.10.2026", "Managed Cloud"),
        ("01.11.2026 – 30.11.2026", "Managed Workplace"),
    ]


def test_negative_numbers_have_one_minus_where_people_read_them() -> None:
    (line,) = explain(ADVANCE, 4).lines
    assert line.formula == "−5 % von 164,00 € = -8,20 €"
    assert "   −5 % von 164,00 € = −8,20 €" in render(explain(ADVANCE, 4)).splitlines()
    assert "RE-2026-000124" in render(explain(ADVANCE, 4))


def test_the_whole_invoice_is_told_with_its_totals_and_problems(invoice: Invoice) -> None:
    assert "Brutto: 717,60 € + 136,34 € = 853,94 €" in render(explain(invoice))
    assert render(explain(replace(invoice, gross_cents=1))).endswith(
        "Die Summen ergeben sich nicht aus den Positionen."
    )
