"""The routing slip: what a person needs beside a pain.008 file to upload it and to sign for it."""

from dataclasses import dataclass
from datetime import date, datetime

from invoicing.document.page import fill_pdf
from invoicing.document.wording import SCHEME_NAMES

_HASH_GROUP = 8


@dataclass(frozen=True, slots=True)
class DueSum:
    """What falls due on one day."""

    day: date
    count: int
    sum_cents: int


@dataclass(frozen=True, slots=True)
class RoutingSlip:
    """Everything the slip says; ``submit_by`` is the bank's last day for the earliest due date."""

    file_name: str
    message_id: str
    created_at: datetime
    count: int
    sum_cents: int
    due: tuple[DueSum, ...]
    scheme: str
    sha256: str
    creditor_name: str
    creditor_id: str
    masked_iban: str
    submit_by: date
    sequence_types: tuple[str, ...] = ()


def render_slip(slip: RoutingSlip) -> bytes:
    """Return the slip as PDF; the same slip gives the same bytes."""
    groups = [slip.sha256[start : start + _HASH_GROUP] for start in range(0, len(slip.sha256), _HASH_GROUP)]
    return fill_pdf("slip", slip=slip, scheme=SCHEME_NAMES[slip.scheme], groups=groups)
