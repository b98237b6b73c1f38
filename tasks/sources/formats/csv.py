"""CSV with a header, packed too: streamed. What a column is for decides its type, not what it looks like."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import closing
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from labelworks.tasks.sources.formats.base import (
    NOTHING,
    WRITTEN,
    FileSummary,
    Kind,
    ReadAs,
    UnreadableError,
)
from labelworks.tasks.sources.formats.packed import WIDE, WIDEST, unpacked, with_packings
from labelworks.tasks.sources.values.columns import UNUSABLE, roots
from labelworks.tasks.sources.values.numerals import (
    BOOLEAN,
    READ,
    WHOLE,
    as_number,
    label_type,
    number_type,
    value_type,
)

BLOCK = 4 << 20  # bytes; the columns are known by the first block
QUOTE, BLANK, END = b'"', b"\r\n\x00", 8  # of a file's bytes, in whatever encoding
MARKS = b"\xef\xbb\xbf\xff\xfe \t"  # byte order marks, spaces
EMPTY = "Empty CSV file"  # what Arrow says of one without a header
PATTERNS = {pa.int64(): WHOLE, pa.float64(): READ, pa.bool_(): BOOLEAN}
HEADER_ROWS = 2  # Arrow counts from one, and the header is one


class Csv:
    """Values between delimiters."""

    suffixes = with_packings("csv", "tsv")

    def look(self, file: Any, name: str, read_as: ReadAs) -> FileSummary:
        """Read the header and the first block."""
        try:
            with closing(_Reader(file, name, None, read_as)) as reader:
                first = next(iter(reader), None)
        except pa.ArrowInvalid as error:
            if EMPTY in str(error) and not unpacked(file, name).read(BLOCK).strip(MARKS + BLANK):
                return NOTHING
            raise
        return FileSummary(pa.schema([_field(column, first, read_as.kinds) for column in reader.schema]))

    def batches(
        self,
        file: Any,
        name: str,
        columns: list[str] | None,
        rows: int,
        groups: tuple[int, ...] | None,
        read_as: ReadAs,
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows, with nothing converted that isn't asked for or judged."""
        look = self.look(file, name, read_as)
        if look is NOTHING:
            return
        wanted = None if columns is None else roots(look.schema, [*columns, *read_as.judged])
        with closing(_Reader(file, name, wanted, read_as)) as reader:
            for batch in reader:
                yield _converted(batch, look.schema, read_as)
        if reader.maybe_open:
            _refuse_open(file, name, read_as)


class _Lent:
    """A file that is taken back from a reader, which reads ahead in a thread of its own."""

    closed = False

    def __init__(self, file: Any) -> None:
        self._file, self._lock = file, Lock()
        self._quotes, self._end = 0, b""

    def read(self, size: int = -1) -> bytes:
        with self._lock:
            if self.closed:
                return b""
            data = bytes(self._file.read(size))
            self._quotes += data.count(QUOTE)
            self._end = (self._end + data[-END:])[-END:]
            return data

    @property
    def maybe_open(self) -> bool:
        """Whether what was read has a quote too few, or too many, and doesn't end in one."""
        return self._quotes % 2 == 1 and not self._end.rstrip(BLANK).endswith(QUOTE)

    def close(self) -> None:
        """Wait for a read that is under way; there is no other."""
        with self._lock:
            self.closed = True


class _Reader:
    """Batches of a file: strings where a column's role is known; a row of another length is all null."""

    def __init__(self, file: Any, name: str, columns: list[str] | None, read_as: ReadAs) -> None:
        self._bad: deque[tuple[int, str]] = deque()  # rows, counted from 0, and what is wrong with them
        self.skipped = (-1, "")  # the last of them, and its text
        _check_encoding(unpacked(file, name).read(4), read_as)
        self._lent, self._read_as = _Lent(unpacked(file, name)), read_as
        convert = pa_csv.ConvertOptions(
            include_columns=columns,
            column_types={column: pa.string() for column in read_as.kinds},
            # an empty cell is null, and nothing else is: NA and null are names of countries and of classes
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            check_utf8=False,  # a row that isn't UTF-8 is put aside later, not the whole file now
        )
        parse = pa_csv.ParseOptions(
            delimiter=read_as.delimiter, newlines_in_values=True, invalid_row_handler=self._skip
        )
        # one thread: with several, Arrow doesn't say which row is bad
        read = pa_csv.ReadOptions(block_size=BLOCK, encoding=read_as.encoding, use_threads=False)
        try:
            self._open = pa_csv.open_csv(
                self._lent, read_options=read, parse_options=parse, convert_options=convert
            )
            self.schema: pa.Schema = self._open.schema
            _ = self.schema.names
        except UnicodeError as error:
            self.close()
            raise _not_encoded("its header", read_as) from error
        except pa.ArrowException:
            self.close()
            raise

    def close(self) -> None:
        """End the reading: whoever comes next has the file alone."""
        self._lent.close()

    @property
    def maybe_open(self) -> bool:
        """Whether a quote may be open where the file ends."""
        return self._lent.maybe_open

    def _skip(self, row: pa_csv.InvalidRow) -> str:
        said = f"the row has {row.actual_columns} cells, the header {row.expected_columns}"
        self._bad.append((row.number - HEADER_ROWS, said))
        self.skipped = (row.number - HEADER_ROWS, row.text)
        return "skip"

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        row = 0
        try:
            for batch in self._open:
                whole = self._filled(batch, row)
                row += whole.num_rows
                yield whole
        except UnicodeError as error:
            raise _not_encoded(f"what comes after row {row}", self._read_as) from error
        if self._bad:
            yield self._filled(pa.RecordBatch.from_pylist([], schema=self.schema), row)

    def _filled(self, batch: pa.RecordBatch, first: int) -> pa.RecordBatch:
        """The batch, which begins at that row, and the rows that were skipped in their places."""
        bad: list[tuple[int, str]] = []
        while self._bad and self._bad[0][0] <= first + batch.num_rows + len(bad):
            bad.append(self._bad.popleft())
        if not bad:
            return batch
        places = np.array([row - first for row, _ in bad])
        taken = np.full(batch.num_rows + len(bad), -1)
        taken[np.setdiff1d(np.arange(len(taken)), places)] = np.arange(batch.num_rows)
        filled = batch.take(pa.array(taken, mask=taken < 0))
        reasons = np.full(len(taken), None, object)
        reasons[places] = [said for _, said in bad]
        return filled.append_column(UNUSABLE, pa.array(reasons, pa.string()))


