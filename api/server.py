"""Run the service under uvicorn; settings travel to its workers through the environment."""

import os
from datetime import date

import uvicorn
from starlette.types import ASGIApp

from api.app import create_app
from api.logs import configure
from api.settings import Settings
from api.workplace import clock_from

_TODAY = "ZAEHLWERK_SERVE_TODAY"


def factory() -> ASGIApp:
    """Build the application in a worker."""
    settings = Settings()
    configure(settings.log_level)
    today = os.environ.get(_TODAY)
    return create_app(settings, clock_from(date.fromisoformat(today) if today else None))


def run(host: str, port: int, workers: int, today: date | None) -> None:
    """Serve until stopped; a stop finishes the requests that are under way."""
    if today:
        os.environ[_TODAY] = today.isoformat()
    uvicorn.run(
        "api.server:factory",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=10,
    )
