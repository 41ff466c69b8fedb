import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from api.demo.customers import UNKNOWN_CUSTOMER, DemoCustomer, check_digits, customers
from api.demo.independent_count import Expected, IndependentCount, Key
from api.demo.traffic import LARGEST_BATCH, Traffic, planned_events
from metering.month import BERLIN, BillingMonth

PACKAGES = {"nano": 500, "small": 2_500, "middle": 5_000, "large": 10_000, "huge": 50_000, "vast": 100_000}
ADDONS = ["documents", "emails", "forms"]
OCTOBER = BillingMonth(2026, 10)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MONTHS = [OCTOBER, BillingMonth(2026, 3), BillingMonth(2024, 2), BillingMonth(2025, 12)]


def made(month: BillingMonth = OCTOBER, n: int = 12, seed: int = 1) -> list[DemoCustomer]:
    return customers(seed, n, month, PACKAGES, ADDONS)


def traffic(events: int = 6_000, month: BillingMonth = OCTOBER, seed: int = 1) -> Traffic:
    return Traffic(seed, month, made(month), events, max(NOW, month.end))


def posted(load: Traffic) -> list[dict[str, Any]]:
    return [event for batch in load.batches() for event in json.loads(batch.body)]


def sound(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        event
        for event in events
        if "id" in event
        and event["type"] != "workflow"
        and event.get("quantity", 1) > 0
        and len(event["time"]) > len("2026-10-01T12:00:00")
        and datetime.fromisoformat(event["time"]) < NOW
    ]


def remainder(iban: str) -> int:
    return int("".join(str(int(character, 36)) for character in iban[4:] + iban[:4])) % 97


# --- customers


def test_check_digits_agree_with_the_example_that_everybody_prints() -> None:
    assert check_digits("DE", "370400440532013000") == "89"


@pytest.mark.parametrize("n", [12, 13, 40, 300])
def test_there_are_customers_on_every_package_with_and_without_addons(n: int) -> None:
    all_of_them = made(n=n)
    assert len({customer.id for customer in all_of_them}) == len(all_of_them) == n
    for package in PACKAGES:
        booked = {bool(customer.addons) for customer in all_of_them if customer.package == package}
        assert booked == {True, False}
    assert {customer.mandate.scheme for customer in all_of_them if customer.mandate} == {"CORE", "B2B"}
    assert UNKNOWN_CUSTOMER not in {customer.id for customer in all_of_them}


@pytest.mark.parametrize("month", MONTHS, ids=str)
@pytest.mark.parametrize("n", [12, 40])
def test_each_story_is_told_once(month: BillingMonth, n: int) -> None:
    told = {customer.story: customer for customer in made(month, n) if customer.story}
    assert Counter(customer.story for customer in made(month, n) if customer.story) == Counter(dict.fromkeys(told, 1))
    assert told["no mandate"].mandate is None
    assert told["contract starts mid-month"].starts_on == month.first_day.replace(day=15)
    assert told["contract ends with the month"].ends_on == month.last_day
    assert told["contract ended before the month"].ends_on == month.previous().last_day
    assert told["contract ended before the month"].appetite == 0
    broken = told["broken IBAN, refused"].mandate
    assert broken is not None
    assert broken.refused
    assert remainder(broken.iban) != 1


def test_dates_fit_together() -> None:
    for customer in made(n=300):
        assert customer.starts_on < OCTOBER.last_day
        if customer.mandate:
            assert timedelta(0) < customer.starts_on - customer.mandate.signed_on < timedelta(days=31)
        if customer.terminated_on and customer.ends_on:
            assert customer.starts_on < customer.terminated_on < customer.ends_on


def test_accounts_are_well_formed_and_nobodys() -> None:
    mandates = [c.mandate for c in made(n=300) if c.mandate and not c.mandate.refused]
    assert {(remainder(m.iban), len(m.iban), m.iban[:2], m.iban[4]) for m in mandates} == {(1, 22, "DE", "9")}
    assert len({m.iban for m in mandates}) == len({m.reference for m in mandates}) == len(mandates)


def test_bodies_hold_what_the_interface_asks_for() -> None:
    customer = made()[0]
    assert customer.mandate
    assert set(customer.body()) == {
        *("name", "kind", "street", "postcode", "city", "country", "email", "vat_id"),
    }
    assert set(customer.mandate.body()) == {"iban", "reference", "signed_on", "scheme"}


