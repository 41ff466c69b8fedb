"""What a rate and a volume of events need, reckoned from measured costs per event; the table of docs/scaling.md."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from bench.report import Result, by_parameters, grouped, head, row, seconds_of

BUSY = 0.6  # of a core: above it, waiting grows faster than work
SERVER_GB = 64  # of counters in one server; as much again is for its snapshots and its stream
DAYS, SECONDS = 31, 86_400
_PEAK = 5  # times the average
_JSON, _MEMBER = 160, 26  # bytes on the wire: an event as it is posted, and as a member of a set


@dataclass(frozen=True)
class Costs:
    """Microseconds and bytes per event, as measured."""

    service: float
    primary: float
    replica: float
    archive: float
    recount: float
    counter: float
    stream: float
    log: float
    parquet: float


@dataclass(frozen=True)
class Load:
    """Events per second at the peak, and per day."""

    name: str
    peak: float
    daily: float


LOADS = (
    Load("10⁶ per second at the peak, 10⁹ a day", 1e6, 1e9),
    Load(f"10⁹ a day, peak {_PEAK} × the average", 1e9 / SECONDS * _PEAK, 1e9),
    Load(f"10⁸ a day, peak {_PEAK} × the average", 1e8 / SECONDS * _PEAK, 1e8),
)


def costs_of(measured: Result) -> Costs:
    """Return the costs that a run of all benchmarks has measured: requests of 1,000, one replica has confirmed."""
    groups = grouped(measured)
    on_cluster = by_parameters(groups["cluster"], "batch", "confirm")[1_000, "wait:1"]["microseconds"]
    memory = by_parameters(groups["memory"], "ids", "size")["random", 10_000]["bytes_per_event"]
    steps = {each["name"]: each for each in groups["journal"]}
    archive, recount = (steps[name] for name in ("test_archive", "test_recount"))
    sizes = archive["extra_info"]["bytes"]
    service, primary, replica = on_cluster
    return Costs(
        service=service,
        primary=primary,
        replica=replica,
        archive=1e6 * seconds_of(archive) / archive["extra_info"]["items"],
        recount=1e6 * seconds_of(recount) / recount["extra_info"]["items"],
        counter=memory,
        stream=sizes["stream"],
        log=sizes["append-only file"],
        parquet=sizes["Parquet"],
    )


def rendered(measured: Result) -> Iterator[str]:
    """Yield the costs, and what each load needs."""
    costs = costs_of(measured)
    yield f"Measured {measured['datetime'][:10]}, requests of 1,000 events, each answered when a replica has it too."
    yield ""
    yield from head("per event", "cost")
    for name, cost in {
        "API process": f"{costs.service:.1f} µs",
        "primary": f"{costs.primary:.1f} µs",
        "replica": f"{costs.replica:.1f} µs",
        "archiver": f"{costs.archive:.1f} µs",
        "recount": f"{costs.recount:.1f} µs on two cores",
        "counter in memory, 10,000 events per customer and month": f"{costs.counter:.1f} bytes",
        "stream, until archived": f"{costs.stream:.0f} bytes",
        "append-only file, before it is rewritten": f"{costs.log:.0f} bytes",
        "journal in Parquet": f"{costs.parquet:.0f} bytes",
    }.items():
        yield row(name, cost)
    yield ""
    yield from head("needs", *(load.name for load in LOADS))
    needs = [dict(_needs(costs, load)) for load in LOADS]
    for what in needs[0]:
        yield row(what, *(each[what] for each in needs))


def _needs(costs: Costs, load: Load) -> Iterator[tuple[str, str]]:
    month = load.daily * DAYS
    memory = month * costs.counter / 1e9
    for_work, for_memory = _cores(load.peak, costs.primary), ceil(memory / SERVER_GB)
    yield "API processes", f"{_cores(load.peak, costs.service)}"
    yield "primaries, for the work", f"{for_work}"
    yield "primaries, for a month's counters", f"{for_memory}"
    yield "primaries, and as many replicas", f"**{max(for_work, for_memory)}**"
    yield "archivers", f"{_cores(load.peak, costs.archive)}"
    yield "memory of a month's counters", f"{memory:,.0f} GB"
    yield "network into the API", f"{load.peak * _JSON / 1e6:,.0f} MB/s"
    yield (
        "from there to the primaries, and on to the replicas",
        f"{load.peak * (_MEMBER + costs.stream) / 1e6:,.0f} MB/s",
    )
    yield "written by all primaries' logs", f"{load.peak * costs.log / 1e6:,.0f} MB/s"
    yield "waiting in the streams when archiving stops for an hour", f"{load.peak * 3_600 * costs.stream / 1e9:,.0f} GB"
    yield "journal per day", f"{load.daily * costs.parquet / 1e9:,.1f} GB"
    yield (
        "recount of a month on 2 · 32 cores",
        f"{_hours(month * costs.recount)} · {_hours(month * costs.recount / 16)}",
    )


def _cores(rate: float, microseconds: float) -> int:
    return ceil(rate * microseconds / 1e6 / BUSY)


def _hours(microseconds: float) -> str:
    hours = microseconds / 3.6e9
    return f"{hours:,.1f} h" if hours >= 1 else f"{60 * hours:,.0f} min"
