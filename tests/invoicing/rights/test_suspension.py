from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.rights import Suspension, suspended_minutes, suspension_credit
from metering.month import BERLIN, BillingMonth
from tests.invoicing.rights.samples import CLOUDETEER, FLUKS

SEPTEMBER, OCTOBER, MARCH = (BillingMonth(2026, month) for month in (9, 10, 3))
PRICE = 50_000


def clock(text: str) -> datetime:
    """Read ``09-07 08:00`` as a clock in Berlin shows it in 2026."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=BERLIN)


def suspensions(*texts: str) -> list[Suspension]:
    """Read ``09-07 08:00 - 09-07 18:00``; without an end it lasts."""
    both = [text.split(" - ") for text in texts]
    return [(clock(each[0]), clock(each[1]) if len(each) > 1 else None) for each in both]


@pytest.mark.clause("Cloudeteer 5(3)")
@pytest.mark.parametrize(
    ("month", "suspended", "cents"),
    [
        (SEPTEMBER, [], 0),
        (SEPTEMBER, ["09-07 08:00 - 09-07 17:59"], 0),
        (SEPTEMBER, ["09-07 08:00 - 09-07 18:00"], 0),  # ten hours are not more than ten hours
        (SEPTEMBER, ["09-07 08:00 - 09-07 18:00:01"], 696),  # a minute begun counts whole
        (SEPTEMBER, ["09-07 08:00 - 09-07 18:01"], 696),  # 601 of 43,200 minutes: all of them, not one
        (SEPTEMBER, ["09-07 08:00 - 09-07 13:00", "09-21 08:00 - 09-21 13:00"], 0),
        (SEPTEMBER, ["09-07 08:00 - 09-07 13:00", "09-21 08:00 - 09-21 13:01"], 696),  # they add up
        (SEPTEMBER, ["09-07 08:00 - 09-07 18:00", "09-07 09:00 - 09-07 18:00"], 0),  # and count once
        (SEPTEMBER, ["09-07 08:00 - 09-07 18:00", "09-07 17:00 - 09-07 18:01"], 696),
        (SEPTEMBER, ["08-31 12:00 - 09-01 10:00"], 0),  # ten hours of this month
        (SEPTEMBER, ["08-31 12:00 - 09-01 10:01"], 696),
        (SEPTEMBER, ["09-30 14:00"], 0),  # still lasts: ten hours until the month's end
        (SEPTEMBER, ["09-30 13:59"], 696),
        (SEPTEMBER, ["08-01 00:00"], 50_000),  # all month
        (SEPTEMBER, ["10-01 00:00 - 10-02 00:00"], 0),
        (OCTOBER, ["10-07 08:00 - 10-07 18:01"], 672),  # 745 hours: an hour twice
        (OCTOBER, ["10-25 00:00 - 10-25 09:00"], 0),  # ten real hours
        (OCTOBER, ["10-25 00:00 - 10-25 09:01"], 672),
        (MARCH, ["03-07 08:00 - 03-07 18:01"], 674),  # 743 hours: an hour never
        (MARCH, ["03-29 00:00 - 03-29 11:00"], 0),
        (MARCH, ["03-29 00:00 - 03-29 11:01"], 674),
        (MARCH, ["03-01 00:00"], 50_000),
    ],
)
def test_more_than_ten_suspended_hours_are_not_owed(month: BillingMonth, suspended: list[str], cents: int) -> None:
    credit = suspension_credit(CLOUDETEER, month, PRICE, suspensions(*suspended))
    assert (credit.allowed, credit.cents) == (cents > 0, cents)


@pytest.mark.clause("Cloudeteer 5(3)")
def test_the_credit_says_how_it_was_reckoned() -> None:
    credit = suspension_credit(CLOUDETEER, OCTOBER, PRICE, suspensions("10-07 08:00 - 10-07 18:01"))
    assert credit.formula == "500,00 € × 601/44.700 Min. = 6,72 €"
    assert credit.why == (
        "Gutschrift für Oktober 2026 (Cloudeteer AGB 5(3)): 10 Std. 1 Min. ausgesetzt, mehr als 10 Stunden; für diese "
        "Zeit wird keine Vergütung geschuldet."
    )
    none = suspension_credit(CLOUDETEER, OCTOBER, PRICE, suspensions("10-07 08:00 - 10-07 18:00"))
    assert none.why == (
        "Keine Gutschrift für Oktober 2026 (Cloudeteer AGB 5(3)): 10 Std. 0 Min. ausgesetzt, nicht mehr als 10 Stunden."
    )


def test_without_such_a_rule_nothing_is_credited() -> None:
    credit = suspension_credit(FLUKS, SEPTEMBER, PRICE, suspensions("09-01 00:00"))
    assert (credit.allowed, credit.cents, credit.clause) == (False, 0, "")


def test_an_instant_without_an_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="has no offset"):
        suspended_minutes(SEPTEMBER, [(datetime(2026, 9, 1), None)])  # noqa: DTZ001


@given(st.lists(st.tuples(st.integers(0, 43_199), st.integers(0, 43_199)), max_size=6))
def test_minutes_are_those_that_any_suspension_covers(pairs: list[tuple[int, int]]) -> None:
    def instant(minute: int) -> datetime:
        return datetime.fromtimestamp(SEPTEMBER.start.timestamp() + 60 * minute, UTC)

    covered = {minute for first, last in pairs for minute in range(first, last)}
    assert suspended_minutes(SEPTEMBER, [(instant(one), instant(two)) for one, two in pairs]) == len(covered)
