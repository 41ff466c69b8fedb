"""Where the next microsecond is: the service's own functions under load, by the time spent in them, with py-spy.

usage: python -m bench.hot_path [EVENTS_PER_REQUEST], as root or with the right to trace processes
"""

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

from bench.load import Load, Target, load_of, post
from bench.servers import pids_of, zaehlwerk

_SECONDS, _PER_SECOND, _SHOWN = 6, 400, 25


def main() -> None:
    load = load_of(int(sys.argv[1]) if sys.argv[1:] else 1_000)
    with tempfile.TemporaryDirectory() as folder, zaehlwerk(Path(folder), "always") as (service, target):
        post(target, load)
        stacks = stacks_of(pids_of(service)[0], target, load)
    print("\n".join(shares(stacks)))


def stacks_of(pid: int, target: Target, load: Load) -> list[str]:
    """Return the main thread's stacks while the load runs, one per line with how often it was seen."""
    busy = Thread(target=post, args=(target, Load(load.batch, load.connections, _SECONDS + 2)))
    with tempfile.NamedTemporaryFile() as seen:
        busy.start()
        command = [
            str(Path(sys.executable).with_name("py-spy")),
            "record",
            "--native",
            "--threads",
            "-f",
            "raw",
            "-o",
            seen.name,
            "-p",
            str(pid),
        ]
        command += ["-d", str(_SECONDS), "-r", str(_PER_SECOND)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        busy.join()
        found = Path(seen.name).read_text(encoding="utf-8").splitlines()
    return [line for line in found if "MainThread" in line.partition(";")[0]]


def shares(stacks: list[str]) -> Iterator[str]:
    """Yield the functions by the share of samples that they were running in, themselves and with what they call."""
    own: Counter[str] = Counter()
    with_called: Counter[str] = Counter()
    for line in stacks:
        frames, _, times = line.rpartition(" ")
        names = [frame.rpartition(":")[0] or frame for frame in frames.split(";")]
        own[names[-1]] += int(times)
        with_called.update(dict.fromkeys(names, int(times)))
    total = sum(own.values())
    yield "itself  with called  function"
    for name, seen in own.most_common(_SHOWN):
        yield f"{seen / total:6.1%}  {with_called[name] / total:11.1%}  {name}"


if __name__ == "__main__":
    main()
