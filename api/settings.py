"""The one settings class: every ``ZAEHLWERK_*`` variable, what it means and its default."""

import base64
import binascii
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from invoicing.party import Party

_PREFIX = "ZAEHLWERK_"
_SECRET_BYTES = 32
_WEBHOOK_SECRET_BYTES = range(24, 65)


class Settings(BaseSettings):
    """Read from the environment and ``.env``; the README lists every field."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, env_file=".env", extra="ignore", hide_input_in_errors=True)

    data_dir: Path = Field(Path("var"), description="everything a run writes lies under it")
    database_url: str = Field(
        "",
        pattern=r"^($|sqlite:///|postgresql(\+psycopg)?://)",
        description="ledger: sqlite:///… or postgresql+psycopg://…; empty: zaehlwerk.db in the data directory",
    )
    redis_url: str = Field(
        "embedded:",
        pattern=r"^(embedded:$|rediss?://|redis\+cluster://|unix://)",
        description="counter: embedded:, redis://, rediss:// or redis+cluster://",
    )
    appendfsync: str = Field(
        "always", pattern="^(always|everysec)$", description="when the embedded server syncs to disk"
    )
    confirm: str = Field(
        "",
        pattern=r"^($|wait:\d+|waitaof:\d+)$",
        description="copies to wait for before an answer: wait:N replicas, waitaof:N for disk and N replicas' disks",
    )
    journal_url: str = Field(
        "",
        description="where every event is kept in Parquet: a folder or an fsspec URL (s3://…); "
        "empty: journal/ in the data directory",
    )
    journal_seconds: int = Field(300, ge=1, description="longest time that an event waits to be archived")
    secret_key: SecretStr = Field(
        SecretStr(""),
        description="32 bytes in base64 that encrypt IBANs; empty: made once in the data directory",
    )
    smtp_url: str = Field(
        "",
        pattern="^($|smtps?://)",
        description="smtp://user:password@host:port (smtps:// for TLS); empty: .eml files in outbox/",
    )
    terms_dir: Path | None = Field(None, description="folder with further terms files, beside the shipped ones")
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="least severity logged")

    late_days: int = Field(35, ge=0, description="days after a month's end in which its events are still taken")
    future_minutes: int = Field(5, ge=0, description="how far ahead of our clock an event's time may be")
    prenotification_days: int = Field(
        14, ge=1, description="notice before a debit when neither mandate nor terms agree another"
    )
    bank_lead_days: int = Field(1, ge=1, description="TARGET days before the due date when the bank needs the file")
    bank_horizon_days: int = Field(
        14, ge=1, description="calendar days before the due date when it takes it at the earliest"
    )
    max_collections_per_file: int = Field(10_000, ge=1, description="collections in one pain.008 file")
    batch_booking: bool = Field(True, description="ask the bank to book a file as one sum (BtchBookg)")
    session_hours: int = Field(12, ge=1, description="how long a login to the finance pages lasts")
    secure_cookies: bool = Field(False, description="send login cookies over TLS only; set it behind TLS")
    entitlement_seconds: float = Field(2.0, ge=0, description="how old an entitlement answer may be")
    alert_percents: str = Field(
        "80,100",
        pattern=r"^$|^[1-9]\d{0,2}(,[1-9]\d{0,2})*$",
        description="shares of the allowance, in percent, that raise an alert when they are reached; empty: none",
    )
    alert_seconds: float = Field(60.0, ge=0, description="seconds between two looks for alerts while serving; 0: never")
    webhook_url: str = Field(
        "", pattern=r"^($|https?://[^/?@\s]+([/?]\S*)?$)", description="where alerts are posted to; empty: mails only"
    )
    webhook_secret: SecretStr = Field(
        SecretStr(""),
        validate_default=True,
        description="signs them (Standard Webhooks): whsec_ and 24 to 64 bytes in base64",
    )

    creditor_name: str = Field("Cloud Klabauter GmbH", description="who invoices and collects")
    creditor_id: str = Field("DE98ZZZ09999999999", description="Gläubiger-Identifikationsnummer (test value)")
    creditor_iban: str = Field("DE02120300000000202051", description="account that is credited (test value)")
    creditor_bic: str = Field("", description="its BIC; may be empty")
    creditor_street: str = Field("Otto-Hahn-Straße 4", description="street and number")
    creditor_postcode: str = Field("85521", description="postcode")
    creditor_city: str = Field("Riemerling", description="town")
    creditor_country: str = Field("DE", pattern="^[A-Z]{2}$", description="country, two letters")
    creditor_vat_id: str = Field("DE999999999", description="USt-IdNr. (test value)")
    creditor_email: str = Field("rechnung@example.org", description="sender of invoices")
    creditor_phone: str = Field("", description="telephone for questions")
    creditor_register: str = Field("", description="register court and number (§ 35a GmbHG)")
    creditor_directors: str = Field("", description="managing directors (§ 35a GmbHG)")

    @field_validator("secret_key")
    @classmethod
    def _is_a_key(cls, value: SecretStr) -> SecretStr:
        try:
            size = len(base64.b64decode(value.get_secret_value(), validate=True))
        except binascii.Error:
            size = -1
        if value.get_secret_value() and size != _SECRET_BYTES:
            raise ValueError(f"must be {_SECRET_BYTES} bytes in base64, for example from: openssl rand -base64 32")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _signs(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        prefix, _, key = value.get_secret_value().partition("_")
        try:
            size = len(base64.b64decode(key, validate=True)) if prefix == "whsec" else -1
        except ValueError:
            size = -1
        wanted = bool(value.get_secret_value() or info.data.get("webhook_url"))
        if wanted and size not in _WEBHOOK_SECRET_BYTES:
            raise ValueError(
                "must be whsec_ and 24 to 64 bytes in base64, for example whsec_ before what this prints: "
                "openssl rand -base64 32; without ZAEHLWERK_WEBHOOK_URL it may be left out"
            )
        return value

    @field_validator("terms_dir")
    @classmethod
    def _is_a_folder(cls, value: Path | None) -> Path | None:
        if value and not value.is_dir():
            raise ValueError(f"{value} is not a folder")
        return value

    @cached_property
    def alert_thresholds(self) -> tuple[int, ...]:
        """The shares of the allowance that raise an alert, lowest first."""
        return tuple(sorted({int(each) for each in self.alert_percents.split(",") if each}))

    @cached_property
    def ledger_url(self) -> str:
        """The database URL, with the embedded default filled in."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'zaehlwerk.db'}"

    @cached_property
    def journal(self) -> str:
        """The journal's place, with the default filled in."""
        return self.journal_url or str(self.data_dir.resolve() / "journal")

    @cached_property
    def seller(self) -> Party:
        """The seller as printed on invoices."""
        return Party(
            name=self.creditor_name,
            street=self.creditor_street,
            postcode=self.creditor_postcode,
            city=self.creditor_city,
            country=self.creditor_country,
            email=self.creditor_email,
            phone=self.creditor_phone,
            vat_id=self.creditor_vat_id,
            register=self.creditor_register,
            directors=self.creditor_directors,
        )


def refusals(error: ValidationError) -> Iterator[str]:
    """Yield what is wrong with refused settings, each with its variable and never with its value."""
    for each in error.errors(include_input=False, include_url=False):
        yield f"{_PREFIX}{str(each['loc'][0]).upper()}: {each['msg']}"
