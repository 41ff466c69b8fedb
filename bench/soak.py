"""``make soak``: ten million events while every process is killed and the power fails; then everything must agree.

The real service runs on its defaults. At moments drawn from the seed its processes are killed: the service, the
archiver, the store; or all at once, and the disk keeps what was synced (``soak_faults``). Only the service is started
again, the rest must come back by itself. In the end the generator's own count, the counter and the journal are compared
for every customer, day and type.

    python -m bench.soak [--events 10000000] [--strikes 12] [--seed N] [--dir DIR]
"""

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np

from bench.soak_faults import KINDS, Faults
from bench.soak_load import CUSTOMERS, METERS, Clients, Generator
from metering.journal import Journal
from metering.month import BillingMonth
from metering.recount import recount
from metering.redis import open_redis
from metering.usage import read_many
from tests.service_process import service_in

MONTH, TODAY = BillingMonth(2026, 10), "2026-11-05"
_CONNECTIONS = 8
_SAID_EVERY, _PAUSE = 10.0, 0.01
_SECONDS_PER_STRIKE = 4.0
_AHEAD = 2_000  # events: clients wait for a strike that is due
_LAST = 0.9  # of the events: after these no strike
_SHOWN = 10
_COUNTED = """
SELECT customer, day(least.day), least.meter - 1, sum(least.quantity)::BIGINT, count(*)
FROM (SELECT customer, min({'day': day, 'meter': list_position($meters, meter), 'quantity': quantity}) AS least
      FROM read_parquet($files) GROUP BY customer, id)
GROUP BY ALL
"""
_TABLE = {
    "made": "events, each different",
    "events": "events answered, repeats included",
    "batches": "batches answered",
    "accepted": "accepted by these answers",
    "received": "rows in the journal",
    "counted": "of them different events",
    "other": "ids that came as another type too",
    "service": "service killed",
    "archiver": "archiver killed",
    "store": "store killed",
    "power": "power failures",
    "bytes": "bytes not synced and cut off",
    "renames": "journal files whose name was not synced",
    "429": "429 answers",
    "503": "503 answers",
    "no answer": "connections refused or broken",
    "wait": "longest wait of a batch, seconds",
    "posting": "seconds until all was answered",
    "seconds": "seconds in all",
}


@dataclass(frozen=True)
class Plan:
    """How much, and how often each kind of strike."""

    events: int
    strikes: dict[str, int]
    seed: int

    @property
    def rate(self) -> float:
        """The most events per second while something strikes: a small soak must not be over before."""
        return self.events / (_SECONDS_PER_STRIKE * max(1, sum(self.strikes.values())))

    def moments(self, rng: np.random.Generator) -> list[tuple[float, str]]:
        """Return after how many answered events what happens, in order."""
        kinds = [kind for kind in KINDS for _ in range(self.strikes.get(kind, 0))]
        return sorted((_LAST * self.events * rng.random(), kind) for kind in kinds)


@dataclass(frozen=True)
class Outcome:
    """What differs at the end, and how often what happened."""

    differences: tuple[str, ...]
    happened: Counter[str]


def soak(folder: Path, plan: Plan, **settings: str) -> Outcome:
    """Run in a fresh folder; settings are ``ZAEHLWERK_*`` variables."""
    began, rng, generator = time.monotonic(), np.random.default_rng([plan.seed, 1]), Generator(plan.events, plan.seed)
    with service_in(folder, TODAY, **settings) as service:
        clients = Clients(service.port, service.key("engine"), generator.batches(), _CONNECTIONS)
        faults = Faults(service, rng)
        try:
            _strike(clients, faults, plan)
        finally:
            clients.stop()
        service.stop()
        posting = time.monotonic() - began
        print(f"{posting:6.0f} s  all is answered; the rest is archived, and everything counted again", flush=True)
        archived = service.command("archive", "--once")
        assert archived.returncode == 0, archived.stderr
    differences, found = compared(folder, generator)
    accepted, statements = clients.told["accepted"], generator.statements
    if accepted > statements:
        differences.append(f"{accepted:,} events were accepted, but only {statements:,} different ones sent")
    happened = Counter({**clients.told, **faults.happened, **found, "made": generator.made})
    happened.update(posting=round(posting), seconds=round(time.monotonic() - began), wait=round(clients.longest_wait))
    return Outcome(tuple(differences), happened)


