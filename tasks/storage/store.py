"""A folder in any store that fsspec reaches. Whole objects only: nothing half written is ever seen."""

from __future__ import annotations

import io
import json
import os
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from labelworks.schemas.errors import StoreError
from labelworks.tasks.storage.column_ranges import read_columns
from labelworks.tasks.storage.filesystem import is_local, open_filesystem, store_errors
from labelworks.tasks.storage.ranges import Bytes, open_object, read_object
from labelworks.tasks.storage.retries import again

REFUSED = 412  # HTTP: a precondition failed
SCHEMA_BYTES = 1 << 16  # fetched at a time where a schema is all that is wanted
READS = 2  # of a table whose pages are not what was written
FOLDER_TRIES = 5  # of a file whose folder somebody removes


@dataclass(frozen=True)
class Store:
    """Objects under a root. Pickles; its options, which may hold secrets, never show in a repr."""

    root: str
    options: dict[str, Any] = field(default_factory=dict, repr=False, hash=False)

    @cached_property
    def fs(self) -> Any:
        """The fsspec filesystem of the root."""
        return open_filesystem(self.root, self.options)[0]

    @cached_property
    def base(self) -> str:
        """The root as the filesystem writes it."""
        return str(open_filesystem(self.root, self.options)[1]).rstrip("/")

    def url(self, name: str) -> str:
        """Full address of an object, for people and other programs."""
        return str(self.fs.unstrip_protocol(self._path(name))).removeprefix("file://")

    def exists(self, name: str) -> bool:
        """Whether the object is there."""
        return bool(again(self.url(name), self.fs.exists, self._path(name)))

    def names(self, folder: str) -> set[str]:
        """Names of the objects directly in a folder; empty if there is none."""
        paths = again(self.url(folder), self._list, self._path(folder))
        return {str(path).rstrip("/").rsplit("/", 1)[-1] for path in paths}

    def read(self, name: str) -> bytes:
        """The whole object."""
        return bytes(self._read(name))

    def read_range(self, name: str, start: int, end: int) -> bytes:
        """Bytes of an object from start to before end."""
        return again(self.url(name), self._range, self._path(name), start, end) if end > start else b""

    def open(self, name: str) -> Any:
        """A seekable file to read from, fetched ahead: of any size, it takes the memory of a few blocks."""
        return open_object(self.fs, self._path(name), self.url(name))

    def write(self, name: str, data: bytes) -> None:
        """Put a whole object: either the old one or the new one is there, never a part."""
        put = _replace if is_local(self.fs) else self.fs.pipe_file
        again(self.url(name), put, self._path(name), data)

    def create(self, name: str, data: bytes) -> bool:
        """Put an object only if there is none of that name; say whether what is there now is this one.

        A put that is repeated since its answer got lost is refused though it succeeded: what is there counts.
        """
        return again(self.url(name), self._put_new, self._path(name), data) or self.read(name) == data

    def try_conditional_put(self) -> bool:
        """Whether the store refuses to create what is there: some servers take any put.

        For whoever is about to write: an object is put twice, and deleted.
        """
        name = f".probe-{uuid.uuid4().hex}"
        try:
            return self.create(name, b"first") and not self.create(name, b"second")
        except NotImplementedError:
            return False
        finally:
            self.delete(name)

    def delete(self, name: str) -> None:
        """Remove an object; nothing happens if there is none."""
        again(self.url(name), self._remove, self._path(name))

    def read_table(
        self, name: str, columns: list[str] | None = None, *, may_lack: Collection[str] = ()
    ) -> pa.Table:
        """Read a parquet object, or some of its columns, of which no other bytes are fetched.

        may_lack: those of the columns that are left out where the object hasn't got them.
        What comes from afar is held against the checksums of its pages.
        """
        distant, problem = not is_local(self.fs), None
        for _ in range(READS):
            try:
                with self._table_file(name, columns) as file:
                    there = columns if columns is None else _without(columns, file, may_lack)
                    return pq.read_table(file, columns=there, page_checksum_verification=distant)
            except (pa.ArrowException, OSError) as error:
                problem = error
        raise self._unreadable(name, problem) from problem

    def read_schema(self, name: str) -> pa.Schema:
        """The columns of a parquet object."""
        with self.open_table(name, SCHEMA_BYTES) as table:
            return table.schema_arrow

    @contextmanager
    def open_table(self, name: str, block: int) -> Iterator[pq.ParquetFile]:
        """A parquet object to read some row groups of; about a block of bytes comes for each from afar."""
        distant = not is_local(self.fs)
        with open_object(self.fs, self._path(name), self.url(name), block) as file:
            try:
                with pq.ParquetFile(file, page_checksum_verification=distant) as table:
                    yield table
            except (pa.ArrowException, OSError) as error:
                raise self._unreadable(name, error) from error

    def write_table(self, name: str, table: pa.Table, **options: Any) -> None:
        """Write a table as one parquet object."""
        sink = io.BytesIO()
        pq.write_table(table, sink, write_page_checksum=True, **options)
        self.write(name, sink.getvalue())

    def read_json(self, name: str) -> Any:
        """Read a JSON object."""
        return json.loads(self.read(name))

    def write_json(self, name: str, value: Any) -> None:
        """Write a JSON object."""
        self.write(name, json.dumps(value, indent=1, sort_keys=True).encode())

    def _unreadable(self, name: str, problem: Exception | None) -> StoreError:
        return StoreError(
            f"not a readable parquet file ({problem})",
            where=self.url(name),
            fix="remove the file and run again: it is made anew",
        )

    def _read(self, name: str) -> Bytes:
        return read_object(self.fs, self._path(name), self.url(name))

    def _table_file(self, name: str, columns: list[str] | None) -> pa.NativeFile:
        path, where = self._path(name), self.url(name)
        if is_local(self.fs):
            with store_errors(where):
                return pa.OSFile(path)
        data = self._read(name) if columns is None else read_columns(self.fs, path, where, columns)
        return pa.BufferReader(data)

    def _range(self, path: str, start: int, end: int) -> bytes:
        data = bytes(self.fs.cat_file(path, start, end))
        if len(data) != end - start:
            raise ConnectionError(f"{len(data)} of the {end - start} bytes from {start} on came")
        return data

    def _list(self, path: str) -> list[str]:
        try:
            return list(self.fs.ls(path, detail=False, refresh=True))
        except (FileNotFoundError, NotADirectoryError):  # a stray file is no folder
            return []

    def _remove(self, path: str) -> None:
        with suppress(FileNotFoundError):
            self.fs.rm_file(path)

    def _put_new(self, path: str, data: bytes) -> bool:
        """False: something of that name is there."""
        try:
            if is_local(self.fs):
                _link_new(path, data)
            else:
                self.fs.pipe_file(path, data, mode="create")
        except FileExistsError:
            return False
        except Exception as error:  # each package has its own
            if not _taken(error):
                raise
            return False
        return True

    def _path(self, name: str) -> str:
        return f"{self.base}/{name}" if name else self.base


