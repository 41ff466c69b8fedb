"""The workplace: everything a process needs, wired once; the only place that picks adapters."""

import base64
import fcntl
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import partial
from pathlib import Path

from api.background import Background
from api.entitlement import Entitlements, look_up
from api.security import Keyring
from api.settings import Settings
from invoicing import terms as terms_files
from invoicing.history import contract, contracts, pinned_terms
from invoicing.ledger import Ledger
from invoicing.mail import Folder, Smtp
from invoicing.terms import Terms
from metering.folder import sync_folder
from metering.journal import Journal
from metering.month import BERLIN
from metering.redis import Connection, open_redis
from sepa.account_id import IbanVault
from sepa.export import Desk
from sepa.mandate import AgreedNotice, DebitPolicy
from sepa.notice import Post
from sepa.pain008 import Address, Creditor

Clock = Callable[[], datetime]


def clock_from(today: date | None) -> Clock:
    """Return the wall clock, or one that stands at noon in Berlin on the given day."""
    if today is None:
        return lambda: datetime.now(UTC)
    noon = datetime.combine(today, time(12), BERLIN)
    return lambda: noon


@dataclass(frozen=True)
class Workplace:
    """Settings, clock, ledger, counter and what is derived from them."""

    settings: Settings
    clock: Clock
    ledger: Ledger
    counter: Connection
    terms: dict[str, Terms]
    vault: IbanVault
    background: Background = field(default_factory=Background)
    journal: Journal = field(init=False)
    keyring: Keyring = field(init=False)
    entitlements: Entitlements = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "journal", Journal(self.settings.journal))
        object.__setattr__(self, "keyring", Keyring(self.ledger))
        ask = partial(look_up, self.ledger, self.counter.client, self.terms)
        object.__setattr__(self, "entitlements", Entitlements(ask, self.settings.entitlement_seconds))

    @property
    def meters(self) -> frozenset[str]:
        """Every meter named in any terms."""
        return frozenset(meter for each in self.terms.values() for meter in each.meters)

    @property
    def policy(self) -> DebitPolicy:
        """What holds for every debit."""
        each = self.settings
        return DebitPolicy(each.creditor_id, each.prenotification_days, each.bank_lead_days, each.bank_horizon_days)

    @property
    def post(self) -> Post:
        """How mails leave."""
        url = self.settings.smtp_url
        transport = Smtp(url) if url else Folder(self.settings.data_dir / "outbox")
        return Post(transport, self.settings.creditor_email, self.settings.data_dir)

    @property
    def desk(self) -> Desk:
        """How pain.008 files are written."""
        each = self.settings
        address = Address(each.creditor_street, None, each.creditor_postcode, each.creditor_city, each.creditor_country)
        creditor = Creditor(
            each.creditor_name, each.creditor_id, each.creditor_iban, each.creditor_bic or None, address
        )
        return Desk(
            creditor,
            self.vault,
            each.data_dir / "sepa",
            self.policy,
            each.max_collections_per_file,
            each.batch_booking,
        )

    def terms_text(self, name: str) -> str | None:
        """Return the text of a terms file as it lies there now; None when there is none."""
        folders = (self.settings.terms_dir, terms_files.SHIPPED)
        paths = (folder / f"{name}.toml" for folder in folders if folder)
        return next((path.read_text(encoding="utf-8") for path in paths if path.exists()), None)

    def agreed_notices(self, customer: str | None = None) -> dict[str, AgreedNotice]:
        """Return per customer, or of one, the notice that the terms of the latest contract agree."""
        with self.ledger.read() as session:
            found = contracts(session) if customer is None else {customer: contract(session, customer)}
            pinned = {
                key: next((event.terms for event in reversed(events) if event.terms), None)
                for key, events in found.items()
            }
        known = {key: self.terms[name] for key, name in pinned.items() if name in self.terms}
        return {
            key: AgreedNotice(days.value, each.cited(days.clause))
            for key, each in known.items()
            if (days := each.rules.prenotification_days)
        }

    @contextmanager
    def alone(self, task: str) -> Iterator[None]:
        """Let only one process at a time do a task in this data directory; the others wait."""
        with (self.settings.data_dir / f".{task}.lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def is_busy(self, task: str) -> bool:
        """Tell whether some process is at a task in this data directory."""
        with (self.settings.data_dir / f".{task}.lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False


@contextmanager
def open_workplace(settings: Settings, clock: Clock | None = None) -> Iterator[Workplace]:
    """Open ledger and counter, upgrade the schema, load the terms; everything is given back at the end."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as stack:
        ledger = Ledger(settings.ledger_url)
        stack.callback(ledger.close)
        ledger.upgrade()
        counter = stack.enter_context(
            open_redis(settings.redis_url, settings.data_dir, appendfsync=settings.appendfsync)
        )
        work = Workplace(
            settings=settings,
            clock=clock or clock_from(None),
            ledger=ledger,
            counter=counter,
            terms=load_terms(settings.terms_dir, ledger),
            vault=IbanVault(secret_key(settings)),
        )
        stack.callback(work.background.stop)
        yield work


def load_terms(folder: Path | None, ledger: Ledger) -> dict[str, Terms]:
    """Return the shipped terms and those of a folder, by id; those that a contract uses as they were when it first did.

    Contract: fluks AGB 2.4
    """
    with ledger.read() as session:
        pinned = pinned_terms(session)
    return {**filed_terms(folder), **pinned}


def filed_terms(folder: Path | None) -> dict[str, Terms]:
    """Return the shipped terms and those of a folder, by id, as the files say now; refuse another file of a shipped id.

    Contract: fluks AGB 2.4
    """
    shipped, own = terms_files.shipped(), terms_files.load_folder(folder) if folder else {}
    if taken := [key for key, each in own.items() if shipped.get(key, each) != each]:
        raise terms_files.TermsError(f"{taken[0]}.toml differs from the shipped file: give yours an id of its own")
    return {**shipped, **own}


def secret_key(settings: Settings) -> bytes:
    """Return the key that encrypts IBANs: from the settings, else made once in the data directory."""
    if text := settings.secret_key.get_secret_value():
        return base64.b64decode(text, validate=True)
    path = settings.data_dir / "secret.key"
    if not path.exists():
        fresh = path.with_name(f".secret.{os.getpid()}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(32)))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(fresh)
        fresh.unlink()
        sync_folder(path.parent)
    return base64.b64decode(path.read_bytes())
