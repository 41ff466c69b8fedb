"""A real SMTP server on this machine, which can be told to misbehave."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.redis_fixtures import free_port


@dataclass
class Mailbox:
    """What arrived, byte for byte; and how the server misbehaves."""

    port: int
    received: list[tuple[str, bytes]] = field(default_factory=list)
    refused: str = ""
    refused_data: str = ""
    drops: bool = False
    rude: bool = False

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(content, policy=default) for _, content in self.received]

    async def handle_RCPT(  # noqa: N802 - the server calls it so
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        if self.refused and address.startswith(self.refused):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 welcome"

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.refused_data:
            return self.refused_data
        content = envelope.content
        assert isinstance(content, bytes)
        self.received += [(address, content) for address in envelope.rcpt_tos]
        if self.drops and server.transport:
            server.transport.close()
        return f"250 2.0.0 queued as {len(self.received)}"

    async def handle_QUIT(self, _: SMTP, __: Session, ___: Envelope) -> str:  # noqa: N802
        return "421 4.3.0 no goodbye" if self.rude else "221 2.0.0 bye"


@contextmanager
def mail_server(port: int | None = None, **options: Any) -> Iterator[Mailbox]:
    mailbox = Mailbox(port or free_port())
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port, **options)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()
