"""An office with a hand-moved clock: customers, mandates, invoices, announcements and files on a real ledger."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Literal

from lxml import etree
from sqlmodel import col, select

from invoicing import history
from invoicing.archive import invoice_path
from invoicing.check import Case
from invoicing.contract import Contract
from invoicing.contract.parts import whole
from invoicing.invoice import Invoice
from invoicing.issue import Run, issue
from invoicing.ledger import Ledger
from invoicing.mail import Folder, MailError, Transport
from invoicing.party import Party
from invoicing.records import CustomerVersion, OutboxMail
from invoicing.terms import Terms, find
from metering.month import BERLIN, BillingMonth
from metering.usage import DayCount, Usage
from sepa import mandate as mandates
from sepa.account_id import IbanVault
from sepa.collection import open_missing
from sepa.export import Desk, ExportReport, export
from sepa.grant import Grant, record
from sepa.mandate import AgreedNotice, DebitPolicy
from sepa.notice import NoticeReport, Post, send_notices
from sepa.pain008 import Address, Creditor
from sepa.pain008_tree import findings
from sepa.records import CollectionRecord, ExportRecord, MandateVersion

FLUKS = find("fluks-2023-03")
FIVE_DAYS = AgreedNotice(5, "fluks AGB 13.3")
SELLER = Party(
    "Klabauter GmbH", "Kai 1", "20457", "Hamburg", "DE", email="rechnung@klabauter.example", vat_id="DE999999999"
)
CREDITOR = Creditor(
    SELLER.name,
    "DE98ZZZ09999999999",
    "DE02120300000000202051",
    "BYLADEM1001",
    Address("Kai 1", None, "20457", "Hamburg", "DE"),
)
IBAN, OTHER_IBAN, THIRD_IBAN = "DE89370400440532013000", "DE02500105170137075030", "DE02100500000054540402"
KEY = bytes(range(32))
STAND_IN = b"%PDF-1.7 stand-in for a rendered invoice\n"


class Down:
    """A way out that is shut."""

    def send(self, message: EmailMessage) -> str:
        raise MailError(f"no way out for {message['To']}")


@dataclass
class Office:
    ledger: Ledger
    folder: Path
    today: date = date(2026, 11, 2)
    transport: Transport | None = None
    render: bool = False
    creditor: Creditor = CREDITOR
    max_per_file: int = 100
    key: bytes = KEY
    terms: Terms = FLUKS
    policy: DebitPolicy = field(default_factory=lambda: DebitPolicy(CREDITOR.creditor_id, 14, 1, 14))
    agreed: dict[str, AgreedNotice] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return datetime.combine(self.today, time(12), BERLIN)

    def on(self, day: str) -> "Office":
        self.today = date.fromisoformat(day)
        return self

    @property
    def vault(self) -> IbanVault:
        return IbanVault(self.key)

    @property
    def desk(self) -> Desk:
        return Desk(self.creditor, self.vault, self.folder / "sepa", self.policy, self.max_per_file, batch_booking=True)

    @property
    def outbox(self) -> Path:
        return self.folder / "outbox"

    def customer(self, key: str = "k-1", *, notice: AgreedNotice | None = FIVE_DAYS, **master: str) -> None:
        fields: dict[str, Any] = {
            "name": f"Kunde {key} GmbH",
            "kind": "business",
            "street": "Gasse 1",
            "postcode": "10115",
            "city": "Berlin",
            "country": "DE",
            "email": f"{key}@kunde.example",
        }
        with self.ledger.write() as session:
            session.add(CustomerVersion(customer=key, recorded_at=self.now, **{**fields, **master}))
        if notice:
            self.agree(key, notice)

    def agree(self, key: str, notice: AgreedNotice = FIVE_DAYS) -> None:
        """Pin a customer to terms with a notice of their own."""
        self.agreed[key] = notice

    def grant(
        self,
        key: str = "k-1",
        iban: str = IBAN,
        *,
        reference: str = "",
        signed_on: str = "2026-09-30",
        scheme: Literal["CORE", "B2B"] = "CORE",
        holder: str = "",
        notice_days: int | None = None,
        bic: str = "",
    ) -> MandateVersion:
        signed = date.fromisoformat(signed_on)
        grant = Grant(key, iban, bic, reference, signed, scheme, holder or f"Kunde {key} GmbH", notice_days)
        with self.ledger.write() as session:
            return record(session, self.vault, grant, self.now)

    def bill(
        self,
        key: str = "k-1",
        *units: int,
        package: str = "standard-10000",
        addons: tuple[str, ...] = (),
        open_collection: bool = True,
    ) -> Invoice:
        """Issue the invoice of the month before today, with so many triggers on its first days."""
        month = BillingMonth.of(self.today).previous()
        with self.ledger.read() as session:
            master = history.customer(session, key)
            current = mandates.current(session)
        payments = mandates.debits(current.values(), self.today, self.agreed, self.policy)
        run = Run(month, self.today, self.now, SELLER, {self.terms.id: self.terms}, payments)
        days = zip(month.days(), units, strict=False)
        usage = Usage(key, month, tuple(DayCount(day, {"trigger": used}) for day, used in days))
        contract = Contract(self.terms.id, package, frozenset(addons), date(2026, 1, 1), None)
        with self.ledger.write() as session:
            invoice = issue(session, run, Case(key, master, contract, self.terms, usage, parts=whole(contract, month)))
        if not self.render:
            path = invoice_path(self.folder, invoice.number)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(STAND_IN)
        if open_collection:
            with self.ledger.write() as session:
                open_missing(session)
        return invoice

    def notify(self, transport: Transport | None = None) -> NoticeReport:
        way = transport or self.transport or Folder(self.outbox)
        return send_notices(
            self.ledger, Post(way, SELLER.email, self.folder), lambda: self.now, self.agreed, self.policy
        )

    def collect(self) -> ExportReport:
        return export(self.ledger, self.desk, self.now)

    def collections(self) -> list[CollectionRecord]:
        with self.ledger.read() as session:
            return list(session.exec(select(CollectionRecord).order_by(col(CollectionRecord.id))))

    def collection(self, invoice: str | None = None) -> CollectionRecord:
        """The collection of an invoice, by default of the newest."""
        return [each for each in self.collections() if invoice in {None, each.invoice}][-1]

    def mails(self) -> list[OutboxMail]:
        with self.ledger.read() as session:
            return list(session.exec(select(OutboxMail).order_by(col(OutboxMail.id))))

    def exports(self) -> list[ExportRecord]:
        with self.ledger.read() as session:
            return list(session.exec(select(ExportRecord).order_by(col(ExportRecord.id))))

    def visible(self) -> dict[str, bytes]:
        """The files that a person sees in the folder."""
        folder = self.folder / "sepa"
        return {each.name: each.read_bytes() for each in sorted(folder.glob("*.xml")) if each.name[0] != "."}

    def lies_hidden(self) -> list[str]:
        return [each.name for each in (self.folder / "sepa").glob(".*")]


def texts(xml: bytes, name: str) -> list[str]:
    """Every text of an element, in the file's order."""
    return [node.text or "" for node in etree.fromstring(xml).iter(f"{{*}}{name}")]


