"""What a journal's files say, read by DuckDB as anybody would, and processes that archive."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import redis

from metering.folder import Folder
from metering.journal import Journal
from metering.redis import Connection

ROOT = Path(__file__).parent.parent.parent
STEPS = ("fixed", "written", "renamed", "all renamed", "trimmed")


def ask(journal: Journal, query: str) -> list[tuple[Any, ...]]:
    """The answer to a query on ``events``."""
    return duckdb.sql(query.replace("events", f"'{journal.events.root}/*/*.parquet'")).fetchall()


def ids(journal: Journal) -> list[str]:
    """Every id in the journal as often as it is there, in order."""
    return [str(row[0]) for row in ask(journal, "SELECT id FROM events ORDER BY id")] if files(journal) else []


def files(journal: Journal) -> list[Path]:
    return sorted(Path(journal.events.root).glob("*/*.parquet"))


def archiving(counter: Connection, journal: Journal, step: str = "") -> subprocess.Popen[bytes]:
    """Archive once in a process of its own, which kills itself after a step."""
    assert counter.embedded is not None
    command = [sys.executable, "-m", "tests.metering.journals", str(counter.embedded.socket), journal.events.root, step]
    return subprocess.Popen(command, cwd=ROOT)


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _then(call: Callable[..., Any], after: Callable[..., None]) -> Callable[..., Any]:
    def both(*arguments: Any, **named: Any) -> Any:
        answer = call(*arguments, **named)
        after()
        return answer

    return both


def _dying_after(step: str) -> None:
    if step == "fixed":
        Folder.put = die  # type: ignore[method-assign]
    elif step == "written":
        Path.replace = die  # type: ignore[method-assign,assignment]
    elif step == "renamed":
        Path.replace = _then(Path.replace, die)  # type: ignore[method-assign]
    elif step == "all renamed":
        redis.Redis.xtrim = die  # type: ignore[method-assign,assignment]
    elif step == "trimmed":
        redis.Redis.xtrim = _then(redis.Redis.xtrim, die)  # type: ignore[method-assign]


if __name__ == "__main__":
    _dying_after(sys.argv[3])
    Journal(sys.argv[2]).archive(redis.Redis(unix_socket_path=sys.argv[1]))
