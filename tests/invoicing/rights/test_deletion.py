import pytest

from invoicing.rights import RightsError, deletion_of
from invoicing.terms import Setting
from invoicing.terms.rules import Period
from tests.invoicing.rights.samples import CLOUDETEER, FIGURES, FLUKS, day, vendor


@pytest.mark.clause("fluks Anlage 1 3.4")
@pytest.mark.parametrize(
    ("ends_on", "delete_by"),
    [
        ("09-30", "10-30"),
        ("10-31", "11-30"),  # no 31st
        ("11-30", "12-30"),
        ("12-31", "2027-01-31"),  # a Sunday: deleting needs no working day
        ("2027-01-31", "2027-02-28"),
        ("2028-01-31", "2028-02-29"),
        ("2027-02-28", "2027-03-28"),
    ],
)
def test_a_month_after_the_end_of_the_contract(ends_on: str, delete_by: str) -> None:
    assert deletion_of(FLUKS, day(ends_on), {}, FIGURES).delete_by == day(delete_by)


@pytest.mark.parametrize(("period", "delete_by"), [(Period(weeks=2), "2027-01-14"), (Period(days=10), "2027-01-10")])
def test_weeks_and_days_after_the_end_of_the_contract(period: Period, delete_by: str) -> None:
    terms = vendor("AGB", deletion=Setting(period, "9"))
    assert deletion_of(terms, day("12-31"), {}, FIGURES).delete_by == day(delete_by)


@pytest.mark.clause("fluks Anlage 1 3.5")
@pytest.mark.clause("§ 147 AO")
@pytest.mark.parametrize(
    ("kind", "newest", "until"),
    [
        ("invoices", "2026-01-01", "2034-12-31"),  # from the end of the year
        ("invoices", "2026-12-31", "2034-12-31"),
        ("invoices", "2027-01-01", "2035-12-31"),
        ("books", "2026-12-31", "2036-12-31"),
        ("letters", "2026-12-31", "2032-12-31"),
    ],
)
def test_what_a_law_keeps_is_restricted_until_then(kind: str, newest: str, until: str) -> None:
    (restricted,) = deletion_of(FLUKS, day("12-31"), {kind: day(newest)}, FIGURES).restricted
    assert (restricted.kind, restricted.until) == (kind, day(until))


@pytest.mark.clause("fluks Anlage 1 3.5")
def test_an_unknown_kind_of_record_is_refused() -> None:
    with pytest.raises(RightsError, match="one of invoices, books, letters"):
        deletion_of(FLUKS, day("12-31"), {"mails": day("12-31")}, FIGURES)


@pytest.mark.clause("fluks Anlage 1 3.4")
@pytest.mark.clause("fluks Anlage 1 3.5")
def test_the_sentence_names_the_day_and_what_is_excepted() -> None:
    kept = {"books": day("12-31"), "invoices": day("11-02")}
    assert deletion_of(FLUKS, day("12-31"), kept, FIGURES).why == (
        "Der Vertrag endet mit Ablauf des 31.12.2026; Kundendaten sind spätestens am 31.01.2027 zu löschen "
        "(fluks AGB Anlage 1 3.4). Nur eingeschränkt aufzubewahren sind Rechnungen und Buchungsbelege bis 31.12.2034 "
        "(§ 147 Abs. 3 AO, § 257 Abs. 4 HGB, § 14b UStG); Bücher und Abschlüsse bis 31.12.2036 "
        "(§ 147 Abs. 3 AO, § 257 Abs. 4 HGB)."
    )


def test_without_such_a_rule_the_law_says_without_delay() -> None:
    found = deletion_of(CLOUDETEER, day("12-31"), {}, FIGURES)
    assert (found.delete_by, found.why) == (
        None,
        "Diese Bedingungen nennen keine Frist zur Löschung, es gilt das Gesetz: unverzüglich (Art. 17 DSGVO).",
    )
