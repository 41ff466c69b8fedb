from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.rights import Order, RightsError, Way, last_day_to_withdraw, withdraw
from tests.invoicing.rights.samples import CLOUDETEER, FIGURES, KLUGO, day

ORDER = Order(2_900, "direct_debit", day("10-05"), is_consumer=True, told_on=day("10-05"))
BEGUN = replace(ORDER, begun_at_request=True)


@pytest.mark.clause("KLUGO 9.1")
@pytest.mark.parametrize(
    ("concluded", "told", "last"),
    [
        ("10-05", "10-05", "10-19"),  # the day of conclusion does not count
        ("10-02", "10-02", "10-16"),
        ("10-03", "10-03", "10-19"),  # the 17th is a Saturday
        ("10-04", "10-04", "10-19"),  # the 18th is a Sunday
        ("12-11", "12-11", "12-28"),  # Christmas Day
        ("2028-02-15", "2028-02-15", "2028-02-29"),
        ("10-05", "10-01", "10-19"),  # told before
        ("10-05", "10-06", "10-20"),  # told later: from then on
        ("10-05", "2027-10-04", "2027-10-18"),
        ("10-05", "2027-10-06", "2027-10-19"),  # at the latest a year and two weeks
        ("10-05", "", "2027-10-19"),  # never told
    ],
)
def test_fourteen_days_from_conclusion_and_never_before_it_was_told(concluded: str, told: str, last: str) -> None:
    order = replace(ORDER, concluded_on=day(concluded), told_on=day(told) if told else None)
    assert last_day_to_withdraw(KLUGO, order, FIGURES) == day(last)


@pytest.mark.clause("KLUGO 9.1")
@pytest.mark.parametrize(
    ("sent", "received", "allowed", "refund_by"),
    [
        ("10-05", "10-05", True, "10-19"),
        ("10-18", "10-18", True, "11-02"),  # 1 November is a Sunday
        ("10-19", "10-19", True, "11-02"),
        ("10-19", "10-23", True, "11-06"),  # sent in time is in time; money back from receipt on
        ("10-20", "10-20", False, None),
    ],
)
def test_sent_in_time_is_in_time(sent: str, received: str, allowed: bool, refund_by: str | None) -> None:  # noqa: FBT001
    result = withdraw(KLUGO, ORDER, day(sent), day(received), FIGURES)
    assert (result.allowed, result.refund_by) == (allowed, day(refund_by) if refund_by else None)
    assert result.refund_cents == (2_900 if allowed else 0)


@pytest.mark.clause("KLUGO 9.1")
@pytest.mark.parametrize(
    ("rendered", "total", "keep"),
    [
        (0, 1, 0),
        (0, 3, 0),
        (1, 3, 967),  # 966.67
        (2, 3, 1_933),
        (3, 3, 2_900),
        (1, 8, 363),  # 362.5: half up
        (1, 5_801, 0),  # just below half a cent
        (1, 5_800, 1),  # half a cent
    ],
)
def test_what_was_rendered_at_the_request_is_kept_the_rest_goes_back(rendered: int, total: int, keep: int) -> None:
    result = withdraw(KLUGO, replace(BEGUN, rendered=rendered, total=total), day("10-10"), day("10-10"), FIGURES)
    assert (result.keep_cents, result.refund_cents) == (keep, 2_900 - keep)


@pytest.mark.clause("KLUGO 9.1")
def test_an_order_is_one_whole_that_was_not_begun_unless_said() -> None:
    def keep(order: Order) -> int:
        return withdraw(KLUGO, order, day("10-10"), day("10-10"), FIGURES).keep_cents

    assert (keep(BEGUN), keep(replace(BEGUN, rendered=1)), keep(replace(ORDER, rendered=1))) == (0, 2_900, 0)


@pytest.mark.clause("KLUGO 9.1")
@pytest.mark.parametrize("told", ["", "10-06", "10-10", "10-11"])
def test_nothing_is_kept_unless_asked_for_and_told(told: str) -> None:
    half = replace(BEGUN, rendered=1, total=2)
    for order in (replace(half, begun_at_request=False), replace(half, told_on=day(told) if told else None)):
        assert withdraw(KLUGO, order, day("10-10"), day("10-10"), FIGURES).keep_cents == 0
    for told_on in ("10-05", "10-04"):  # with the order, or before it
        told_first = replace(half, told_on=day(told_on))
        assert withdraw(KLUGO, told_first, day("10-10"), day("10-10"), FIGURES).keep_cents == 1_450