def collected(files: Mapping[str, bytes]) -> dict[str, tuple[int, str]]:
    """Per EndToEndId the cents and the due date that stand in the files; an id in two files fails."""
    found: dict[str, tuple[int, str]] = {}
    for xml in files.values():
        for batch in etree.fromstring(xml).iter("{*}PmtInf"):
            due = batch.findtext("{*}ReqdColltnDt") or ""
            for node in batch.iter("{*}DrctDbtTxInf"):
                name = node.findtext(".//{*}EndToEndId") or ""
                assert name not in found, f"{name} stands in two places"
                found[name] = (int(Decimal(node.findtext("{*}InstdAmt") or "0") * 100), due)
    return found


def check_files_against_ledger(office: Office) -> None:
    """Each visible file is recorded as it is; each exported collection stands in exactly one; the sums agree."""
    files, records = office.visible(), office.exports()
    assert {name: hashlib.sha256(xml).hexdigest() for name, xml in files.items()} == {
        record.file_name: record.sha256 for record in records
    }
    assert office.lies_hidden() == []
    gone = {each.end_to_end_id: each for each in office.collections() if each.state == "exported"}
    assert collected(files) == {name: (each.amount_cents, str(each.due_on)) for name, each in gone.items()}
    assert sum(record.count for record in records) == len(gone)
    assert sum(record.control_sum_cents for record in records) == sum(each.amount_cents for each in gone.values())
    for each in records:
        xml = files[each.file_name]
        assert findings(xml) == []
        header, *batches = (Decimal(text) for text in texts(xml, "CtrlSum"))
        assert header * 100 == each.control_sum_cents
        assert sum(batches) == header
        inside = {name for name, collection in gone.items() if collection.export_id == each.id}
        assert set(texts(xml, "EndToEndId")) == inside
