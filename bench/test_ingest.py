"""Events per second over HTTP: Zählwerk at each durability, and what a user would write; load from wrk, one thread."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bench.load import CONNECTIONS, Load, Target, incr, load_of, measured, warm_and_measured
from bench.servers import DURABILITIES, journaled_in, on_postgres, on_redis, valkey, zaehlwerk

_BASELINES: dict[str, Callable[[], AbstractContextManager[Target]]] = {
    "redis per event": partial(on_redis, path="per-event"),
    "redis pipelined": partial(on_redis, path="pipelined"),
    "sqlmodel": partial(on_postgres, module="bench.baseline_sqlmodel"),
    "on conflict": partial(on_postgres, module="bench.baseline_asyncpg"),
}
_BATCHES = {"sqlmodel": {1, 100}, "redis per event": {1, 10, 100}}  # more takes them seconds per request
_WHICH = [(name, batch) for name in _BASELINES for batch in CONNECTIONS if batch in _BATCHES.get(name, CONNECTIONS)]


@pytest.mark.parametrize("durability", DURABILITIES)
@pytest.mark.benchmark(group="bare")
def test_bare_increments(benchmark: Any, durability: str, tmp_path: Path) -> None:
    with valkey(tmp_path, durability) as (_client, socket):
        measured(benchmark, lambda: incr(socket))


@pytest.mark.parametrize("batch", CONNECTIONS)
@pytest.mark.parametrize("durability", DURABILITIES)
@pytest.mark.benchmark(group="zaehlwerk")
def test_zaehlwerk(benchmark: Any, durability: str, batch: int, tmp_path: Path) -> None:
    with zaehlwerk(tmp_path, durability) as (_service, target):
        warm_and_measured(benchmark, target, load_of(batch))
        if durability == "always":
            assert journaled_in(tmp_path) == target.known


@pytest.mark.parametrize(("baseline", "batch"), _WHICH)
@pytest.mark.benchmark(group="baseline")
def test_baseline(benchmark: Any, baseline: str, batch: int) -> None:
    with _BASELINES[baseline]() as target:
        warm_and_measured(benchmark, target, _load(baseline, batch))


def _load(baseline: str, batch: int) -> Load:
    """Return the load that suits a baseline best: the one that commits row after row answers few requests at once."""
    load = load_of(batch, slow=baseline in {"redis per event", "sqlmodel"})
    return replace(load, connections=4) if (baseline, batch) == ("sqlmodel", 100) else load
