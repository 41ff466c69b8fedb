import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.rights import RightsError, Way, refund_of, way_back
from tests.invoicing.rights.samples import CLOUDETEER, KLUGO, day


@pytest.mark.clause("KLUGO 5.7")
@pytest.mark.parametrize(
    ("is_refused", "failed", "allowed"),
    [(False, 0, False), (False, 1, False), (False, 2, True), (False, 3, True), (True, 0, True), (True, 2, True)],
)
def test_refused_or_two_failed_attempts(is_refused: bool, failed: int, allowed: bool) -> None:  # noqa: FBT001
    back = refund_of(KLUGO, 2_900, 0, day("10-12"), is_refused=is_refused, failed_attempts=failed)
    assert (back.allowed, back.cents, back.way) == ((True, 2_900, Way(0, 2_900)) if allowed else (False, 0, Way(0, 0)))
    assert back.refund_by == (day("10-12") if allowed else None)


@pytest.mark.clause("KLUGO 5.7")
@pytest.mark.parametrize(
    ("is_open", "way"), [(0, Way(0, 2_900)), (1, Way(1, 2_899)), (2_899, Way(2_899, 1)), (2_900, Way(2_900, 0))]
)
def test_what_is_not_collected_is_offset_the_rest_transferred(is_open: int, way: Way) -> None:
    assert refund_of(KLUGO, 2_900, is_open, day("10-12"), is_refused=True).way == way


@pytest.mark.clause("KLUGO 5.7")
def test_of_what_cost_nothing_nothing_is_given_back() -> None:
    assert refund_of(KLUGO, 0, 0, day("10-12"), is_refused=True).why.endswith("zurückzugeben sind 0,00 €.")


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_both_ways_give_back_all_of_it(cents: int, is_open: int) -> None:
    way = way_back(cents, is_open)
    assert way.offset_cents + way.transfer_cents == cents
    assert 0 <= way.offset_cents <= is_open


@pytest.mark.parametrize("is_open", [-1, 2_901])
def test_more_cannot_be_open_than_the_fee(is_open: int) -> None:
    with pytest.raises(RightsError, match="cannot be open"):
        refund_of(KLUGO, 2_900, is_open, day("10-12"), is_refused=True)


@pytest.mark.clause("KLUGO 5.7")
def test_each_answer_says_why() -> None:
    assert refund_of(KLUGO, 2_900, 900, day("10-12"), is_refused=False, failed_attempts=2).why == (
        "Erstattung (KLUGO AGB 5.7): Erfolglose Vermittlungsversuche: 2; sofort, am 12.10.2026, zurückzugeben sind "
        "9,00 € durch Verrechnung mit der noch nicht eingezogenen Forderung und 20,00 € durch Überweisung."
    )
    assert refund_of(KLUGO, 2_900, 0, day("10-12"), is_refused=True).why == (
        "Erstattung (KLUGO AGB 5.7): Die Anfrage wurde abgelehnt; sofort, am 12.10.2026, zurückzugeben sind "
        "29,00 € durch Überweisung."
    )
    assert refund_of(KLUGO, 2_900, 0, day("10-12"), is_refused=False, failed_attempts=1).why == (
        "Keine Erstattung (KLUGO AGB 5.7): Die Anfrage wurde nicht abgelehnt, und 1 von 2 nötigen "
        "Vermittlungsversuchen sind erfolglos geblieben."
    )
    assert "und 0 von 2 nötigen" in refund_of(KLUGO, 2_900, 0, day("10-12"), is_refused=False).why


@pytest.mark.clause("KLUGO 5.7")
def test_terms_without_such_a_rule_give_nothing_back() -> None:
    back = refund_of(CLOUDETEER, 2_900, 0, day("10-12"), is_refused=True)
    assert (back.allowed, back.cents, back.way, back.refund_by) == (False, 0, Way(0, 0), None)
