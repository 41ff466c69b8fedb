"""The event door in a process of its own: ``python -m tests.api.event_service PORT WAY``, stores in the environment.

Posts go the short way (``short``), as in the real service, or through ASGI (``asgi``), as behind another server.
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from api.background import Background
from api.event_protocol import EventProtocol
from api.ingest import EventDoor, Inside, Limits
from metering.event import Reader
from metering.redis import open_redis
from metering.tally import Tally

DATA_DIR, URL = "EVENT_SERVICE_DIR", "EVENT_SERVICE_REDIS"
NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)
WAYS: dict[str, Any] = {"short": EventProtocol, "asgi": "httptools"}
KEYS = {"Bearer engine": None, "Bearer nobody": HTTPStatus.FORBIDDEN}


async def ready(request: Request) -> PlainTextResponse:
    return PlainTextResponse(request.url.path)


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[None]:
    with open_redis(os.environ[URL], Path(os.environ[DATA_DIR])) as counter:
        client, tally = counter.async_client(), Tally(counter.lanes())
        helper = Background()
        inside = Inside(
            tally=tally,
            client=client,
            reader=Reader(["trigger", "action"]),
            refuse=lambda key: KEYS.get(key or "", HTTPStatus.UNAUTHORIZED),
            clock=lambda: NOW,
            observe=lambda *_: None,
            recover=lambda: helper.submit("bring the counter back", counter.ensure_running),
        )
        app.open(inside)
        yield
        await tally.close()
        await client.aclose()


app = EventDoor(Starlette(routes=[Route("/ready", ready)], lifespan=lifespan), Limits(late_days=35, future_minutes=5))


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), http=WAYS[sys.argv[2]], proxy_headers=False, log_level="warning")
