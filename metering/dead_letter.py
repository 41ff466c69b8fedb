"""Dead letters: refused events, kept until finance has seen them; the same event refused again is one letter."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import RedisClusterException

from metering.event import Rejected

_KEY = "zw:dead-letters"
_LONGEST_RAW = 2_048


class DeadLetter(msgspec.Struct, frozen=True):
    """A refused event as it came, cut to 2,048 characters, and why it was refused."""

    received_at: datetime
    id: str | None
    field: str
    message: str
    event: str


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    id: str | None
    field: str
    message: str
    event: str


async def keep(client: Any, rejected: Iterable[Rejected], now: datetime) -> None:
    """Store refused events; one that is there already keeps its first date."""
    members = {
        msgspec.json.encode(_Kept(each.id, each.field, each.message, each.raw[:_LONGEST_RAW])): now.timestamp()
        for each in rejected
    }
    if not members:
        return
    try:
        await client.zadd(_KEY, members, nx=True)
    except RedisClusterException as error:  # which is no RedisError
        raise NoConnection(str(error)) from error


def dead_letters(client: Any, cursor: str | None, limit: int) -> tuple[list[DeadLetter], str | None]:
    """Return letters, newest first, and the cursor of the next page; a cursor is the number already seen."""
    start = int(cursor) if cursor and cursor.isdecimal() and len(cursor) < 10 else 0  # noqa: PLR2004 - ten digits
    found = client.zrevrange(_KEY, start, start + limit, withscores=True)
    letters = [_letter(member, score) for member, score in found[:limit]]
    return letters, str(start + limit) if len(found) > limit else None


def count(client: Any) -> int:
    """Return how many letters are kept."""
    return int(client.zcard(_KEY))


def _letter(member: bytes, score: float) -> DeadLetter:
    kept = msgspec.json.decode(member, type=_Kept)
    received_at = datetime.fromtimestamp(score, UTC)
    return DeadLetter(received_at, kept.id, kept.field, kept.message, kept.event)
