"""A workflow log as real systems write it, sent by the command line to the real service: every line on its local day.

Moved by 182 months, 15 years and two months: wall clocks stay, so lines meet the changes of the new year's clock.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.service_process import ServiceProcess, service_in

LOG = """\
case,activity,lifecycle,resource,timestamp
case-1,Eingang bestätigt,complete,amt-1,2011-08-01T00:10:00.000+02:00
case-1,"Unterlagen geprüft, ergänzt",complete,amt-2,2011-08-25T00:30:00.250+02:00
case-1,Bescheid entworfen,complete,amt-2,2011-08-25T02:30:00.000+02:00
case-2,Eingang bestätigt,complete,amt-2,2011-08-31T23:59:59.999+02:00
case-2,Bescheid entworfen,complete,amt-1,2011-09-01T00:00:00.000+02:00
case-3,Eingang bestätigt,complete,amt-1,2011-01-29T02:30:00.000+01:00
case-3,Bescheid entworfen,complete,amt-1,2011-01-29T23:30:00.000+01:00
case-3,Bescheid versandt,complete,amt-1,2010-12-31T12:00:00.000+01:00
case-4,Eingang bestätigt,complete,amt-1,2011-08-11 10:00:00
"""
EXPECTED = """
amt-1 | 2026-10-01 | trigger | ten past midnight, still September in UTC
amt-2 | 2026-10-25 | action  | half past midnight before the clock goes back, still the 24th in UTC
amt-2 | 2026-10-25 | action  | in the hour that comes twice
amt-2 | 2026-10-31 | trigger | a millisecond before the month ends
amt-1 | 2026-11-01 | action  | the month's first instant
amt-1 | 2026-03-29 | trigger | in the hour that is skipped
amt-1 | 2026-03-29 | action  | half past eleven at night, on the day of 23 hours
amt-1 | 2026-02-28 | action  | there is no 31 February
"""
MAPPING = (
    *("--map", "customer=resource", "time=timestamp", "id={case}-{#}", "type=first:case:trigger:action"),
    *("workflow=:permits", "connector=activity"),
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    folder = tmp_path_factory.mktemp("send") / "data"
    with service_in(folder, "2026-11-05", ZAEHLWERK_LATE_DAYS="1000") as started:
        for customer in ("amt-1", "amt-2"):
            started.customer(customer, "schnupperpaket", since="2026-01-01")
        yield started
        started.stop()


def send(service: ServiceProcess, folder: Path) -> dict[str, Any]:
    log = folder / "log.csv"
    log.write_text(LOG, encoding="utf-8")
    there = ("--url", service.url, "--key", service.key("engine"))
    done = service.command("send", str(log), *there, "--shift-months", "182", *MAPPING, "--json")
    assert done.returncode == 1, f"one line is listed: {done.stderr}"
    summary: dict[str, Any] = json.loads(done.stdout)
    return summary


def test_every_line_is_counted_on_its_local_day_and_only_once(service: ServiceProcess, tmp_path: Path) -> None:
    first, again = send(service, tmp_path), send(service, tmp_path)
    assert (first["sent"], first["accepted"], first["duplicates"]) == (8, 8, 0)
    assert (again["sent"], again["accepted"], again["duplicates"]) == (8, 0, 8)
    for summary in (first, again):
        (refused,) = summary["rejected"]
        assert (refused["field"], refused["lines"]) == ("time", [10])

    rows = [tuple(cell.strip() for cell in line.split("|")) for line in EXPECTED.strip().splitlines()]
    expected = Counter((customer, day, meter) for customer, day, meter, _ in rows)
    counted: dict[tuple[str, str, str], int] = {}
    for customer in ("amt-1", "amt-2"):
        for month in ("2026-02", "2026-03", "2026-10", "2026-11"):
            counted |= service.used(customer, month)
    assert counted == dict(expected)


def test_what_was_sent_is_what_is_billed(service: ServiceProcess, tmp_path: Path) -> None:
    send(service, tmp_path)
    done = service.command("close", "2026-10", "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["state"], report["invoices"]) == (0, "closed", 2)
    stated = service.ask("GET", "/v1/customers/amt-2/usage/2026-10")
    assert (stated["used"], stated["workflows"], stated["connectors"]) == (
        3,
        {"permits": 3},
        {"Bescheid entworfen": 1, "Eingang bestätigt": 1, "Unterlagen geprüft, ergänzt": 1},
    )
