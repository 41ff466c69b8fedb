"""The archiver: a command of its own, because it runs beside every service and needs little of what the others load."""

import os
import signal
import sys
import threading
import time
from typing import Annotated

import typer

from api.logs import configure
from api.settings import Settings
from metering.archiver import Archiver
from metering.journal import Journal
from metering.redis import open_redis

_LEAST_URGENT = 10
app = typer.Typer()


@app.command()
def archive(
    *,
    once: Annotated[bool, typer.Option("--once", help="empty the streams and end")] = False,
    until_eof: Annotated[
        bool, typer.Option("--until-eof", help="end when standard input ends: with the process that holds it")
    ] = False,
) -> None:
    """Move counted events from the store into the journal's Parquet files, again and again."""
    settings = Settings()
    configure(settings.log_level)
    journal = Journal(settings.journal)
    with open_redis(settings.redis_url, settings.data_dir, appendfsync=settings.appendfsync) as counter:
        if once:
            typer.echo(f"{journal.archive(counter.client):,} rows written")
            return
        os.nice(_LEAST_URGENT)
        archiver = Archiver(journal, counter, settings.journal_seconds, time.monotonic)
        signal.signal(signal.SIGTERM, lambda *_: archiver.stop())
        signal.signal(signal.SIGINT, lambda *_: archiver.stop())
        if until_eof:
            threading.Thread(target=_stop_at_eof, args=(archiver,), daemon=True).start()
        archiver.run()


def _stop_at_eof(archiver: Archiver) -> None:
    sys.stdin.buffer.read()
    archiver.stop()
