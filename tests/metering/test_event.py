import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metering.event import MOST_EVENTS, BodyError, Event, Reader, Rejected, Window
from metering.month import BillingMonth
from tests.metering.samples import cell_of

JSON, LINES = "application/json", "application/x-ndjson"
CLOUD, CLOUDS = "application/cloudevents+json", "application/cloudevents-batch+json"
NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)
WINDOW = Window.at(NOW, late_days=35, future_minutes=5)
ALL_TIME = Window(datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
READER = Reader(["trigger", "action"])
VALID = {"id": "e-1", "customer": "k-1007", "type": "trigger", "time": "2026-10-05T12:00:00Z"}
CLOUD_VALID = {
    "specversion": "1.0",
    "id": "e-1",
    "subject": "k-1007",
    "type": "de.fluks.trigger",
    "time": "2026-10-05T12:00:00Z",
}


def one(**fields: Any) -> dict[str, Any]:
    return {**VALID, **fields}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in VALID.items() if key != name}


def read(body: Any, kind: str = JSON, window: Window = WINDOW) -> tuple[list[Event], list[Rejected]]:
    return READER.read(kind, body if isinstance(body, bytes) else json.dumps(body).encode(), window)


def lines(*events: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in events)


def read_cell(time: str, window: Window = ALL_TIME) -> str:
    [event], [] = read(one(time=time), window=window)
    return cell_of(event)


READ_OK = Event("e-1", "k-1007", "trigger", datetime(2026, 10, 5, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (JSON, json.dumps(VALID).encode()),
        (JSON, json.dumps([VALID]).encode()),
        (JSON, b" \r\n\t[" + json.dumps(VALID).encode() + b"]\n"),
        (LINES, lines(VALID)),
        (LINES, lines(VALID).rstrip()),
        (LINES, b"\n\r\n" + lines(VALID) + b"\n  \n"),
        (CLOUD, json.dumps(CLOUD_VALID).encode()),
        (CLOUDS, json.dumps([CLOUD_VALID]).encode()),
    ],
)
def test_all_four_spellings_say_the_same(kind: str, body: bytes) -> None:
    assert kind in READER.content_types
    assert read(body, kind) == ([READ_OK], [])


def test_everything_an_event_can_say_arrives() -> None:
    own = one(workflow="wf-17", connector="fluks-forms", quantity=1_000_000, extra={"deep": [1, None]})
    cloud = {
        **CLOUD_VALID,
        "source": "/engine/3",
        "data": {"workflow": "wf-17", "connector": "fluks-forms", "quantity": 1_000_000, "more": True},
    }
    expected = Event(
        "e-1", "k-1007", "trigger", datetime(2026, 10, 5, 12, tzinfo=UTC), "wf-17", "fluks-forms", 1_000_000
    )
    assert read(own) == read(cloud, CLOUD) == ([expected], [])


@pytest.mark.parametrize("said", ["trigger", "de.fluks.trigger", "a.b.c.d.trigger"])
def test_a_cloud_event_s_type_ends_in_the_meter(said: str) -> None:
    assert read({**CLOUD_VALID, "type": said}, CLOUD) == ([READ_OK], [])


@pytest.mark.parametrize("customer", ["k", "0", "k" * 64, "a.b_c:d@e-f", "K-1007"])
def test_customers_may_be_written_in_many_ways(customer: str) -> None:
    assert read(one(customer=customer))[0][0].customer == customer


