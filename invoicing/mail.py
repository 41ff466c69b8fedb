"""Mail: one message, two ways out. ``Folder`` writes ``.eml`` files, ``Smtp`` talks to a server."""

import hashlib
import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from invoicing.archive import write_whole

_TIMEOUT_SECONDS = 30
_FIRST_REFUSAL = 300
_BOUNDARY = 32
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")
_DOMAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")


class MailError(RuntimeError):
    """The mail did not leave; it may be tried again."""


class Transport(Protocol):
    """What can send a mail."""

    def send(self, message: EmailMessage) -> str:
        """Send it and return the receiving side's answer; raise MailError when it did not leave."""
        ...


def compose(
    sender: str,
    recipient: str,
    subject: str,
    body: str,
    message_id: str,
    at: datetime,
    attachment: tuple[str, bytes] | None = None,
) -> EmailMessage:
    """Return a plain-text mail, perhaps with one PDF attached, dated and identified by its caller.

    It holds nothing but ASCII, so every server takes it; the same mail is the same bytes. An address that cannot
    be written raises MailError.
    """
    message = EmailMessage(SMTP)
    message["From"], message["To"], message["Subject"] = ascii_address(sender), ascii_address(recipient), subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = message_id
    message.set_content(body, cte="quoted-printable")
    if attachment:
        name, content = attachment
        message.add_attachment(content, maintype="application", subtype="pdf", filename=name)
        message.set_boundary(f"=_{hashlib.sha256(message_id.encode()).hexdigest()[:_BOUNDARY]}")
    return message


def ascii_address(address: str) -> str:
    """Return one address as servers take it, its domain in ASCII; raise MailError saying what to mend.

    Standard: RFC 5321 4.1.2, RFC 5890
    """
    local, at, domain = address.strip().rpartition("@")
    host = _ascii_domain(domain.lower())
    if not at or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(host):
        raise MailError(f"{address!r} ist keine Adresse, an die Mailserver zustellen. Die E-Mail-Adresse berichtigen.")
    return f"{local}@{host}"


def _ascii_domain(domain: str) -> str:
    """Return a domain in ASCII, or nothing when that would be another domain, as with ß."""
    try:
        host = domain.encode("idna").decode()
        return host if domain.isascii() or host.encode().decode("idna") == domain else ""
    except UnicodeError:
        return ""


@dataclass(frozen=True)
class Folder:
    """Leaves each mail as an ``.eml`` file; the same mail twice is the same file."""

    path: Path

    def send(self, message: EmailMessage) -> str:
        """Write the file."""
        name = str(message["Message-ID"]).strip("<>").split("@")[0]
        try:
            write_whole(self.path / f"{name}.eml", message.as_bytes())
        except OSError as error:
            raise MailError(str(error)) from error
        return f"250 stored as {name}.eml"


@dataclass(frozen=True)
class Smtp:
    """Sends through ``smtp://user:password@host:port`` (STARTTLS when offered) or ``smtps://``."""

    url: str

    def send(self, message: EmailMessage) -> str:
        """Hand it to the server and return the server's answer to DATA."""
        parts = urlsplit(self.url)
        try:
            server = self._connect(parts.scheme, parts.hostname or "localhost", parts.port or 0)
            try:
                if parts.username:
                    server.login(unquote(parts.username), unquote(parts.password or ""))
                return _deliver(server, message)
            finally:
                _leave(server)
        except (OSError, smtplib.SMTPException) as error:
            raise MailError(str(error)) from error

    def _connect(self, scheme: str, host: str, port: int) -> smtplib.SMTP:
        if scheme == "smtps":
            return smtplib.SMTP_SSL(host, port, timeout=_TIMEOUT_SECONDS, context=ssl.create_default_context())
        server = smtplib.SMTP(host, port, timeout=_TIMEOUT_SECONDS)
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        return server


def _deliver(server: smtplib.SMTP, message: EmailMessage) -> str:
    """Run MAIL, RCPT, DATA by hand: ``send_message`` throws the server's last answer away."""
    for code, answer in (server.mail(message["From"]), server.rcpt(message["To"])):
        if code >= _FIRST_REFUSAL:
            raise MailError(f"{code} {answer.decode(errors='replace')}")
    code, answer = server.data(message.as_bytes())
    text = f"{code} {answer.decode(errors='replace')}"
    if code >= _FIRST_REFUSAL:
        raise MailError(text)
    return text


def _leave(server: smtplib.SMTP) -> None:
    """Say goodbye; what the server makes of it changes nothing about the mail."""
    with suppress(OSError, smtplib.SMTPException):
        server.quit()
    server.close()
