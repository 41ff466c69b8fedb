import pytest

from invoicing.rights import may_dispute
from tests.invoicing.rights.samples import CLOUDETEER, FLUKS, day


@pytest.mark.clause("Cloudeteer 6(2)")
@pytest.mark.parametrize(
    ("on", "allowed"),
    [("10-01", True), ("10-11", True), ("10-12", True), ("10-13", False), ("12-31", False)],
)
def test_an_invoice_may_be_disputed_until_it_falls_due(on: str, allowed: bool) -> None:  # noqa: FBT001
    dispute = may_dispute(CLOUDETEER, due_on=day("10-12"), on=day(on))
    assert (dispute.allowed, dispute.is_accepted, dispute.last_day) == (allowed, not allowed, day("10-12"))


@pytest.mark.clause("Cloudeteer 6(2)")
def test_both_answers_cite_the_clause_and_the_day() -> None:
    assert may_dispute(CLOUDETEER, day("10-12"), day("10-12")).why == (
        "Die Rechnung kann bis zu ihrer Fälligkeit am 12.10.2026 bestritten werden (Cloudeteer AGB 6(2))."
    )
    assert may_dispute(CLOUDETEER, day("10-12"), day("10-13")).why == (
        "Am 13.10.2026 nicht mehr: Die Rechnung war bis zum 12.10.2026 zu bestreiten und gilt als anerkannt "
        "(Cloudeteer AGB 6(2))."
    )


def test_without_such_a_rule_there_is_no_last_day_and_nothing_counts_as_accepted() -> None:
    dispute = may_dispute(FLUKS, day("10-12"), day("12-31"))
    assert (dispute.allowed, dispute.is_accepted, dispute.last_day) == (True, False, None)
