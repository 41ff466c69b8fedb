"""What the ledger keeps for invoicing. Records, not the domain: rules work on frozen values.

Append-only tables are guarded by triggers (see the migrations): an issued invoice, what it billed, a contract
event and a customer's past cannot be updated or deleted by anyone.
"""

from datetime import date, datetime

from sqlalchemy import JSON, BigInteger, Column, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from invoicing.ledger import Instant

MONTHLY = "month"  # the occasion of a month's own invoice


class CustomerVersion(SQLModel, table=True):
    """A customer's master data as recorded at an instant; the newest one is current."""

    __tablename__ = "customer_version"

    id: int | None = Field(default=None, primary_key=True)
    customer: str = Field(max_length=64, index=True)
    recorded_at: datetime = Field(sa_type=Instant)
    name: str
    kind: str
    street: str
    postcode: str
    city: str
    country: str
    email: str
    vat_id: str = ""
    buyer_reference: str = ""


class ContractEventRecord(SQLModel, table=True):
    """One event in a contract's life; ``details`` is what only some kinds say."""

    __tablename__ = "contract_event"

    id: int | None = Field(default=None, primary_key=True)
    customer: str = Field(max_length=64, index=True)
    kind: str
    effective_on: date
    recorded_at: datetime = Field(sa_type=Instant)
    terms: str | None = None
    package: str | None = None
    addons: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    add_addons: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    remove_addons: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    received_on: date | None = None
    details: dict[str, object] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))


class TermsVersion(SQLModel, table=True):
    """The text of a terms file as it was when a contract first used it; it never changes afterwards."""

    __tablename__ = "terms_version"

    id: str = Field(primary_key=True, max_length=64)
    text: str = Field(sa_column=Column(Text, nullable=False))
    sha256: str
    recorded_at: datetime = Field(sa_type=Instant)


class MonthRecord(SQLModel, table=True):
    """Where a month stands: open, closing, blocked, closed."""

    __tablename__ = "billing_month"

    month: str = Field(primary_key=True, max_length=7)
    state: str
    changed_at: datetime = Field(sa_type=Instant)


class ProblemRecord(SQLModel, table=True):
    """Why a customer is parked in a month: the rule and what to do."""

    __tablename__ = "month_problem"
    __table_args__ = (UniqueConstraint("month", "customer", "rule"),)

    id: int | None = Field(default=None, primary_key=True)
    month: str = Field(index=True, max_length=7)
    customer: str = Field(max_length=64)
    rule: str
    message: str


class UsageDecision(SQLModel, table=True):
    """What was decided about a month's usage of an unknown customer: assigned, or set aside."""

    __tablename__ = "usage_decision"
    __table_args__ = (UniqueConstraint("month", "customer"),)

    id: int | None = Field(default=None, primary_key=True)
    month: str = Field(max_length=7)
    customer: str = Field(max_length=64)
    assigned_to: str | None = Field(default=None, max_length=64)
    reason: str
    decided_by: str
    decided_at: datetime = Field(sa_type=Instant)


class NumberRecord(SQLModel, table=True):
    """The log of drawn invoice numbers: each is issued, or void with its reason (UStAE 14.5 Abs. 10)."""

    __tablename__ = "invoice_number"

    year: int = Field(primary_key=True)
    sequence: int = Field(primary_key=True)
    number: str = Field(unique=True)
    drawn_at: datetime = Field(sa_type=Instant)
    state: str
    reason: str = ""


class InvoiceRecord(SQLModel, table=True):
    """An issued invoice; ``document`` is the frozen value as JSON, everything printed on it.

    ``occasion`` is what it was issued for: the month, or something that is invoiced at once (``order-17``).
    """

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("customer", "month", "occasion"),
        Index("ix_invoice_month_number", "month", "number"),
    )

    number: str = Field(primary_key=True)
    customer: str = Field(max_length=64)
    month: str = Field(max_length=7)
    occasion: str = MONTHLY
    issued_on: date
    issued_at: datetime = Field(sa_type=Instant)
    due_on: date | None = None
    net_cents: int = Field(sa_type=BigInteger)
    vat_cents: int = Field(sa_type=BigInteger)
    gross_cents: int = Field(sa_type=BigInteger)
    document: str = Field(sa_column=Column(Text, nullable=False))
    sha256: str


class BilledUsage(SQLModel, table=True):
    """What has been billed of a counter's month so far: every count, absolute; the newest row holds.

    ``customer`` is whose counter was read: the invoiced customer's, or that of an unknown id assigned to it.
    A row without an invoice was set aside: the counts are settled, and no invoice bills them.
    """

    __tablename__ = "billed_usage"
    __table_args__ = (Index("ix_billed_usage_month_customer", "month", "customer"),)

    id: int | None = Field(default=None, primary_key=True)
    invoice: str | None = Field(default=None, foreign_key="invoice.number", index=True)
    customer: str = Field(max_length=64)
    month: str = Field(max_length=7)
    counts: dict[str, dict[str, int]] = Field(sa_column=Column(JSON, nullable=False))
    recorded_at: datetime = Field(sa_type=Instant)


class BookingRecord(SQLModel, table=True):
    """Something billed beside the packages; ``quantity`` counts minutes, cents or pieces, ``price`` is euro as text.

    ``terms`` are those under which it was booked; ``reference`` is the sender's own, so that nothing is booked twice.
    """

    __tablename__ = "booking"
    __table_args__ = (UniqueConstraint("customer", "reference"),)

    id: int | None = Field(default=None, primary_key=True)
    customer: str = Field(max_length=64, index=True)
    kind: str
    service: str = ""
    day: date
    quantity: int = Field(sa_type=BigInteger)
    terms: str
    role: str = ""
    text: str = ""
    price: str | None = None
    clause: str = ""
    formula: str = ""
    damages: bool = False
    reference: str | None = Field(default=None, max_length=64)
    recorded_at: datetime = Field(sa_type=Instant)
    recorded_by: str


class BilledBooking(SQLModel, table=True):
    """A booking is settled once: billed by an invoice, or, without one, taken back; the database refuses a second."""

    __tablename__ = "billed_booking"

    booking: int = Field(primary_key=True, foreign_key="booking.id", sa_column_kwargs={"autoincrement": False})
    invoice: str | None = Field(default=None, foreign_key="invoice.number", index=True)
    recorded_at: datetime = Field(sa_type=Instant)
    reason: str = ""


class OutboxMail(SQLModel, table=True):
    """A mail that must leave: written in the transaction of what it tells; afterwards its own proof.

    ``payment`` is the announced debit as JSON (null: the mail announces none); ``moved_from`` the date
    that it replaces: the one printed on the invoice, or announced before a failed sending.
    """

    __tablename__ = "outbox_mail"

    id: int | None = Field(default=None, primary_key=True)
    invoice: str = Field(foreign_key="invoice.number", index=True)
    recipient: str
    payment: str | None = Field(default=None, sa_column=Column(Text))
    moved_from: date | None = None
    state: str = Field(default="queued", index=True)
    attempts: int = 0
    queued_at: datetime = Field(sa_type=Instant)
    sent_at: datetime | None = Field(default=None, sa_type=Instant)
    message_id: str = ""
    answer: str = ""
    attachment_sha256: str = ""
