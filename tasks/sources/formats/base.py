"""What a format gives: a look at a file, and its rows in batches; what a config says of how they are read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import pyarrow as pa

PIXELS = b"pixels"  # in a field's metadata: whether lists of the shape of images are of bytes
WRITTEN = b"as written"  # in a field's metadata: its values are read as the strings that stand in the file
LEFT_OUT = b"left out"  # in a schema's metadata: JSON, why parts of the file are no columns
Kind = Literal["string", "label", "number", "value", "cell"]


@dataclass(frozen=True)
class ReadAs:
    """How files without types of their own are read.

    kinds: of columns whose role is known: a `string` as it stands, a `label` (a whole number where all are
    written as such, else as it stands), a `number`, a `value` (a number where all are, else as it stands), a
    `cell` (of a CSV as it stands: whoever reads it looks at more than one file).
    judged: columns without which a row can't be used. csv: the key that says how CSV is written.
    head: only first rows are wanted, so nothing is fetched that they don't need. pictures: columns that hold
    images, so that pixels become encoded ones.
    """

    kinds: Mapping[str, Kind] = field(default_factory=dict)
    judged: tuple[str, ...] = ()
    delimiter: str = ","
    encoding: str = "utf-8"
    csv: str = "dataset.csv"
    head: bool = False
    pictures: tuple[str, ...] = ()


class UnreadableError(Exception):
    """What is wrong with a file, and what to do; who reads it says which file it is."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what, fix)
        self.what, self.fix = what, fix


@dataclass(frozen=True)
class FileSummary:
    """What a file says of itself; groups: rows and bytes of each part that can be read alone, if any can."""

    schema: pa.Schema
    groups: tuple[tuple[int, int], ...] | None = None


def with_left_out(schema: pa.Schema, lost: Mapping[str, str]) -> pa.Schema:
    """The schema of a file with parts that are no columns, and why."""
    return schema.with_metadata({**(schema.metadata or {}), LEFT_OUT: json.dumps(lost)}) if lost else schema


def left_out_of(schema: pa.Schema) -> dict[str, str]:
    """Parts of a file that are no columns, by name: why, and what to do."""
    lost: dict[str, str] = json.loads((schema.metadata or {}).get(LEFT_OUT, b"{}"))
    return lost


NOTHING = FileSummary(pa.schema([]), ())  # of a file that is blank


class Format(Protocol):
    """Reads one kind of file. `file` is open, seekable and at its start; `name` is the file's."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """How the names of its files end."""

    def look(self, file: Any, name: str, read_as: ReadAs) -> FileSummary:
        """Read no more than it takes to know the columns.

        Raises pa.ArrowException or UnreadableError if it can't be read.
        """

    def batches(
        self,
        file: Any,
        name: str,
        columns: list[str] | None,
        rows: int,
        groups: tuple[int, ...] | None,
        read_as: ReadAs,
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows in order, of some groups (None: all), about `rows` at a time.

        columns: names, dotted ones of nested fields too; the batches hold at least those of them that the
        file has (None: all). A row that can't be read is there with nulls, and its reason under UNUSABLE.
        """
