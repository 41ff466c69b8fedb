import pytest

from invoicing.rights import default_start, in_default
from invoicing.terms import Terms
from tests.invoicing.rights.samples import CLOUDETEER, CUNIO, FIGURES, FLUKS, KLUGO, claim, day


@pytest.mark.clause("Cloudeteer 6(5)")
@pytest.mark.parametrize(
    ("history", "begins"),
    [
        ("100.00 due 10-12", "10-13"),
        ("100.00 due 10-12 paid 10-11=100.00", None),
        ("100.00 due 10-12 paid 10-12=100.00", None),
        ("100.00 due 10-12 paid 10-12=99.99", "10-13"),
        ("100.00 due 10-12 paid 10-13=100.00", "10-13"),
        ("100.00 due 12-31", "2027-01-01"),
    ],
)
def test_default_begins_by_itself_the_day_after_the_last_day_to_pay(history: str, begins: str | None) -> None:
    start = default_start(CLOUDETEER, claim(history), FIGURES)
    assert start.begins_on == (day(begins) if begins else None)


@pytest.mark.clause("fluks 13.3")
@pytest.mark.parametrize(
    ("history", "begins"),
    [
        ("100.00 due 10-12 debit", None),  # not returned: the provider fetches the money
        ("100.00 due 10-12 debit paid 10-12=100.00 10-15=-100.00 returned 10-15", "10-16"),
        ("100.00 due 10-12 debit returned 10-12", "10-13"),
        ("100.00 due 10-12 debit returned 10-15 paid 10-15=100.00", None),
    ],
)
def test_a_debit_is_in_default_only_after_it_was_returned(history: str, begins: str | None) -> None:
    assert default_start(CUNIO, claim(history), FIGURES).begins_on == (day(begins) if begins else None)


@pytest.mark.clause("§ 286 BGB")
@pytest.mark.parametrize(
    ("history", "begins"),
    [
        # thirty days after 12 October is 11 November
        ("100.00 due 10-12 received 10-01", "11-12"),
        ("100.00 due 10-12 received 10-13", "11-13"),  # received after it fell due
        ("100.00 due 10-15 received 10-01", "11-17"),  # 14 November is a Saturday
        ("100.00 due 10-12", None),  # never received
        ("100.00 due 10-12 remind 10-20", "10-21"),
        ("100.00 due 10-12 received 10-01 remind 10-20", "10-21"),
        ("100.00 due 10-12 received 10-01 remind 11-20", "11-12"),
        ("100.00 due 10-12 remind 10-20>10-30", "10-31"),  # the reminder gives time
        ("100.00 due 10-12 remind 10-20>10-31", "11-03"),  # a Saturday: until Monday
        ("100.00 due 10-12 remind 10-20>10-20", "10-21"),
        ("100.00 due 10-12 remind 10-20>10-19", "10-21"),  # that day was over: no deadline
        ("100.00 due 10-12 remind 10-24>10-24", "10-25"),  # nor is the same day one, be it a Saturday
        ("100.00 due 10-12 remind 10-20>10-30 10-25", "10-26"),
        ("100.00 due 10-12 received 10-01 remind 10-20>11-27", "11-12"),  # the law's thirty days go on
        ("100.00 due 10-12 remind 10-12", None),  # too early: it may still be paid
        ("100.00 due 10-12 remind 10-12 10-13", "10-14"),
        ("100.00 due 10-12 received 10-01 consumer", None),
        ("100.00 due 10-12 received 10-01 consumer told", "11-12"),
        ("100.00 due 10-12 received 10-01 consumer remind 10-20", "10-21"),
        ("100.00 due 10-12 received 10-01 debit returned 10-15 remind 10-14", "11-12"),
        ("100.00 due 10-12 received 10-01 debit returned 12-01", "12-02"),
    ],
)
@pytest.mark.parametrize("terms", [FLUKS, KLUGO], ids=["by reminder", "by law alone"])
def test_else_with_a_reminder_at_the_latest_thirty_days_after_due_date_and_receipt(
    terms: Terms, history: str, begins: str | None
) -> None:
    start = default_start(terms, claim(history), FIGURES)
    assert start.begins_on == (day(begins) if begins else None)


@pytest.mark.clause("Cloudeteer 6(5)")
@pytest.mark.parametrize(
    ("on", "cents"), [("10-12", 0), ("10-13", 10_000), ("10-14", 4_000), ("10-20", 5_500), ("10-25", 0)]
)
def test_in_default_is_what_is_open_of_claims_in_default(on: str, cents: int) -> None:
    claims = [
        claim("100.00 due 10-12 paid 10-14=60.00 10-25=40.00"),
        claim("15.00 due 10-19 paid 10-25=15.00"),
        claim("70.00 due 10-30"),
    ]
    assert in_default(CLOUDETEER, claims, day(on), FIGURES) == cents


@pytest.mark.parametrize(
    ("terms", "history", "why"),
    [
        (
            CLOUDETEER,
            "100.00 due 10-12",
            "Verzug seit dem 13.10.2026: Der letzte Tag der Zahlung war der 12.10.2026 "
            "(Cloudeteer AGB 6(5); § 286 Abs. 2 BGB).",
        ),
        (
            CLOUDETEER,
            "1.00 due 10-12 paid 10-01=1",
            "Kein Verzug: Bezahlt war bis zum 12.10.2026 (Cloudeteer AGB 6(5); § 286 Abs. 2 BGB).",
        ),
        (
            CUNIO,
            "100.00 due 10-12",
            "Verzug seit dem 13.10.2026: Der letzte Tag der Zahlung war der 12.10.2026 (§ 286 Abs. 2 BGB).",
        ),
        (
            FLUKS,
            "100.00 due 10-12 debit",
            "Kein Verzug: Der Betrag wird eingezogen, und der Einzug wurde nicht zurückgegeben (§ 286 Abs. 4 BGB).",
        ),
        (
            KLUGO,
            "1.00 due 10-12 remind 10-20",
            "Verzug seit dem 21.10.2026: Die Mahnung ging am 20.10.2026 zu (§ 286 Abs. 1 BGB).",
        ),
        (
            KLUGO,
            "1.00 due 10-12 remind 10-20>10-30",
            "Verzug seit dem 31.10.2026: Die Mahnung ging am 20.10.2026 zu und setzte eine Frist bis zum 30.10.2026 "
            "(§ 286 Abs. 1 BGB).",
        ),
        # of two reminders that lead to the same day the first one is named
        (
            KLUGO,
            "1.00 due 10-12 remind 10-28>11-04 11-04",
            "Verzug seit dem 05.11.2026: Die Mahnung ging am 28.10.2026 zu und setzte eine Frist bis zum 04.11.2026 "
            "(§ 286 Abs. 1 BGB).",
        ),
        (KLUGO, "1.00 due 10-12", "Kein Verzug: Nach dem 12.10.2026 wurde nicht gemahnt (§ 286 BGB)."),
        (
            KLUGO,
            "1.00 due 10-12 received 10-01",
            "Verzug seit dem 12.11.2026: 30 Tage nach Fälligkeit und Zugang der Rechnung sind vergangen "
            "(§ 286 Abs. 3 BGB).",
        ),
    ],
)
def test_the_sentence_says_since_when_and_why(terms: Terms, history: str, why: str) -> None:
    assert default_start(terms, claim(history), FIGURES).why == why
