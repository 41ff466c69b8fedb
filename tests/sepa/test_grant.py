"""What a customer grants: appended, never overwritten, and the account encrypted."""

from datetime import date
from typing import Any

import pytest
from sqlmodel import select

from sepa.account_id import AccountError
from sepa.records import MandateVersion
from tests.sepa.office import IBAN, OTHER_IBAN, THIRD_IBAN, Office, texts


def versions(office: Office) -> list[tuple[str, str]]:
    """Reference and end of the account number of every recorded version."""
    with office.ledger.read() as session:
        return [(each.reference, each.iban_masked[-5:]) for each in session.exec(select(MandateVersion))]


SAME, NEW = "30 00", "50 30"


@pytest.mark.parametrize(
    ("again", "recorded", "why"),
    [
        ({}, [("k-1-1", SAME)], "the same grant"),
        ({"iban": "de89 3704 0044 0532 0130 00"}, [("k-1-1", SAME)], "the same account, written with blanks"),
        ({"reference": "k-1-1"}, [("k-1-1", SAME)], "the same reference, now said"),
        ({"holder": "Mutter AG"}, [("k-1-1", SAME), ("k-1-1", SAME)], "another holder"),
        ({"notice_days": 5}, [("k-1-1", SAME), ("k-1-1", SAME)], "another notice"),
        ({"bic": "COBADEFFXXX"}, [("k-1-1", SAME), ("k-1-1", SAME)], "a BIC"),
        ({"iban": OTHER_IBAN, "reference": "k-1-1"}, [("k-1-1", SAME), ("k-1-1", NEW)], "an amendment"),
        ({"iban": OTHER_IBAN}, [("k-1-1", SAME), ("k-1-2", NEW)], "another account without a reference"),
        ({"signed_on": "2026-10-01"}, [("k-1-1", SAME), ("k-1-2", SAME)], "signed anew: another mandate"),
        ({"scheme": "B2B"}, [("k-1-1", SAME), ("k-1-2", SAME)], "another scheme: another mandate"),
        ({"reference": "VERTRAG 7"}, [("k-1-1", SAME), ("VERTRAG 7", SAME)], "a reference of the customer's own"),
    ],
)
def test_what_a_second_grant_records(
    quick_office: Office, again: dict[str, Any], recorded: list[tuple[str, str]], why: str
) -> None:
    quick_office.grant()
    for _ in range(2):
        quick_office.grant(**again)
        assert versions(quick_office) == recorded, why


def test_a_made_up_reference_is_never_one_that_exists(quick_office: Office) -> None:
    quick_office.grant("k-1", reference="k-1-2")
    quick_office.grant("k-2", reference="k-1-1")
    quick_office.grant("k-1", OTHER_IBAN)
    quick_office.grant("k-1", THIRD_IBAN)
    assert [reference for reference, _ in versions(quick_office)] == ["k-1-2", "k-1-1", "k-1-3", "k-1-4"]


@pytest.mark.parametrize(
    ("customer", "reference"),
    [
        ("kunde_7@nord", "kunde-7-nord-1"),
        ("a" * 64, "a" * 28 + "-1"),
        ("a" * 63 + "b", "a" * 28 + "-1"),
    ],
)
def test_a_made_up_reference_is_one_that_banks_read(quick_office: Office, customer: str, reference: str) -> None:
    assert quick_office.grant(customer).reference == reference


def test_long_names_that_begin_alike_get_references_of_their_own(quick_office: Office) -> None:
    assert [quick_office.grant("a" * 40 + end).reference[-2:] for end in "bcd"] == ["-1", "-2", "-3"]


@pytest.mark.parametrize(
    ("grant", "field", "says"),
    [
        ({"reference": "M_1"}, "reference", "'_'"),
        ({"reference": "Mäx"}, "reference", "'ä'"),
        ({"reference": "M&1"}, "reference", "'&'"),
        ({"reference": "/M"}, "reference", "/"),
        ({"reference": "M//1"}, "reference", "//"),
        ({"reference": "M" * 36}, "reference", "36 Zeichen"),
        ({"iban": "DE89370400440532013001"}, "iban", "check digits"),
        ({"bic": "KURZ"}, "bic", "8 or 11"),
    ],
)
def test_what_banks_do_not_read_is_refused_with_its_field(
    quick_office: Office, grant: dict[str, Any], field: str, says: str
) -> None:
    with pytest.raises(AccountError) as refused:
        quick_office.grant(**grant)
    assert (refused.value.field, says in str(refused.value)) == (field, True)
    assert versions(quick_office) == []


