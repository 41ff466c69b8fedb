"""``create_app``: the JSON API and the finance pages in front of one workplace."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

from fastapi import FastAPI
from sqlalchemy.exc import DBAPIError
from starlette.staticfiles import StaticFiles

from api import errors, event_schema, pages
from api.alert_watch import AlertWatch
from api.background import Background
from api.ingest import EventDoor, Inside, Limits
from api.metrics import observe
from api.pages import FOLDER
from api.routes import (
    alerts,
    billing,
    bookings,
    contracts,
    customers,
    explain,
    journal,
    preview,
    sepa,
    system,
    withdrawals,
)
from api.settings import Settings
from api.workplace import Clock, Workplace, open_workplace
from metering.event import Reader
from metering.tally import Tally

_ROUTES = (alerts, billing, bookings, contracts, customers, explain, journal, preview, sepa, system, withdrawals)


def create_app(settings: Settings | None = None, clock: Clock | None = None) -> EventDoor:
    """Return the ASGI application; stores are opened when it starts and given back when it stops."""
    settings = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with open_workplace(settings, clock) as work:
            app.state.work = work
            client, tally = work.counter.async_client(), Tally(work.counter.lanes(settings.confirm))
            door.open(_inside(work, client, tally))
            watch = AlertWatch(work, settings.alert_seconds)
            watch.start()
            yield
            watch.stop()
            await tally.close()
            await client.aclose()

    app = FastAPI(
        title="Zählwerk",
        version="0.1.0",
        description="Counts events once, rates them, invoices, announces and collects by SEPA direct debit.",
        lifespan=lifespan,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
    )
    for module in _ROUTES:
        app.include_router(module.router)
    app.include_router(pages.router)
    app.mount("/static", StaticFiles(directory=FOLDER / "static"))
    errors.install(app, pages.instead)
    event_schema.describe(app)
    door = EventDoor(app, Limits(settings.late_days, settings.future_minutes))
    return door


def _inside(work: Workplace, client: object, tally: Tally) -> Inside:
    helper = Background()
    return Inside(
        tally=tally,
        client=client,
        reader=Reader(work.meters),
        refuse=_bouncer(work),
        clock=work.clock,
        observe=observe,
        recover=lambda: helper.submit("bring the counter back", work.counter.ensure_running),
    )


def _bouncer(work: Workplace) -> Callable[[str | None], HTTPStatus | None]:
    """Return what the event door asks of a header: None, or why it is not let in."""

    def refuse(authorization: str | None) -> HTTPStatus | None:
        try:
            identity = work.keyring.by_header(authorization)
        except DBAPIError:
            return HTTPStatus.SERVICE_UNAVAILABLE
        if identity is None:
            return HTTPStatus.UNAUTHORIZED
        return None if identity.may("engine") else HTTPStatus.FORBIDDEN

    return refuse
