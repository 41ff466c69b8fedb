"""What befalls the soak: killed processes, and power failures that leave on disk what had been synced.

A power failure kills service, archiver and store at once. The kernel keeps what they wrote, a disk would not: so for a
moment before, every write, sync and rename of store and archiver is traced, and syncs are slow. Afterwards each file
that was written in that time is cut back to what had been written when its last finished sync began, or now and then
to a little more; a rename whose folder was not synced is undone; hidden files are torn.
"""

import fcntl
import os
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tests.redis_fixtures import is_alive
from tests.service_process import ServiceProcess
from tests.waiting import until

KINDS = ("service", "archiver", "store", "power")
_SECONDS = 60.0
_LIKELY_SECONDS = 4.0
_TORN = 0.25
_BEGUN, _NAMED = ".*.tmp", "[!.]*.parquet"
_CALLS = "trace=write,writev,pwrite64,fsync,fdatasync,rename,renameat,renameat2"
_SLOW = "inject=fsync,fdatasync:delay_enter=50000"  # microseconds: as on a slow disk, much is not synced yet
_STRACE = ("strace", "-f", "-y", "-s", "0", "-e", _CALLS, "-e", _SLOW)
_CALL = re.compile(r"^(\d+) +(\w+)\((.*)$")
_RESUMED = re.compile(r"^(\d+) +<\.\.\. \w+ resumed>(.*)$")
_DONE = re.compile(r"\) += (\d+)(?: \(DELAYED\))?$")
_SYNCED = re.compile(r"incr\.aof>\) += 0")
_FILE = re.compile(r"^\d+<([^>]*)>")


@dataclass
class Traced:
    """What a trace says of files: how long they are, how much of that is synced, which renames may be lost."""

    length: Counter[str]
    synced: dict[str, int] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)

    def read(self, trace: Path) -> None:
        """Follow the calls; one counts when it has returned, a sync covers what was written before it began."""
        begun: dict[str, tuple[str, str, int]] = {}
        for line in trace.read_text(encoding="utf-8", errors="replace").splitlines():
            if resumed := _RESUMED.match(line):
                caller, rest = resumed.groups()
            elif call := _CALL.match(line):
                caller, name, rest = call.groups()
                path = found[1] if (found := _FILE.match(rest)) else rest
                begun[caller] = (name, path, self.length[path])
            else:
                continue
            if caller in begun and (done := _DONE.search(rest)):
                self._returned(*begun.pop(caller), int(done[1]))

    def _returned(self, name: str, path: str, before: int, result: int) -> None:
        if name.startswith("rename"):
            paths = re.findall(r'"([^"]*)"', path)
            self.renamed[paths[-1]] = paths[0]
            for known in (self.length, self.synced):
                if paths[0] in known:
                    known[paths[-1]] = known.pop(paths[0])
        elif name.endswith("sync"):
            self.synced[path] = max(self.synced.get(path, 0), before)
            self.renamed = {new: old for new, old in self.renamed.items() if str(Path(new).parent) != path}
        else:
            self.length[path] += result
            self.synced.setdefault(path, before)


