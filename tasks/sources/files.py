"""The user's files: which there are, what is in them by their fingerprints, and how their rows are read."""

from __future__ import annotations

import hashlib
import lzma
import struct
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from fsspec.implementations.local import LocalFileSystem

from labelworks.schemas.errors import InputError
from labelworks.tasks.sources.formats import FORMATS, FileSummary, ReadAs, UnreadableError, csv, formats_of
from labelworks.tasks.sources.formats.arrays_beside import arrays_of, as_one, split_values, together
from labelworks.tasks.sources.formats.datasets import without_leftovers
from labelworks.tasks.sources.formats.images import image_values
from labelworks.tasks.sources.no_data import no_data
from labelworks.tasks.sources.paths import files_among, glob, is_hidden, left_out, names_below, split_glob
from labelworks.tasks.sources.values.columns import as_asked, folder_values, plain_schema, with_folders
from labelworks.tasks.sources.values.joined import joined
from labelworks.tasks.storage.filesystem import open_filesystem, store_errors
from labelworks.tasks.storage.ranges import open_object
from labelworks.tasks.storage.retries import again

ENDS = 1 << 16  # bytes at each end of a local file that are hashed: of a small one, that is all of it
HASHING_THREADS = 16
MIXED = ("conversion error to", "changed from")  # what Arrow says of CSV, and of JSON
LONG_ROW = "straddl"  # what Arrow says of a row that is longer than a block
# whatever a library raises on bytes that it doesn't expect
UNREADABLE = (
    pa.ArrowException,
    tarfile.TarError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    ValueError,
    LookupError,
)


@dataclass(frozen=True)
class SourceFile:
    """One file of the source. `path` is the filesystem's, `name` is relative to the source."""

    path: str
    name: str
    size: int
    fingerprint: str
    format: str


@dataclass(frozen=True)
class Listing:
    """The data files of a source, and the names of those left out since they begin with _ or a dot.

    images: fingerprints, by name, of the images that its rows may name; None: they name none.
    """

    files: tuple[SourceFile, ...]
    left_out: tuple[str, ...] = ()
    images: Mapping[str, str] | None = None

    def prints(self, window: str) -> list[str]:
        """What identifies the input: the files of a window, and all images that its rows may name."""
        mark = ""
        if self.images is not None:
            facts = "\n".join(f"{name}:{of}" for name, of in self.images.items())
            mark = f"-{hashlib.blake2b(facts.encode('utf-8', 'surrogateescape'), digest_size=8).hexdigest()}"
        return [f"{window}:{file.name}:{file.fingerprint}{mark}" for file in self.files]


def list_files(source: str, form: str, options: dict[str, Any]) -> list[SourceFile]:
    """List the data files of a path, a folder or a glob by name; raise InputError if there are none."""
    return list(listing(source, form, options).files)


def listing(source: str, form: str, options: dict[str, Any], *, hashed: bool = True) -> Listing:
    """List the files of a path, a folder or a glob by name; raise InputError if none is data.

    hashed: with their fingerprints, for which local files are opened; else these are empty.
    """
    fs, root = open_filesystem(source, options)
    base, pattern, located = again(source, _find, fs, root, source)
    names = names_below(base, located)
    hidden = [name for name in names if is_hidden(name, pattern)]
    shown = formats_of([name for name in names if name not in set(hidden)], form)
    data = [(names[name], name, kind) for name, kind in shown.items()]
    missed = left_out(hidden, shown.values())
    if not data:
        raise no_data(source, sorted(located), missed)
    with ThreadPoolExecutor(HASHING_THREADS) as pool:
        prints = list(
            pool.map(lambda each: _fingerprint(fs, each[0], located[each[0]]) if hashed else "", data)
        )
    files = {
        name: SourceFile(path, name, int(located[path].get("size") or 0), mark, kind)
        for (path, name, kind), mark in zip(data, prints, strict=True)
    }
    return Listing(tuple(_side_by_side(files)), missed)


def _side_by_side(files: dict[str, SourceFile]) -> list[SourceFile]:
    """The files by name, arrays that are columns side by side as one file."""
    alone = dict(files)
    for names in together(name for name, file in files.items() if file.format == "numpy"):
        parts = [alone.pop(name) for name in names]
        digest = hashlib.blake2b("\n".join(part.fingerprint for part in parts).encode(), digest_size=16)
        path, name = (as_one([getattr(part, key) for part in parts]) for key in ("path", "name"))
        mark = digest.hexdigest() if parts[0].fingerprint else ""
        alone[name] = SourceFile(path, name, sum(part.size for part in parts), mark, "numpy")
    return [alone[name] for name in sorted(alone)]


