"""The event door in a process of its own: run by uvicorn with the data directory and the clock in the environment."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from api.background import Background
from api.ingest import EventDoor, Inside, Limits
from metering.event import Reader
from metering.redis import open_redis
from metering.tally import Tally

DATA_DIR, URL = "EVENT_SERVICE_DIR", "EVENT_SERVICE_REDIS"
NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)
KEYS = {"Bearer engine": None, "Bearer nobody": HTTPStatus.FORBIDDEN}


async def ready(request: Request) -> PlainTextResponse:
    return PlainTextResponse(request.url.path)


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[None]:
    with open_redis(os.environ[URL], Path(os.environ[DATA_DIR])) as counter:
        client = counter.async_client()
        helper = Background()
        inside = Inside(
            tally=Tally(client),
            client=client,
            reader=Reader(["trigger", "action"]),
            refuse=lambda key: KEYS.get(key or "", HTTPStatus.UNAUTHORIZED),
            clock=lambda: NOW,
            observe=lambda *_: None,
            recover=lambda: helper.submit("bring the counter back", counter.ensure_running),
        )
        app.open(inside)
        yield
        await client.aclose()


app = EventDoor(Starlette(routes=[Route("/ready", ready)], lifespan=lifespan), Limits(late_days=35, future_minutes=5))
