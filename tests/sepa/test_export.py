"""What leaves for the bank, when, in which file; and that no crash loses or doubles a collection."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from sqlmodel import Session, select

from invoicing.ledger import Ledger
from invoicing.records import OutboxMail
from sepa.collection import payment_of
from sepa.export import export
from sepa.pain008_tree import findings
from sepa.prenotification import Refusal
from sepa.records import CollectionRecord
from tests.killing import Point, Where, kill_at
from tests.ledgers import empty_sqlite
from tests.sepa.office import CREDITOR, IBAN, KEY, OTHER_IBAN, Office, check_files_against_ledger, collected, texts

# invoiced and announced, notice on the mandate, collected → due date, and whether it left
LEAVES = """
2026-11-02  5 2026-11-02   2026-11-09 left    seven days ahead
2026-11-02  5 2026-11-06   2026-11-09 left    the bank's last day
2026-11-02  5 2026-11-07   2026-11-09 missed  the Saturday after it
2026-11-02  5 2026-11-09   2026-11-09 missed  the due date
2026-11-02 30 2026-11-17   2026-12-02 early   fifteen days ahead, the bank takes fourteen
2026-11-02 30 2026-11-18   2026-12-02 left    fourteen
2026-11-02 30 2026-11-19   2026-12-02 left    thirteen
2026-11-02 30 2026-12-01   2026-12-02 left    one
2026-11-02 30 2026-12-02   2026-12-02 missed  none
2027-03-22  5 2027-03-25   2027-03-30 left    Maundy Thursday, due after Easter
2027-03-22  5 2027-03-26   2027-03-30 missed  Good Friday
2027-03-22  5 2027-03-29   2027-03-30 missed  Easter Monday
2026-12-21  5 2026-12-24   2026-12-28 left    Christmas Eve
2026-12-21  5 2026-12-25   2026-12-28 missed  Christmas Day
2026-12-28  5 2026-12-31   2027-01-04 left    the last day of the year
2026-12-28  5 2027-01-01   2027-01-04 missed  New Year
2027-04-26  5 2027-04-30   2027-05-03 left    before the first of May
2027-04-26  5 2027-05-01   2027-05-03 missed  the first of May
2028-02-24  5 2028-02-28   2028-02-29 left    due on the leap day
2026-11-02  0 2026-11-02   2026-11-03 left    no notice agreed but the bank's day
2026-11-02  1 2026-11-02   2026-11-03 left    one day of notice
"""


@pytest.mark.clause("fluks 13.3")
@pytest.mark.clause("EPC016-06 4.3.4")
@pytest.mark.parametrize("row", LEAVES.strip().splitlines())
def test_what_leaves_on_a_day(quick_office: Office, row: str) -> None:
    announced, notice, today, due, outcome, why = row.split(maxsplit=5)
    office = quick_office.on(announced)
    prepare(office, notice_days=int(notice), signed_on="2026-09-30")
    assert str(office.collection().due_on) == due, why
    report = office.on(today).collect()
    assert (len(report.files), report.held) == (outcome == "left", ()), why
    state = {"left": "exported", "missed": "waiting", "early": "announced"}[outcome]
    assert office.collection().state == state, why
    assert [due] * (outcome == "left") == [day for _, day in collected(office.visible()).values()], why


def prepare(office: Office, *keys: str, **grant: Any) -> None:
    """Customers with a mandate, an invoice and an announcement."""
    for key in keys or ("k-1",):
        office.customer(key)
        office.grant(key, **grant)
        office.bill(key)
    office.notify()


def tamper(session: Session, mail: OutboxMail, what: str) -> None:
    """What the programme itself never does."""
    match what.split():
        case ["never"]:
            mail.sent_at = None
        case ["sent", day]:
            mail.sent_at = Office(Ledger("sqlite://"), Path()).on(day).now
        case ["said", day]:
            payment = payment_of(mail)
            assert payment is not None
            mail.payment = msgspec.json.encode(replace(payment, due_on=date.fromisoformat(day))).decode()
        case ["due", day]:
            for collection in session.exec(select(CollectionRecord)):
                collection.due_on = date.fromisoformat(day)


@pytest.mark.clause("fluks 13.3")
@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("sent 2026-11-03", ""),
        ("sent 2026-11-04", ""),
        ("sent 2026-11-05", "Die Ankündigung ging zu spät ab; der Einzug wird neu angekündigt."),
        ("sent 2026-11-07", "Die Ankündigung ging zu spät ab; der Einzug wird neu angekündigt."),
        ("never", "Der Einzug wurde nicht angekündigt."),
        ("said 2026-11-10", "Der angekündigte Tag ist ein anderer."),
        ("due 2026-11-10", "Der angekündigte Tag ist ein anderer."),
        ("due 2026-11-14", Refusal.NOT_A_TARGET_DAY.german),
    ],
)
def test_nothing_leaves_without_a_notice_in_time_whatever_the_ledger_says(
    office: Office, what: str, reason: str
) -> None:
    prepare(office)
    with office.ledger.write() as session:
        tamper(session, session.exec(select(OutboxMail)).one(), what)
    report = office.on("2026-11-06").collect()
    waiting = [each.reason for each in office.collections() if each.state == "waiting"]
    assert [each.reason for each in report.held] + waiting == ([reason] if reason else [])
    assert len(office.visible()) == (not reason)


def test_schemes_never_share_a_file_and_due_dates_have_batches_of_their_own(office: Office) -> None:
    for key, scheme, notice in (("a", "CORE", 5), ("b", "B2B", 5), ("c", "CORE", 9), ("d", "CORE", 5), ("e", "B2B", 9)):
        office.customer(key)
        office.grant(key, scheme=scheme, notice_days=notice)  # type: ignore[arg-type]
        office.bill(key)
    office.notify()
    files = {record.scheme: record for record in office.collect().files}
    assert {scheme: (each.count, each.due_dates) for scheme, each in files.items()} == {
        "B2B": (2, ["2026-11-09", "2026-11-11"]),
        "CORE": (3, ["2026-11-09", "2026-11-11"]),
    }
    for scheme, record in files.items():
        xml = office.visible()[record.file_name]
        assert findings(xml) == []
        instruments = {node.findtext("{*}Cd") for node in etree.fromstring(xml).iter("{*}LclInstrm")}
        assert instruments == {scheme}
        assert texts(xml, "ReqdColltnDt") == ["2026-11-09", "2026-11-11"]
        assert set(texts(xml, "SeqTp")) == {"RCUR"}


@pytest.mark.parametrize(
    ("max_per_file", "counts"), [(1, [1, 1, 1, 1, 1]), (2, [2, 2, 1]), (4, [4, 1]), (5, [5]), (6, [5])]
)
def test_a_file_holds_at_most_what_the_bank_takes(quick_office: Office, max_per_file: int, counts: list[int]) -> None:
    quick_office.max_per_file = max_per_file
    prepare(quick_office, "a", "b", "c", "d", "e")
    assert [record.count for record in quick_office.collect().files] == counts
    assert len(collected(quick_office.visible())) == 5
    ids = [name for xml in quick_office.visible().values() for name in (*texts(xml, "MsgId"), *texts(xml, "PmtInfId"))]
    assert len(ids) == len(set(ids))


def test_a_collection_with_a_problem_is_held_and_the_rest_leaves(office: Office) -> None:
    prepare(office, "good")
    prepare(office, "blank", holder="漢字 …")
    prepare(office, "long", holder="Ä" * 36)
    prepare(office, "exact", holder="Ä" * 35)
    office.key = bytes(32)
    prepare(office, "sealed")
    office.key = KEY
    report = office.collect()
    assert {each.customer for each in report.held} == {"blank", "long", "sealed"}
    assert all(each.invoice and each.reason for each in report.held)
    assert next(each.reason for each in report.held if each.customer == "blank").startswith("Der Name")
    assert set(collected(office.visible())) == {"RE-2026-000001-1", "RE-2026-000004-1"}
    assert [each.state for each in office.collections()] == [
        "exported",
        "announced",
        "announced",
        "exported",
        "announced",
    ]
    office.grant("blank", holder="Han GmbH", reference="blank-1")
    office.notify()
    assert [each.count for each in office.collect().files] == [1], "mended, announced again, collected"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"creditor_id": "DE97ZZZ09999999999"}, "creditor.creditor_id"),
        ({"name": "…"}, "creditor.name"),
        ({"iban": "DE02120300000000202052"}, "creditor.iban"),
        ({"bic": "X"}, "creditor.bic"),
    ],
)
def test_nothing_leaves_when_the_creditor_is_wrong(quick_office: Office, wrong: dict[str, str], field: str) -> None:
    prepare(quick_office, "a", "b")
    quick_office.creditor = replace(CREDITOR, **wrong)  # type: ignore[arg-type]
    report = quick_office.collect()
    assert (report.files, quick_office.visible(), quick_office.lies_hidden()) == ((), {}, [])
    assert [(each.invoice, each.reason.split(":")[0]) for each in report.held] == [("", field)]
    quick_office.creditor = CREDITOR
    assert [each.count for each in quick_office.collect().files] == [2]


def test_the_same_run_writes_the_same_bytes(tmp_path: Path) -> None:
    runs = []
    for name in ("one", "two"):
        with office_in(tmp_path / name) as office:
            prepare(office, "a", "b", "c")
            prepare(office, "d", scheme="B2B")
            office.collect()
            runs.append(office.visible())
    assert len(runs[0]) == 2
    assert runs[0] == runs[1]


@contextmanager
def office_in(folder: Path) -> Iterator[Office]:
    ledger = Ledger(empty_sqlite(folder / "ledger.db"))
    try:
        yield Office(ledger, folder)
    finally:
        ledger.close()


GRANTS = st.tuples(st.sampled_from(["CORE", "B2B"]), st.integers(0, 20), st.integers(0, 40_000))


@pytest.mark.clause("EPC016-06 4.3.4")
@settings(max_examples=8, deadline=None)
@given(customers=st.lists(GRANTS, min_size=1, max_size=9), max_per_file=st.integers(1, 4), days=st.integers(1, 3))
def test_every_cent_leaves_exactly_once(customers: list[tuple[Any, int, int]], max_per_file: int, days: int) -> None:
    with TemporaryDirectory() as folder, office_in(Path(folder)) as office:
        office.max_per_file = max_per_file
        for number, (scheme, notice, units) in enumerate(customers):
            office.customer(f"k-{number}")
            office.grant(f"k-{number}", scheme=scheme, notice_days=notice)
            office.bill(f"k-{number}", units)
        office.notify()
        for day in range(2, 2 + days):
            office.on(f"2026-11-{day:02d}").collect()
        check_files_against_ledger(office)


def collect_in(url: str, folder: Path) -> None:
    """Write the files of a day, two collections in each."""
    Office(Ledger(url), folder, max_per_file=2).on("2026-11-02").collect()


@pytest.mark.parametrize(
    ("name", "where", "after", "recorded"),
    [
        ("finish", "before", 0, False),
        ("write_whole", "before", 0, False),
        ("write_whole", "behind", 0, False),
        ("_save", "behind", 1, False),
        ("finish", "behind", 1, True),
    ],
)
def test_killed_anywhere_and_run_again_no_collection_is_lost_or_doubled(
    quick_office: Office, name: str, where: Where, after: int, *, recorded: bool
) -> None:
    url = f"sqlite:///{quick_office.folder / 'ledger.db'}"
    kill_and_run_again(quick_office, url, Point("sepa.export", name, where, after), recorded=recorded)


@pytest.mark.parametrize(
    ("point", "recorded"),
    [
        (Point("sepa.export", "write_whole", "behind", after=2), False),
        (Point("sepa.export", "finish", "before", after=1), True),
    ],
    ids=["before", "after"],
)
def test_killed_before_and_after_the_commit_on_either_database(
    office: Office, ledger_url: str, point: Point, *, recorded: bool
) -> None:
    kill_and_run_again(office, ledger_url, point, recorded=recorded)


def kill_and_run_again(office: Office, url: str, point: Point, *, recorded: bool) -> None:
    prepare(office, "a", "b", "c", "d", "e")
    kill_at(point, collect_in, url, office.folder)
    known = {record.file_name for record in office.exports()}
    assert set(office.visible()) <= known, "a visible file is a recorded one"
    assert bool(known) is recorded
    office.max_per_file = 2
    office.on("2026-11-03")  # a new day names its files otherwise, so that a left-over one would show
    assert len(office.collect().files) == (0 if recorded else 3)
    assert len(office.visible()) == 3
    check_files_against_ledger(office)


def test_half_a_file_of_a_dead_run_is_cleared_away(quick_office: Office) -> None:
    folder = quick_office.folder / "sepa"
    folder.mkdir()
    (folder / "..20261102-CORE-00.xml.4711.part").write_bytes(b"<Docu")
    (folder / ".20261102-CORE-01.xml").write_bytes(b"<Document/>")
    (folder / "20261102-CORE-02-begleitzettel.pdf").write_bytes(b"%PDF-")
    prepare(quick_office)
    quick_office.collect()
    assert quick_office.lies_hidden() == []
    assert len(list(folder.iterdir())) == 2


def test_two_exports_at_once_share_the_work_and_lose_nothing(office: Office) -> None:
    prepare(office, *"abcdefgh")
    office.max_per_file = 3
    with ThreadPoolExecutor(4) as pool:
        reports = [pool.submit(export, office.ledger, office.desk, office.now) for _ in range(4)]
        written = [record.file_name for each in reports for record in each.result().files]
    assert len(written) == len(set(written)) == 3
    check_files_against_ledger(office)


def test_a_second_run_on_the_day_has_files_of_its_own(quick_office: Office) -> None:
    prepare(quick_office, "a")
    quick_office.collect()
    prepare(quick_office, "b")
    quick_office.collect()
    first, second = (record.message_id for record in quick_office.exports())
    assert first != second
    assert {first[:14], second[:14]} == {"20261102-CORE-"}
    assert all(len(each) <= 33 for each in (first, second))
    check_files_against_ledger(quick_office)


def test_the_file_says_what_invoice_mail_and_mandate_say(office: Office) -> None:
    office.customer("k-1", name="Bäckerei Weiß & Söhne")
    office.grant("k-1", reference="M-1007", holder="Jörg Weiß", signed_on="2026-10-15", bic="COBADEFFXXX")
    invoice = office.bill("k-1", 12_345, addons=("forms",))
    office.notify()
    office.collect()
    (xml,) = office.visible().values()
    assert (texts(xml, "InstdAmt"), texts(xml, "ReqdColltnDt")) == (["853.94"], ["2026-11-09"])
    assert (texts(xml, "MndtId"), texts(xml, "DtOfSgntr")) == (["M-1007"], ["2026-10-15"])
    assert "Joerg Weiss" in texts(xml, "Nm")
    assert texts(xml, "IBAN") == [CREDITOR.iban, IBAN]
    assert "COBADEFFXXX" in texts(xml, "BICFI")
    assert texts(xml, "Ustrd") == ["Rechnung RE-2026-000001 vom 02.11.2026"]
    assert invoice.payment is not None
    assert (invoice.gross_cents, invoice.payment.due_on) == (85394, date(2026, 11, 9))
    assert invoice.payment.mandate_reference == "M-1007"


def test_an_invoice_stands_in_one_file_over_months_of_runs(quick_office: Office) -> None:
    office = quick_office
    office.customer()
    office.grant()
    for month in range(1, 5):
        office.on(f"2027-{month:02d}-01").bill()
        for day in (1, 2, 5, 8, 20, 28):
            office.on(f"2027-{month:02d}-{day:02d}").notify()
            office.collect()
        if month == 2:
            office.grant(iban=OTHER_IBAN, reference="k-1-1")
    check_files_against_ledger(office)
    assert [each.count for each in office.exports()] == [1, 1, 1, 1]
    days = [each.due_on for each in office.collections() if each.due_on]
    assert all(first < second for first, second in pairwise(days))
