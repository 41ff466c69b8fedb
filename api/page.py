"""Lists page with ``cursor`` and ``limit``: ``{"items": [...], "next_cursor": null}``."""

from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel

from api.forms import CURSOR_PATTERN

Item = TypeVar("Item")
Cursor = Annotated[str | None, Query(pattern=CURSOR_PATTERN, description="`next_cursor` of the page before")]
NumberCursor = Annotated[int | None, Query(ge=0, le=2**31 - 1, description="`next_cursor` of the page before")]
Limit = Annotated[int, Query(ge=1, le=1000)]


class Page(BaseModel, Generic[Item]):
    """One page of a list; ``next_cursor`` is null on the last."""

    items: list[Item]
    next_cursor: str | None


def page(items: Sequence[tuple[str, Item]], limit: int) -> Page[Item]:
    """Return a page of (cursor, item) pairs, of which one more than ``limit`` was asked for."""
    shown = items[:limit]
    return Page(items=[item for _, item in shown], next_cursor=shown[-1][0] if len(items) > limit else None)
