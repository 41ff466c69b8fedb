"""Which shares of an allowance are used up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.allowance import thresholds_reached


@pytest.mark.clause("fluks Anlage 3 fn 1")
@pytest.mark.parametrize(
    ("used", "included", "reached"),
    [
        (0, 500, ()),
        (1, 500, ()),
        (399, 500, ()),
        (400, 500, (80,)),
        (401, 500, (80,)),
        (499, 500, (80,)),
        (500, 500, (80, 100)),
        (501, 500, (80, 100)),
        (7_999, 10_000, ()),
        (8_000, 10_000, (80,)),
        (9_999, 10_000, (80,)),
        (10_000, 10_000, (80, 100)),
        (12_345, 10_000, (80, 100)),
        (-1, 500, ()),
        (0, 0, ()),
        (1, 0, ()),
        (1, 3, ()),
        (2, 3, ()),
        (3, 3, (80, 100)),
    ],
)
def test_eighty_and_a_hundred_percent_are_reached_to_the_unit(
    used: int, included: int, reached: tuple[int, ...]
) -> None:
    assert thresholds_reached(used, included, (80, 100)) == reached


@pytest.mark.parametrize(
    ("thresholds", "reached"), [((), ()), ((100, 50), (50, 100)), ((50, 101), (50,)), ((200,), ())]
)
def test_the_thresholds_are_what_was_set_lowest_first(thresholds: tuple[int, ...], reached: tuple[int, ...]) -> None:
    assert thresholds_reached(100, 100, thresholds) == reached


@given(st.integers(0, 10**9), st.integers(0, 10**6), st.integers(0, 10**6))
def test_more_use_never_reaches_less(used: int, more: int, included: int) -> None:
    thresholds = (80, 100)
    assert set(thresholds_reached(used, included, thresholds)) <= set(
        thresholds_reached(used + more, included, thresholds)
    )
