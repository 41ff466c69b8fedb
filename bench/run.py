"""``make bench``: run every benchmark, then write the tables into bench/README.md and docs/scaling.md.

The benchmarks are pytest-benchmark files; the tables are made from their JSON. Words after the command go to pytest:
``python -m bench.run -k latency`` runs a part, prints its table and leaves the README alone.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import report, scaling
from bench.report import Result

_HERE = Path(__file__).parent
_README, _SCALING = _HERE / "README.md", _HERE.parent / "docs" / "scaling.md"
_BEGIN, _END = "<!-- results: written by python -m bench.run -->", "<!-- end of results -->"


def main() -> None:
    busy = os.getloadavg()[0]
    code, results = measured(sys.argv[1:])
    text = "\n".join(report.rendered(results, busy))
    print(text)
    if code == 0 and not sys.argv[1:]:
        write(_README, text)
        write(_SCALING, "\n".join(scaling.rendered(results)))
    sys.exit(code)


def write(page: Path, text: str) -> None:
    """Replace what the last run wrote into a page."""
    before, _, rest = page.read_text(encoding="utf-8").partition(_BEGIN)
    page.write_text(f"{before}{_BEGIN}\n\n{text}\n\n{_END}{rest.partition(_END)[2]}", encoding="utf-8")


def measured(arguments: list[str]) -> tuple[int, Result]:
    """Run the benchmarks; return how that ended, and what they say, even when one of them failed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results.json"
        command = [sys.executable, "-m", "pytest", str(_HERE), f"--benchmark-json={path}", "--benchmark-quiet"]
        ended = subprocess.run([*command, "--timeout=900", *arguments], check=False, cwd=_HERE.parent)
        result: Result = json.loads(path.read_text(encoding="utf-8"))
    return ended.returncode, result


if __name__ == "__main__":
    main()
