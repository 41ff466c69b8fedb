"""Work that is killed with -9 at a point: what a power cut does to it."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from itertools import count
from multiprocessing import get_context
from typing import Any, Literal

Where = Literal["before", "behind"]
_SECONDS = 60
_PROCESSES = get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.books", "tests.sepa.office"])  # else each would load for seconds


@dataclass(frozen=True)
class Point:
    """A function of a module, before or behind whose call to die; some calls may go well before."""

    module: str
    name: str
    where: Where = "behind"
    after: int = 0


def kill_at(point: Point, work: Callable[..., object], *arguments: object) -> None:
    """Begin the work in a process of its own, which must come to the point."""
    process = _PROCESSES.Process(target=_until_killed, args=(point, work, arguments))
    process.start()
    process.join(_SECONDS)
    assert process.exitcode == -signal.SIGKILL, f"{point} was not reached"


def _until_killed(point: Point, work: Callable[..., object], arguments: tuple[object, ...]) -> None:
    module, calls = import_module(point.module), count()
    original = getattr(module, point.name)

    def deadly(*given: Any, **named: Any) -> Any:
        is_last = next(calls) == point.after
        if is_last and point.where == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*given, **named)
        if is_last:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(module, point.name, deadly)
    work(*arguments)
