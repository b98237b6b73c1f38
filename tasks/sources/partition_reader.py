"""Reading a partition: its pieces one after the other, as if they were one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.schemas.records import Partition, Piece
from labelworks.tasks.execution.prefetch import ahead
from labelworks.tasks.sources.files import SourceReader
from labelworks.tasks.sources.formats import ReadAs
from labelworks.tasks.sources.values.joined import joined
from labelworks.tasks.storage.ranges import remote

SMALL = 4 << 20  # bytes: reading a file from afar is mostly waiting; a larger one is fetched by blocks, ahead
SMALL_AT_ONCE = 8


class PartitionReader:
    """Reads the rows of a partition in order; where the pieces' types differ, each batch has its own."""

    def __init__(
        self,
        source: str,
        partition: Partition,
        options: dict[str, Any],
        read_as: ReadAs = ReadAs(),  # noqa: B008 - frozen
    ) -> None:
        self._readers = [
            (piece, SourceReader(source, piece.path, piece.format, options, piece.file, read_as))
            for piece in partition.pieces
        ]
        largest = max((piece.size for piece in partition.pieces), default=0)
        distant = bool(self._readers) and remote(self._readers[0][1].fs)
        self._many = SMALL_AT_ONCE if distant and largest <= SMALL else 1

    @property
    def where(self) -> str:
        """Address of its first file, for messages."""
        return self._readers[0][1].where

    def address(self, file: str) -> str:
        """Address of a file that pieces are of, for messages."""
        return next(reader.where for piece, reader in self._readers if piece.file == file)

    def checked(
        self, columns: list[str], problem: Callable[[pa.Schema, str], InputError | None]
    ) -> Iterator[tuple[Piece, pa.Table | InputError]]:
        """Yield each piece and some columns of its rows, or why it can't be read.

        problem: says what is wrong with the columns of a file at an address, if anything is.
        """

        def read(one: tuple[Piece, SourceReader]) -> tuple[Piece, pa.Table | InputError]:
            piece, reader = one
            try:
                return piece, reader.checked(piece.row_groups, columns, problem)
            except InputError as error:
                return piece, error

        yield from ahead(read, self._readers, self._many)

    def batches(self, columns: list[str], rows: int) -> Iterator[pa.RecordBatch]:
        """Yield some columns in order, at most `rows` at a time."""
        if self._many == 1:  # a large one is fetched ahead by blocks
            for piece, reader in self._readers:
                yield from reader.batches(piece.row_groups, columns, rows)
            return

        def read(one: tuple[Piece, SourceReader]) -> list[pa.RecordBatch]:
            return list(one[1].batches(one[0].row_groups, columns, rows))

        for held in ahead(read, self._readers, self._many):
            yield from held

    def placed(
        self, columns: list[str] | None, rows: int
    ) -> Iterator[tuple[pa.RecordBatch, pa.Array, pa.Array]]:
        """Yield batches of some columns (None: all), and of each row its file and its place in that."""
        for piece, reader in self._readers:
            at = piece.first_row
            for batch in reader.batches(piece.row_groups, columns, rows):
                file = pa.repeat(piece.file, batch.num_rows)
                yield batch, file, pa.array(range(at, at + batch.num_rows), pa.int64())
                at += batch.num_rows

    def schemas(self) -> list[pa.Schema]:
        """The columns of each piece, as its batches have them."""
        return [reader.schema() for _, reader in self._readers]

    def some(self, columns: list[str], rows: NDArray[np.integer] | int) -> pa.Table:
        """Some columns of some rows (their places), or of so many that are spread over the partition."""
        held = self.table(columns)
        return held.take(pa.array(spread(rows, held.num_rows)))

    def table(self, columns: list[str]) -> pa.Table:
        """Some columns of all rows."""
        tables = [reader.table(piece.row_groups, columns) for piece, reader in self._readers]
        return joined(tables)


def spread(rows: NDArray[np.integer] | int, count: int) -> NDArray[np.integer]:
    """Places of some of so many rows: those that are named, or at most so many from the first to the last."""
    return np.unique(np.linspace(0, count - 1, rows).astype(int)) if isinstance(rows, int) else rows
