import copy
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from metering.month import BERLIN
from sepa import pain008, pain008_tree
from sepa.calendar import next_target_day
from sepa.pain008 import Debit, Pain008Error, Pain008File, split, write
from tests.sepa.sample import B2B, CORE, CREDITOR, NOW, TODAY, debit

Golden = Callable[[str, str], None]
NS = {"p": pain008_tree.NAMESPACE}


def texts(file: Pain008File, path: str) -> list[str]:
    found = etree.fromstring(file.xml).xpath(path, namespaces=NS)
    assert isinstance(found, list)
    return [str(getattr(each, "text", each)) for each in found]


def indented(xml: bytes) -> str:
    root = etree.fromstring(xml)
    etree.indent(root)
    return etree.tostring(root, encoding="unicode") + "\n"


@pytest.mark.clause("GBIC_5")
@pytest.mark.parametrize(("name", "debits"), [("pain008_core.xml", CORE), ("pain008_b2b.xml", B2B)])
def test_the_file_is_the_golden_one(name: str, debits: list[Debit], golden: Golden) -> None:
    golden(name, indented(write(CREDITOR, debits, NOW).xml))


def test_the_file_states_what_it_holds() -> None:
    file = write(CREDITOR, B2B, NOW)
    assert file.message_id == "20261123-B2B-" + file.message_id[-16:]
    assert (file.scheme, file.count, file.control_sum_cents) == ("B2B", 2, 85394 + 71760)
    assert file.due_dates == (date(2026, 12, 3), date(2026, 12, 7))
    assert texts(file, "//p:GrpHdr/p:CtrlSum") == ["1571.54"]
    assert len(file.sha256) == 64


@pytest.mark.clause("GBIC_5")
def test_the_bytes_are_plain() -> None:
    xml = write(CREDITOR, CORE, NOW).xml
    assert xml.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022')
    assert xml.count(b"xmlns") == 1
    assert b":xsi" not in xml
    assert xml.isascii()


@given(st.randoms(use_true_random=False))
@settings(max_examples=20)
def test_the_same_collections_give_the_same_bytes_in_any_order(order: random.Random) -> None:
    shuffled = list(CORE)
    order.shuffle(shuffled)
    assert write(CREDITOR, shuffled, NOW) == write(CREDITOR, CORE, NOW)


def test_another_collection_gives_another_message_id() -> None:
    ids = {write(CREDITOR, part, NOW).message_id for part in (CORE, CORE[1:], CORE[:-1], B2B)}
    assert len(ids) == 4


@pytest.mark.parametrize(
    ("created_at", "stated", "day"),
    [
        (datetime(2026, 11, 23, 9, 30, tzinfo=BERLIN), "2026-11-23T08:30:00Z", "20261123"),
        (datetime(2026, 11, 23, 23, 30, tzinfo=UTC), "2026-11-23T23:30:00Z", "20261124"),
        (datetime(2026, 11, 23, 13, 5, 59, 999999, tzinfo=UTC), "2026-11-23T13:05:59Z", "20261123"),
    ],
)
def test_the_creation_is_the_time_passed_in(created_at: datetime, stated: str, day: str) -> None:
    file = write(CREDITOR, CORE, created_at)
    assert texts(file, "//p:CreDtTm") == [stated]
    assert file.message_id.startswith(day)


def test_a_time_without_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="no offset"):
        write(CREDITOR, CORE, NOW.replace(tzinfo=None))


@pytest.mark.clause("GBIC_5")
def test_batches_are_numbered_and_counted() -> None:
    file = write(CREDITOR, CORE, NOW)
    numbers = texts(file, "//p:PmtInfId")
    assert numbers == [f"{file.message_id}-{each}" for each in range(1, len(numbers) + 1)]
    assert all(len(each) <= 35 for each in numbers)
    assert texts(file, "//p:PmtInf/p:ReqdColltnDt") == ["2026-12-03"] * 4 + ["2026-12-07"]
    assert texts(file, "//p:PmtInf//p:SeqTp") == ["FNAL", "FRST", "OOFF", "RCUR", "RCUR"]
    assert texts(file, "//p:PmtInf/p:NbOfTxs") == ["1", "1", "1", "2", "2"]
    assert texts(file, "//p:GrpHdr/p:NbOfTxs") == ["7"]


@pytest.mark.clause("GBIC_5")
@pytest.mark.parametrize(("batch_booking", "stated"), [(True, "true"), (False, "false")])
def test_batch_booking_is_a_setting(batch_booking: bool, stated: str) -> None:  # noqa: FBT001 - a column of the table
    assert set(texts(write(CREDITOR, CORE, NOW, batch_booking=batch_booking), "//p:BtchBookg")) == {stated}