ID, CUSTOMER = "give a text of 1 to 128 characters", "give the customer's id"
METERS = "give one of the meters: action, trigger"
REFUSED: list[tuple[Any, str, str]] = [
    (without("id"), "id", f"is missing: {ID}"),
    (one(id=""), "id", f"is not valid: {ID}"),
    (one(id="x" * 129), "id", f"is not valid: {ID}"),
    (one(id=7), "id", f"is not valid: {ID}"),
    (one(id=None), "id", f"is not valid: {ID}"),
    (without("customer"), "customer", f"is missing: {CUSTOMER}"),
    (one(customer=""), "customer", f"is not valid: {CUSTOMER}"),
    (one(customer="k" * 65), "customer", f"is not valid: {CUSTOMER}"),
    (one(customer="-k"), "customer", f"is not valid: {CUSTOMER}"),
    (one(customer="k}{"), "customer", f"is not valid: {CUSTOMER}"),
    (one(customer="k-1\n"), "customer", f"is not valid: {CUSTOMER}"),
    (one(customer="k\n-1"), "customer", f"is not valid: {CUSTOMER}"),
    (one(customer="müller"), "customer", f"is not valid: {CUSTOMER}"),
    (without("type"), "type", f"is missing: {METERS}"),
    (one(type=1), "type", f"is not valid: {METERS}"),
    (one(type="Trigger"), "type", f"is unknown: {METERS}"),
    (one(type=""), "type", f"is unknown: {METERS}"),
    (without("time"), "time", "is missing: give RFC 3339 with an offset"),
    (one(time="2026-10-05T12:00:00"), "time", "is not valid: give RFC 3339 with an offset"),
    (one(time="2026-10-05"), "time", "is not valid: give RFC 3339 with an offset"),
    (one(time="2026-02-29T12:00:00Z"), "time", "is not valid: give RFC 3339 with an offset"),
    (one(time=1_790_000_000), "time", "is not valid: give RFC 3339 with an offset"),
    (one(time="2026-11-05T12:05:00.000001Z"), "time", "lies in the future: check the sender's clock"),
    (one(time="2026-09-30T23:59:59.999999+02:00"), "time", "is too old: events are taken from 2026-10-01 on"),
    (one(workflow="w" * 129), "workflow", "is not valid: give a text of at most 128 characters"),
    (one(connector=[]), "connector", "is not valid: give a text of at most 128 characters"),
    (one(quantity=0), "quantity", "is not valid: give a whole number from 1 to 1,000,000"),
    (one(quantity=-1), "quantity", "is not valid: give a whole number from 1 to 1,000,000"),
    (one(quantity=1_000_001), "quantity", "is not valid: give a whole number from 1 to 1,000,000"),
    (one(quantity=1.5), "quantity", "is not valid: give a whole number from 1 to 1,000,000"),
    (one(quantity="3"), "quantity", "is not valid: give a whole number from 1 to 1,000,000"),
    (one(quantity=True), "quantity", "is not valid: give a whole number from 1 to 1,000,000"),
    (5, "", "is not valid: send a JSON object"),
    ([], "", "is not valid: send a JSON object"),
    (None, "", "is not valid: send a JSON object"),
]


@pytest.mark.parametrize(("wrong", "field", "message"), REFUSED)
@pytest.mark.parametrize("kind", [JSON, LINES])
def test_a_refused_event_is_named_and_the_others_count(wrong: Any, field: str, message: str, kind: str) -> None:
    batch = [one(id="before"), wrong, one(id="after")]
    events, [rejected] = read(json.dumps(batch).encode() if kind == JSON else lines(*batch), kind)
    assert [event.id for event in events] == ["before", "after"]
    identity = wrong.get("id") if isinstance(wrong, dict) else None
    assert rejected.index == 1
    assert rejected.id == (identity[:128] if isinstance(identity, str) else None)
    assert (rejected.field, rejected.message[: len(message)]) == (field, message)


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"specversion": "0.3"}, "specversion", "is not valid: give 1.0"),
        ({"specversion": 1}, "specversion", "is not valid: give 1.0"),
        ({"subject": None}, "subject", f"is not valid: {CUSTOMER}"),
        ({"type": "trigger.fluks"}, "type", f"is unknown: {METERS}"),
        ({"time": "yesterday"}, "time", "is not valid: give RFC 3339 with an offset"),
        ({"data": "text"}, "data", "is not valid: give an object with workflow, connector and quantity"),
        ({"data": {"quantity": 0}}, "quantity", "is not valid: give a whole number"),
        ({"data": {"workflow": 1}}, "workflow", "is not valid: give a text of at most 128 characters"),
    ],
)
def test_a_refused_cloud_event_is_named_too(change: dict[str, Any], field: str, message: str) -> None:
    events, [rejected] = read([CLOUD_VALID, {**CLOUD_VALID, **change}], CLOUDS)
    assert len(events) == 1
    assert (rejected.index, rejected.id) == (1, "e-1")
    assert (rejected.field, rejected.message[: len(message)]) == (field, message)


def test_refused_events_are_listed_in_their_order() -> None:
    batch = [one(type="?"), one(id=""), one(time="2001-01-01T00:00:00Z"), one(), 1]
    events, rejected = read(batch)
    assert len(events) == 1
    assert [(each.index, each.field) for each in rejected] == [(0, "type"), (1, "id"), (2, "time"), (4, "")]


def test_a_broken_line_spoils_only_itself() -> None:
    events, [rejected] = read(lines(one(id="a")) + b'{"id": \n\n' + lines(one(id="b")), LINES)
    assert [event.id for event in events] == ["a", "b"]
    assert (rejected.index, rejected.id, rejected.raw) == (1, None, '{"id": ')


