"""The parts of a month in which a contract stays as it is: they tile the days on which it is active."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.contract import Part, in_month, lives, parts_of, service_period, state_on, whole
from invoicing.contract.parts import Proration
from invoicing.terms import Terms, shipped
from metering.month import BillingMonth
from tests.invoicing.contract.story import CUNIO, FLUKS, contract, event, history

PRORATIONS: tuple[Proration, ...] = ("none", "thirtieths", "calendar_days")


def told(life: str, month: str, proration: Proration = "calendar_days") -> list[str]:
    """Each part as its days and what is booked: ``01-15 basis +craftsmen``, in a trial ``trial``."""
    return [shown(part) for part in parts_of(history(life, CUNIO), BillingMonth.parse(month), proration)]


def shown(part: Part) -> str:
    booked = " ".join([part.contract.package, *(f"+{key}" for key in sorted(part.contract.addons))])
    return f"{part.first:%d}-{part.last:%d} {booked}{' trial' if part.is_trial else ''}"


SIGNED = "2026-01-15 started basis"


@pytest.mark.clause("fluks 5.2")
@pytest.mark.clause("cunio 8.2")
@pytest.mark.parametrize(
    ("life", "month", "expected"),
    [
        # it starts in the month, or on its last day
        (SIGNED, "2025-12", []),
        (SIGNED, "2026-01", ["15-31 basis"]),
        (SIGNED, "2026-02", ["01-28 basis"]),
        ("2028-02-29 started basis", "2028-02", ["29-29 basis"]),
        # it ends in the month: on its first day, its last one, the one before that, never began
        (f"{SIGNED}\n2026-04-01 terminated", "2026-04", ["01-01 basis"]),
        (f"{SIGNED}\n2026-04-29 terminated", "2026-04", ["01-29 basis"]),
        (f"{SIGNED}\n2026-04-30 terminated", "2026-04", ["01-30 basis"]),
        (f"{SIGNED}\n2026-04-30 terminated", "2026-05", []),
        (f"{SIGNED}\n2026-01-14 terminated", "2026-01", []),
        # another follows it from one day to the next, in a new month, or never began
        (f"{SIGNED}\n2026-04-14 terminated\n2026-04-15 started plus", "2026-04", ["01-14 basis", "15-30 plus"]),
        (f"{SIGNED}\n2026-04-14 terminated\n2026-04-15 started plus", "2026-05", ["01-31 plus"]),
        (f"{SIGNED}\n2026-04-30 terminated\n2026-05-01 started plus", "2026-04", ["01-30 basis"]),
        (
            f"{SIGNED}\n2026-06-14 terminated\n2026-06-15 started plus\n2026-04-20 terminated",
            "2026-04",
            ["01-20 basis"],
        ),
        (f"{SIGNED}\n2026-06-14 terminated\n2026-06-15 started plus\n2026-04-20 terminated", "2026-06", []),
        # it changes: on the first day, the second, the last, twice, twice on a day, after its end
        (f"{SIGNED}\n2026-04-01 changed plus", "2026-04", ["01-30 plus"]),
        (f"{SIGNED}\n2026-04-01 changed plus", "2026-03", ["01-31 basis"]),
        (f"{SIGNED}\n2026-04-02 changed plus", "2026-04", ["01-01 basis", "02-30 plus"]),
        (f"{SIGNED}\n2026-04-30 changed plus", "2026-04", ["01-29 basis", "30-30 plus"]),
        (f"{SIGNED}\n2028-02-29 changed plus", "2028-02", ["01-28 basis", "29-29 plus"]),
        (f"{SIGNED}\n2026-02-28 changed plus", "2026-02", ["01-27 basis", "28-28 plus"]),
        (
            f"{SIGNED}\n2026-04-11 changed plus\n2026-04-21 changed basis +craftsmen",
            "2026-04",
            ["01-10 basis", "11-20 plus", "21-30 basis +craftsmen"],
        ),
        (
            f"{SIGNED}\n2026-04-11 changed plus\n2026-04-11 changed +craftsmen",
            "2026-04",
            ["01-10 basis", "11-30 plus +craftsmen"],
        ),
        (f"{SIGNED}\n2026-04-21 changed plus\n2026-04-20 terminated", "2026-04", ["01-20 basis"]),
        (f"{SIGNED}\n2026-04-20 changed plus\n2026-04-20 terminated", "2026-04", ["01-19 basis", "20-20 plus"]),
        # started and changed in one month
        (f"{SIGNED}\n2026-01-16 changed plus", "2026-01", ["15-15 basis", "16-31 plus"]),
        # the next contract begins in a month of its own
        (f"{SIGNED}\n2026-04-20 terminated\n2026-05-10 started plus", "2026-04", ["01-20 basis"]),
        (f"{SIGNED}\n2026-04-20 terminated\n2026-05-10 started plus", "2026-05", ["10-31 plus"]),
        ("2026-06-01 started plus\n2026-03-31 terminated\n2026-04-10 started basis", "2026-06", ["01-30 basis"]),
    ],
)
def test_a_change_begins_a_part(life: str, month: str, expected: list[str]) -> None:
    assert told(life, month) == told(life, month, "thirtieths") == expected


@pytest.mark.clause("fluks 5.2")
@pytest.mark.parametrize(
    ("life", "month", "expected"),
    [
        (SIGNED, "2026-01", ["15-31 basis"]),
        (f"{SIGNED}\n2026-04-11 changed plus\n2026-04-21 changed +craftsmen", "2026-04", ["01-30 plus +craftsmen"]),
        (f"{SIGNED}\n2026-05-01 changed plus", "2026-04", ["01-30 basis"]),
        # what it is on the last day on which it is active
        (f"{SIGNED}\n2026-04-20 changed plus\n2026-04-20 terminated", "2026-04", ["01-20 plus"]),
        (f"{SIGNED}\n2026-04-21 changed plus\n2026-04-20 terminated", "2026-04", ["01-20 basis"]),
        # a trial is apart all the same
        (f"{SIGNED} trial:2026-02-10\n2026-02-20 changed plus", "2026-02", ["01-10 plus trial", "11-28 plus"]),
    ],
)
def test_without_proration_a_month_is_as_it_ends(life: str, month: str, expected: list[str]) -> None:
    assert told(life, month, "none") == expected


@pytest.mark.clause("cunio 8.4")
@pytest.mark.parametrize("proration", PRORATIONS)
@pytest.mark.parametrize(
    ("trial", "month", "expected"),
    [
        ("2026-01-15", "2026-01", ["15-15 basis trial", "16-31 basis"]),
        ("2026-01-30", "2026-01", ["15-30 basis trial", "31-31 basis"]),
        ("2026-01-31", "2026-01", ["15-31 basis trial"]),
        ("2026-01-31", "2026-02", ["01-28 basis"]),
        ("2026-02-01", "2026-01", ["15-31 basis trial"]),
        ("2026-02-01", "2026-02", ["01-01 basis trial", "02-28 basis"]),
        ("2026-02-28", "2026-02", ["01-28 basis trial"]),
    ],
)
def test_a_trial_is_a_part_of_its_own(proration: Proration, trial: str, month: str, expected: list[str]) -> None:
    assert told(f"{SIGNED} trial:{trial}", month, proration) == expected


@pytest.mark.clause("cunio 8.4")
@pytest.mark.parametrize(
    ("ends_on", "expected"),
    [
        ("2026-02-09", ["01-09 basis trial"]),
        ("2026-02-10", ["01-10 basis trial"]),
        ("2026-02-11", ["01-10 basis trial", "11-11 basis"]),
    ],
)
def test_a_contract_that_ends_with_its_trial_has_nothing_to_pay(ends_on: str, expected: list[str]) -> None:
    assert told(f"{SIGNED} trial:2026-02-10\n{ends_on} terminated", "2026-02") == expected


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "month", "expected"),
    [
        ("2026-01-15", None, "2026-01", "2026-01-15 2026-01-31"),
        ("2026-01-31", None, "2026-01", "2026-01-31 2026-01-31"),
        ("2026-02-01", None, "2026-01", "-"),
        ("2026-01-15", "2026-03-31", "2026-03", "2026-03-01 2026-03-31"),
        ("2026-01-15", "2026-03-01", "2026-03", "2026-03-01 2026-03-01"),
        ("2026-01-15", "2026-02-28", "2026-03", "-"),
        ("2026-01-15", "2026-01-15", "2026-01", "2026-01-15 2026-01-15"),
        ("2026-01-15", "2026-01-14", "2026-01", "-"),
    ],
)
def test_the_days_of_a_month_on_which_a_contract_is_active(
    starts_on: str, ends_on: str | None, month: str, expected: str
) -> None:
    signed, billing = (
        contract(FLUKS, starts_on, ends_on=date.fromisoformat(ends_on) if ends_on else None),
        BillingMonth.parse(month),
    )
    found = service_period(signed, billing)
    assert (f"{found[0]} {found[1]}" if found else "-") == expected
    assert whole(signed, billing) == ((Part(*found, signed, is_trial=False),) if found else ())


@pytest.mark.parametrize(("month", "package"), [("2026-03", "basis"), ("2026-04", "plus"), ("2026-05", "plus")])
def test_of_two_contracts_in_a_month_it_is_the_later_one_as_it_ends(month: str, package: str) -> None:
    events = history(
        f"{SIGNED}\n2026-04-14 terminated\n2026-04-15 started basis\n2026-04-20 changed plus\n2026-05-31 terminated"
    )
    found = in_month(events, BillingMonth.parse(month))
    assert found is not None
    assert found.package == package


DAYS = st.integers(0, 420).map(lambda days: date(2027, 1, 1) + timedelta(days))
CHANGES = st.lists(st.tuples(DAYS, st.sampled_from(["basis", "plus", "+craftsmen", "-craftsmen"])), max_size=8)
MONTHS = st.builds(BillingMonth, st.sampled_from([2027, 2028]), st.integers(1, 12))


@given(DAYS, CHANGES, st.none() | DAYS, st.none() | DAYS, MONTHS, st.sampled_from(PRORATIONS))
def test_parts_tile_the_days_on_which_the_contract_is_active(
    starts_on: date,
    changes: list[tuple[date, str]],
    trial: date | None,
    ends_on: date | None,
    month: BillingMonth,
    proration: Proration,
) -> None:
    first = f"{starts_on} started basis{f' trial:{max(trial, starts_on)}' if trial else ''}"
    events = [event(first, CUNIO), *(event(f"{max(day, starts_on)} changed {what}") for day, what in changes)]
    events += [event(f"{ends_on} terminated")] if ends_on else []
    parts = parts_of(events, month, proration)
    days = [part.first + timedelta(n) for part in parts for n in range((part.last - part.first).days + 1)]
    assert days == [day for day in month.days() if state_on(events, day)]
    until = lives(events)[0].start.trial_ends_on or date.min
    for part in parts:
        assert part.first <= part.last
        assert part.is_trial == (part.last <= until) == (part.first <= until)
        as_on = days[-1] if proration == "none" else part.last
        assert part.contract == state_on(events, as_on)
        assert proration == "none" or part.contract == state_on(events, part.first)
    assert (parts[-1].contract if parts else None) == in_month(events, month)


@pytest.mark.parametrize("terms", shipped().values(), ids=lambda each: each.id)
@pytest.mark.parametrize(("month", "days"), [("2027-02", 28), ("2028-02", 29), ("2027-04", 30), ("2027-05", 31)])
def test_a_month_in_which_nothing_changes_is_one_part(terms: Terms, month: str, days: int) -> None:
    signed = contract(terms, "2026-12-31")
    events = history(f"2026-12-31 started {signed.package}", terms)
    (part,) = parts_of(events, BillingMonth.parse(month), terms.rules.proration.value)
    assert ((part.last - part.first).days + 1, part.contract, part.is_trial) == (days, signed, False)
