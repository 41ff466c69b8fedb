import pytest

from invoicing.rights import RightsError, due_date
from invoicing.terms import Setting, Terms
from tests.invoicing.rights.samples import CLOUDETEER, CONNECTAVO, CUNIO, FLUKS, KLUGO, claim, day, vendor


@pytest.mark.clause("Cloudeteer 6(2)")
@pytest.mark.parametrize(
    ("issued", "payable"),
    [
        ("10-02", "10-12"),  # Friday, Monday
        ("10-05", "10-15"),
        ("10-01", "10-12"),  # the 11th is a Sunday
        ("09-30", "10-12"),  # the 10th is a Saturday
        ("09-29", "10-09"),
        ("12-15", "12-28"),  # Christmas Day
        ("2027-12-22", "2028-01-03"),  # New Year is a Saturday
        ("2028-02-19", "2028-02-29"),
    ],
)
def test_ten_days_after_the_invoice_date(issued: str, payable: str) -> None:
    assert due_date(CLOUDETEER, day(issued)).day == day(payable)
    assert due_date(CLOUDETEER, day(issued), received_on=day("2028-03-01")).day == day(payable)


@pytest.mark.clause("cunio 8.1")
@pytest.mark.clause("Connectavo I 2.2")
@pytest.mark.parametrize("terms", [CUNIO, CONNECTAVO], ids=["cunio", "Connectavo"])
@pytest.mark.parametrize(
    ("received", "payable"), [("10-05", "10-19"), ("10-02", "10-16"), ("10-03", "10-19"), ("12-11", "12-28")]
)
def test_two_weeks_after_receipt(terms: Terms, received: str, payable: str) -> None:
    assert due_date(terms, day("10-01"), received_on=day(received)).day == day(payable)


@pytest.mark.clause("Connectavo I 2.4")
def test_revoked_periods_make_an_invoice_payable_on_receipt() -> None:
    due = due_date(CONNECTAVO, day("10-01"), received_on=day("10-03"), prepaid=True)
    assert (due.day, due.clause) == (day("10-03"), "Connectavo AGB I 2.4")
    assert due.why == (
        "Zahlungsfristen sind widerrufen, fällig sofort mit Zugang am 03.10.2026 (Connectavo AGB I 2.4)."
    )
    assert due_date(CUNIO, day("10-01"), received_on=day("10-05"), prepaid=True).day == day("10-19")
    with pytest.raises(RightsError, match="count from receipt"):
        due_date(CONNECTAVO, day("10-01"), prepaid=True)


def test_receipt_must_be_known_where_it_counts() -> None:
    with pytest.raises(RightsError, match="count from receipt") as refused:
        due_date(CUNIO, day("10-01"))
    assert refused.value.field == "received_on"


@pytest.mark.clause("fluks 13.3")
def test_without_a_period_an_invoice_is_payable_on_the_day_of_the_announced_debit() -> None:
    due = due_date(FLUKS, day("10-01"), debit_on=day("10-12"))
    assert due.day == day("10-12")
    assert due.why == "Fällig am Tag des angekündigten Einzugs, 12.10.2026 (fluks AGB 13.3)."
    assert due_date(KLUGO, day("10-01"), debit_on=day("10-12")).clause == "KLUGO AGB 20"
    announced = vendor("KLUGO AGB", payment=KLUGO.rules.payment, prenotification_days=Setting(5, "21"))
    assert due_date(announced, day("10-01"), debit_on=day("10-12")).clause == "KLUGO AGB 21"


@pytest.mark.clause("fluks 13.3")
def test_what_is_only_collected_is_not_payable_before_it_is_announced() -> None:
    with pytest.raises(RightsError, match="announce a debit"):
        due_date(FLUKS, day("10-01"), received_on=day("10-01"))


@pytest.mark.clause("§ 271 BGB")
def test_without_period_and_debit_an_invoice_is_payable_at_once() -> None:
    assert due_date(KLUGO, day("10-01"), received_on=day("10-02")).day == day("10-02")
    with pytest.raises(RightsError, match="payable on receipt"):
        due_date(KLUGO, day("10-01"))


def test_the_sentence_names_event_period_clause_and_the_day_it_moved_to() -> None:
    due = due_date(CLOUDETEER, day("10-01"))
    assert due.clause == "Cloudeteer AGB 6(2)"
    assert due.why == (
        "Rechnungsdatum 01.10.2026, Zahlungsfrist 10 Tage (Cloudeteer AGB 6(2); §§ 187, 188 BGB): "
        "Zahlbar bis zum 11.10.2026 (Samstag, Sonntag oder Feiertag), damit bis zum 12.10.2026 (§ 193 BGB)."
    )
    assert due_date(CUNIO, day("10-01"), received_on=day("10-05")).why == (
        "Zugang der Rechnung 05.10.2026, Zahlungsfrist 14 Tage (cunio AGB 8.1; §§ 187, 188 BGB): "
        "Zahlbar bis zum 19.10.2026."
    )


@pytest.mark.clause("cunio 8.1")
@pytest.mark.parametrize(
    ("history", "paid_on"),
    [
        ("100.00 due 10-12 debit", None),  # announced and sent is not paid
        ("100.00 due 10-12 paid 10-10=100.00", "10-10"),
        ("100.00 due 10-12 paid 10-10=99.99", None),
        ("100.00 due 10-12 paid 10-10=99.99 10-14=0.01", "10-14"),
        ("100.00 due 10-12 paid 10-10=120.00", "10-10"),
        ("100.00 due 10-12 paid 10-12=100.00 10-14=-100.00", None),  # returned
        ("100.00 due 10-12 paid 10-12=100.00 10-14=-100.00 10-20=100.00", "10-20"),
        ("100.00 due 10-12 paid 10-10=50.00 10-12=50.00 10-14=-100.00 10-20=100.00", "10-20"),
        ("100.00 due 10-12 paid 10-14=60.00 10-10=40.00", "10-14"),  # in whichever order they were read
    ],
)
def test_paid_is_what_the_bank_statement_shows(history: str, paid_on: str | None) -> None:
    assert claim(history).paid_on == (day(paid_on) if paid_on else None)


@pytest.mark.clause("cunio 8.1")
@pytest.mark.parametrize(
    ("on", "is_open", "overdue"),
    [
        ("10-11", 10_000, 0),
        ("10-12", 10_000, 0),
        ("10-13", 10_000, 10_000),
        ("10-14", 4_000, 4_000),
        ("10-20", 0, 0),
    ],
)
def test_overdue_is_what_is_open_after_the_last_day_to_pay(on: str, is_open: int, overdue: int) -> None:
    owed = claim("100.00 due 10-12 paid 10-14=60.00 10-20=40.00")
    assert (owed.open_on(day(on)), owed.overdue_on(day(on))) == (is_open, overdue)


@pytest.mark.clause("fluks 13.3")
@pytest.mark.parametrize(
    ("history", "pay_by"),
    [
        ("100.00 due 10-12 debit", None),
        ("100.00 due 10-12 debit returned 10-15", "10-15"),
        ("100.00 due 10-12 debit returned 10-12", "10-12"),
        ("100.00 due 10-12", "10-12"),
    ],
)
def test_a_debit_is_fetched_by_the_provider_until_it_is_returned(history: str, pay_by: str | None) -> None:
    assert claim(history).pay_by == (day(pay_by) if pay_by else None)
