"""Until when and how an invoice is paid, and until when it may be disputed, under each vendor's terms."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from invoicing.booking import Booking, charge
from invoicing.check import Case
from invoicing.contract import Contract
from invoicing.invoice import Invoice
from invoicing.issue import Run, draft
from invoicing.payment import BankAccount, dispute_until, transfer_of
from invoicing.rights import may_dispute
from invoicing.terms import Terms, find
from invoicing.terms.rules import Due
from metering.month import BillingMonth
from metering.usage import Usage
from tests.books import SELLER, debit, noon
from tests.invoicing.drafted import ACCOUNT, CLOUDETEER, CONNECTAVO, CUNIO, KLUGO, day, master

FLUKS = find("fluks-2023-03")
OCTOBER = BillingMonth(2026, 10)


def due_after(terms: Terms, days: int) -> Terms:
    """The same terms with another period for payment."""
    assert terms.rules.due is not None
    due = replace(terms.rules.due, value=Due(days, terms.rules.due.value.after))
    return replace(terms, rules=replace(terms.rules, due=due))


@pytest.mark.parametrize(
    ("terms", "issued_on", "due_on", "days", "from_receipt", "clause"),
    [
        pytest.param(CLOUDETEER, "2026-11-02", "2026-11-12", 10, False, "Cloudeteer AGB 6(2)", id="a Thursday"),
        pytest.param(CLOUDETEER, "2026-11-03", "2026-11-13", 10, False, "Cloudeteer AGB 6(2)", id="a Friday"),
        pytest.param(CLOUDETEER, "2026-11-04", "2026-11-16", 10, False, "Cloudeteer AGB 6(2)", id="a Saturday"),
        pytest.param(CLOUDETEER, "2026-11-05", "2026-11-16", 10, False, "Cloudeteer AGB 6(2)", id="a Sunday"),
        pytest.param(CLOUDETEER, "2026-11-06", "2026-11-16", 10, False, "Cloudeteer AGB 6(2)", id="a Monday"),
        pytest.param(CLOUDETEER, "2026-12-15", "2026-12-28", 10, False, "Cloudeteer AGB 6(2)", id="Christmas Day"),
        pytest.param(CUNIO, "2026-11-02", "2026-11-16", 14, True, "cunio AGB 8.1", id="two weeks of receipt"),
        pytest.param(CONNECTAVO, "2026-11-02", "2026-11-16", 14, True, "Connectavo AGB I 2.2", id="14 days of receipt"),
        pytest.param(CONNECTAVO, "2026-11-07", "2026-11-23", 14, True, "Connectavo AGB I 2.2", id="then a Saturday"),
        pytest.param(KLUGO, "2026-11-02", "2026-11-02", 0, True, "§ 271 Abs. 1 BGB", id="nothing agreed: at once"),
    ],
)
@pytest.mark.clause("Cloudeteer 6(2)")
@pytest.mark.clause("cunio 8.1")
@pytest.mark.clause("Connectavo I 2.2")
@pytest.mark.clause("§ 271 BGB")
def test_a_transfer_is_due_as_agreed(
    terms: Terms, issued_on: str, due_on: str, days: int, *, from_receipt: bool, clause: str
) -> None:
    found = transfer_of(terms, date.fromisoformat(issued_on), ACCOUNT, "RE-1")
    assert (found.due_on.isoformat(), found.days, found.from_receipt, found.clause) == (
        due_on,
        days,
        from_receipt,
        clause,
    )
    assert (found.holder, found.iban, found.bic, found.reference) == (
        ACCOUNT.holder,
        ACCOUNT.iban,
        ACCOUNT.bic,
        "RE-1",
    )


@pytest.mark.parametrize(
    ("terms", "due_on", "days", "clause"),
    [
        (CONNECTAVO, "11-02", 0, "Connectavo AGB I 2.4"),
        (CUNIO, "11-16", 14, "cunio AGB 8.1"),  # these terms know no prepayment
        (CLOUDETEER, "11-12", 10, "Cloudeteer AGB 6(2)"),
    ],
)
@pytest.mark.clause("Connectavo I 2.4")
def test_after_a_late_payment_what_is_invoiced_is_due_at_once(
    terms: Terms, due_on: str, days: int, clause: str
) -> None:
    found = transfer_of(terms, day("11-02"), ACCOUNT, "RE-1", prepaid=True)
    assert (found.due_on, found.days, found.clause) == (day(due_on), days, clause)


@pytest.mark.parametrize(("days", "due_on"), [(0, "11-02"), (1, "11-03"), (9, "11-11"), (10, "11-12"), (11, "11-13")])
@pytest.mark.clause("Cloudeteer 6(2)")
def test_the_days_are_those_of_the_terms(days: int, due_on: str) -> None:
    terms = due_after(CLOUDETEER, days)
    assert transfer_of(terms, day("11-02"), ACCOUNT, "RE-1").due_on == day(due_on)


@pytest.mark.parametrize(
    ("terms", "debit_on", "last_day"),
    [
        (CLOUDETEER, None, "11-12"),
        (CLOUDETEER, "11-16", "11-12"),
        (FLUKS, "11-12", None),
        (KLUGO, None, None),
        (CUNIO, None, None),
        (CONNECTAVO, None, None),
    ],
)
@pytest.mark.clause("Cloudeteer 6(2)")
def test_an_invoice_may_be_disputed_until_it_is_due_where_the_terms_say_so(
    terms: Terms, debit_on: str | None, last_day: str | None
) -> None:
    found = dispute_until(terms, day("11-02"), day(debit_on) if debit_on else None)
    assert (found and found.last_day) == (day(last_day) if last_day else None)


@pytest.mark.parametrize(("on", "allowed"), [("11-02", True), ("11-11", True), ("11-12", True), ("11-13", False)])
@pytest.mark.clause("Cloudeteer 6(2)")
def test_the_printed_last_day_is_the_one_that_decides(on: str, *, allowed: bool) -> None:
    printed = dispute_until(CLOUDETEER, day("11-02"), None)
    assert printed is not None
    assert may_dispute(CLOUDETEER, printed.last_day, day(on)).allowed is allowed
    assert printed.clause == "Cloudeteer AGB 6(2)"


def invoiced(terms: Terms, *, has_mandate: bool, cents: int, account: BankAccount | None = ACCOUNT) -> Invoice:
    """The invoice of one order at a price, as it is drafted."""
    price = Decimal(cents) / 100
    order = Booking("k-1", "order", day("10-05"), 1, KLUGO.id, service="beratung-plus", price=price)
    case = Case(
        customer="k-1",
        master=master(),
        contract=Contract(terms.id, next(iter(terms.packages)), frozenset(), day("01-01")),
        terms=terms,
        usage=Usage("k-1", OCTOBER),
        booked=(charge(order, KLUGO),),
    )
    payments = {"k-1": debit()} if has_mandate else {}
    run = Run(OCTOBER, day("11-02"), noon("2026-11-02"), SELLER, {terms.id: terms}, payments, account)
    return draft(run, case, "RE-2026-000001")


@pytest.mark.parametrize(
    ("terms", "has_mandate", "cents", "paid_by"),
    [
        (KLUGO, True, 4900, "debit"),
        (KLUGO, True, 1, "debit"),
        (KLUGO, False, 4900, "transfer"),
        (KLUGO, False, 2, "transfer"),
        (KLUGO, False, 1, "transfer"),
        (KLUGO, False, 0, "nothing"),
        (CLOUDETEER, True, 4900, "debit"),
        (CLOUDETEER, False, 4900, "transfer"),
        (FLUKS, True, 4900, "debit"),
        (FLUKS, False, 4900, "nothing"),
        (FLUKS, False, 0, "nothing"),
    ],
)
@pytest.mark.clause("KLUGO 20")
@pytest.mark.clause("fluks 13.3")
def test_a_mandate_is_debited_and_who_has_none_is_asked_for_a_transfer_where_the_terms_allow_it(
    terms: Terms, cents: int, paid_by: str, *, has_mandate: bool
) -> None:
    found = invoiced(terms, has_mandate=has_mandate, cents=cents)
    ways = {"debit": found.payment, "transfer": found.transfer}
    assert ([name for name, way in ways.items() if way] or ["nothing"]) == [paid_by]
    if found.transfer:
        assert (found.transfer.reference, found.transfer.iban) == (found.number, ACCOUNT.iban)


@pytest.mark.parametrize("terms", [KLUGO, CLOUDETEER, CUNIO, CONNECTAVO, FLUKS], ids=lambda each: each.id)
@pytest.mark.clause("KLUGO 20")
def test_what_an_invoice_cites_about_payment_it_explains(terms: Terms) -> None:
    found = invoiced(terms, has_mandate=False, cents=4900)
    cited = [each.clause for each in (found.transfer, found.dispute_until) if each]
    assert [each for each in cited if each not in found.clauses and not each.startswith("§")] == []


@pytest.mark.clause("KLUGO 20")
def test_without_an_account_to_transfer_to_nothing_is_drafted() -> None:
    with pytest.raises(ValueError, match="no account to transfer to"):
        invoiced(KLUGO, has_mandate=False, cents=4900, account=None)
