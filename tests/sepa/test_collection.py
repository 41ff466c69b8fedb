"""The life of a collection as a table: what happens on a day, and where it stands afterwards."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy.exc import IntegrityError

from sepa.collection import Waiting, waiting
from sepa.records import CollectionRecord
from tests.sepa.office import FLUKS, IBAN, OTHER_IBAN, Down, Office, collected

# day | what happens → state, due date, mails sent so far, files so far, reason
STORIES = {
    "the usual month": """
        2026-11-02 | grant          | -         | -          | 0 | 0 |
        2026-11-02 | bill           | planned   | 2026-11-09 | 0 | 0 |
        2026-11-02 | collect        | planned   | 2026-11-09 | 0 | 0 |
        2026-11-02 | notify         | announced | 2026-11-09 | 1 | 0 |
        2026-11-06 | collect        | exported  | 2026-11-09 | 1 | 1 |
        2026-11-07 | notify         | exported  | 2026-11-09 | 1 | 1 |
        2026-11-07 | collect        | exported  | 2026-11-09 | 1 | 1 |
        """,
    "no mandate, then one arrives: announced anew with a mail of its own": """
        2026-11-02 | bill           | waiting   | -          | 0 | 0 | kein SEPA-Mandat
        2026-11-02 | notify         | waiting   | -          | 1 | 0 | kein SEPA-Mandat
        2026-11-06 | collect        | waiting   | -          | 1 | 0 | kein SEPA-Mandat
        2026-11-10 | grant          | waiting   | -          | 1 | 0 | kein SEPA-Mandat
        2026-11-10 | notify         | announced | 2026-11-16 | 2 | 0 |
        2026-11-12 | collect        | exported  | 2026-11-16 | 2 | 1 |
        """,
    "the mandate arrives between invoice and mail: one mail, with the debit": """
        2026-11-02 | bill           | waiting   | -          | 0 | 0 | kein SEPA-Mandat
        2026-11-02 | grant          | waiting   | -          | 0 | 0 | kein SEPA-Mandat
        2026-11-03 | notify         | announced | 2026-11-09 | 1 | 0 |
        2026-11-03 | collect        | exported  | 2026-11-09 | 1 | 1 |
        """,
    "mandate changed between notice and export: announced again": """
        2026-11-02 | grant          | -         | -          | 0 | 0 |
        2026-11-02 | bill           | planned   | 2026-11-09 | 0 | 0 |
        2026-11-02 | notify         | announced | 2026-11-09 | 1 | 0 |
        2026-11-04 | amend          | announced | 2026-11-09 | 1 | 0 |
        2026-11-04 | collect        | waiting   | 2026-11-09 | 1 | 0 | geändert
        2026-11-05 | notify         | announced | 2026-11-10 | 2 | 0 |
        2026-11-05 | collect        | exported  | 2026-11-10 | 2 | 1 |
        """,
    "mandate changed between invoice and mail: one mail, with the new account": """
        2026-11-02 | grant          | -         | -          | 0 | 0 |
        2026-11-02 | bill           | planned   | 2026-11-09 | 0 | 0 |
        2026-11-02 | amend          | planned   | 2026-11-09 | 0 | 0 |
        2026-11-02 | notify         | announced | 2026-11-09 | 1 | 0 |
        2026-11-06 | collect        | exported  | 2026-11-09 | 1 | 1 |
        """,
    "the new mandate cannot be used yet: the invoice leaves all the same, without a debit": """
        2026-11-02 | grant          | -         | -          | 0 | 0 |
        2026-11-02 | bill           | planned   | 2026-11-09 | 0 | 0 |
        2026-11-02 | sign 12-01     | planned   | 2026-11-09 | 0 | 0 |
        2026-11-02 | notify         | waiting   | 2026-11-09 | 1 | 0 | erst am 01.12.2026
        2026-11-30 | notify         | waiting   | 2026-11-09 | 1 | 0 | erst am 01.12.2026
        2026-12-01 | notify         | announced | 2026-12-07 | 2 | 0 |
        2026-12-01 | collect        | exported  | 2026-12-07 | 2 | 1 |
        """,
    "the bank's last day is Friday": """
        2026-11-02 | grant          | -         | -          | 0 | 0 |
        2026-11-02 | bill           | planned   | 2026-11-09 | 0 | 0 |
        2026-11-02 | notify         | announced | 2026-11-09 | 1 | 0 |
        2026-11-07 | collect        | waiting   | 2026-11-09 | 1 | 0 | verpasst
        2026-11-07 | notify         | announced | 2026-11-12 | 2 | 0 |
        2026-11-11 | collect        | exported  | 2026-11-12 | 2 | 1 |
        """,
    "the bank's day missed, and the next one too": """
        2026-11-02 | grant          | -         | -          | 0 | 0 |
        2026-11-02 | bill           | planned   | 2026-11-09 | 0 | 0 |
        2026-11-02 | notify         | announced | 2026-11-09 | 1 | 0 |
        2026-11-09 | notify         | announced | 2026-11-16 | 2 | 0 |
        2026-11-16 | notify         | announced | 2026-11-23 | 3 | 0 |
        2026-11-20 | collect        | exported  | 2026-11-23 | 3 | 1 |
        """,
    "no way out for a week: the date moves with the mail": """
        2026-11-02 | grant          | -         | -          | 0 | 0 |
        2026-11-02 | bill           | planned   | 2026-11-09 | 0 | 0 |
        2026-11-02 | fail           | planned   | 2026-11-09 | 0 | 0 |
        2026-11-05 | fail           | planned   | 2026-11-10 | 0 | 0 |
        2026-11-06 | collect        | planned   | 2026-11-10 | 0 | 0 |
        2026-11-09 | notify         | announced | 2026-11-16 | 1 | 0 |
        2026-11-13 | collect        | exported  | 2026-11-16 | 1 | 1 |
        """,
    "a mandate lapses before the due date": """
        2026-11-02 | sign 2023-11-09 | -        | -          | 0 | 0 |
        2026-11-02 | bill           | waiting   | -          | 0 | 0 | angekündigt
        2026-11-02 | notify         | waiting   | -          | 1 | 0 | erloschen
        2026-11-03 | sign 2026-11-03 | waiting  | -          | 1 | 0 | erloschen
        2026-11-03 | notify         | announced | 2026-11-09 | 2 | 0 |
        """,
    "a mandate lapses a day after the due date": """
        2026-11-02 | sign 2023-11-10 | -        | -          | 0 | 0 |
        2026-11-02 | bill           | planned   | 2026-11-09 | 0 | 0 |
        2026-11-02 | notify         | announced | 2026-11-09 | 1 | 0 |
        2026-11-06 | collect        | exported  | 2026-11-09 | 1 | 1 |
        """,
    "a mail that waits too long outlives its mandate": """
        2026-11-02 | sign 2023-11-10 | -        | -          | 0 | 0 |
        2026-11-02 | bill           | planned   | 2026-11-09 | 0 | 0 |
        2026-11-02 | fail           | planned   | 2026-11-09 | 0 | 0 |
        2026-11-05 | notify         | waiting   | 2026-11-09 | 1 | 0 | erloschen
        """,
}


def perform(office: Office, what: str) -> None:
    match what.split():
        case ["grant"]:
            office.grant()
        case ["amend"]:
            office.grant(iban=OTHER_IBAN, reference="k-1-1")
        case ["sign", day]:
            office.grant(signed_on=day if len(day) > 5 else f"2026-{day}")
        case ["fail"]:
            assert office.notify(Down()).sent == ()
        case [name]:
            getattr(office, name)()


@pytest.mark.clause("fluks 13.3")
@pytest.mark.clause("EPC016-06 4.3.4")
@pytest.mark.parametrize("story", STORIES)
def test_the_life_of_a_collection(office: Office, story: str) -> None:
    office.customer()
    for row in filter(None, map(str.strip, STORIES[story].splitlines())):
        day, what, state, due, mails, files, reason = map(str.strip, row.split("|"))
        perform(office.on(day), what)
        live = office.collections()
        assert len(live) == (state != "-"), row
        if live:
            found = (live[0].state, str(live[0].due_on or "-"))
            assert found == (state, due), row
            assert re.search(reason, live[0].reason) if reason else not live[0].reason, (row, live[0].reason)
        sent = [each for each in office.mails() if each.state == "sent"]
        assert (len(sent), len(office.exports())) == (int(mails), int(files)), row
    assert len(collected(office.visible())) == len(office.exports())


def test_a_late_mandate_puts_no_date_on_the_invoice_and_one_into_the_mail(office: Office) -> None:
    office.customer()
    invoice = office.bill()
    office.notify()
    office.on("2026-11-10").grant()
    office.notify()
    assert invoice.payment is None
    first, second = sorted(office.outbox.glob("*.eml"))
    assert "kein" in first.read_text()
    assert "16.11.2026" not in first.read_text()
    assert "16.11.2026" in second.read_text()


def test_what_waits_is_listed_with_its_reason(office: Office) -> None:
    for key in ("k-1", "k-2"):
        office.customer(key)
        office.bill(key)
    office.grant("k-2")
    report = office.notify()
    reason = "Es liegt kein SEPA-Mandat vor. Ein Mandat einholen."
    assert report.waiting == (Waiting("k-1", "RE-2026-000001", reason),)
    with office.ledger.read() as session:
        assert waiting(session) == list(report.waiting)


def test_a_zero_invoice_opens_no_collection_and_is_mailed(office: Office) -> None:
    office.customer()
    office.grant()
    standard = FLUKS.packages["standard-10000"]
    assert standard.allowance is not None
    free = replace(standard, prices=(replace(standard.allowance, price=Decimal(0)),))
    office.terms = replace(FLUKS, packages={**FLUKS.packages, "free": free})
    invoice = office.bill(package="free")
    assert invoice.gross_cents == 0
    assert office.notify().sent == (invoice.number,)
    assert (office.collections(), office.collect().files) == ([], ())
    assert office.mails()[0].payment is None


@pytest.mark.parametrize("state", ["waiting", "planned", "announced", "exported"])
def test_the_database_refuses_a_second_live_collection(office: Office, state: str) -> None:
    office.customer()
    invoice = office.bill()
    second = CollectionRecord(
        end_to_end_id=f"{invoice.number}-2",
        invoice=invoice.number,
        customer="k-1",
        amount_cents=invoice.gross_cents,
        state=state,
    )
    with pytest.raises(IntegrityError), office.ledger.write() as session:
        session.add(second)
    assert len(office.collections()) == 1


def test_opening_again_opens_nothing_twice(office: Office) -> None:
    office.customer()
    office.grant()
    office.bill()
    for _ in range(3):
        office.notify()
        office.collect()
    assert len(office.collections()) == 1
    (collection,) = office.collections()
    assert (collection.end_to_end_id, collection.due_on) == ("RE-2026-000001-1", date(2026, 11, 9))
    assert collected(office.visible()) == {"RE-2026-000001-1": (59500, "2026-11-09")}


def test_the_mandate_changed_while_the_invoice_was_issued(office: Office) -> None:
    """The invoice prints one account, the ledger knows another before its collection opens."""
    office.customer()
    office.grant(iban=IBAN)
    invoice = office.bill(open_collection=False)
    office.grant(iban=OTHER_IBAN, reference="k-1-1")
    office.notify()
    (mail,) = [each for each in office.mails() if each.state == "sent"]
    assert invoice.payment is not None
    assert invoice.payment.masked_iban.endswith("30 00")
    assert "50 30" in (mail.payment or "")
