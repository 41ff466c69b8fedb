"""The audit log: who changed what, and when, in the transaction of the change."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from api.records import AuditEntry


def note(session: Session, at: datetime, who: str, action: str, subject: str, **details: Any) -> None:
    """Write one entry; never pass an IBAN or a key as a detail."""
    session.add(AuditEntry(at=at, who=who, action=action, subject=subject, details=details))