@dataclass
class Faults:
    """Strikes a service; ``happened`` counts what was done to it."""

    service: ServiceProcess
    rng: np.random.Generator
    happened: Counter[str] = field(default_factory=Counter)

    def strike(self, kind: str) -> None:
        """Do it; start again only what nobody else would."""
        {"service": self._service, "archiver": self._archiver, "store": self._store, "power": self._power}[kind]()
        self.happened[kind] += 1

    def _service(self) -> None:
        self.service.kill()
        self.service.start()

    def _archiver(self) -> None:
        self._living_archiver()
        self._aim(_BEGUN)
        _kill(self._living_archiver())

    def _store(self) -> None:
        _kill(self._living_store())

    def _power(self) -> None:
        assert self.service.process
        at = str(self.rng.choice(["", _BEGUN, _NAMED]))
        self._aim(at)  # one that has just started is not at work for a while, and traced even longer
        store, archiver, service = self._living_store(), self._living_archiver(), self.service.process.pid
        with (self.service.folder / "redis" / "start.lock").open("a") as lock:
            with self._traced(store, archiver) as (traced, trace):
                _wait(lambda: _SYNCED.search(trace.read_text(encoding="utf-8")))
                fcntl.flock(lock, fcntl.LOCK_EX)  # nobody starts another store while the disk forgets
                everybody = store, service, *_children(store), *self._working()
                time.sleep(0.5 * self.rng.random())
                self._aim(at)
                _kill(*everybody)
                while late := self._working():
                    _kill(*late)
            self.service.kill()
            self._lose(traced)
        self.service.start()

    def _lose(self, traced: Traced) -> None:
        """Leave what a disk would have: what was synced, now and then a part of what was not."""
        for path, synced in traced.synced.items():
            if Path(path).is_file():
                size = Path(path).stat().st_size
                assert synced <= traced.length[path] <= size, f"{path}: {synced}, {traced.length[path]}, {size}"
                torn = int(self.rng.integers(size - synced + 1)) if self.rng.random() < _TORN else 0
                os.truncate(path, synced + torn)
                self.happened["bytes"] += size - synced - torn
        for name, hidden in traced.renamed.items():
            if name.endswith(".parquet"):
                Path(name).rename(hidden)
                self.happened["renames"] += 1
        for hidden_file in self._journal(_BEGUN):
            os.truncate(hidden_file, int(self.rng.integers(hidden_file.stat().st_size + 1)))

    @contextmanager
    def _traced(self, *pids: int) -> Iterator[tuple[Traced, Path]]:
        """Trace processes until they are dead; they stand still while the lengths of their files are noted."""
        trace = self.service.folder / "trace"
        which = [argument for pid in pids for argument in ("-p", str(pid))]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        until(lambda: all(_state(pid) in "Tt" for pid in pids), "nobody moves")
        traced = Traced(self._lengths())
        with subprocess.Popen([*_STRACE, *which, "-o", str(trace)], stderr=subprocess.PIPE) as strace:
            try:
                until(lambda: strace.poll() is not None or all(map(_is_traced, pids)), "strace has come")
                assert strace.poll() is None, strace.communicate()[1].decode()
                for pid in pids:
                    os.kill(pid, signal.SIGCONT)
                yield traced, trace
                strace.communicate(timeout=_SECONDS)
            finally:
                strace.kill()
        traced.read(trace)

    def _lengths(self) -> Counter[str]:
        files = [*self.service.folder.glob("redis/appendonlydir/*"), *self._journal(_BEGUN)]
        lengths: Counter[str] = Counter()
        for path in files:
            with suppress(FileNotFoundError):
                lengths[str(path)] = path.stat().st_size
        return lengths

    def _journal(self, names: str) -> set[Path]:
        return set(self.service.folder.glob(f"journal/month=*/{names}"))

    def _aim(self, at: str) -> None:
        """Wait for the archiver to write such a file, if that is asked for; then a moment more."""
        before = self._journal(at)
        _wait(lambda: not at or self._journal(at) - before)
        time.sleep(0.04 * self.rng.random())

    def _living_store(self) -> int:
        until(lambda: (pid := self._store_pid()) and is_alive(pid), "a store runs", _SECONDS)
        return self._store_pid()

    def _store_pid(self) -> int:
        with suppress(FileNotFoundError, ValueError):  # a store that starts or stops has no number
            return self.service.counter_pid
        return 0

    def _living_archiver(self) -> int:
        assert self.service.process
        service = self.service.process.pid
        until(lambda: _children(service), "an archiver runs", _SECONDS)
        return _children(service)[0]

    def _working(self) -> list[int]:
        """Return every process that runs in the service's folder."""
        sign = f"ZAEHLWERK_DATA_DIR={self.service.folder}".encode()
        return [pid for pid in _processes() if sign in _read(pid, "environ").split(b"\0")]


def _kill(*pids: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until(lambda: not any(map(is_alive, pids)), "the killed are gone", _SECONDS)


def _wait(holds: Callable[[], object]) -> None:
    """Wait for what is likely, but not for ever."""
    deadline = time.monotonic() + _LIKELY_SECONDS
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.001)


def _processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").glob("[0-9]*")]


def _read(pid: int, name: str) -> bytes:
    with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
        return (Path("/proc") / str(pid) / name).read_bytes()
    return b""


def _stat(pid: int) -> list[str]:
    return _read(pid, "stat").decode(errors="replace").rpartition(")")[2].split() or ["X", "0"]


def _state(pid: int) -> str:
    return _stat(pid)[0]


def _children(parent: int) -> list[int]:
    return [pid for pid in _processes() if _stat(pid)[1] == str(parent) and _state(pid) not in "ZX"]


def _is_traced(pid: int) -> bool:
    return b"TracerPid:\t0\n" not in _read(pid, "status")
