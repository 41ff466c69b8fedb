from dataclasses import replace
from datetime import date

import pytest

from invoicing.explain import UnknownLineError, explain, render
from invoicing.invoice import Invoice, from_json, to_json
from tests.invoicing.conftest import Bill


@pytest.fixture
def invoice(bill: Bill) -> Invoice:
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


def test_included_modules_and_an_empty_month_add_up(bill: Bill) -> None:
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
        ({"used": 12_346}, "Tage ergeben 12.345, berechnet wurden 12.346"),
        ({"overage": 2_344}, "passt nicht"),
        ({"days": ()}, "Tage ergeben 0"),
    ],
)
def test_counts_that_do_not_fit_are_found(invoice: Invoice, changes: dict[str, object], says: str) -> None:
    changed = replace(invoice, usage=replace(invoice.usage, **changes))  # type: ignore[arg-type]
    assert any(says in problem for problem in explain(changed).problems)


@pytest.mark.parametrize("changes", [{"net_cents": 18761}, {"formula": "2.345 × 0,08 € = 187,61 €"}, {"formula": ""}])
def test_a_formula_that_does_not_give_the_amount_is_found(invoice: Invoice, changes: dict[str, object]) -> None:
    base, overage, forms = invoice.lines
    changed = replace(invoice, lines=(base, replace(overage, **changes), forms))  # type: ignore[arg-type]
    assert any(problem.startswith("Position 2:") for problem in explain(changed).problems)


def test_a_line_is_told_in_german(invoice: Invoice) -> None:
    assert render(explain(invoice, 2)).splitlines() == [
        "RE-2026-000001 · k-1007 · 2026-10 · Paket STANDARD 10.000",
        "",
        "2. Paket STANDARD 10.000, Auslöser/Aktionen über 10.000 hinaus",
        "   12.345 genutzt − 10.000 enthalten = 2.345 × 0,08 € = 187,60 €",
        f"   fluks AGB Anlage 3 § 2: {invoice.clauses['fluks AGB Anlage 3 § 2']}",
        "",
        "01.10.2026      5.000 trigger      5.000 action",
        "02.10.2026          0 trigger      2.345 action",
        "",
        "Alles nachgerechnet: jeder Betrag stimmt.",
    ]


def test_the_whole_invoice_is_told_with_its_totals_and_problems(invoice: Invoice) -> None:
    assert "Brutto: 717,60 € + 136,34 € = 853,94 €" in render(explain(invoice))
    assert render(explain(replace(invoice, gross_cents=1))).endswith(
        "Die Summen ergeben sich nicht aus den Positionen."
    )