def test_35_characters_are_allowed(quick_office: Office) -> None:
    assert quick_office.grant(reference="M" * 35).reference == "M" * 35


def test_another_customers_reference_is_refused(office: Office) -> None:
    office.grant("k-1", reference="M-1")
    with pytest.raises(AccountError, match="another customer's mandate; choose another reference"):
        office.grant("k-2", OTHER_IBAN, reference="M-1")
    assert versions(office) == [("M-1", SAME)]


def test_the_account_lies_encrypted_in_the_database(quick_office: Office) -> None:
    quick_office.customer()
    quick_office.grant(iban=IBAN)
    quick_office.bill()
    quick_office.notify()
    quick_office.collect()
    quick_office.ledger.close()
    stored = b"".join(path.read_bytes() for path in quick_office.folder.glob("ledger.db*"))
    assert b"k-1-1" in stored
    for part in (IBAN, IBAN[4:], "3704 0044 0532", "0532013000"):
        assert part.encode() not in stored
    assert b"DE89 **** **** **** **30 00" in stored


@pytest.mark.clause("EPC016-06 4.5")
@pytest.mark.parametrize(
    ("accounts", "amended", "why"),
    [
        ([IBAN, IBAN, IBAN], [0, 0, 0], "never changed"),
        ([IBAN, OTHER_IBAN, OTHER_IBAN], [0, 1, 0], "told once, then known"),
        ([IBAN, OTHER_IBAN, IBAN], [0, 1, 1], "changed back: told again"),
        ([IBAN, OTHER_IBAN, THIRD_IBAN], [0, 1, 1], "changed twice"),
        ([IBAN, (OTHER_IBAN, IBAN), IBAN], [0, 0, 0], "changed and changed back before a file left"),
        ([(IBAN, OTHER_IBAN), OTHER_IBAN], [0, 0], "changed before the bank saw the mandate"),
        ([IBAN, (OTHER_IBAN, "notice"), "notice"], [0, 1, 0], "other changes neither tell it again nor hide it"),
    ],
)
def test_a_changed_account_is_told_with_the_next_file_and_no_more(
    office: Office, accounts: list[Any], amended: list[int], why: str
) -> None:
    office.customer(email="k@kunde.example")
    iban, notice, told = IBAN, None, []
    for month, changes in enumerate(accounts, start=1):
        for change in changes if isinstance(changes, tuple) else (changes,):
            iban, notice = (iban, (notice or 5) + 1) if change == "notice" else (change, notice)
            office.grant(iban=iban, reference="M-1", notice_days=notice)
        office.on(f"2027-{month:02d}-01").bill()
        office.notify()
        office.on(f"2027-{month:02d}-05").collect()
        (xml,) = office.visible().values() if month == 1 else [office.visible()[office.exports()[-1].file_name]]
        assert texts(xml, "MndtId") == ["M-1"]
        told.append(len([each for each in texts(xml, "Id") if each == "SMNDA"]))
    assert told == amended, why


@pytest.mark.clause("EPC016-06 4.5")
def test_another_reference_is_another_mandate_and_no_amendment(quick_office: Office) -> None:
    quick_office.customer()
    quick_office.grant()
    for month, iban in ((1, IBAN), (2, OTHER_IBAN)):
        quick_office.grant(iban=iban)
        quick_office.on(f"2027-{month:02d}-01").bill()
        quick_office.notify()
        quick_office.on(f"2027-{month:02d}-05").collect()
    files = [quick_office.visible()[each.file_name] for each in quick_office.exports()]
    assert [texts(xml, "MndtId") for xml in files] == [["k-1-1"], ["k-1-2"]]
    assert not any(b"AmdmntInd" in xml for xml in files)
    assert quick_office.collection().due_on == date(2027, 2, 8)
