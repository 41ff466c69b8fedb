"""``zaehlwerk alert`` as processes of their own: several at once, and killed at the worst moment."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.api.alert_office import SECRET as WEBHOOK_SECRET
from tests.api.alert_office import Office, Receiver, office, receiver
from tests.api.running import settings_in
from tests.mail_server import Mailbox, mail_server
from tests.redis_fixtures import free_port
from tests.waiting import until


@dataclass
class Command:
    """The command in a data directory whose customers are kept open by the test."""

    desk: Office
    folder: Path
    started: "list[subprocess.Popen[str]]" = field(default_factory=list)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        settings = self.desk.work.settings
        own = {
            "ZAEHLWERK_DATA_DIR": str(self.folder),
            "ZAEHLWERK_SMTP_URL": settings.smtp_url,
            "ZAEHLWERK_WEBHOOK_URL": settings.webhook_url,
            "ZAEHLWERK_WEBHOOK_SECRET": settings.webhook_secret.get_secret_value(),
            "ZAEHLWERK_LOG_LEVEL": "DEBUG",
        }
        command = [sys.executable, "-m", "api.cli", "alert", "--today", "2026-11-02", *arguments]
        process = subprocess.Popen(
            command, env={**os.environ, **own}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.started.append(process)
        return process

    def told(self, code: int) -> dict[str, Any]:
        """What it reports as JSON, with the expected exit code."""
        process = self.start("--json")
        out, err = process.communicate()
        assert process.returncode == code, err
        assert WEBHOOK_SECRET.removeprefix("whsec_") not in out + err
        told: dict[str, Any] = json.loads(out)
        return told

    def kill(self) -> None:
        self.started[-1].send_signal(signal.SIGKILL)


@pytest.fixture
def hooks() -> Iterator[Receiver]:
    with receiver() as taking:
        yield taking
        assert taking.forged == []


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as server:
        yield server


@pytest.fixture
def command(tmp_path: Path, mailbox: Mailbox, hooks: Receiver) -> Iterator[Command]:
    yield from _command(tmp_path, mailbox, hooks)


def _command(folder: Path, mailbox: Mailbox, hooks: Receiver) -> Iterator[Command]:
    settings = settings_in(folder, smtp_url=mailbox.url, webhook_url=hooks.url, webhook_secret=WEBHOOK_SECRET)
    with office(settings) as desk:
        desk.customer("k-1")
        desk.use("k-1", 400)
        yield Command(desk, folder)


def test_the_command_reports_what_it_raised_and_what_became_of_it(command: Command, hooks: Receiver) -> None:
    hooks.statuses = [503]
    report = command.told(code=1)
    (raised,) = report["raised"]
    assert (raised["customer"], raised["month"], raised["percent"], raised["used"]) == ("k-1", "2026-11", 80, 400)
    assert [(each["channel"], each["ok"]) for each in report["attempts"]] == [("mail", True), ("webhook", False)]
    report = command.told(code=0)
    assert (report["raised"], [each["answer"] for each in report["attempts"]]) == ([], ["204 No Content"])
    assert command.told(code=0) == {"raised": [], "attempts": []}


def test_the_command_reads_well(command: Command, hooks: Receiver) -> None:
    hooks.statuses = [503]
    process = command.start()
    out, _ = process.communicate()
    assert process.returncode == 1
    assert out.splitlines() == [
        "k-1: 80 % in 2026-11, 400 of 500",
        "1 sent",
        "waiting: k-1 2026-11 80 % webhook: 503 Service Unavailable",
    ]


def test_several_processes_at_once_tell_once(command: Command, mailbox: Mailbox, hooks: Receiver) -> None:
    processes = [command.start() for _ in range(3)]
    for process in processes:
        _, err = process.communicate()
        assert process.returncode == 0, err
    assert (len(mailbox.received), len(hooks.calls)) == (1, 1)


def test_a_command_waits_for_the_one_that_is_at_it(command: Command, mailbox: Mailbox, hooks: Receiver) -> None:
    def start_another() -> None:
        if len(command.started) == 1:
            command.start()
            until(lambda: holds_lock_open(command.started[1].pid), "the other command waits")

    hooks.before_answer = start_another
    command.start().communicate()
    out, err = command.started[1].communicate()
    assert out == "0 sent\n", err
    assert (len(mailbox.received), len(hooks.calls)) == (1, 1)


def holds_lock_open(pid: int) -> bool:
    return any(link.name == ".alerts.lock" for link in open_files(pid))


def open_files(pid: int) -> Iterator[Path]:
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            yield each.readlink()


def test_killed_while_it_calls_it_calls_again_with_the_same_id(
    command: Command, mailbox: Mailbox, hooks: Receiver
) -> None:
    hooks.before_answer = command.kill
    process = command.start()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    hooks.before_answer = lambda: None
    assert [each["channel"] for each in command.told(code=0)["attempts"]] == ["webhook"]
    first, second = hooks.calls
    assert (first.id, first.body) == (second.id, second.body)
    assert len(mailbox.received) == 1


def test_killed_while_it_mails_it_mails_again_with_the_same_message_id(tmp_path: Path, hooks: Receiver) -> None:
    killing = KillingMailbox(free_port())
    controller = Controller(killing, hostname="127.0.0.1", port=killing.port)
    controller.start()
    try:
        for command in _command(tmp_path, killing, hooks):
            killing.victim = command
            process = command.start()
            process.communicate()
            assert process.returncode == -signal.SIGKILL
            killing.victim = None
            assert [each["channel"] for each in command.told(code=0)["attempts"]] == ["mail", "webhook"]
    finally:
        controller.stop()
    first, second = killing.messages
    assert first["Message-ID"] == second["Message-ID"]
    assert first.get_content() == second.get_content()
    assert len(hooks.calls) == 1


@dataclass
class KillingMailbox(Mailbox):
    """Takes the mail, and kills its sender before it can hear so."""

    victim: Command | None = None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = await super().handle_DATA(server, session, envelope)
        if self.victim:
            self.victim.kill()
        return answer