@pytest.mark.parametrize("n", [0, 11, 8_001])
def test_too_few_or_too_many_customers_are_refused(n: int) -> None:
    with pytest.raises(ValueError, match=f"the demo needs 12 to 8,000 customers, not {n}"):
        made(n=n)


# --- traffic


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    first, again, other = ([batch.body for batch in traffic(seed=seed).batches()] for seed in (1, 1, 2))
    assert first == again
    assert first != other


@pytest.mark.parametrize("month", MONTHS, ids=str)
def test_every_event_lies_in_the_month_and_in_its_customers_contract(month: BillingMonth) -> None:
    load = traffic(month=month)
    assert list(load.batches())
    known = {customer.id: customer for customer in made(month)}
    first = {customer: known[customer].starts_on for customer in known}
    for key in load.count.units:
        assert key.day in month
        assert first.get(key.customer, month.first_day) <= key.day
    used = {customer for customer in known if load.count.total(customer)}
    assert all(known[customer].appetite for customer in used)


def test_the_promised_number_of_events_is_made_and_the_rest_is_mishaps() -> None:
    load = traffic(6_000)
    batches = list(load.batches())
    count = load.count
    borrowed = count.accepted - 6_000
    assert 0 < borrowed < 20
    assert count.posted == sum(batch.size for batch in batches) > 6_000
    assert max(batch.size for batch in batches) <= LARGEST_BATCH
    assert Expected(count.accepted, count.duplicates, count.rejected.total()) == Expected(
        sum(batch.expected.accepted for batch in batches),
        sum(batch.expected.duplicates for batch in batches),
        sum(batch.expected.rejected for batch in batches),
    )


def test_the_independent_count_equals_a_count_by_hand() -> None:
    load = traffic(2_000)
    by_hand: Counter[tuple[str, date, str]] = Counter()
    for event in {(e["customer"], e["id"]): e for e in sound(posted(load))}.values():
        day = datetime.fromisoformat(event["time"]).astimezone(BERLIN).date()
        by_hand[event["customer"], day, event["type"]] += event.get("quantity", 1)
    assert by_hand == load.count.units


@pytest.mark.parametrize("total", [600, 6_000])
def test_every_kind_of_mishap_occurs(total: int) -> None:
    load = traffic(total)
    batches = list(load.batches())
    events = [event for batch in batches for event in json.loads(batch.body)]
    owners: dict[str, set[str]] = {}
    for event in sound(events):
        owners.setdefault(event["id"], set()).add(event["customer"])

    assert max(Counter(batch.body for batch in batches).values()) == 2
    assert any(batch.expected.accepted == 0 for batch in batches)
    assert set(load.count.rejected) == {"id", "type", "time", "quantity"}
    assert any(len(customers) == 2 for customers in owners.values())
    assert load.count.used(UNKNOWN_CUSTOMER) > 0
    times = [event["time"] for event in sound(events) if event["time"].endswith("Z")]
    assert times != sorted(times)


def test_midnights_month_edges_and_the_change_of_summer_time_are_met_exactly() -> None:
    instants = {datetime.fromisoformat(event["time"]) for event in sound(posted(traffic()))}
    step = timedelta(milliseconds=1)
    change = datetime(2026, 10, 25, 1, tzinfo=UTC)
    half = timedelta(minutes=30)
    assert {OCTOBER.start, OCTOBER.end - step} <= instants
    assert {change - half, change - step, change, change + step, change + half} <= instants
    for day in list(OCTOBER.days())[1:]:
        midnight = datetime(day.year, day.month, day.day, tzinfo=BERLIN)
        assert {midnight - step, midnight, midnight + step} <= instants
    assert OCTOBER.end not in instants


def test_people_work_on_weekdays_in_the_daytime_and_eat_at_noon() -> None:
    events = sound(posted(traffic(20_000)))
    local = [datetime.fromisoformat(event["time"]).astimezone(BERLIN) for event in events]
    weekend = sum(moment.weekday() >= 5 for moment in local)
    hours = Counter(moment.hour for moment in local)
    assert weekend < len(local) / 20
    assert hours[12] < hours[10]
    assert hours[12] < hours[14]
    assert hours[3] < hours[10] / 20


