import gzip
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.event_file import EventFileError, Line, Unreadable, read_events, record_count, shift_wall_clock
from api.event_mapping import MappingError
from metering.month import BERLIN

PERMITS = """case,activity,resource,stamp
A 1,received,Süd,2025-03-29T09:00:00.500+01:00
B 2,received,Nord,2025-03-29T10:00:00+01:00
A 1,checked,Süd,2025-03-31T09:00:00+02:00
"""
MAPPING = [
    "customer=resource",
    "type=first:case:trigger:action",
    "id={case}-{#}",
    "time=stamp",
    "connector=:permits",
]


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str, str], Path]:
    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        data = text.encode()
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return write


Writer = Callable[[str, str], Path]


def events(lines: list[Line]) -> list[tuple[int, Any]]:
    return [(number, event) for number, event in lines if not isinstance(event, Unreadable)]


def test_a_foreign_log_is_read_through_a_mapping(file: Writer) -> None:
    lines = list(read_events(file("permits.csv", PERMITS), MAPPING))

    assert [number for number, _ in lines] == [2, 3, 4]
    assert lines[0][1] == {
        "id": "A 1-2",
        "customer": "Süd",
        "type": "trigger",
        "time": "2025-03-29T09:00:00.500+01:00",
        "connector": "permits",
    }
    assert [event["type"] for _, event in events(lines)] == ["trigger", "trigger", "action"]


def test_reading_twice_gives_the_same_ids_and_types(file: Writer) -> None:
    path = file("permits.csv", PERMITS)
    assert list(read_events(path, MAPPING)) == list(read_events(path, MAPPING))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("e.csv", "id,customer,type,time,quantity\ne1,k-1,action,2026-10-05T12:00:00Z,3\n"),
        ("e.CSV.gz", "id,customer,type,time,quantity\ne1,k-1,action,2026-10-05T12:00:00Z,3\n"),
        ("semicolons.csv", "id;customer;type;time;quantity\r\ne1;k-1;action;2026-10-05T12:00:00Z;3\r\n"),
        ("tabs.csv", "id\tcustomer\ttype\ttime\tquantity\ne1\tk-1\taction\t2026-10-05T12:00:00Z\t3\n"),
        ("bom.csv", "\ufeffid,customer,type,time,quantity\n\ne1,k-1,action,2026-10-05 12:00:00Z,3\n"),
        (
            "e.ndjson",
            '{"id":"e1","customer":"k-1","type":"action","time":"2026-10-05T12:00:00Z","quantity":3}',
        ),
        (
            "e.jsonl.gz",
            '{"id":"e1","customer":"k-1","type":"action","time":"2026-10-05t12:00:00z","quantity":3,"x":0}',
        ),
    ],
)
def test_own_field_names_need_no_mapping_in_any_format(file: Writer, name: str, text: str) -> None:
    [(_, event)] = read_events(file(name, text))
    assert event == {
        "id": "e1",
        "customer": "k-1",
        "type": "action",
        "time": "2026-10-05T12:00:00Z",
        "quantity": 3,
    }


