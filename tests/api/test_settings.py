"""Settings: a bad value is refused by the name of its variable, and never repeated."""

import base64
from pathlib import Path

import pytest
from pydantic import ValidationError

from api.settings import Settings, refusals


def read(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(f"ZAEHLWERK_{name.upper()}", value)
    return Settings(_env_file=None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("redis_url", "http://host"),
        ("redis_url", "embedded"),
        ("database_url", "mysql://host/db"),
        ("smtp_url", "mail.example:25"),
        ("appendfsync", "no"),
        ("log_level", "LOUD"),
        ("late_days", "-1"),
        ("late_days", "viele"),
        ("bank_lead_days", "0"),
        ("prenotification_days", "0"),
        ("session_hours", "0"),
        ("creditor_country", "Deutschland"),
        ("creditor_country", "de"),
        ("secret_key", "kurz"),
        ("secret_key", base64.b64encode(b"x" * 31).decode()),
        ("terms_dir", "/there/is/no/such/folder"),
    ],
)
def test_a_bad_value_is_refused_by_its_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read(monkeypatch, **{name: value})
    (line,) = refusals(refused.value)
    assert line.startswith(f"ZAEHLWERK_{name.upper()}: ")


def test_a_refused_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError) as refused:
        read(monkeypatch, secret_key="mein-geheimnis", smtp_url="user:passwort@mail")
    assert "geheimnis" not in str(refused.value) + "".join(refusals(refused.value))
    assert "passwort" not in str(refused.value) + "".join(refusals(refused.value))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("redis_url", "embedded:"),
        ("redis_url", "rediss://:secret@host:6379/0"),
        ("redis_url", "redis+cluster://host"),
        ("database_url", "sqlite:////var/lib/zw.db"),
        ("database_url", "postgresql://u:p@host/db"),
        ("database_url", "postgresql+psycopg://host/db"),
        ("database_url", ""),
        ("smtp_url", "smtps://u:p@mail.example"),
        ("secret_key", base64.b64encode(b"x" * 32).decode()),
        ("late_days", "0"),
    ],
)
def test_a_good_value_is_taken(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    read(monkeypatch, **{name: value})


def test_without_a_database_the_ledger_lies_in_the_data_directory(tmp_path: Path) -> None:
    assert Settings(_env_file=None, data_dir=tmp_path).ledger_url == f"sqlite:///{tmp_path / 'zaehlwerk.db'}"


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    key = base64.b64encode(b"y" * 32).decode()
    assert key not in repr(Settings(_env_file=None, secret_key=key))
