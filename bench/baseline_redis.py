"""What a user would write in an afternoon: FastAPI, a pydantic model per event, Redis ``SET NX`` and ``INCR``.

``/per-event`` asks Redis twice for each event; ``/pipelined`` sends a batch's commands together, in two rounds.
Key and count change in two steps: a crash between them loses an event for good.
No keys, no dead letters, no days, no journal.
"""

import os
from datetime import datetime
from typing import Literal

import redis.asyncio
from fastapi import FastAPI
from pydantic import BaseModel

_KEEP_SECONDS = 70 * 86_400

app = FastAPI()
store = redis.asyncio.Redis(unix_socket_path=os.environ.get("BASELINE_STORE", ""))


class Event(BaseModel):
    """One event."""

    id: str
    customer: str
    type: Literal["trigger", "action"]
    time: datetime
    workflow: str | None = None
    connector: str | None = None
    quantity: int = 1

    @property
    def seen(self) -> str:
        """The key that says that the event was counted."""
        return f"seen:{self.customer}:{self.id}"

    @property
    def counter(self) -> str:
        """The key that counts."""
        return f"count:{self.customer}:{self.time:%Y-%m}:{self.type}"


@app.post("/per-event")
async def per_event(events: list[Event]) -> dict[str, int]:
    """Count event after event."""
    accepted = 0
    for event in events:
        if await store.set(event.seen, 1, nx=True, ex=_KEEP_SECONDS):
            await store.incrby(event.counter, event.quantity)
            accepted += 1
    return {"accepted": accepted, "duplicates": len(events) - accepted}


@app.post("/pipelined")
async def pipelined(events: list[Event]) -> dict[str, int]:
    """Count a batch with two pipelines."""
    async with store.pipeline(transaction=False) as pipe:
        for event in events:
            pipe.set(event.seen, 1, nx=True, ex=_KEEP_SECONDS)
        new = [event for event, fresh in zip(events, await pipe.execute(), strict=True) if fresh]
    async with store.pipeline(transaction=False) as pipe:
        for event in new:
            pipe.incrby(event.counter, event.quantity)
        await pipe.execute()
    return {"accepted": len(new), "duplicates": len(events) - len(new)}
