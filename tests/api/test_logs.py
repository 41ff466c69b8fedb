"""What is logged: JSON lines, and never an IBAN, a key or a password."""

import json
import logging

import pytest

from api.logs import JsonLine, blot, configure
from tests.api.running import IBAN, MANDATE, Service


@pytest.mark.parametrize(
    "secret",
    [
        IBAN,
        "DE02 1203 0000 0000 2020 51",
        "de02120300000000202051",
        "de02 1203 0000 0000 2020 51",
        "DE02-1203-0000-0000-2020-51",
        "GB33BUKB20201555555555",
        "zw_" + "aB-_" * 10,
    ],
)
def test_secrets_are_blotted_out_wherever_they_turn_up(secret: str) -> None:
    for text in (secret, f"({secret})", f"iban={secret}, and more", f"'{secret}'"):
        assert secret not in blot(text)
        assert "[removed]" in blot(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://:p4ss@host/0", "redis://[removed]@host/0"),
        ("smtp://u:p@ss@mail.example:25", "smtp://[removed]@mail.example:25"),
        ("postgresql://zw:geheim@db/zw is away", "postgresql://[removed]@db/zw is away"),
        ("RE-2026-000001 for k-1007 on 2026-11-02", "RE-2026-000001 for k-1007 on 2026-11-02"),
        ("mail to a@b.example", "mail to a@b.example"),
    ],
)
def test_passwords_in_addresses_are_blotted_out_and_the_rest_stays(text: str, shown: str) -> None:
    assert blot(text) == shown


def test_a_line_is_json_with_its_traceback_and_without_secrets() -> None:
    message, arguments = "asked by %s\nfor %s", ("zw_" + "x" * 40, IBAN)
    with pytest.raises(ValueError, match="no such") as caught:
        raise ValueError(f"no such account {IBAN}")
    traceback = (caught.type, caught.value, caught.tb)
    record = logging.getLogger("test").makeRecord("test", logging.ERROR, "file", 1, message, arguments, traceback)
    line = JsonLine().format(record)
    assert "\n" not in line
    told = json.loads(line)
    assert (told["level"], told["logger"]) == ("ERROR", "test")
    assert told["message"] == "asked by [removed]\nfor [removed]"
    assert "ValueError: no such account [removed]" in told["exception"]


@pytest.mark.parametrize(
    ("level", "name", "logged"),
    [
        ("INFO", "api", True),
        ("INFO", "weasyprint.progress", False),
        ("DEBUG", "weasyprint.progress", False),
        ("INFO", "alembic.runtime", False),
        ("INFO", "weasyprint", True),
        ("ERROR", "weasyprint.progress", False),
    ],
)
def test_who_tells_every_step_is_heard_only_when_something_is_wrong(level: str, name: str, logged: bool) -> None:  # noqa: FBT001
    root, talking = logging.getLogger(), ("alembic", "weasyprint.progress")
    before = root.handlers[:], root.level, [logging.getLogger(each).level for each in talking]
    try:
        configure(level)
        assert logging.getLogger(name).isEnabledFor(logging.INFO) == logged
        assert logging.getLogger(name).isEnabledFor(logging.WARNING) == (level != "ERROR")
    finally:
        root.handlers[:], kept = before[0], before[2]
        root.setLevel(before[1])
        for each, was in zip(talking, kept, strict=True):
            logging.getLogger(each).setLevel(was)


def test_a_running_service_logs_no_secret(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    service.customer("k-1")
    service.ask("PUT", "/v1/customers/k-1/mandate", {**MANDATE, "iban": IBAN[:-1] + "2"}, expect=422)
    service.close_month("2026-10")
    service.ask("POST", "/v1/notices")
    service.ask("POST", "/v1/sepa/exports", expect=201)
    lines = [JsonLine().format(each) for each in caplog.records if not each.name.startswith(("httpx", "httpcore"))]
    assert not [line for line in lines for secret in (*service.keys.values(), IBAN[4:18]) if secret in line]