def _refuse_open(file: Any, name: str, read_as: ReadAs) -> None:
    """Raise UnreadableError where the last row has taken in all lines behind a quote that isn't closed."""
    rows, last = 0, b""
    with closing(_Reader(file, name, None, read_as)) as reader:
        for batch in reader:
            rows += batch.num_rows
            if batch.num_rows and pa.types.is_string(reader.schema.types[-1]):
                last = bytes(batch.column(len(reader.schema) - 1)[-1].as_buffer() or b"")
    place, text = reader.skipped
    if b"\n" in (text.encode() if place == rows - 1 else last):
        raise UnreadableError(
            f"a quote that is opened in row {rows - 1} isn't closed, and all that follows is in one cell",
            "close the quote, or double it if it is meant as a character",
        )


def _check_encoding(head: bytes, read_as: ReadAs) -> None:
    if head.startswith(WIDE) and read_as.encoding == "utf-8":
        wide = "32" if head.startswith(WIDEST) else "16"
        how = f"say so in the config: {read_as.csv}: {{encoding: utf-{wide}}}"
        raise UnreadableError(f"it is UTF-{wide}", how)
    if _is_wide(head) and read_as.encoding == "utf-8":
        order = "le" if head[0] else "be"
        how = f"say so in the config: {read_as.csv}: {{encoding: utf-16-{order}}}"
        raise UnreadableError("it is UTF-16 without a byte order mark", how)


def _is_wide(head: bytes) -> bool:
    """Whether every other byte is null, as of Latin letters in UTF-16 without a byte order mark."""
    return len(head) == 4 and sorted((any(head[::2]), any(head[1::2]))) == [False, True]


def _not_encoded(what: str, read_as: ReadAs) -> UnreadableError:
    return UnreadableError(
        f"{what} is not {read_as.encoding}",
        f"say how it is encoded in the config, such as {read_as.csv}: {{encoding: cp1252}}",
    )


def _field(field: pa.Field, first: pa.RecordBatch | None, kinds: Mapping[str, Kind]) -> pa.Field:
    """A column with the type it is read as, which its role decides; without a role, as Arrow takes it."""
    kind = kinds.get(field.name)
    if kind in (None, "string", "cell"):
        return field
    values = pa.array([], pa.string()) if first is None else _column(first, field.name)
    if kind != "label":
        return field.with_type(number_type(values) if kind == "number" else value_type(values))
    return field.with_type(label_type(values)).with_metadata({WRITTEN: b"yes"})


def _column(batch: pa.RecordBatch, name: str) -> pa.Array:
    return batch.column(batch.schema.names.index(name))


def _converted(batch: pa.RecordBatch, schema: pa.Schema, read_as: ReadAs) -> pa.RecordBatch:
    """Numbers of the columns that are some; what is none is null, and its row unusable if it is judged."""
    for place, name in enumerate(batch.schema.names):
        kind = schema.types[schema.names.index(name)] if name in read_as.kinds else None
        if kind not in PATTERNS or read_as.kinds[name] == "label":
            continue
        values, bad = as_number(batch.column(place), kind, PATTERNS[kind])
        batch = batch.set_column(place, name, values)
        if name in read_as.judged and pc.any(bad).as_py():
            batch = _with_reason(batch, bad, f"{name} is no {'whole ' if kind == pa.int64() else ''}number")
    return batch


def _with_reason(batch: pa.RecordBatch, bad: pa.Array, reason: str) -> pa.RecordBatch:
    said = pc.if_else(bad, pa.scalar(reason), pa.scalar(None, pa.string()))
    if UNUSABLE not in batch.schema.names:
        return batch.append_column(UNUSABLE, said)
    place = batch.schema.names.index(UNUSABLE)
    return batch.set_column(place, UNUSABLE, pc.coalesce(batch.column(place), said))