class SourceReader:
    """Reads rows of one file, whatever its format; folders of its name in the source may be columns."""

    def __init__(
        self,
        source: str,
        path: str,
        form: str,
        options: dict[str, Any],
        name: str = "",
        read_as: ReadAs = ReadAs(),  # noqa: B008 - frozen
    ) -> None:
        self.fs, _ = open_filesystem(source, options)
        self.path, self._format, self._read_as = path, FORMATS[form], read_as
        self._folders = _named_values(name, form)

    @property
    def where(self) -> str:
        """The file's address, for messages."""
        return str(self.fs.unstrip_protocol(self.path)).removeprefix("file://")

    def look(self) -> FileSummary:
        """Columns, types and row groups; raise InputError if it is corrupt or truncated."""
        with self._reading(), self._open() as file:
            summary = self._format.look(file, self.path, self._read_as)
        return FileSummary(with_folders(plain_schema(summary.schema), self._folders), summary.groups)

    def batches(
        self, row_groups: tuple[int, ...] | None, columns: list[str] | None, rows: int
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows of these row groups (None: all) in order, some columns, at most `rows` at a time."""
        with self._reading(), self._open() as file:
            for batch in self._format.batches(file, self.path, columns, rows, row_groups, self._read_as):
                part = as_asked(batch, columns, self._folders)
                for start in range(0, part.num_rows, rows):
                    yield part.slice(start, rows)

    def table(self, row_groups: tuple[int, ...] | None, columns: list[str]) -> pa.Table:
        """Some columns of these row groups as one table."""
        batches = list(self.batches(row_groups, columns, 1 << 16))
        if not batches:
            return self.schema(columns).empty_table()
        return joined([pa.Table.from_batches([batch]) for batch in batches])

    def schema(self, columns: list[str] | None = None) -> pa.Schema:
        """The columns (None: all) as the batches have them."""
        nothing = pa.RecordBatch.from_pylist([], schema=self.look().schema)
        return as_asked(nothing, columns, self._folders).schema

    def checked(
        self,
        row_groups: tuple[int, ...] | None,
        columns: list[str],
        problem: Callable[[pa.Schema, str], InputError | None],
    ) -> pa.Table:
        """The same; raise what `problem` says of the file's columns and its address. Without rows: empty."""
        with self._reading(), self._open() as file:
            look = self._format.look(file, self.path, self._read_as)
            if look.groups is not None and not any(rows for rows, _ in look.groups):
                return pa.table({})
            if error := problem(with_folders(plain_schema(look.schema), self._folders), self.where):
                raise error
            read = self._format.batches(file, self.path, columns, 1 << 16, row_groups, self._read_as)
            tables = [pa.Table.from_batches([as_asked(batch, columns, self._folders)]) for batch in read]
        return joined(tables) if tables else pa.table({})

    def _open(self) -> AbstractContextManager[Any]:
        """The file; or those that are columns side by side."""
        arrays = arrays_of(self.fs, self.path)
        return nullcontext(arrays) if arrays else open_object(self.fs, self.path, self.where)

    def _reading(self) -> Any:
        return _Reading(self.where)


class _Reading:
    """Names the file when its format or the filesystem can't read it."""

    def __init__(self, where: str) -> None:
        self.where = where

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, InputError) and not error.where:
            raise InputError(error.what, where=self.where, fix=error.fix) from error
        text = (str(error).strip() or type(error).__name__).split("\n")[0]
        if isinstance(error, UnreadableError):
            raise InputError(error.what, where=self.where, fix=error.fix) from error
        if isinstance(error, pa.ArrowException) and LONG_ROW in text:
            raise InputError(
                f"a row is longer than the {csv.BLOCK >> 20} MB that are read at a time",
                where=self.where,
                fix="look for a quote that isn't closed, or write the data as parquet",
            ) from error
        if isinstance(error, pa.ArrowException) and any(word in text for word in MIXED):
            raise InputError(
                f"a column changes its type after the first rows ({text})",
                where=self.where,
                fix="give the column one type in the whole file, or write the data as parquet",
            ) from error
        if isinstance(error, UNREADABLE) or (
            isinstance(error, OSError) and error.errno is None and not isinstance(error, FileNotFoundError)
        ):
            raise InputError(
                f"can't be read, it is corrupt or truncated ({text})",
                where=self.where,
                fix="write the file again, or leave it out of the source",
            ) from error
        if isinstance(error, Exception):
            with store_errors(self.where):
                raise error


def _named_values(name: str, form: str) -> dict[str, str | None]:
    """The columns that a file's name gives."""
    if form == "images":
        return image_values(name)
    return folder_values(name) | (split_values(name) if form == "numpy" else {})


def _find(fs: Any, root: str, source: str) -> tuple[str, str, dict[str, dict[str, Any]]]:
    """The folder that names are relative to, the pattern if it is a glob, and all files by path."""
    base, pattern = split_glob(fs, root)
    if pattern:
        return base, pattern, without_leftovers(fs, glob(fs, base, pattern), source)
    info = fs.info(root)
    if info["type"] == "file":
        folder, _, name = info["name"].rpartition("/")
        return folder, name, {info["name"]: info}  # it is named
    return root.rstrip("/"), "", without_leftovers(fs, files_among(fs, fs.find(root, detail=True)), source)


def _fingerprint(fs: Any, path: str, info: dict[str, Any]) -> str:
    """What the file contains, without reading it: its etag, or a hash of its size, its time and both ends.

    Of a local file that is no more than its ends the time doesn't count.
    """
    if info.get("islink"):
        with store_errors(path):
            info = fs.info(path)  # of the file, not of the link
    size = int(info.get("size") or 0)
    etag = info.get("ETag") or info.get("etag") or info.get("md5Hash")
    if etag:
        return f"{str(etag).strip(chr(34))}-{size}"
    digest = hashlib.blake2b(str(size).encode(), digest_size=16)
    local = isinstance(fs, LocalFileSystem)
    if not local or size > 2 * ENDS:
        digest.update(f"{info.get('mtime') or info.get('LastModified')}".encode())
    if local:
        with store_errors(path), fs.open(path, "rb") as file:
            digest.update(file.read(ENDS))
            file.seek(max(size - ENDS, ENDS))
            digest.update(file.read(ENDS))
    return digest.hexdigest()
