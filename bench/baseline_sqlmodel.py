"""What the FastAPI tutorial leads to: SQLModel, a row per event, a unique constraint against counting twice.

Usage is a ``SELECT count(*)`` when somebody asks. A duplicate costs a failed transaction.
"""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated

from fastapi import Depends, FastAPI
from sqlalchemy.exc import IntegrityError
from sqlmodel import Field, Session, SQLModel, UniqueConstraint, create_engine

engine = create_engine(os.environ.get("BASELINE_STORE", "sqlite://"))


class EventIn(SQLModel):
    """One event as it is posted."""

    id: str
    customer: str
    type: str
    time: datetime
    workflow: str | None = None
    connector: str | None = None
    quantity: int = 1


class Event(EventIn, table=True):
    """One event as it is stored."""

    __tablename__ = "events"
    __table_args__ = (UniqueConstraint("customer", "id"),)
    row: int | None = Field(default=None, primary_key=True)


@asynccontextmanager
async def with_tables(_app: FastAPI) -> AsyncIterator[None]:
    """Create the table."""
    SQLModel.metadata.create_all(engine, tables=[SQLModel.metadata.tables["events"]])
    yield


app = FastAPI(lifespan=with_tables)


def session() -> Iterator[Session]:
    """Yield a session per request."""
    with Session(engine) as opened:
        yield opened


@app.post("/events")
def count(events: list[EventIn], database: Annotated[Session, Depends(session)]) -> dict[str, int]:
    """Insert event after event."""
    accepted = 0
    for event in events:
        database.add(Event.model_validate(event))
        try:
            database.commit()
            accepted += 1
        except IntegrityError:
            database.rollback()
    return {"accepted": accepted, "duplicates": len(events) - accepted}
