"""NumPy's .npz and .npy: arrays side by side are columns, their first axis the rows. Nothing is unpickled."""

from __future__ import annotations

import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.lib import format as npy
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.sources.formats.arrays_beside import ArraysBeside, column_of, is_label
from labelworks.tasks.sources.formats.base import PIXELS, FileSummary, ReadAs, with_left_out
from labelworks.tasks.sources.formats.pixels import as_images, check_pixels, has_sides, is_pixels

ZIP = b"PK"
BLOCK = 8 << 20  # bytes of an array that are read at a time
KINDS = "biufUSM"  # bool, numbers, strings, bytes, dates
ARRAY = "array"  # the column of an .npy file
UNITS = ("D", "s", "ms", "us", "ns")  # of time that Arrow has too


@dataclass(frozen=True)
class Header:
    """An array before it is read. fortran: its columns lie together, so that it is read as a whole."""

    name: str
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]

    @property
    def width(self) -> int:
        """Values of a row."""
        return prod(self.shape[1:])

    @property
    def row_bytes(self) -> int:
        """Bytes of a row."""
        return self.dtype.itemsize * self.width

    def part_shape(self, name: str) -> tuple[int, ...]:
        """The shape of a row of one of the columns."""
        return (*self.shape[1:], *self.parts[name].shape)

    @property
    def parts(self) -> dict[str, np.dtype[Any]]:
        """Columns that it gives: its fields, or itself under its name."""
        fields = self.dtype.fields or {self.name: (self.dtype, 0)}
        return {name: about[0] for name, about in fields.items()}


