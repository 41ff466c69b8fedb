"""The announcement leaves by a real mail server, and its proof stays."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from invoicing.invoice import from_json
from invoicing.ledger import Ledger
from invoicing.mail import Folder, Smtp
from invoicing.records import InvoiceRecord, OutboxMail
from sepa.collection import payment_of
from tests.killing import Point, kill_at
from tests.mail_server import Mailbox, mail_server
from tests.redis_fixtures import free_port
from tests.sepa.office import Down, Office


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as opened:
        yield opened


def text_of(message: EmailMessage) -> str:
    body = message.get_body()
    assert body is not None
    return " ".join(str(body.get_content()).split())


def pdf_of(message: EmailMessage) -> tuple[str, bytes]:
    (attachment,) = message.iter_attachments()
    assert attachment.get_content_type() == "application/pdf"
    content = attachment.get_content()
    return attachment.get_filename() or "", content


def sent(office: Office) -> OutboxMail:
    return office.mails()[-1]


@pytest.mark.clause("fluks 13.3")
@pytest.mark.clause("EPC016-06 4.3.4")
def test_the_mail_is_the_announcement_and_its_proof_is_kept(office: Office, mailbox: Mailbox) -> None:
    office.render = True
    office.customer(email="Buchhaltung@kunde.example")
    office.grant(reference="M-1007")
    invoice = office.bill("k-1", 12_345, addons=("forms",))
    report = office.notify(Smtp(mailbox.url))
    assert (report.sent, report.failed, report.waiting) == ((invoice.number,), (), ())

    (message,) = mailbox.messages
    assert mailbox.received[0][0] == "Buchhaltung@kunde.example"
    assert message["Subject"] == "Rechnung RE-2026-000001 vom 02.11.2026 über 853,94 EUR, Einzug am 09.11.2026"
    assert (message["From"], message["To"]) == ("rechnung@klabauter.example", "Buchhaltung@kunde.example")
    assert message["Date"].datetime == office.now
    text = text_of(message)
    for wanted in (
        "853,94 EUR",
        "am 09.11.2026",
        "SEPA-Basislastschrift",
        "Mandatsreferenz M-1007",
        "Gläubiger-Identifikationsnummer DE98ZZZ09999999999",
        "DE89 **** **** **** **30 00",
        "Vorabankündigung",
        "5 Tage (fluks AGB 13.3)",
    ):
        assert wanted in text, wanted
    assert "bitte beachten" not in text.lower()

    proof = sent(office)
    name, pdf = pdf_of(message)
    assert (name, pdf[:5], hashlib.sha256(pdf).hexdigest()) == ("RE-2026-000001.pdf", b"%PDF-", proof.attachment_sha256)
    assert (proof.state, proof.sent_at, proof.recipient) == ("sent", office.now, "Buchhaltung@kunde.example")
    assert (proof.message_id, proof.attempts) == (message["Message-ID"], 1)
    assert proof.answer == "250 2.0.0 queued as 1"


def test_what_leaves_is_ascii_in_lines_that_every_server_takes(quick_office: Office, mailbox: Mailbox) -> None:
    quick_office.customer()
    quick_office.grant(holder="Jörg Müßig " * 6)
    quick_office.bill()
    quick_office.notify(Smtp(mailbox.url))
    ((_, content),) = mailbox.received
    assert content.isascii()
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert "Jörg Müßig" in text_of(mailbox.messages[0])


def test_a_sent_mail_is_never_sent_again(quick_office: Office, mailbox: Mailbox) -> None:
    quick_office.customer()
    quick_office.grant()
    quick_office.bill()
    for day in ("2026-11-02", "2026-11-02", "2026-11-03"):
        quick_office.on(day).notify(Smtp(mailbox.url))
    assert len(mailbox.received) == 1


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        ({"refused": "k-1@"}, "550 5.1.1 no such mailbox"),
        ({"refused_data": "451 4.3.0 try later"}, "451 4.3.0 try later"),
        ({"refused_data": "552 5.2.2 mailbox full"}, "552 5.2.2 mailbox full"),
        ({"drops": True}, "closed"),
    ],
)
def test_a_refused_mail_stays_queued_and_leaves_later_with_the_same_id(
    office: Office, mailbox: Mailbox, fault: dict[str, object], answer: str
) -> None:
    for key in ("k-1", "k-2"):
        office.customer(key)
        office.grant(key)
        office.bill(key)
    for name, value in fault.items():
        setattr(mailbox, name, value)
    report = office.notify(Smtp(mailbox.url))
    failure = next(each for each in report.failed if each.customer == "k-1")
    assert failure.reason.startswith("Mail an k-1@kunde.example nicht zugestellt: ")
    first = office.mails()[0]
    assert (first.state, first.attempts, first.sent_at) == ("queued", 1, None)
    assert answer in first.answer
    assert office.collections()[0].state == "planned"
    if "refused" in fault:
        assert report.sent == ("RE-2026-000002",), "the others leave"

    mailbox.refused, mailbox.refused_data, mailbox.drops = "", "", False
    office.notify(Smtp(mailbox.url))
    again = office.mails()[0]
    assert (again.state, again.attempts, again.message_id) == ("sent", 2, first.message_id)
    assert {each["Message-ID"] for each in mailbox.messages} == {each.message_id for each in office.mails()}
    assert [each.state for each in office.collections()] == ["announced", "announced"]


def test_no_server_no_mail(quick_office: Office) -> None:
    port = free_port()
    quick_office.customer()
    quick_office.grant()
    quick_office.bill()
    assert "refused" in quick_office.notify(Smtp(f"smtp://127.0.0.1:{port}")).failed[0].reason
    with mail_server(port) as mailbox:
        assert quick_office.notify(Smtp(mailbox.url)).sent == ("RE-2026-000001",)
        assert len(mailbox.received) == 1


def test_a_server_that_says_no_goodbye_has_the_mail_all_the_same(quick_office: Office, mailbox: Mailbox) -> None:
    mailbox.rude = True
    quick_office.customer()
    quick_office.bill()
    assert quick_office.notify(Smtp(mailbox.url)).failed == ()
    assert (sent(quick_office).state, len(mailbox.received)) == ("sent", 1)


# invoiced, last failed attempts, sent → printed due date, announced due date
MOVED = """
2026-11-02 -                     2026-11-02   2026-11-09 2026-11-09  sent the same day
2026-11-02 2026-11-02            2026-11-02   2026-11-09 2026-11-09  failed and sent the same day
2026-11-02 2026-11-02            2026-11-03   2026-11-09 2026-11-09  a day later, the same TARGET day
2026-11-02 2026-11-02,2026-11-03 2026-11-04   2026-11-09 2026-11-09  the last day that keeps five
2026-11-02 2026-11-02            2026-11-05   2026-11-09 2026-11-10  a day too late
2026-11-02 2026-11-05            2026-11-06   2026-11-09 2026-11-11  moved by the attempt, moved again by the mail
2026-11-02 2026-11-05            2026-11-05   2026-11-09 2026-11-10  the second attempt keeps the moved day
2026-11-02 -                     2026-11-09   2026-11-09 2026-11-16  sent on the printed due date
2026-11-02 -                     2026-12-21   2026-11-09 2026-12-28  weeks later: over Christmas
2026-12-01 -                     2026-12-27   2026-12-07 2027-01-04  over New Year
2027-03-22 -                     2027-03-25   2027-03-30 2027-03-30  Maundy Thursday keeps the day after Easter
2027-03-22 -                     2027-03-26   2027-03-30 2027-03-31  Good Friday does not
2027-02-22 -                     2027-02-23   2027-03-01 2027-03-01  February has 28 days: Sunday, moved to Monday
2028-02-22 -                     2028-02-24   2028-02-28 2028-02-29  and 29 in a leap year
"""


@pytest.mark.clause("fluks 13.3")
@pytest.mark.clause("EPC016-06 4.3.4")
@pytest.mark.parametrize("row", MOVED.strip().splitlines())
def test_a_late_mail_moves_the_date_and_never_shortens_the_notice(quick_office: Office, row: str) -> None:
    invoiced, attempts, leaves, printed, announced, why = row.split(maxsplit=5)
    office = quick_office.on(invoiced)
    office.customer()
    office.grant()
    invoice = office.bill()
    for day in attempts.split(",") if attempts != "-" else ():
        office.on(day).notify(Down())
    office.on(leaves).notify()
    mail, due = sent(office), date.fromisoformat(announced)
    payment = payment_of(mail)
    assert payment is not None
    assert invoice.payment is not None
    assert str(invoice.payment.due_on) == printed, why
    assert (payment.due_on, office.collection().due_on) == (due, due), why
    assert due - office.today >= timedelta(days=5)
    newest = max(office.outbox.glob("*.eml"), key=lambda each: each.stat().st_mtime_ns)
    text = text_of(message_from_bytes(newest.read_bytes(), policy=default))
    german = f"{due:%d.%m.%Y}"
    assert f"ziehen wir am {german}" in text
    assert ("Abweichend davon" in text) is (printed != announced), why
    with office.ledger.read() as session:
        record = session.get_one(InvoiceRecord, invoice.number)
        assert from_json(record.document) == invoice
        assert str(record.due_on) == printed


def test_a_mail_with_another_date_has_another_id_and_one_with_the_same_date_keeps_it(quick_office: Office) -> None:
    quick_office.customer()
    quick_office.grant()
    quick_office.bill()
    ids = []
    for day in ("2026-11-02", "2026-11-04", "2026-11-05", "2026-11-05", "2026-11-06"):
        quick_office.on(day).notify(Down())
        ids.append(sent(quick_office).message_id.split("@")[0])
    first, moved, again = "<RE-2026-000001.1", "<RE-2026-000001.1.20261110", "<RE-2026-000001.1.20261111"
    assert ids == [first, first, moved, moved, again]


def notify_in(url: str, folder: Path, smtp: str) -> None:
    """Announce what is due."""
    Office(Ledger(url), folder).on("2026-11-02").notify(Smtp(smtp))


def kill_before(name: str, office: Office, url: str, mailbox: Mailbox) -> None:
    """Announce in another process, and kill it at a point."""
    office.customer()
    office.grant()
    office.bill()
    kill_at(Point("sepa.notice", name, "before"), notify_in, url, office.folder, mailbox.url)
    assert office.collection().state == "planned"


def test_killed_after_it_left_it_is_sent_again_with_the_same_id(
    office: Office, ledger_url: str, mailbox: Mailbox
) -> None:
    kill_before("_record_sent", office, ledger_url, mailbox)
    assert len(mailbox.received) == 1
    office.notify(Smtp(mailbox.url))
    assert office.collection().state == "announced"
    assert {each["Message-ID"] for each in mailbox.messages} == {sent(office).message_id}
    assert [content for _, content in mailbox.received] == [mailbox.received[0][1]] * 2
    assert sent(office).attempts == 2


def test_killed_before_it_left_it_is_sent_once(quick_office: Office, mailbox: Mailbox) -> None:
    kill_before("compose", quick_office, f"sqlite:///{quick_office.folder / 'ledger.db'}", mailbox)
    quick_office.notify(Smtp(mailbox.url))
    assert (len(mailbox.received), quick_office.collection().state) == (1, "announced")


def test_a_folder_holds_one_file_per_mail(quick_office: Office) -> None:
    quick_office.customer()
    quick_office.grant()
    quick_office.bill()
    quick_office.notify()
    (path,) = quick_office.outbox.iterdir()
    message = message_from_bytes(path.read_bytes(), policy=default)
    assert path.name == "RE-2026-000001.1.eml"
    assert (message["Message-ID"], sent(quick_office).answer) == (
        "<RE-2026-000001.1@klabauter.example>",
        "250 stored as RE-2026-000001.1.eml",
    )


def test_a_folder_that_cannot_be_written_leaves_the_mail_queued(quick_office: Office) -> None:
    quick_office.customer()
    quick_office.bill()
    quick_office.outbox.write_text("in the way")
    assert "nicht zugestellt" in quick_office.notify().failed[0].reason
    quick_office.outbox.unlink()
    assert quick_office.notify().sent == ("RE-2026-000001",)


def test_one_broken_recipient_never_stops_the_others(office: Office, mailbox: Mailbox) -> None:
    broken = ["büro@kunde.example", "k@kunde.example\nBcc: alle@kunde.example", "info@straße.example", "k@", ""]
    for number, address in enumerate(broken):
        office.customer(f"b-{number:02d}", email=address)
        office.bill(f"b-{number:02d}")
    office.customer("good", email="info@müller.example")
    office.bill("good")
    report = office.notify(Smtp(mailbox.url))
    assert [address for address, _ in mailbox.received] == ["info@xn--mller-kva.example"]
    assert (len(report.sent), len(report.failed)) == (1, len(broken))
    assert all("berichtigen" in each.reason for each in report.failed)
    assert {each.state for each in office.mails()[:-1]} == {"queued"}


def test_nobody_can_add_a_header(quick_office: Office) -> None:
    quick_office.customer(name="Kunde\r\nBcc: x@y.example", street="Gasse\nX-Spam: 1")
    quick_office.grant(holder="Kunde\r\nBcc: x@y.example")
    quick_office.bill()
    quick_office.notify()
    (path,) = quick_office.outbox.iterdir()
    message = message_from_bytes(path.read_bytes(), policy=default)
    assert (message["Bcc"], message["X-Spam"]) == (None, None)


@dataclass
class PastMidnight:
    """A way out during which the day ends: the next one has begun before the answer comes."""

    office: Office
    way: Folder

    def send(self, message: EmailMessage) -> str:
        answer = self.way.send(message)
        self.office.on("2026-11-05")
        return answer


@pytest.mark.clause("fluks 13.3")
def test_a_run_past_midnight_counts_the_day_on_which_each_mail_left(quick_office: Office) -> None:
    office = quick_office.on("2026-11-04")
    for key in ("k-1", "k-2"):
        office.customer(key)
        office.grant(key)
        office.bill(key)
    office.notify(PastMidnight(office, Folder(office.outbox)))
    late, next_day = office.mails()
    assert [str(payment.due_on) for mail in (late, next_day) if (payment := payment_of(mail))] == [
        "2026-11-09",  # planned on the 4th, but left on the 5th: too short, so it is announced again
        "2026-11-10",
    ]
    assert [record.count for record in office.collect().files] == [1]
    office.notify(Folder(office.outbox))
    assert [str(each.due_on) for each in office.collections()] == ["2026-11-10", "2026-11-10"]
    assert [record.count for record in office.collect().files] == [1]


def test_a_corrected_address_is_used_at_the_next_attempt(quick_office: Office) -> None:
    quick_office.customer(email="alt@kunde.example")
    quick_office.grant()
    quick_office.bill()
    assert [each.invoice for each in quick_office.notify(Down()).failed] == ["RE-2026-000001"]
    quick_office.customer(email="neu@kunde.example")
    assert quick_office.notify().sent == ("RE-2026-000001",)
    assert sent(quick_office).recipient == "neu@kunde.example"
