"""What the ledger keeps for the debit cycle: mandates, collections, files."""

from datetime import date, datetime

from sqlalchemy import JSON, BigInteger, Column, Index, text
from sqlmodel import Field, SQLModel

from invoicing.ledger import Instant

_LIVE = text("state IN ('waiting', 'planned', 'announced', 'exported')")


class MandateVersion(SQLModel, table=True):
    """A mandate as recorded at an instant; the newest of a customer is current.

    The IBAN is encrypted; ``iban_masked`` is what people see. ``amends_account`` says that a mandate
    already presented now names another account, which the next collection must tell the bank.
    """

    __tablename__ = "mandate_version"

    id: int | None = Field(default=None, primary_key=True)
    customer: str = Field(max_length=64, index=True)
    reference: str = Field(max_length=35, index=True)
    scheme: str
    signed_on: date
    iban_token: str
    iban_masked: str
    bic: str = ""
    account_holder: str
    prenotification_days: int | None = None
    amends_account: bool = False
    recorded_at: datetime = Field(sa_type=Instant)


class CollectionRecord(SQLModel, table=True):
    """One attempt to collect one invoice: waiting → planned → announced → exported."""

    __tablename__ = "collection"
    __table_args__ = (Index("ux_collection_live", "invoice", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE),)

    id: int | None = Field(default=None, primary_key=True)
    end_to_end_id: str = Field(unique=True, max_length=35)
    invoice: str = Field(foreign_key="invoice.number", index=True)
    customer: str = Field(max_length=64)
    amount_cents: int = Field(sa_type=BigInteger)
    state: str = Field(index=True)
    reason: str = ""
    due_on: date | None = None
    mandate_id: int | None = Field(default=None, foreign_key="mandate_version.id")
    mail_id: int | None = Field(default=None, foreign_key="outbox_mail.id")
    export_id: int | None = Field(default=None, foreign_key="sepa_export.id")


class ExportRecord(SQLModel, table=True):
    """A pain.008 file that was written, recorded before it lies in the folder."""

    __tablename__ = "sepa_export"

    id: int | None = Field(default=None, primary_key=True)
    message_id: str = Field(unique=True, max_length=35)
    created_at: datetime = Field(sa_type=Instant)
    scheme: str
    count: int
    control_sum_cents: int = Field(sa_type=BigInteger)
    due_dates: list[str] = Field(sa_column=Column(JSON, nullable=False))
    sha256: str
    file_name: str
    downloaded_at: datetime | None = Field(default=None, sa_type=Instant)