class Npz:
    """Columns: the arrays that have as many rows as most; one of more axes is a list of its numbers a row."""

    suffixes = ("npz", "npy")

    def look(self, file: Any, name: str, read_as: ReadAs) -> FileSummary:
        """Read the headers of the arrays. Raises InputError where a column would have to be unpickled."""
        everything = _all_headers(file)
        headers = _columns(everything)
        held = pa.schema([_field(header, of, read_as) for header in headers for of in header.parts])
        rows = headers[0].shape[0] if headers else 0
        lost = {header.name: _why_not(header, rows) for header in everything if header not in headers}
        return FileSummary(with_left_out(held, lost))

    def batches(
        self,
        file: Any,
        name: str,
        columns: list[str] | None,
        rows: int,
        groups: tuple[int, ...] | None,
        read_as: ReadAs,
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows, some at a time of each array that is asked for."""
        headers = _columns(_all_headers(file))
        wanted = [
            header for header in headers if columns is None or set(header.parts) & set(columns)
        ] or headers[:1]
        count = wanted[0].shape[0] if wanted else 0
        given = {of for header in wanted for of in header.parts}
        asked = given if columns is None else given.intersection(columns) or given
        size = max(1, min(rows, BLOCK // max(1, *(header.row_bytes for header in wanted))))
        with ExitStack() as stack, _corrupt():
            streams = [_Rows(stack, file, header) for header in wanted]
            for start in range(0, count, size):
                parts = [(stream.header.parts, stream.read(min(size, count - start))) for stream in streams]
                yield pa.RecordBatch.from_pydict(
                    {of: _column(read, of, read_as) for names, read in parts for of in names if of in asked}
                )


class _Rows:
    """The rows of one array, one after the other."""

    def __init__(self, stack: ExitStack, file: Any, header: Header) -> None:
        self.header, self._at = header, 0
        self._whole: NDArray[Any] | None = None
        self._stream = stack.enter_context(_opened(file, header.name))
        _header(self._stream, header.name)  # leaves the stream where the numbers begin

    def read(self, rows: int) -> NDArray[Any]:
        if not (self.header.fortran and len(self.header.shape) > 1):
            return self._next((rows, *self.header.shape[1:]))
        if self._whole is None:
            self._whole = self._next(self.header.shape[::-1]).T
        self._at += rows
        return self._whole[self._at - rows : self._at]

    def _next(self, shape: tuple[int, ...]) -> NDArray[Any]:
        data = self._stream.read(prod(shape) * self.header.dtype.itemsize)
        if len(data) != prod(shape) * self.header.dtype.itemsize:
            raise EOFError(f"array {self.header.name!r} ends early")
        return np.frombuffer(data, self.header.dtype).reshape(shape)


def _all_headers(file: Any) -> list[Header]:
    """Its arrays; InputError where those in files of their own differ in rows."""
    with _corrupt():
        headers = []
        for name in _names(file):
            with _opened(file, name) as stream:
                headers.append(_header(stream, name))
    if isinstance(file, ArraysBeside):
        _as_long(headers)
    return headers


def _columns(headers: list[Header]) -> list[Header]:
    """The arrays that are columns: as long as most are, the longer ones of two lengths that are as common."""
    lengths = Counter(header.shape[0] for header in headers if header.shape)
    if not lengths:
        raise EOFError("there is no array with rows in it")
    rows = max(lengths, key=lambda length: (lengths[length], length))
    columns = [header for header in headers if header.shape and header.shape[0] == rows]
    _with_labels(columns, headers)
    for column in columns:
        if column.dtype.hasobject:
            raise InputError(
                f"array {column.name!r} holds Python objects; unpickling them could run code",
                fix=f"save it as numbers or strings: np.savez(…, {column.name}=np.asarray(…, dtype=str))",
            )
    return [
        column
        for column in columns
        if all(_fits(kind) for kind in column.parts.values()) and column.row_bytes
    ]


def _as_long(headers: list[Header]) -> None:
    """Raise InputError where arrays in files of their own, all of which are columns, differ in rows."""
    rows = {header.name: header.shape[0] if header.shape else 0 for header in headers}
    if len(set(rows.values())) > 1:
        said = ", ".join(f"{name} has {count:,}" for name, count in rows.items())
        raise InputError(
            f"arrays side by side differ in rows: {said}",
            fix="save them again row by row alike, or keep what is no column in another folder",
        )


def _with_labels(columns: list[Header], headers: list[Header]) -> None:
    """Raise InputError where the labels beside the arrays that are columns are of another length."""
    parts = {column_of(column.name)[1] for column in columns}
    labels = [header for header in headers if is_label(column_of(header.name)[0])]
    labels = [header for header in labels if header.shape and column_of(header.name)[1] in parts]
    if labels and not {header.name for header in labels} & {column.name for column in columns}:
        _as_long([columns[0], *labels])


def _why_not(header: Header, rows: int) -> str:
    """Why an array is no column, where others have so many rows, and what to do if it should be one."""
    if not header.shape or (rows and header.shape[0] != rows):
        held = f"has {header.shape[0]:,} rows" if header.shape else "is a single value"
        return f"{held}, and other arrays have {rows:,} rows: save one row a row of the others"
    odd = [kind.base for kind in header.parts.values() if not _fits(kind)]
    if odd and odd[0].kind == "c":
        return f"is of {odd[0]}, which no column can be: save real and imaginary parts side by side"
    if odd:
        return f"is of {odd[0]}, which no column can be: save it as float64, whole numbers or strings"
    return "has no value in a row: save some"


def _fits(kind: np.dtype[Any]) -> bool:
    return (kind.base.kind in KINDS and kind.base.itemsize <= 8) or kind.base.kind in "US"


def _names(file: Any) -> list[str]:
    if isinstance(file, ArraysBeside):
        return list(file.paths)
    file.seek(0)
    if file.read(len(ZIP)) != ZIP:
        return [ARRAY]
    with zipfile.ZipFile(file) as members:
        return [name.removesuffix(".npy") for name in members.namelist() if name.endswith(".npy")]


@contextmanager
def _opened(file: Any, name: str) -> Iterator[Any]:
    """The stream of one array."""
    if isinstance(file, ArraysBeside):
        with file.open(name) as stream:
            stream.seek(0)
            yield stream
        return
    file.seek(0)
    packed = file.read(len(ZIP)) == ZIP
    file.seek(0)
    if not packed:
        yield file
        return
    with zipfile.ZipFile(file) as members, members.open(f"{name}.npy") as stream:
        yield stream


def _header(stream: Any, name: str) -> Header:
    version = npy.read_magic(stream)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    return Header(name, *read(stream))


@contextmanager
def _corrupt() -> Iterator[None]:
    """What zip and NumPy raise on a file that isn't theirs, as the end of it."""
    try:
        yield
    except (ValueError, KeyError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        raise EOFError(str(error).split("\n")[0]) from error


def _field(header: Header, name: str, read_as: ReadAs) -> pa.Field:
    """The column of an array; InputError where it should hold images and can't."""
    if name in read_as.pictures:
        check_pixels(name, (header.shape[0], *header.part_shape(name)), header.parts[name].base)
    held = pa.field(name, _column(_nothing(header), name, read_as).type)
    shape = (1, *header.part_shape(name))
    if name in read_as.pictures or not has_sides(shape):
        return held
    return held.with_metadata({PIXELS: b"yes" if is_pixels(shape, header.parts[name].base) else b"no"})


def _column(values: NDArray[Any], name: str, read_as: ReadAs) -> pa.Array:
    if name not in read_as.pictures:
        return _array(values, name)
    return as_images(values[name] if values.dtype.fields else values)


def _nothing(header: Header) -> NDArray[Any]:
    return np.empty((0, *header.shape[1:]), header.dtype)


def _array(values: NDArray[Any], name: str) -> pa.Array:
    """Rows (N, …) of a column: single values, or lists of those of a row."""
    column = values[name] if values.dtype.fields else values
    width = prod(column.shape[1:])
    flat = _flat(column.reshape(-1), width)
    single = column.ndim == 1 or (width == 1 and is_label(column_of(name)[0]))  # labels as Keras keeps them
    return flat if single else pa.FixedSizeListArray.from_arrays(flat, width)


def _flat(values: NDArray[Any], width: int) -> pa.Array:
    kind = values.dtype.kind
    if kind in "US":  # what is no UTF-8 is put aside row by row, later
        encode = (lambda text: text.encode("utf-8", "surrogatepass")) if kind == "U" else bytes
        return pa.array([encode(value) for value in values.tolist()], pa.binary()).view(pa.string())
    if kind == "M" and np.datetime_data(values.dtype)[0] not in UNITS:
        return pa.array(values.astype("datetime64[s]"))
    native = values.astype(values.dtype.newbyteorder("="), copy=False)
    return pa.array(native.astype(np.uint8) if kind == "b" and width > 1 else native)
