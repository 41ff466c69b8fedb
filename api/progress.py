"""How far a long piece of work has come: a bar on a terminal, a plain line now and then otherwise."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

Advance = Callable[[int], None]
_LINES = 10
_STEP_WHEN_UNKNOWN = 100_000


@contextmanager
def progress_bar(total: int | None, label: str, console: Console | None = None) -> Iterator[Advance]:
    """Give a function that is told how many further pieces are done; ``total`` is None when nobody knows it.

    Written to standard error, so that the result on standard output stays clean.
    """
    console = console or Console(stderr=True)
    with (_bar if console.is_terminal else _lines)(total, label, console) as advance:
        yield advance


@contextmanager
def _bar(total: int | None, label: str, console: Console) -> Iterator[Advance]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console) as bar:
        task = bar.add_task(label, total=total)
        yield lambda pieces: bar.advance(task, pieces)


@contextmanager
def _lines(total: int | None, label: str, console: Console) -> Iterator[Advance]:
    step = max(1, -(-total // _LINES)) if total else _STEP_WHEN_UNKNOWN
    done, told = 0, 0

    def tell() -> None:
        nonlocal told
        told = done
        share = f" of {total:,} ({100 * done // total} %)" if total else ""
        console.print(f"{label}: {done:,}{share}", highlight=False, soft_wrap=True, markup=False)

    def advance(pieces: int) -> None:
        nonlocal done
        done += pieces
        if done // step > told // step:
            tell()

    yield advance
    if done > told or not done:
        tell()
