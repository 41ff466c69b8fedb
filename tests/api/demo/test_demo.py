"""``zaehlwerk demo`` as a newcomer runs it, with few events; then once more."""

import hashlib
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from lxml import etree

from tests.redis_fixtures import is_alive

EVENTS, CUSTOMERS = 3_000, 14
KINDS = {"invoices": "invoices/*/*.pdf", "mails": "outbox/*.eml", "files": "sepa/*.xml", "slips": "sepa/*.pdf"}
TABLES = ("invoice", "invoice_number", "outbox_mail", "collection", "sepa_export", "mandate_version", "contract_event")


@dataclass(frozen=True)
class Ran:
    """A finished demo: what it said, and what lay in its directory afterwards."""

    said: str
    files: dict[str, dict[str, str]]
    rows: dict[str, list[tuple[object, ...]]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "data"


@pytest.fixture(scope="module")
def first(folder: Path) -> Ran:
    return demo(folder)


@pytest.fixture(scope="module")
def second(first: Ran, folder: Path) -> Ran:
    assert first.files
    return demo(folder)


def demo(folder: Path) -> Ran:
    command = [sys.executable, "-m", "api.cli", "demo", "--dir", str(folder)]
    command += ["--events", str(EVENTS), "--customers", str(CUSTOMERS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "200"})
    assert done.returncode == 0, done.stderr
    with closing(sqlite3.connect(folder / "zaehlwerk.db")) as ledger:
        rows = {table: ledger.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in TABLES}  # noqa: S608
    files = {
        kind: {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob(pattern)}
        for kind, pattern in KINDS.items()
    }
    return Ran(done.stdout, files, rows)


def amount(text: str) -> int:
    return int(text.replace(",", "").replace(".", ""))


def test_every_invoice_has_its_document_and_its_mail(first: Ran) -> None:
    numbers = {str(row[0]) for row in first.rows["invoice"]}
    assert len(numbers) >= CUSTOMERS - 1, "one contract had ended"
    assert {f"{number}.pdf" for number in numbers} == set(first.files["invoices"])
    assert len(first.files["mails"]) == len(numbers)


def test_every_file_for_the_bank_has_its_slip_and_its_collections(first: Ran, folder: Path) -> None:
    assert {Path(name).stem for name in first.files["files"]} == {
        name.removesuffix("-begleitzettel.pdf") for name in first.files["slips"]
    }
    for name in first.files["files"]:
        assert f"sepa/{name}" in first.said
        root = etree.parse(folder / "sepa" / name).getroot()
        stated = root.find(".//{*}GrpHdr/{*}NbOfTxs")
        assert stated is not None
        assert int(stated.text or 0) == len(root.findall(".//{*}EndToEndId")) > 0


def test_the_table_adds_up(first: Ran, folder: Path) -> None:
    total = re.search(r"(\d+) invoices +([\d,]+) +([\d,.]+) +([\d,.]+) +([\d,.]+)", first.said)
    assert total, first.said
    with closing(sqlite3.connect(folder / "zaehlwerk.db")) as ledger:
        sums = "count(*), sum(net_cents), sum(vat_cents), sum(gross_cents)"
        stored = ledger.execute(f"SELECT {sums} FROM invoice").fetchone()  # noqa: S608 - our own words
    assert (int(total[1]), *(amount(total[place]) for place in (3, 4, 5))) == stored
    units = re.search(r"Units billed ([\d,]+) = independent count ([\d,]+)", first.said)
    assert units
    assert amount(units[1]) == amount(units[2]) == amount(total[2]) > 0


def test_again_everything_is_known_and_nothing_is_done_twice(first: Ran, second: Ran) -> None:
    before, after = posted(first), posted(second)
    assert before["accepted"] > 0
    assert after == {
        "posted": before["posted"],
        "accepted": 0,
        "duplicates": before["accepted"] + before["duplicates"],
        "rejected": before["rejected"],
    }
    assert second.files == first.files
    assert second.rows == first.rows


def posted(ran: Ran) -> dict[str, int]:
    found = re.search(
        r"([\d,]+) events posted in .*?: ([\d,]+) accepted, ([\d,]+) duplicates, ([\d,]+) rejected", ran.said
    )
    assert found, ran.said
    return dict(zip(("posted", "accepted", "duplicates", "rejected"), map(amount, found.groups()), strict=True))


def test_it_leaves_no_process_behind(second: Ran, folder: Path) -> None:
    assert second.said
    pid_file = folder / "redis" / "valkey.pid"
    assert not pid_file.exists() or not is_alive(int(pid_file.read_text(encoding="utf-8")))