@pytest.mark.parametrize("message_id", ["M1", "M" * 33])
def test_a_message_id_can_be_given(message_id: str) -> None:
    file = write(CREDITOR, CORE, NOW, message_id)
    assert texts(file, "//p:MsgId") == [file.message_id] == [message_id]


@pytest.mark.clause("EPC230-15")
@pytest.mark.parametrize("message_id", ["Ä", "M" * 36, "M" * 34, "/M", "M 1/"])
def test_a_wrong_message_id_is_refused(message_id: str) -> None:
    with pytest.raises(Pain008Error, match="message_id: Die Nachrichten-ID"):
        write(CREDITOR, CORE, NOW, message_id)


@pytest.mark.clause("EPC217-08")
def test_names_and_texts_are_converted() -> None:
    file = write(CREDITOR, CORE, NOW)
    assert "Baeckerei Weiss + Sohn" in texts(file, "//p:Dbtr/p:Nm")
    assert "Rechnung RE-2026-000001, Maerz - 'Spaetlese'" in texts(file, "//p:Ustrd")
    assert set(texts(file, "//p:Cdtr/p:Nm")) == {"Cloud Mueller + Soehne GmbH"}


@pytest.mark.clause("GBIC_5")
@pytest.mark.parametrize(
    ("number", "path", "wanted"),
    [
        (1, "p:DbtrAgt//p:Id", ["NOTPROVIDED"]),
        (1, "p:Dbtr/p:PstlAdr", []),
        (2, "p:DbtrAgt//p:BICFI", ["COBADEFFXXX"]),
        (2, "p:InstdAmt", ["0.01"]),
        (2, ".//p:AmdmntInd", []),
        (3, ".//p:AmdmntInd", ["true"]),
        (3, ".//p:OrgnlDbtrAcct/p:Id/p:Othr/p:Id", ["SMNDA"]),
        (3, "p:Dbtr/p:PstlAdr/*", ["Koeln", "DE"]),
        (4, ".//p:OrgnlMndtId", ["ALT/4"]),
        (4, ".//p:OrgnlCdtrSchmeId//p:Othr/p:Id", ["DE98XYZ09999999999"]),
        (4, ".//p:OrgnlCdtrSchmeId//p:Prtry", ["SEPA"]),
        (4, ".//p:OrgnlCdtrSchmeId/p:Nm", ["Cloud Mueller GbR"]),
        (4, ".//p:OrgnlDbtrAcct/p:Id/p:IBAN", ["DE02120300000000202051"]),
        (5, "p:UltmtDbtr/p:Nm", ["Tochter Ost GmbH"]),
        (5, "p:Purp/p:Cd", ["SCVE"]),
        (6, "p:RmtInf/p:Strd/p:CdtrRefInf/p:Ref", ["RF18539007547034"]),
        (6, "p:RmtInf/p:Strd/p:CdtrRefInf/p:Tp/p:CdOrPrtry/p:Cd", ["SCOR"]),
        (6, "p:RmtInf/p:Ustrd", []),
        (7, "p:Dbtr/p:PstlAdr/*", ["Bahnhofstrasse", "3", "8001", "Zuerich", "CH"]),
        (7, "p:InstdAmt", ["999999999.99"]),
        (7, "p:InstdAmt/@Ccy", ["EUR"]),
    ],
)
def test_each_collection_says_what_it_should(number: int, path: str, wanted: list[str]) -> None:
    file = write(CREDITOR, CORE, NOW)
    one = f"//p:DrctDbtTxInf[p:PmtId/p:EndToEndId='RE-2026-{number:06}-1']"
    assert texts(file, f"{one}/{path}") == wanted


@pytest.mark.clause("GBIC_5")
def test_the_initiating_party_has_a_name_and_an_id_only() -> None:
    file = write(CREDITOR, CORE, NOW)
    assert texts(file, "//p:InitgPty/*/descendant-or-self::*[not(*)]") == [
        "Cloud Mueller + Soehne GmbH",
        "DE98ZZZ09999999999",
    ]


def test_a_creditor_without_bic_and_address_is_enough() -> None:
    file = write(replace(CREDITOR, bic=None, address=None), CORE, NOW)
    assert set(texts(file, "//p:CdtrAgt//p:Id")) == {"NOTPROVIDED"}
    assert texts(file, "//p:Cdtr/p:PstlAdr") == []


