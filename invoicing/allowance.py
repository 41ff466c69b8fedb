"""How much of the allowance is used up."""

from collections.abc import Iterable


def thresholds_reached(used: int, included: int, thresholds: Iterable[int]) -> tuple[int, ...]:
    """Return the percentages of the allowance that the use has reached, lowest first; no allowance has none.

    Contract: fluks AGB Anlage 3 fn 1
    """
    return tuple(percent for percent in sorted(thresholds) if included and used * 100 >= percent * included)
