"""What a format gives: a look at a file, and its rows in batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

UNUSABLE = "__unusable__"  # a column of reasons (string, null: fine) that a format may add to its batches


@dataclass(frozen=True)
class Look:
    """What a file says of itself; groups: rows and bytes of each part that can be read alone, if any can."""

    schema: pa.Schema
    groups: tuple[tuple[int, int], ...] | None = None


class Format(Protocol):
    """Reads one kind of file. `file` is open, seekable and at its start; `name` is the file's."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """How the names of its files end."""

    def look(self, file: Any, name: str) -> Look:
        """Read no more than it takes to know the columns. Raises pa.ArrowException if it can't be read."""

    def batches(
        self, file: Any, name: str, columns: list[str] | None, rows: int, groups: tuple[int, ...] | None
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows in order, of some groups (None: all), about `rows` at a time.

        columns: names, dotted ones of nested fields too; the batches hold at least those of them that the
        file has (None: all). A row that can't be read is there with nulls, and its reason under UNUSABLE.
        """
