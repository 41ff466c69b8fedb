"""Keys, sessions and roles. Keys carry 256 random bits, so a plain SHA-256 of them is safe to store."""

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete
from sqlmodel import Session, col, select

from api.records import ApiKey, LoginSession
from invoicing.ledger import Ledger

Role = Literal["engine", "finance", "admin"]
RANKS: dict[str, int] = {"engine": 1, "finance": 2, "admin": 3}
_CACHE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, and as what."""

    name: str
    role: str

    def may(self, role: Role) -> bool:
        """Tell whether this identity has at least the given role."""
        return RANKS[self.role] >= RANKS[role]


def digest(secret: str) -> str:
    """Return what is stored of a key or session token."""
    return hashlib.sha256(secret.encode()).hexdigest()


def create_key(session: Session, name: str, role: Role, now: datetime) -> str:
    """Store a new key's hash and return the key, the only time it is seen; raise ValueError for a taken name."""
    if not name.strip() or not name.isprintable():
        raise ValueError("name: give the key a name that says whose it is")
    if role not in RANKS:
        raise ValueError(f"role: {role!r} is unknown; choose one of {', '.join(RANKS)}")
    if session.exec(select(ApiKey).where(ApiKey.name == name)).first():
        raise ValueError(f"name: there is or was a key named {name!r}; choose another name")
    key = f"zw_{secrets.token_urlsafe(32)}"
    session.add(ApiKey(name=name, role=role, key_sha256=digest(key), created_at=now))
    return key


def revoke_key(session: Session, name: str, now: datetime) -> None:
    """End a key and its logins; raise ValueError for an unknown name."""
    key = session.exec(select(ApiKey).where(ApiKey.name == name, col(ApiKey.revoked_at).is_(None))).first()
    if key is None:
        raise ValueError(f"name: there is no valid key named {name!r}")
    key.revoked_at = now
    for login in session.exec(select(LoginSession).where(LoginSession.key_id == key.id)):
        session.delete(login)


class Keyring:
    """Looks keys and sessions up; answers come from memory for a few seconds."""

    def __init__(self, ledger: Ledger, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Use ``monotonic`` seconds to age what is remembered."""
        self._ledger, self._monotonic = ledger, monotonic
        self._known: dict[str, tuple[float, Identity]] = {}
        self._lock = threading.Lock()

    def by_header(self, authorization: str | None) -> Identity | None:
        """Return who sends ``Authorization: Bearer KEY``, or None."""
        scheme, _, key = (authorization or "").partition(" ")
        return self.by_key(key.strip()) if scheme.lower() == "bearer" and key.strip() else None

    def by_key(self, key: str) -> Identity | None:
        """Return whose valid key this is, or None."""
        return self._remembered(digest(key), self._load_key)

    def by_session(self, token: str, now: datetime) -> Identity | None:
        """Return whose running login this token belongs to, or None."""
        with self._ledger.read() as session:
            login = session.get(LoginSession, digest(token))
            key = session.get(ApiKey, login.key_id) if login and login.expires_at > now else None
            return Identity(key.name, key.role) if key and key.revoked_at is None else None

    def log_in(self, key: str, now: datetime, hours: int) -> str | None:
        """Start a login with a finance or admin key and return its token, or None when the key does not allow it."""
        with self._ledger.write() as session:
            record = session.exec(
                select(ApiKey).where(ApiKey.key_sha256 == digest(key), col(ApiKey.revoked_at).is_(None))
            ).first()
            if record is None or record.id is None or not Identity(record.name, record.role).may("finance"):
                return None
            session.execute(delete(LoginSession).where(col(LoginSession.expires_at) <= now))
            token = secrets.token_urlsafe(32)
            expires = now + timedelta(hours=hours)
            session.add(LoginSession(token_sha256=digest(token), key_id=record.id, expires_at=expires))
            return token

    def log_out(self, token: str) -> None:
        """End a login."""
        with self._ledger.write() as session:
            if login := session.get(LoginSession, digest(token)):
                session.delete(login)

    def _remembered(self, hashed: str, load: Callable[[str], Identity | None]) -> Identity | None:
        now = self._monotonic()
        if (entry := self._known.get(hashed)) and now - entry[0] < _CACHE_SECONDS:
            return entry[1]
        identity = load(hashed)
        with self._lock:
            self._known.pop(hashed, None)
            if identity:
                self._known[hashed] = (now, identity)
        return identity

    def _load_key(self, hashed: str) -> Identity | None:
        with self._ledger.read() as session:
            record = session.exec(
                select(ApiKey).where(ApiKey.key_sha256 == hashed, col(ApiKey.revoked_at).is_(None))
            ).first()
            return Identity(record.name, record.role) if record else None