def test_bytes_that_are_no_text_spoil_only_their_event() -> None:
    broken = b'{"id":"\xff","customer":"k","type":"trigger","time":"2026-10-05T12:00:00Z"}'
    for kind, body in [
        (JSON, b"[" + broken + b"," + json.dumps(VALID).encode() + b"]"),
        (LINES, broken + b"\n" + lines(VALID)),
    ]:
        events, [rejected] = read(body, kind)
        assert events == [READ_OK]
        assert rejected.index == 0
        assert "\ufffd" in rejected.raw


@pytest.mark.parametrize("count", [1, 2, MOST_EVENTS])
@pytest.mark.parametrize("kind", [JSON, LINES])
def test_a_request_holds_up_to_ten_thousand_events(count: int, kind: str) -> None:
    batch = [one(id=str(n)) for n in range(count)]
    events, rejected = read(json.dumps(batch).encode() if kind == JSON else lines(*batch), kind)
    assert (len(events), rejected) == (count, [])


@pytest.mark.parametrize("last", [one(), one(id="")], ids=["all valid", "one invalid"])
@pytest.mark.parametrize("kind", [JSON, LINES])
def test_one_more_is_refused_as_a_whole(last: dict[str, Any], kind: str) -> None:
    batch = [*(one(id=str(n)) for n in range(MOST_EVENTS)), last]
    with pytest.raises(BodyError, match=r"10,001 events in one request; send at most 10,000") as caught:
        read(json.dumps(batch).encode() if kind == JSON else lines(*batch), kind)
    assert caught.value.status == 413


@pytest.mark.parametrize(("kind", "body"), [(JSON, b"[]"), (LINES, b""), (LINES, b" \n\r\n"), (CLOUDS, b"[ ]")])
def test_an_empty_batch_is_refused(kind: str, body: bytes) -> None:
    with pytest.raises(BodyError, match="no event in the body; send 1 to 10,000") as caught:
        read(body, kind)
    assert caught.value.status == 422


DEEP = b"[" * 200_000


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (JSON, b""),
        (JSON, b"{"),
        (JSON, b"[{}"),
        (JSON, b"[{}] x"),
        (JSON, b"hello"),
        (JSON, b'{"id":"\xff"}'),
        (JSON, b'{"id":"\\ud800"}'),
        (JSON, b"\xef\xbb\xbf{}"),
        (JSON, DEEP),
        (JSON, b'[{"x":' + DEEP),
        (JSON, b'{"x":' + DEEP),
        (LINES, b'{"x":' + DEEP),
        (LINES, b"{"),
        (CLOUD, b""),
        (CLOUDS, json.dumps(CLOUD_VALID).encode()),
    ],
)
def test_a_body_that_is_no_json_is_refused_as_a_whole(kind: str, body: bytes) -> None:
    with pytest.raises(BodyError, match="the body is not") as caught:
        read(body, kind)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("now", "earliest"),
    [
        ("2026-11-05T12:00:00+00:00", "2026-10-01T00:00:00+02:00"),
        ("2026-11-04T22:59:59.999999+00:00", "2026-09-01T00:00:00+02:00"),  # 4 November, 23:59:59 in Berlin
        ("2026-11-04T23:00:00+00:00", "2026-10-01T00:00:00+02:00"),  # September has been over for 35 days
        ("2027-01-04T12:00:00+00:00", "2026-11-01T00:00:00+01:00"),
        ("2027-01-05T12:00:00+00:00", "2026-12-01T00:00:00+01:00"),
        ("2028-03-01T00:00:00+01:00", "2028-01-01T00:00:00+01:00"),
    ],
)
def test_a_month_takes_events_for_35_days_after_its_end(now: str, earliest: str) -> None:
    window = Window.at(datetime.fromisoformat(now), late_days=35, future_minutes=5)
    assert window.earliest == datetime.fromisoformat(earliest)
    assert window.latest == datetime.fromisoformat(now) + timedelta(minutes=5)


@pytest.mark.parametrize(("late_days", "earliest"), [(0, "2026-11"), (3, "2026-11"), (4, "2026-10"), (35, "2026-09")])
def test_the_late_window_is_a_setting(late_days: int, earliest: str) -> None:
    window = Window.at(datetime(2026, 11, 4, 23, 59, tzinfo=ZoneInfo("Europe/Berlin")), late_days, 5)
    assert str(BillingMonth.of(window.earliest)) == earliest


