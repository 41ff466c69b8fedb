"""Run the service under uvicorn; settings travel to its workers and to the archiver through the environment."""

import gc
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import uvicorn
from starlette.types import ASGIApp

from api.app import create_app
from api.event_protocol import EventProtocol
from api.logs import configure
from api.settings import Settings
from api.workplace import clock_from

_TODAY = "ZAEHLWERK_SERVE_TODAY"
_PAUSE_SECONDS, _STOP_SECONDS = 1.0, 30.0


def factory() -> ASGIApp:
    """Build the application in a worker.

    What is loaded by then stays for good: looking through it for garbage again and again held up answers for 0.1 s.
    """
    settings = Settings()
    configure(settings.log_level)
    today = os.environ.get(_TODAY)
    app = create_app(settings, clock_from(date.fromisoformat(today) if today else None))
    gc.collect()
    gc.freeze()
    return app


def run(host: str, port: int, workers: int, today: date | None) -> None:
    """Serve until stopped; a stop finishes the requests that are under way."""
    if today:
        os.environ[_TODAY] = today.isoformat()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # what uvicorn raises again after its own orderly end
    with _archiver():
        uvicorn.run(
            "api.server:factory",
            factory=True,
            http=EventProtocol,
            host=host,
            port=port,
            workers=workers,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=10,
        )


@contextmanager
def _archiver() -> Iterator[None]:
    """Keep an archiver running in a process of its own: one that dies is started again.

    Its standard input is a pipe from here, so that it ends with this process however that ends.
    """
    stopping = threading.Event()
    command = [sys.executable, "-m", "api.cli", "archive", "--until-eof"]

    def keep_running() -> None:
        while not stopping.is_set():
            with subprocess.Popen(command, stdin=subprocess.PIPE) as process:  # noqa: S603 - ourselves
                while process.poll() is None and not stopping.wait(_PAUSE_SECONDS):
                    pass
                process.terminate()
            stopping.wait(_PAUSE_SECONDS)

    keeper = threading.Thread(target=keep_running, name="archiver")
    keeper.start()
    try:
        yield
    finally:
        stopping.set()
        keeper.join(_STOP_SECONDS)
