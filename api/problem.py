"""RFC 9457 problem documents."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

CONTENT_TYPE = "application/problem+json"


def document(status: int, title: str, detail: str, **extra: Any) -> bytes:
    """Return a problem as JSON bytes."""
    problem = {"type": "about:blank", "title": title, "status": status, "detail": detail, **extra}
    try:
        return msgspec.json.encode(problem)
    except UnicodeEncodeError:  # lone surrogates of a client's text: written as escapes
        return json.dumps(problem).encode()


def problem(status: int, title: str, detail: str, headers: Mapping[str, str] | None = None, **extra: Any) -> Response:
    """Return a problem as an answer."""
    return Response(document(status, title, detail, **extra), status, headers, CONTENT_TYPE)
