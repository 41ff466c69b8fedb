from dataclasses import replace
from decimal import Decimal

import pytest

from invoicing.rights import Reduction, Remedy, RightsError, reduction_credit
from metering.month import BillingMonth
from tests.invoicing.rights.samples import CLOUDETEER, FIGURES, FLUKS, day

OCTOBER = BillingMonth(2026, 10)
TWICE = [Remedy(day("09-14")), Remedy(day("09-28"))]
AGREED = Reduction(50_000, Decimal(20), day("10-01"), day("10-31"))


def remedies(*texts: str) -> list[Remedy]:
    """Read ``09-14 mended 09-15``: the deadline, and when it was mended."""
    words = [text.split(" mended ") for text in texts]
    return [Remedy(day(each[0]), day(each[1]) if len(each) > 1 else None) for each in words]


@pytest.mark.clause("fluks 12.4")
@pytest.mark.parametrize(
    ("attempts", "on", "allowed"),
    [
        ([], "10-05", False),
        (["09-14"], "10-05", False),  # one is not enough
        (["09-14", "09-28"], "09-28", False),  # the second deadline's last day
        (["09-14", "09-28"], "09-29", True),
        (["09-14", "09-28", "10-01"], "10-05", True),
        (["09-14", "09-28 mended 09-28"], "10-05", False),  # mended in time
        (["09-14", "09-28 mended 10-31"], "10-05", True),  # mended too late
        (["09-14", "09-14"], "10-05", False),  # one deadline is one attempt
        (["09-14", "09-26"], "09-28", False),  # a Saturday: until Monday
        (["09-14", "09-26 mended 09-28"], "10-05", False),
        (["09-14", "10-12"], "10-05", False),
    ],
)
def test_two_attempts_must_have_failed(attempts: list[str], on: str, allowed: bool) -> None:  # noqa: FBT001
    credit = reduction_credit(FLUKS, AGREED, OCTOBER, remedies(*attempts), day(on), FIGURES)
    assert (credit.allowed, credit.cents) == (allowed, 10_000 if allowed else 0)
    assert credit.why.startswith("Minderung um 20 %") is allowed


@pytest.mark.clause("fluks 12.4")
@pytest.mark.parametrize(("mended", "cents"), [("10-19", 0), ("10-20", 6_452)])
def test_mended_on_the_last_day_of_its_deadline_an_attempt_has_not_failed(mended: str, cents: int) -> None:
    """The second deadline ends on Saturday the 17th: until Monday; the price is reduced until it is mended."""
    attempts = remedies("10-05", f"10-17 mended {mended}")
    credit = reduction_credit(FLUKS, AGREED, OCTOBER, attempts, day("11-02"), FIGURES)
    assert (credit.allowed, credit.cents) == (cents > 0, cents)
    assert ("Bisher gescheitert: 1 von 2" in credit.why) is (cents == 0)


@pytest.mark.clause("fluks 12.4")
@pytest.mark.parametrize(
    ("percent", "first", "last", "cents"),
    [
        ("20", "10-01", "10-31", 10_000),
        ("100", "10-01", "10-31", 50_000),
        ("0", "10-01", "10-31", 0),
        ("20", "10-01", "10-01", 323),  # 500.00 × 20 % × 1/31
        ("0.06", "10-01", "10-01", 1),  # 0.97 cents
        ("0.03", "10-01", "10-01", 0),  # 0.48 cents
        ("20", "10-01", "10-10", 3_226),
        ("20", "09-20", "10-10", 3_226),  # what is before the month is of another month
        ("20", "10-22", "11-10", 3_226),
        ("12.5", "10-01", "10-31", 6_250),
        ("20", "11-01", "11-30", 0),
        ("20", "11-05", "11-30", 0),
        ("20", "10-10", "10-09", 0),
    ],
)
def test_the_agreed_part_of_the_price_by_days(percent: str, first: str, last: str, cents: int) -> None:
    agreed = Reduction(50_000, Decimal(percent), day(first), day(last))
    credit = reduction_credit(FLUKS, agreed, OCTOBER, TWICE, day("12-01"), FIGURES)
    assert (credit.allowed, credit.cents) == (cents > 0, cents)


@pytest.mark.clause("fluks 12.4")
@pytest.mark.parametrize(
    ("mended_on", "cents", "until"),
    [
        ("09-30", 0, "30.09.2026"),
        ("10-01", 323, "01.10.2026"),
        ("10-10", 3_226, "10.10.2026"),
        ("10-31", 10_000, "31.10.2026"),
        ("11-05", 10_000, "31.10.2026"),
    ],
)
def test_the_price_is_reduced_until_the_defect_is_mended(mended_on: str, cents: int, until: str) -> None:
    tried = remedies("09-14", f"09-28 mended {mended_on}")
    credit = reduction_credit(FLUKS, AGREED, OCTOBER, tried, day("12-01"), FIGURES)
    assert (credit.allowed, credit.cents) == (cents > 0, cents)
    assert (
        f"bis zum {until} (fluks AGB 12.4)" if cents else "20 % von 500,00 € für 0 Tage sind kein Cent"
    ) in credit.why


@pytest.mark.parametrize("percent", ["-0.01", "100.01"])
def test_more_than_the_price_or_less_than_nothing_is_refused(percent: str) -> None:
    agreed = replace(AGREED, percent=Decimal(percent))
    with pytest.raises(RightsError, match="is no share of a price") as refused:
        reduction_credit(FLUKS, agreed, OCTOBER, TWICE, day("12-01"), FIGURES)
    assert refused.value.field == "percent"


@pytest.mark.clause("fluks 12.4")
def test_each_answer_says_why() -> None:
    credit = reduction_credit(FLUKS, AGREED, OCTOBER, TWICE, day("12-01"), FIGURES)
    assert credit.formula == "500,00 € × 20 % × 31/31 Tage = 100,00 €"
    assert credit.why == (
        "Minderung um 20 % vom 01.10.2026 bis zum 31.10.2026 (fluks AGB 12.4): 2 Versuche, den Mangel zu beheben, sind "
        "fehlgeschlagen."
    )
    assert reduction_credit(FLUKS, AGREED, OCTOBER, TWICE[:1], day("12-01"), FIGURES).why == (
        "Keine Minderung am 01.12.2026 (fluks AGB 12.4): Bisher gescheitert: 1 von 2 nötigen Versuchen, den Mangel "
        "innerhalb der gesetzten Frist zu beheben."
    )
    later = reduction_credit(FLUKS, replace(AGREED, last=day("11-20")), OCTOBER, TWICE, day("12-01"), FIGURES)
    assert "vom 01.10.2026 bis zum 31.10.2026" in later.why  # what the month's days say, and no others
    none = reduction_credit(CLOUDETEER, AGREED, OCTOBER, TWICE, day("12-01"), FIGURES)
    assert (none.allowed, none.why) == (False, "Diese Bedingungen regeln keine Minderung.")
