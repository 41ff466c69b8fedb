"""RFC 9457 problem documents."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

CONTENT_TYPE = "application/problem+json"


def document(status: int, title: str, detail: str, **extra: Any) -> bytes:
    """Return a problem as JSON bytes."""
    return msgspec.json.encode({"type": "about:blank", "title": title, "status": status, "detail": detail, **extra})


def problem(status: int, title: str, detail: str, headers: Mapping[str, str] | None = None, **extra: Any) -> Response:
    """Return a problem as an answer."""
    return Response(document(status, title, detail, **extra), status, headers, CONTENT_TYPE)