@pytest.mark.clause("GBIC_5")
@pytest.mark.parametrize(
    ("debits", "says"),
    [
        ([], "debits: Eine Datei ohne Einzüge"),
        ([*CORE, *B2B], "RE-2026-000001 k-1 scheme: CORE und B2B"),
        ([debit(1, iban="DE00")], "RE-2026-000001 k-1 iban: "),
        ([debit(1, scheme="COR1")], "'COR1' gibt es nicht"),
        ([debit(1), debit(1)], "kommt mehrfach vor"),
    ],
)
def test_a_wrong_file_is_never_written(debits: list[Debit], says: str) -> None:
    with pytest.raises(Pain008Error) as caught:
        write(CREDITOR, debits, NOW)
    assert says in str(caught.value)
    assert caught.value.problems


def test_what_sepaxml_raises_is_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pain008, "check_file", lambda *_: [])
    with pytest.raises(Pain008Error, match="sepaxml: Payment did not validate"):
        write(CREDITOR, [debit(1, amount_cents="12")], NOW)


def test_what_the_check_overlooks_the_finished_bytes_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pain008, "check_file", lambda *_: [])
    with pytest.raises(Pain008Error, match="collections in the file are not those"):
        write(CREDITOR, [*CORE, *B2B], NOW)


def test_nothing_that_is_passed_in_changes() -> None:
    before = copy.deepcopy((CREDITOR, CORE))
    write(CREDITOR, CORE, NOW)
    assert before == (CREDITOR, CORE)


def test_a_collection_shows_no_iban_when_it_is_logged() -> None:
    assert "DE89370400440532013000" not in repr(CORE)
    assert "DE02120300000000202051" not in repr(CORE)


def test_only_one_module_knows_sepaxml() -> None:
    root = Path(pain008.__file__).parent.parent
    rooms = ("metering", "invoicing", "sepa", "api")
    knowing = [
        file.name
        for room in rooms
        for file in (root / room).rglob("*.py")
        if any(word in file.read_text(encoding="utf-8") for word in ("import sepaxml", "from sepaxml"))
    ]
    assert knowing == ["pain008.py"]


@pytest.mark.clause("GBIC_5")
@pytest.mark.parametrize(
    ("count", "most", "sizes"),
    [
        (0, 3, []),
        (1, 3, [1]),
        (2, 3, [2]),
        (3, 3, [3]),
        (4, 3, [3, 1]),
        (7, 3, [3, 3, 1]),
        (3, 1, [1, 1, 1]),
    ],
)
def test_files_hold_at_most_so_many(count: int, most: int, sizes: list[int]) -> None:
    assert [len(part) for part in split([debit(each) for each in range(count)], most)] == sizes


@pytest.mark.clause("GBIC_5")
def test_files_are_split_by_scheme_and_ordered_by_day() -> None:
    parts = split([*reversed(CORE), *B2B], 100)
    assert [[each.scheme for each in part] for part in parts] == [["B2B"] * 2, ["CORE"] * 7]
    days = [each.due_on for each in parts[1]]
    assert days == sorted(days)


def test_a_file_holds_at_least_one() -> None:
    with pytest.raises(ValueError, match="at least one"):
        split(CORE, 0)


DAYS = st.integers(0, 40).map(lambda days: next_target_day(TODAY + timedelta(days=days)))


@st.composite
def collections(draw: st.DrawFn) -> list[Debit]:
    count = draw(st.integers(1, 12))
    return [
        debit(
            number,
            amount_cents=draw(st.integers(1, 99_999_999_999)),
            due_on=draw(DAYS),
            scheme=draw(st.sampled_from(["CORE", "B2B"])),
            sequence=draw(st.sampled_from(["FRST", "RCUR", "FNAL", "OOFF"])),
            debtor_name="N" + draw(st.text(max_size=20)),
        )
        for number in range(count)
    ]


@pytest.mark.clause("GBIC_5")
@given(collections(), st.integers(1, 5))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_control_sum_and_count_equal_the_collections(debits: list[Debit], most: int) -> None:
    files = [write(CREDITOR, part, NOW) for part in split(debits, most)]
    assert sum(file.count for file in files) == len(debits)
    assert sum(file.control_sum_cents for file in files) == sum(each.amount_cents for each in debits)
    for file in files:
        stated = [int(text.replace(".", "")) for text in texts(file, "//p:CtrlSum")]
        amounts = [int(text.replace(".", "")) for text in texts(file, "//p:InstdAmt")]
        assert stated[0] == sum(stated[1:]) == sum(amounts) == file.control_sum_cents
        assert len(amounts) == file.count <= most
    written = [each for file in files for each in texts(file, "//p:EndToEndId")]
    assert sorted(written) == sorted(each.end_to_end_id for each in debits)


def test_the_schema_is_read_once() -> None:
    write(CREDITOR, CORE, NOW)
    reads = pain008_tree.schema.cache_info().misses
    write(CREDITOR, B2B, NOW)
    assert pain008_tree.schema.cache_info().misses == reads == 1
