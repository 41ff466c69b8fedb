"""Who may ask, who did what, and who was told: keys, sessions, the audit log, alerts."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from invoicing.ledger import Instant


class ApiKey(SQLModel, table=True):
    """A key: its name, role and SHA-256; the key itself is shown once and never stored."""

    __tablename__ = "api_key"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    role: str
    key_sha256: str = Field(unique=True)
    created_at: datetime = Field(sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)


class LoginSession(SQLModel, table=True):
    """A login to the finance pages; the cookie's token is stored hashed."""

    __tablename__ = "login_session"

    token_sha256: str = Field(primary_key=True)
    key_id: int = Field(foreign_key="api_key.id")
    expires_at: datetime = Field(sa_type=Instant)


class AuditEntry(SQLModel, table=True):
    """Who did what to which thing, and when."""

    __tablename__ = "audit_entry"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=Instant)
    who: str
    action: str
    subject: str = Field(index=True)
    details: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class AllowanceAlert(SQLModel, table=True):
    """A customer reached a share of its allowance: recorded once per month and percentage, never changed."""

    __tablename__ = "allowance_alert"
    __table_args__ = (UniqueConstraint("customer", "month", "percent"),)

    id: int | None = Field(default=None, primary_key=True)
    customer: str = Field(max_length=64)
    month: str = Field(max_length=7)
    percent: int
    used: int = Field(sa_type=BigInteger)
    included: int = Field(sa_type=BigInteger)
    terms: str
    package: str
    raised_at: datetime = Field(sa_type=Instant)


class AlertDelivery(SQLModel, table=True):
    """One way that an alert goes out, recorded with it; afterwards its own proof.

    ``message_id`` is the same in every attempt: the webhook-id, or the mail's Message-ID. ``due_at`` is when the
    next attempt may be made; an attempt moves it before it begins.
    """

    __tablename__ = "alert_delivery"
    __table_args__ = (UniqueConstraint("alert_id", "channel"),)

    id: int | None = Field(default=None, primary_key=True)
    alert_id: int = Field(foreign_key="allowance_alert.id")
    channel: str
    message_id: str = Field(unique=True)
    recipient: str = ""
    state: str = Field(default="queued", index=True)
    attempts: int = 0
    due_at: datetime = Field(sa_type=Instant)
    sent_at: datetime | None = Field(default=None, sa_type=Instant)
    answer: str = ""
