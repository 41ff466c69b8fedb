from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.bill import Bill
from invoicing.contract import Contract
from invoicing.contract.parts import whole
from invoicing.invoice import DirectDebit, Invoice, Line, compose, from_json, lines_of, to_json, totals
from invoicing.money import euro
from invoicing.party import Party
from invoicing.rating import Charge
from invoicing.statement import statement
from invoicing.terms import Terms, find
from metering.month import BillingMonth
from metering.usage import DayCount, Usage
from tests.invoicing.conftest import October

DEBIT = DirectDebit(
    due_on=date(2026, 11, 12),
    mandate_reference="MM-00001-1",
    creditor_id="DE98ZZZ09999999999",
    masked_iban="DE89 **** **** **** **30 00",
    scheme="B2B",
    notice_days=5,
    account_holder="Hausverwaltung Nord GmbH",
    clause="fluks AGB 13.3",
)


def line(net_cents: int, vat_rate: str = "19") -> Line:
    return Line(1, "base", "", Decimal(1), "Monat", Decimal(net_cents) / 100, net_cents, Decimal(vat_rate), "")


@pytest.mark.clause("fluks 13.2")
@pytest.mark.clause("fluks Anlage 3 §1")
def test_the_worked_example_to_the_cent(bill: October) -> None:
    invoice = bill("standard-10000", {"trigger": 5_000, "action": 5_000}, {"action": 2_345}, addons=("forms",))
    assert (invoice.net_cents, invoice.vat_cents, invoice.gross_cents) == (71760, 13634, 85394)
    assert [(each.position, each.kind, each.net_cents) for each in invoice.lines] == [
        (1, "base", 50000),
        (2, "overage", 18760),
        (3, "addon", 3000),
    ]


@pytest.mark.clause("fluks 13.2")
@pytest.mark.parametrize(
    ("nets", "vat", "gross"),
    [
        ([], 0, 0),
        ([0], 0, 0),
        ([2], 0, 2),
        ([3], 1, 4),
        ([50], 10, 60),
        ([150], 29, 179),
        ([71760], 13634, 85394),
        ([3, 3, 3], 2, 11),  # each line alone would give 3
        ([2, 2, 2], 1, 7),  # each line alone would give 0
        ([-50], -10, -60),
        ([100, -100], 0, 0),
    ],
)
def test_vat_is_rounded_once_on_the_sum_of_the_lines(nets: list[int], vat: int, gross: int) -> None:
    _, net_cents, vat_cents, gross_cents = totals(line(net) for net in nets)
    assert (net_cents, vat_cents, gross_cents) == (sum(nets), vat, gross)


def charged(cents: int, vat_rate: str) -> Charge:
    return Charge("base", "", Decimal(1), "Monat", euro(cents), cents, Decimal(vat_rate), "")


@pytest.mark.clause("KLUGO 9")
def test_of_gross_prices_the_lines_add_up_and_vat_is_what_lies_in_their_sum() -> None:
    """Three times 4 cents at 19 %: each has 3.36 cents net, all of them 10.08; and one price at 7 %."""
    lines = lines_of(
        [charged(each, rate) for each, rate in ((4, "19"), (4, "19"), (214, "7"), (4, "19"))], is_gross=True
    )
    assert [(each.net_cents, each.gross_cents, each.cents) for each in lines] == [
        (3, 4, 4),
        (4, 4, 4),
        (200, 214, 214),
        (3, 4, 4),
    ]
    vat, net, tax, gross = totals(lines)
    assert [(each.rate, each.net_cents, each.vat_cents) for each in vat] == [
        (Decimal(7), 200, 14),
        (Decimal(19), 10, 2),
    ]
    assert (net, tax, gross) == (210, 16, 226)


@pytest.mark.clause("Cloudeteer 6(2)")
def test_of_net_prices_each_line_is_net_and_vat_comes_on_top() -> None:
    lines = lines_of([charged(4, "19"), charged(89_000, "19")], is_gross=False)
    assert [(each.net_cents, each.gross_cents) for each in lines] == [(4, None), (89_000, None)]
    assert totals(lines)[1:] == (89_004, 16_911, 105_915)


def test_each_rate_is_taxed_apart() -> None:
    vat, net, tax, gross = totals([line(1001), line(333, "7"), line(1001), line(50, "0")])
    assert [(str(each.rate), each.net_cents, each.vat_cents) for each in vat] == [
        ("0", 50, 0),
        ("7", 333, 23),
        ("19", 2002, 380),
    ]
    assert (net, tax, gross) == (2385, 403, 2788)


@given(st.lists(st.builds(line, st.integers(-(10**9), 10**9), st.sampled_from(["0", "7", "19"]))))
def test_totals_follow_from_the_lines(lines: list[Line]) -> None:
    vat, net_cents, vat_cents, gross_cents = totals(lines)
    assert net_cents == sum(each.net_cents for each in lines) == sum(each.net_cents for each in vat)
    assert vat_cents == sum(each.vat_cents for each in vat)
    assert gross_cents == net_cents + vat_cents
    assert all(before.rate < after.rate for before, after in pairwise(vat))
    mirrored = totals([line(-each.net_cents, str(each.vat_rate)) for each in lines])
    assert mirrored[1:] == (-net_cents, -vat_cents, -gross_cents)


