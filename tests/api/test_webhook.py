"""Webhook calls: signed after Standard Webhooks, with settings that cannot leave them unsigned."""

import base64
from pathlib import Path

import pytest
from pydantic import ValidationError

from api.settings import Settings, refusals
from api.webhook import WebhookError, call, client, sign
from tests.api.alert_office import SECRET as WEBHOOK_SECRET
from tests.api.alert_office import receiver
from tests.api.running import HandClock, settings_in


def refusal(**values: str) -> str:
    with pytest.raises(ValidationError) as refused:
        Settings(_env_file=None, **values)  # type: ignore[arg-type]  # text, as from the environment
    (line,) = refusals(refused.value)
    return line


def secret(size: int) -> str:
    return f"whsec_{base64.b64encode(b'x' * size).decode()}"


@pytest.mark.parametrize(
    "wrong",
    ["", "geheim", "whsec_", "whsec_geheimes!", "whsec_ümlaut", secret(23), secret(65), secret(32)[6:]],
)
def test_a_webhook_without_a_good_secret_is_refused_and_the_secret_not_repeated(wrong: str) -> None:
    line = refusal(webhook_url="https://engine.example/hooks", webhook_secret=wrong)
    assert line.startswith("ZAEHLWERK_WEBHOOK_SECRET: ")
    assert "openssl rand -base64 32" in line
    assert not wrong or wrong == "whsec_" or wrong not in line


@pytest.mark.parametrize("size", [24, 32, 64])
def test_a_secret_of_24_to_64_bytes_is_taken(size: int) -> None:
    settings = Settings(_env_file=None, webhook_url="https://engine.example/", webhook_secret=secret(size))
    assert secret(size) not in repr(settings)


@pytest.mark.parametrize(
    "url", ["engine.example", "ftp://engine.example/", "https://", "https:///x", "https://user:word@engine.example/"]
)
def test_an_address_that_cannot_be_called_is_refused(url: str) -> None:
    assert refusal(webhook_url=url, webhook_secret=secret(32)).startswith("ZAEHLWERK_WEBHOOK_URL: ")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8099", "https://engine.example/a/b?token=x@y", "https://e.example?t=1"]
)
def test_an_address_is_taken(url: str) -> None:
    assert Settings(_env_file=None, webhook_url=url, webhook_secret=secret(32)).webhook_url == url


@pytest.mark.parametrize(
    ("value", "taken"),
    [("80,100", (80, 100)), ("100,80,80", (80, 100)), ("50", (50,)), ("", ()), ("999", (999,))],
)
def test_percentages_are_read(value: str, taken: tuple[int, ...]) -> None:
    assert Settings(_env_file=None, alert_percents=value).alert_thresholds == taken


@pytest.mark.parametrize("value", ["0", "80,", "-1", "80;100", "1000", "achtzig", "80 %"])
def test_percentages_that_are_none_are_refused(value: str) -> None:
    assert refusal(alert_percents=value).startswith("ZAEHLWERK_ALERT_PERCENTS: ")


def test_a_signature_depends_on_id_time_and_body() -> None:
    same = sign(WEBHOOK_SECRET, "msg_1", 1, b"{}")
    assert same == sign(WEBHOOK_SECRET, "msg_1", 1, b"{}")
    assert same.startswith("v1,")
    assert len(base64.b64decode(same.removeprefix("v1,"), validate=True)) == 32
    others = [
        sign(WEBHOOK_SECRET, "msg_2", 1, b"{}"),
        sign(WEBHOOK_SECRET, "msg_1", 2, b"{}"),
        sign(WEBHOOK_SECRET, "msg_1", 1, b"[]"),
        sign(secret(32), "msg_1", 1, b"{}"),
    ]
    assert len({same, *others}) == 5


def test_a_foreign_secret_is_noticed_by_the_receiver() -> None:
    with receiver() as hooks, client() as http, pytest.raises(WebhookError, match="401 Unauthorized"):
        call(http, hooks.url, secret(32), "msg_1", HandClock()(), b"{}")
    assert (hooks.calls, hooks.forged) == ([], ["msg_1"])


def test_a_redirect_is_not_followed() -> None:
    with receiver() as hooks, client() as http:
        hooks.statuses = [307]
        with pytest.raises(WebhookError, match="307 Temporary Redirect"):
            call(http, hooks.url, WEBHOOK_SECRET, "msg_1", HandClock()(), b"{}")
    assert len(hooks.calls) == 1


def test_a_status_without_a_name_is_told_as_its_number() -> None:
    with receiver() as hooks, client() as http:
        hooks.statuses = [299]
        assert call(http, hooks.url, WEBHOOK_SECRET, "msg_1", HandClock()(), b"{}") == "299"


def test_without_a_webhook_no_secret_is_needed(tmp_path: Path) -> None:
    assert settings_in(tmp_path).webhook_url == ""