@pytest.mark.parametrize(
    ("time", "taken"),
    [
        ("2026-11-05T12:04:59.999999Z", True),
        ("2026-11-05T12:05:00Z", True),
        ("2026-11-05T12:05:00.000001Z", False),
        ("2026-11-05T13:05:00+01:00", True),
        ("9999-12-31T23:59:59-14:00", False),
        ("2026-10-01T00:00:00+02:00", True),
        ("2026-10-01T00:00:00.000001+02:00", True),
        ("2026-09-30T21:59:59.999999Z", False),
        ("0001-01-01T00:00:00+14:00", False),
    ],
)
def test_the_window_s_bounds_are_in_it(time: str, taken: bool) -> None:  # noqa: FBT001 - a table's column
    events, rejected = read(one(time=time))
    assert (len(events), len(rejected)) == ((1, 0) if taken else (0, 1))


@pytest.mark.parametrize(
    ("time", "cell"),
    [
        ("2026-10-31T23:59:59.999999+01:00", "2026-10 trigger:31"),
        ("2026-10-31T22:59:59.999999Z", "2026-10 trigger:31"),
        ("2026-11-01T00:00:00+01:00", "2026-11 trigger:01"),
        ("2026-10-31T23:00:00Z", "2026-11 trigger:01"),
        ("2026-09-30T22:00:00Z", "2026-10 trigger:01"),
        ("2026-09-30T21:59:59.999999Z", "2026-09 trigger:30"),
        ("2026-10-25T02:30:00+02:00", "2026-10 trigger:25"),
        ("2026-10-25T02:30:00+01:00", "2026-10 trigger:25"),
        ("2026-10-24T22:00:00Z", "2026-10 trigger:25"),
        ("2026-10-25T22:59:59.999999Z", "2026-10 trigger:25"),
        ("2026-10-25T23:00:00Z", "2026-10 trigger:26"),
        ("2026-03-28T22:59:59.999999Z", "2026-03 trigger:28"),
        ("2026-03-28T23:00:00Z", "2026-03 trigger:29"),
        ("2026-03-29T01:59:59.999999+01:00", "2026-03 trigger:29"),
        ("2026-03-29T03:00:00+02:00", "2026-03 trigger:29"),
        ("2026-03-29T21:59:59.999999Z", "2026-03 trigger:29"),
        ("2026-03-29T22:00:00Z", "2026-03 trigger:30"),
        ("2026-12-31T22:59:59.999999Z", "2026-12 trigger:31"),
        ("2026-12-31T23:00:00Z", "2027-01 trigger:01"),
        ("2028-02-28T23:00:00Z", "2028-02 trigger:29"),
        ("2028-02-29T22:59:59.999999Z", "2028-02 trigger:29"),
        ("2028-02-29T23:00:00Z", "2028-03 trigger:01"),
        ("2026-10-31T19:00:00-05:00", "2026-11 trigger:01"),
        ("2026-10-31T23:29:59+05:30", "2026-10 trigger:31"),
    ],
)
def test_an_event_counts_on_its_day_in_berlin(time: str, cell: str) -> None:
    assert read_cell(time) == cell


MOMENTS = st.datetimes(
    datetime(1990, 1, 2),  # noqa: DTZ001 - the strategy adds the zone
    datetime(2099, 12, 30),  # noqa: DTZ001
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)


@given(st.lists(MOMENTS, min_size=1, max_size=20), st.sampled_from(["trigger", "action"]))
def test_the_day_is_the_calendar_s_whatever_the_sender_s_zone(moments: list[datetime], meter: str) -> None:
    batch = [one(id=str(n), type=meter, time=moment.isoformat()) for n, moment in enumerate(moments)]
    events, rejected = read(batch, window=ALL_TIME)
    plain = [moment.astimezone(ZoneInfo("Europe/Berlin")) for moment in moments]
    assert rejected == []
    assert [cell_of(each) for each in events] == [f"{local:%Y-%m} {meter}:{local:%d}" for local in plain]
    assert [each.time for each in events] == moments


@given(st.lists(st.sampled_from([one(), *(wrong for wrong, _, _ in REFUSED)]), min_size=1, max_size=30))
def test_every_event_is_either_counted_or_refused(batch: list[Any]) -> None:
    events, rejected = read(batch)
    assert len(events) == batch.count(VALID)
    assert len(events) + len(rejected) == len(batch)
    assert read(lines(*batch), LINES) == (events, rejected)