def _strike(clients: Clients, faults: Faults, plan: Plan) -> None:
    """Strike when so many events are answered, until all are; what strikes always finds clients at work."""
    began = said = time.monotonic()
    for moment, kind in [*plan.moments(faults.rng), (float("inf"), "")]:
        clients.leash, clients.rate = moment + _AHEAD, float("inf")
        while clients.go_on() and clients.told["events"] < moment:
            time.sleep(_PAUSE)
            if time.monotonic() - said > _SAID_EVERY:
                said = time.monotonic()
                print(f"{said - began:6.0f} s {clients.told['events']:12,} events answered", flush=True)
        if kind:
            struck = time.monotonic()
            clients.leash, clients.rate = float("inf"), plan.rate
            faults.strike(kind)
            took = time.monotonic() - struck
            print(f"{struck - began:6.0f} s {clients.told['events']:12,} {kind}, {took:.1f} s", flush=True)


def compared(folder: Path, generator: Generator) -> tuple[list[str], dict[str, int]]:
    """Return what differs between generator, counter, journal and recount, and how many events the journal has."""
    names = [f"k-{number}" for number in range(CUSTOMERS)]
    counter, journal, path = np.zeros_like(generator.counts), np.zeros_like(generator.counts), folder / "journal"
    with open_redis("embedded:", folder) as store:
        for number, usage in enumerate(read_many(store.client, names, MONTH).values()):
            for day in usage.days:
                for meter, units in day.counts.items():
                    counter[number, day.day.day, METERS.index(meter)] = units
        again = recount(Journal(str(path)), store.client, MONTH)
    with duckdb.connect(config={"memory_limit": "2GB", "temp_directory": str(folder / "scratch")}) as base:
        rows = base.execute(
            _COUNTED, {"meters": METERS, "files": str(path / f"month={MONTH}" / "*.parquet")}
        ).fetchall()
        received = base.execute("SELECT count(*) FROM read_parquet(?)", [str(path / "*" / "*.parquet")]).fetchall()
    for customer, day_number, meter_number, units, _ in rows:
        journal[names.index(customer), day_number, meter_number] = units
    found = {"counted": sum(row[-1] for row in rows), "received": received[0][0], "other": len(again.other_content)}
    differences = [f"recount: {each}" for each in again.differences]
    if (found["counted"], again.events) != (generator.made, generator.made):
        differences.append(f"{generator.made:,} made, {found['counted']:,} journaled, {again.events:,} recounted")
    for what, counts in (("counter", counter), ("journal", journal)):
        for at in np.argwhere(counts != generator.counts).tolist():
            customer, day_number, meter = names[at[0]], at[1], METERS[at[2]]
            made, has = generator.counts[tuple(at)], counts[tuple(at)]
            differences.append(f"{customer}, day {day_number}, {meter}: {made:,} made, the {what} has {has:,}")
    return differences, found


def table(outcome: Outcome) -> str:
    """Return what happened as lines."""
    rows = [f"{label:42}{outcome.happened[name]:>15,}" for name, label in _TABLE.items()]
    agrees = "counter = journal = generator" if not outcome.differences else f"{len(outcome.differences):,} differences"
    return "\n".join([*rows, f"{'verdict':42}{agrees}", *outcome.differences[:_SHOWN]])


def main() -> None:
    """Run the soak and end with 1 when anything differs."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--strikes", type=int, default=12, help="of each kind: " + ", ".join(KINDS))
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--dir", type=Path, help="a folder that does not exist yet; it is kept")
    chosen = parser.parse_args()
    print(f"seed {chosen.seed}", flush=True)
    with TemporaryDirectory(prefix="soak-") as scratch:
        folder = chosen.dir or Path(scratch) / "data"
        if folder.exists():
            parser.error(f"{folder} is there already")
        outcome = soak(folder.resolve(), Plan(chosen.events, dict.fromkeys(KINDS, chosen.strikes), chosen.seed))
    print(table(outcome))
    sys.exit(1 if outcome.differences else 0)


if __name__ == "__main__":
    main()