def test_runs_are_one_trigger_and_up_to_six_further_events_some_in_connectors() -> None:
    kinds = Counter(event["type"] for event in sound(posted(traffic())))
    assert 0 < kinds["connector"] < kinds["trigger"] < kinds["action"] < 6 * kinds["trigger"]


def test_customers_use_about_what_their_package_allows_and_some_more() -> None:
    everyone = made(n=40)
    load = Traffic(1, OCTOBER, everyone, 250_000, NOW)
    plan = planned_events(everyone, 250_000)
    over = [c for c in everyone if plan[c.id] > 1.1 * PACKAGES[c.package]]
    assert sum(plan.values()) == 250_000
    assert 4 <= len(over) <= 12
    assert all(plan[c.id] < 1.6 * PACKAGES[c.package] for c in everyone)
    assert len({c.package for c in over}) >= 4
    assert sum(sorted(plan.values())[-4:]) > 250_000 / 2
    assert next(load.batches()).size <= LARGEST_BATCH


def test_late_events_come_after_the_close_and_are_counted_apart() -> None:
    load = traffic()
    before = {batch.body for batch in load.batches()}
    units = dict(load.count.units)
    late = list(load.late_batches(300))

    assert load.count.units == units
    assert sum(batch.expected.accepted for batch in late) == 300
    assert sum(batch.expected.duplicates for batch in late) > 0
    assert not before & {batch.body for batch in late}
    assert sum(load.count.used_late(customer.id) for customer in made()) > 200
    assert {key.customer for key in load.count.late} <= {c.id for c in made() if not c.ends_on}


def test_a_month_that_has_not_ended_is_refused() -> None:
    with pytest.raises(ValueError, match="must have ended: 2026-10 has not"):
        Traffic(1, OCTOBER, made(), 100, OCTOBER.end - timedelta(seconds=1))


# --- the independent count


def event(identity: str, time: str, kind: str = "action", **more: object) -> dict[str, object]:
    return {"id": identity, "customer": "k-1", "type": kind, "time": time, **more}


def test_a_count_knows_days_in_berlin_units_copies_and_late_ones() -> None:
    count = IndependentCount(NOW)
    said = count.add(
        json.dumps([
            event("a", "2026-10-24T21:59:59.999Z"),
            event("b", "2026-10-24T22:00:00Z", "trigger"),
            event("c", "2026-10-25T22:59:59.999Z", quantity=3),
            event("d", "2026-10-26T00:00:00+01:00"),
            event("a", "2026-10-24T21:59:59.999Z"),
            event("e", "2026-10-26T00:00:00+01:00", "connector"),
            event("a", "2026-10-24T21:59:59.999Z", customer="k-2"),
        ]).encode()
    )  # fmt: skip
    assert said == Expected(accepted=6, duplicates=1, rejected=0)
    assert count.days("k-1") == {
        date(2026, 10, 24): {"action": 1},
        date(2026, 10, 25): {"action": 3, "trigger": 1},
        date(2026, 10, 26): {"action": 1, "connector": 1},
    }
    assert (count.used("k-1"), count.total("k-1"), count.total("k-1", "connector"), count.used("k-2")) == (6, 7, 1, 1)

    count.close()
    again = [event("a", "2026-10-24T21:59:59.999Z"), event("f", "2026-10-31T22:59:59Z")]
    assert count.add(json.dumps(again).encode()) == Expected(accepted=1, duplicates=1, rejected=0)
    assert count.late == {Key("k-1", date(2026, 10, 31), "action"): 1}
    assert (count.used("k-1"), count.used_late("k-1"), count.posted) == (6, 1, 9)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"customer": "k-1", "type": "action", "time": "2026-10-05T12:00:00Z"}, "id"),
        (event("a", "2026-10-05T12:00:00"), "time"),
        (event("a", "2026-11-23T12:00:00Z"), "time"),
        (event("a", "2026-10-05T12:00:00Z", "workflow"), "type"),
        (event("a", "2026-10-05T12:00:00Z", quantity=-1), "quantity"),
        (event("a", "2026-10-05T12:00:00Z", quantity=0), "quantity"),
    ],
)
def test_a_count_expects_invalid_events_to_be_refused(wrong: dict[str, object], field: str) -> None:
    count = IndependentCount(NOW)
    assert count.add(json.dumps([wrong]).encode()) == Expected(0, 0, 1)
    assert count.rejected == {field: 1}
    assert not count.units