@pytest.mark.clause("§ 14 Abs. 4 Nr. 6 UStG")
@pytest.mark.parametrize(
    ("starts_on", "ends_on", "period"),
    [
        (date(2025, 1, 1), None, ("2026-10-01", "2026-10-31")),
        (date(2026, 10, 1), None, ("2026-10-01", "2026-10-31")),
        (date(2026, 10, 15), None, ("2026-10-15", "2026-10-31")),
        (date(2026, 10, 31), date(2026, 10, 31), ("2026-10-31", "2026-10-31")),
        (date(2026, 1, 1), date(2026, 10, 31), ("2026-10-01", "2026-10-31")),
        (date(2026, 1, 1), date(2026, 10, 1), ("2026-10-01", "2026-10-01")),
    ],
)
def test_the_service_period_is_the_days_under_contract(
    bill: October, starts_on: date, ends_on: date | None, period: tuple[str, str]
) -> None:
    invoice = bill("basic-2500", starts_on=starts_on, ends_on=ends_on)
    assert (invoice.period_from.isoformat(), invoice.period_to.isoformat()) == period


@pytest.mark.clause("fluks 5.2")
@pytest.mark.parametrize("first", [1, 2, 15, 30, 31])
def test_a_partial_first_month_has_full_price_and_full_allowance(bill: October, first: int) -> None:
    invoice = bill("schnupperpaket", {}, {}, {"action": 501}, starts_on=date(2026, 10, first))
    assert (invoice.usage.included, invoice.usage.overage, invoice.net_cents) == (500, 1, 6010)


@pytest.mark.parametrize(("starts_on", "ends_on"), [(date(2026, 11, 1), None), (date(2026, 1, 1), date(2026, 9, 30))])
def test_a_month_without_contract_is_not_billed(bill: October, starts_on: date, ends_on: date | None) -> None:
    with pytest.raises(ValueError, match="2026-10"):
        bill("basic-2500", starts_on=starts_on, ends_on=ends_on)


@pytest.mark.clause("fluks 1.2")
def test_the_statement_holds_what_counts_against_the_allowance(fluks: Terms) -> None:
    october = BillingMonth(2026, 10)
    usage = Usage(
        "k",
        october,
        days=(
            DayCount(date(2026, 10, 1), {"trigger": 3, "action": 7, "connector": 90}),
            DayCount(date(2026, 10, 2), {"connector": 5}),
            DayCount(date(2026, 10, 3), {"action": 600}),
        ),
    )
    counting = statement(
        fluks, whole(Contract(fluks.id, "schnupperpaket", frozenset(), date(2026, 1, 1)), october), usage
    )
    assert (counting.used, counting.included, counting.overage) == (610, 500, 110)
    assert counting.days == (
        (date(2026, 10, 1), {"trigger": 3, "action": 7}),
        (date(2026, 10, 3), {"trigger": 0, "action": 600}),
    )


def test_every_cited_clause_brings_its_meaning(bill: October) -> None:
    invoice = bill("standard-10000", {"action": 10_001}, addons=("forms", "emails"))
    cited = {each.clause for each in invoice.lines} | {invoice.usage.clause}
    assert cited <= invoice.clauses.keys()
    assert all(says.endswith(".") for says in invoice.clauses.values())


def test_an_invoice_survives_its_json(bill: October) -> None:
    invoice = bill("standard-10000", {"action": 10_001, "trigger": 1}, addons=("forms",))
    document = to_json(invoice)
    again = from_json(document)
    assert again == invoice
    assert to_json(again) == document
    assert from_json(document.decode()) == invoice
    assert [str(each.unit_price) for each in again.lines] == ["500.00", "0.08", "30.00"]


def debited(terms: Terms, action: int, addons: frozenset[str]) -> Invoice:
    month = BillingMonth(2028, 2)
    nobody = Party("Ä & Ö „GmbH“", "", "", "", "DE")
    return compose(
        number="RE-2028-000001",
        customer="k",
        issued_on=date(2028, 3, 1),
        seller=nobody,
        buyer=nobody,
        bill=Bill(
            terms,
            whole(Contract(terms.id, "basic-5000", addons, date(2026, 1, 1)), month),
            Usage("k", month, (DayCount(month.last_day, {"action": action}),)),
        ),
        payment=DEBIT,
    )


@pytest.mark.clause("fluks 13.3")
def test_an_announced_debit_brings_its_clause() -> None:
    invoice = debited(find("fluks-2023-03"), 1, frozenset())
    assert invoice.payment == DEBIT
    assert "SEPA-Lastschrift" in invoice.clauses["fluks AGB 13.3"]


@given(st.integers(0, 10**6), st.frozensets(st.sampled_from(["documents", "emails", "forms", "toolbox"])))
def test_any_invoice_adds_up_and_survives_its_json(action: int, addons: frozenset[str]) -> None:
    invoice = debited(find("fluks-2023-03"), action, addons)
    assert from_json(to_json(invoice)) == invoice
    assert invoice.net_cents == sum(each.net_cents for each in invoice.lines)
    assert invoice.gross_cents == invoice.net_cents + sum(each.vat_cents for each in invoice.vat)
