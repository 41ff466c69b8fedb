"""Where the journal's files lie: a local folder, or an object store by URL. A file is there as a whole, or not at all.

Locally a file is written under a hidden name of its own, synced, renamed, and its folder synced. An object store takes
an object as a whole anyway. A hidden file that a crash left is removed once nobody can be writing it any more.
"""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
from fsspec.implementations.local import LocalFileSystem

_ABANDONED_SECONDS = 3_600
_TEMPORARY = ".tmp"


class Folder:
    """A folder of folders ``month=YYYY-MM``, each with Parquet files."""

    def __init__(self, url: str) -> None:
        """Use a path or an fsspec URL; nothing is created yet."""
        self.files: Any
        self.files, self.root = fsspec.url_to_fs(url)
        self.root = self.root.rstrip("/")
        self.is_local = isinstance(self.files, LocalFileSystem)

    def months(self) -> list[str]:
        """Return every month that has a folder, in order."""
        found = (name.partition("month=")[2] for name in self._listed(self.root))
        return sorted(month for month in found if month)

    def names(self, month: str) -> list[str]:
        """Return the names of a month's files, in order."""
        return sorted(name for name in self._listed(self._of(month)) if name.endswith(".parquet") and name[0] != ".")

    def paths(self, month: str) -> list[str]:
        """Return where a month's files are, as fsspec knows them."""
        return [f"{self._of(month)}/{name}" for name in self.names(month)]

    def rows(self, base: duckdb.DuckDBPyConnection, month: str, schema: pa.Schema) -> duckdb.DuckDBPyRelation:
        """Return a month's rows for DuckDB to read: as many files as there are now, perhaps none."""
        if not (paths := self.paths(month)):
            return base.from_arrow(schema.empty_table())
        if self.is_local:
            return base.read_parquet(paths, hive_partitioning=False)
        base.register_filesystem(self.files)
        protocol = self.files.protocol if isinstance(self.files.protocol, str) else self.files.protocol[0]
        return base.read_parquet([f"{protocol}://{path.lstrip('/')}" for path in paths], hive_partitioning=False)

    def read(self, month: str, name: str, columns: Sequence[str]) -> pa.Table:
        """Return columns of a file."""
        with self.files.open(f"{self._of(month)}/{name}", "rb") as file:
            return pq.read_table(file, columns=list(columns))

    def put(self, month: str, name: str, content: pa.Buffer) -> None:
        """Write a file; the same again is harmless."""
        if self.is_local:
            _put_local(Path(self._of(month)), name, content)
        else:
            self.files.pipe_file(f"{self._of(month)}/{name}", content.to_pybytes())
            self.files.invalidate_cache(self._of(month))

    def sweep(self) -> None:
        """Remove hidden files that nobody can be writing any more."""
        if not self.is_local:
            return
        oldest = time.time() - _ABANDONED_SECONDS
        for path in Path(self.root).glob(f"month=*/.*{_TEMPORARY}"):
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)

    def _of(self, month: str) -> str:
        return f"{self.root}/month={month}"

    def _listed(self, path: str) -> list[str]:
        if self.is_local:
            return [each.name for each in os.scandir(path)] if Path(path).is_dir() else []
        self.files.invalidate_cache(path)
        try:
            return [found.rstrip("/").rpartition("/")[2] for found in self.files.ls(path, detail=False)]
        except FileNotFoundError:
            return []


def _put_local(folder: Path, name: str, content: pa.Buffer) -> None:
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        sync_folder(folder.parent)
    hidden = folder / f".{name}-{uuid4().hex}{_TEMPORARY}"
    with hidden.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    hidden.replace(folder / name)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Put a folder's names on disk: a file without its name is lost."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
