"""Who may ask, and who did what: keys, sessions, the audit log."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column
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