def test_parquet_keeps_instants_and_turns_numbers_into_identifiers(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    with duckdb.connect() as db:
        db.execute(
            "CREATE TABLE log AS SELECT 'e' || i AS id, i AS kunde, 2::HUGEINT AS quantity, "
            "NULL AS workflow, TIMESTAMPTZ '2026-10-25 00:30:00.25+00' AS wann FROM range(2500) t(i)"
        )
        db.table("log").write_parquet(str(path))

    lines = list(read_events(path, ["customer=kunde", "time=wann", "type=:trigger"]))

    assert record_count(path) == len(lines) == 2500
    assert lines[-1] == (
        2500,
        {
            "id": "e2499",
            "quantity": 2,
            "customer": "2499",
            "time": "2026-10-25T00:30:00.250000+00:00",
            "type": "trigger",
        },
    )


def test_parquet_timestamps_without_zone_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "naive.parquet"
    with duckdb.connect() as db:
        db.sql("SELECT TIMESTAMP '2026-10-05 12:00:00' AS time").write_parquet(str(path))
    [(number, problem)] = read_events(path)
    assert number == 1
    assert isinstance(problem, Unreadable)
    assert "has no offset" in problem.message


@pytest.mark.parametrize(
    ("time", "complaint"),
    [
        ("2026-10-05 12:00:00", "has no offset"),
        ("2026-10-05T12:00:00.123", "has no offset"),
        ("05.10.2026 12:00", "is not an RFC 3339 time"),
        ("1791194400", "is not an RFC 3339 time"),
        ("2026-10-05", "is not an RFC 3339 time"),
    ],
)
def test_a_time_nobody_can_place_is_refused_and_the_rest_is_read(file: Writer, time: str, complaint: str) -> None:
    path = file("e.csv", f"id,time\ne1,{time}\ne2,2026-10-05T12:00:00Z\n")
    (first, problem), (second, sound) = read_events(path)
    assert (first, second) == (2, 3)
    assert isinstance(problem, Unreadable)
    assert problem.field == "time"
    assert complaint in problem.message
    assert sound == {"id": "e2", "time": "2026-10-05T12:00:00Z"}


def test_a_date_that_does_not_exist_is_refused_when_it_is_to_be_moved(file: Writer) -> None:
    [(_, problem)] = read_events(file("e.csv", "time\n2026-02-30T12:00:00Z\n"), shift_months=1)
    assert problem == Unreadable("time", "is no time of the calendar, or leaves it when it is moved")


def test_lines_are_numbered_as_an_editor_shows_them(file: Writer) -> None:
    text = 'id,workflow\ne1,"two\nlines"\n\ne2,x\ne3\ne4,y\n'
    lines = list(read_events(file("e.csv", text)))
    assert [number for number, _ in lines] == [2, 5, 6, 7]
    assert lines[2][1] == Unreadable("line", "has another number of columns than the header (2)")


def test_broken_json_lines_do_not_stop_the_file(file: Writer) -> None:
    lines = list(read_events(file("e.ndjson", '{"id":"e1"}\n\n{"id":\n[1]\n{"id":"e2"}\n')))
    problem = Unreadable("line", "is not one JSON object")
    assert lines == [(1, {"id": "e1"}), (3, problem), (4, problem), (5, {"id": "e2"})]


def test_empty_values_leave_the_field_out(file: Writer) -> None:
    path = file("e.csv", "case,who,workflow\n,k-1,\n")
    [(_, event)] = read_events(path, ["id={case}-{#}", "type=first:case:trigger:action", "customer=who"])
    assert event == {"customer": "k-1"}


@pytest.mark.parametrize(("written", "read"), [("7", 7), ("-1", -1), ("1.5", "1.5"), ("viele", "viele")])
def test_only_whole_quantities_become_numbers_the_service_judges_the_rest(
    file: Writer, written: str, read: object
) -> None:
    [(_, event)] = read_events(file("e.csv", f"quantity,id\n{written},e1\n"))
    assert event == {"quantity": read, "id": "e1"}


@pytest.mark.parametrize(
    ("option", "complaint"),
    [
        ("customer", "write FIELD=SOURCE"),
        ("customer=", "write FIELD=SOURCE"),
        ("kunde=resource", "'kunde' is no field of an event: id, customer, type, time"),
        ("type=first:case:trigger", "write first:COLUMN:FIRST:FURTHER"),
        ("id={case}-{#", "each brace closed"),
        ("id={}", "each brace closed"),
        (
            "customer=ressource",
            "no column ressource in the file; its columns are: case, activity, resource, stamp",
        ),
        ("id={fall}-{#}", "no column fall in the file"),
        ("type=first:fall:trigger:action", "no column fall in the file"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused_with_the_fix(file: Writer, option: str, complaint: str) -> None:
    with pytest.raises(MappingError, match=complaint.replace("{", r"\{")):
        list(read_events(file("permits.csv", PERMITS), [option]))


def test_a_field_mapped_twice_is_refused(file: Writer) -> None:
    with pytest.raises(MappingError, match="customer is mapped twice"):
        list(read_events(file("permits.csv", PERMITS), ["customer=resource", "customer=case"]))


def test_a_json_column_may_be_missing_in_some_lines_but_not_in_all(file: Writer) -> None:
    path = file("e.ndjson", '{"id":"e1"}\n{"id":"e2","verbinder":"mail"}\n')
    assert [event for _, event in read_events(path, ["connector=verbinder"])] == [
        {"id": "e1"},
        {"id": "e2", "connector": "mail"},
    ]
    with pytest.raises(MappingError, match="no column konnektor in the file; its columns are: id, verbinder"):
        list(read_events(path, ["connector=konnektor"]))


@pytest.mark.parametrize(
    ("name", "data", "complaint"),
    [
        ("e.json", b"[]", "what kind of file is it"),
        ("e.xlsx", b"", "what kind of file is it"),
        ("e.csv", b"", "a header with a different name for each column"),
        ("e.csv", b"id,id\n1,2\n", "a header with a different name for each column"),
        ("e.csv", b"id\n\xe4\n", "not UTF-8"),
        ("e.csv", b'id,time\n"e1,2\n', "cannot be read as CSV"),
        ("e.csv.gz", gzip.compress(b"id\n" + b"e1\n" * 99, mtime=0)[:-9], "damaged or cut off"),
        ("e.ndjson.gz", b"no gzip", "damaged or cut off"),
        ("e.parquet", b"no parquet", "cannot be read as Parquet"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(tmp_path: Path, name: str, data: bytes, complaint: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(EventFileError, match=complaint):
        list(read_events(path))


@pytest.mark.parametrize("name", ["none.csv", "none.ndjson.gz", "none.parquet"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(EventFileError, match=f"{name} cannot be read: [Nn]o such file"):
        list(read_events(tmp_path / name))


@pytest.mark.parametrize(
    ("name", "text", "count"),
    [("e.csv", "id\n1\n2\n", 2), ("e.csv.gz", "id\n", 0), ("e.ndjson", "{}\n{}\n", 2), ("e.csv", "", 0)],
)
def test_records_are_counted_for_the_progress_bar(file: Writer, name: str, text: str, count: int) -> None:
    assert record_count(file(name, text)) == count


@pytest.mark.parametrize(
    ("instant", "months", "shifted"),
    [
        ("2012-01-23T14:05:00.123+01:00", 177, "2026-10-23T14:05:00.123000+02:00"),
        ("2011-07-15T09:30:00+02:00", 6, "2012-01-15T09:30:00+01:00"),
        ("2025-07-31T22:30:00Z", 1, "2025-09-01T00:30:00+02:00"),
        ("2026-08-31T12:00:00+02:00", 1, "2026-09-30T12:00:00+02:00"),
        ("2024-02-29T12:00:00+01:00", 12, "2025-02-28T12:00:00+01:00"),
        ("2026-10-05T12:00:00+02:00", -12, "2025-10-05T12:00:00+02:00"),
        ("2026-10-05T12:00:00+05:00", 0, "2026-10-05T09:00:00+02:00"),
        # 29 March 2026 has no 02:30: read with the offset from before the change
        ("2026-02-28T02:30:00+01:00", 1, "2026-03-28T02:30:00+01:00"),
        ("2026-01-29T02:30:00+01:00", 2, "2026-03-29T03:30:00+02:00"),
        ("2026-01-29T01:59:59+01:00", 2, "2026-03-29T01:59:59+01:00"),
        ("2026-01-29T03:00:00+01:00", 2, "2026-03-29T03:00:00+02:00"),
        # 25 October 2026 has 02:30 twice: the first, unless the original was a second one
        ("2026-09-25T02:30:00+02:00", 1, "2026-10-25T02:30:00+02:00"),
        ("2026-01-25T02:30:00+01:00", 9, "2026-10-25T02:30:00+02:00"),
        ("2020-10-25T02:30:00+02:00", 72, "2026-10-25T02:30:00+02:00"),
        ("2020-10-25T02:30:00+01:00", 72, "2026-10-25T02:30:00+01:00"),
        # a second 02:30 moved into the gap
        ("2017-10-29T02:30:00+01:00", 101, "2026-03-29T03:30:00+02:00"),
    ],
)
def test_months_are_shifted_on_the_wall_clock(instant: str, months: int, shifted: str) -> None:
    assert shift_wall_clock(datetime.fromisoformat(instant), months).isoformat() == shifted


@given(st.integers(631_152_000, 2_082_758_400), st.integers(-120, 120))
def test_a_shift_lands_in_the_month_meant_and_moves_the_clock_at_most_over_the_gap(epoch: int, months: int) -> None:
    moment = datetime.fromtimestamp(epoch, BERLIN)
    shifted = shift_wall_clock(moment, months)
    assert shifted.year * 12 + shifted.month == moment.year * 12 + moment.month + months
    assert shifted.minute == moment.minute
    assert shifted.hour - moment.hour == (1 if shifted.hour == 3 and moment.hour == 2 and shifted.month == 3 else 0)


def test_the_reader_shifts_times_and_nothing_else(file: Writer) -> None:
    path = file("permits.csv", PERMITS)
    moved = events(list(read_events(path, MAPPING, shift_months=12)))
    assert [event["time"] for _, event in moved] == [
        "2026-03-29T09:00:00.500000+02:00",
        "2026-03-29T10:00:00+02:00",
        "2026-03-31T09:00:00+02:00",
    ]
    unmoved = events(list(read_events(path, MAPPING)))
    assert [{**event, "time": ""} for _, event in moved] == [{**event, "time": ""} for _, event in unmoved]