@pytest.mark.clause("KLUGO 9.1")
@pytest.mark.parametrize(("is_open", "way"), [(0, Way(0, 1_450)), (1_450, Way(1_450, 0)), (2_900, Way(1_450, 0))])
def test_the_money_goes_back_as_it_came(is_open: int, way: Way) -> None:
    order = replace(BEGUN, rendered=1, total=2, open_cents=is_open)
    result = withdraw(KLUGO, order, day("10-10"), day("10-10"), FIGURES)
    assert (result.way, result.means) == (way, "direct_debit")


@pytest.mark.clause("KLUGO 9.1")
def test_only_consumers_and_only_where_the_terms_say_so() -> None:
    business = replace(ORDER, is_consumer=False)
    for terms, order in ((KLUGO, business), (CLOUDETEER, ORDER)):
        result = withdraw(terms, order, day("10-06"), day("10-06"), FIGURES)
        assert (result.allowed, result.keep_cents, result.refund_cents, result.way) == (False, 0, 0, Way(0, 0))
    assert last_day_to_withdraw(KLUGO, business, FIGURES) is None


@given(cents=st.integers(0, 10**8), parts=st.tuples(st.integers(0, 1000), st.integers(1, 1000)))
def test_kept_and_given_back_are_the_price(cents: int, parts: tuple[int, int]) -> None:
    order = replace(BEGUN, price_cents=cents, rendered=min(parts), total=max(parts))
    result = withdraw(KLUGO, order, day("10-10"), day("10-10"), FIGURES)
    assert result.keep_cents + result.refund_cents == cents
    assert result.way.offset_cents + result.way.transfer_cents == result.refund_cents


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"rendered": 2, "total": 1}, "rendered"),
        ({"rendered": -1}, "rendered"),
        ({"total": 0}, "rendered"),
        ({"open_cents": 2_901}, "open_cents"),
        ({"open_cents": -1}, "open_cents"),
    ],
)
def test_what_makes_no_sense_is_refused(facts: dict[str, Any], field: str) -> None:
    order = replace(ORDER, **facts)
    with pytest.raises(RightsError) as refused:
        withdraw(KLUGO, order, day("10-06"), day("10-06"), FIGURES)
    assert refused.value.field == field


@pytest.mark.clause("KLUGO 9.1")
def test_each_answer_says_why() -> None:
    half = replace(BEGUN, rendered=1, total=2)
    assert withdraw(KLUGO, half, day("10-10"), day("10-12"), FIGURES).why == (
        "Der Widerruf ist rechtzeitig, möglich bis zum 19.10.2026 (KLUGO AGB 9.1), 14,50 € bleiben als Wertersatz für "
        "1/2 der Leistung; bis zum 26.10.2026 zurückzugeben sind 14,50 € durch Überweisung."
    )
    assert withdraw(KLUGO, ORDER, day("10-10"), day("10-12"), FIGURES).why == (
        "Der Widerruf ist rechtzeitig, möglich bis zum 19.10.2026 (KLUGO AGB 9.1); bis zum 26.10.2026 zurückzugeben "
        "sind 29,00 € durch Überweisung."
    )
    assert withdraw(KLUGO, ORDER, day("10-20"), day("10-20"), FIGURES).why == (
        "Der Widerruf ist verspätet (KLUGO AGB 9.1): Abgesandt am 20.10.2026, möglich bis zum 19.10.2026."
    )


@pytest.mark.clause("KLUGO 9.1")
@pytest.mark.parametrize(
    ("sent_after", "received_after", "field"), [(-1, 3, "sent_on"), (0, 0, None), (2, 1, "received_on"), (2, 2, None)]
)
def test_a_withdrawal_follows_its_order_and_comes_after_it_was_sent(
    sent_after: int, received_after: int, field: str | None
) -> None:
    sent, received = (ORDER.concluded_on + timedelta(days=each) for each in (sent_after, received_after))
    if field is None:
        assert withdraw(KLUGO, ORDER, sent, received, FIGURES).allowed
        return
    with pytest.raises(RightsError) as refused:
        withdraw(KLUGO, ORDER, sent, received, FIGURES)
    assert refused.value.field == field