def _without(columns: list[str], file: pa.NativeFile, may_lack: Collection[str]) -> list[str]:
    """The columns but for those of `may_lack` that a parquet file hasn't got."""
    there = pq.read_schema(file).names if may_lack else []
    return [name for name in columns if name not in may_lack or name in there]


def _taken(error: Exception) -> bool:
    """Whether a conditional put was refused since the object is there."""
    response = getattr(error.__cause__, "response", {})
    code = response.get("Error", {}).get("Code", "")
    return (
        code in ("PreconditionFailed", "ConditionalRequestConflict") or getattr(error, "code", 0) == REFUSED
    )


def _replace(path: str, data: bytes) -> None:
    temporary = _temporary(Path(path), data)
    temporary.replace(path)


def _link_new(path: str, data: bytes) -> None:
    """A hard link fails if the name is taken, and shows the whole file or none."""
    temporary = _temporary(Path(path), data)
    try:
        os.link(temporary, path)
    finally:
        temporary.unlink()


def _temporary(path: Path, data: bytes) -> Path:
    """Write beside a path; its folder is made again where a sweep removes it while it is empty."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    for attempt in range(FOLDER_TRIES):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(data)
            break
        except FileExistsError as error:  # which to callers means that the object exists
            raise NotADirectoryError(f"{error.filename} is a file") from error
        except FileNotFoundError:
            if attempt + 1 == FOLDER_TRIES:
                raise
    return temporary
