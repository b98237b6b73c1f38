"""Reading a partition of image files: what their names say without opening one, their bytes in parallel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.schemas.records import Partition, Piece
from labelworks.tasks.execution.prefetch import ahead
from labelworks.tasks.sources.formats import UNUSABLE, FileSummary, ReadAs
from labelworks.tasks.sources.formats.images import IMAGE, image_values
from labelworks.tasks.sources.partition_reader import PartitionReader, spread
from labelworks.tasks.sources.values.columns import NAMED, with_folders
from labelworks.tasks.storage.filesystem import open_filesystem
from labelworks.tasks.storage.ranges import read_at_once
from labelworks.tasks.storage.retries import again

READ_AT_ONCE = 16
HELD_ROWS = 256  # images in memory
SCHEMA = pa.schema([pa.field(IMAGE, pa.binary())])


def listed_image(name: str, size: int) -> FileSummary:
    """What a look at an image file would say, from its name and bytes: none is opened for that."""
    return FileSummary(with_folders(SCHEMA, image_values(name)), ((1, size),))


class ImageReader(PartitionReader):
    """Reads image files as the rows of one table: a piece each would be slow."""

    def __init__(
        self,
        source: str,
        partition: Partition,
        options: dict[str, Any],
        read_as: ReadAs = ReadAs(),  # noqa: B008 - frozen
    ) -> None:  # no super(): no piece is opened
        self._fs, _ = open_filesystem(source, options)
        self._pieces = partition.pieces

    @property
    def where(self) -> str:
        """Address of its first file, for messages."""
        return self._address(self._pieces[0])

    def address(self, file: str) -> str:
        """Address of a file that pieces are of, for messages."""
        return next(self._address(piece) for piece in self._pieces if piece.file == file)

    def checked(
        self, columns: list[str], problem: Callable[[pa.Schema, str], InputError | None]
    ) -> Iterator[tuple[Piece, pa.Table | InputError]]:
        """Yield all rows with their first piece, and under NAMED the file of each; or why there are none."""
        first = self._pieces[0]
        error = problem(with_folders(SCHEMA, image_values(first.file)), self.where)
        if error is not None:
            raise error
        yield first, self.table([*columns, NAMED])

    def batches(self, columns: list[str], rows: int) -> Iterator[pa.RecordBatch]:
        """Yield some columns in order, at most `rows` at a time, fewer where images are read."""
        size = min(rows, HELD_ROWS) if IMAGE in columns else rows
        for start in range(0, len(self._pieces), size):
            yield self._batch(self._pieces[start : start + size], columns)

    def placed(
        self, columns: list[str] | None, rows: int
    ) -> Iterator[tuple[pa.RecordBatch, pa.Array, pa.Array]]:
        """Yield batches of some columns (None: all), and of each row its file and its place in that, 0."""
        names = self.schemas()[0].names if columns is None else columns
        for batch in self.batches([*names, NAMED], rows):
            file = batch.column(batch.schema.names.index(NAMED))
            yield batch.drop_columns(NAMED), file, pa.repeat(pa.scalar(0, pa.int64()), len(file))

    def schemas(self) -> list[pa.Schema]:
        """The columns, as all batches of them have them."""
        names = dict.fromkeys(name for piece in self._pieces for name in image_values(piece.file))
        return [pa.schema([SCHEMA.field(IMAGE), *(pa.field(name, pa.string()) for name in names)])]

    def some(self, columns: list[str], rows: NDArray[np.integer] | int) -> pa.Table:
        """Some columns of some rows (their places), or of so many that are spread; no other image is read."""
        chosen = [self._pieces[place] for place in spread(rows, len(self._pieces))]
        return pa.Table.from_batches([self._batch(chosen, columns)])

    def table(self, columns: list[str]) -> pa.Table:
        """Some columns of all rows."""
        return pa.Table.from_batches(list(self.batches(columns, max(1, len(self._pieces)))))

    def _batch(self, pieces: Sequence[Piece], columns: list[str]) -> pa.RecordBatch:
        values = [{**image_values(piece.file), NAMED: piece.file, UNUSABLE: None} for piece in pieces]
        known = dict.fromkeys(key for value in values for key in value)
        arrays = {
            name: pa.array([value.get(name) for value in values], pa.string())
            for name in columns
            if name in known
        }
        if IMAGE in columns:
            arrays[IMAGE] = pa.array(list(ahead(self._read, pieces, READ_AT_ONCE)), pa.binary())
        names = [name for name in columns if name in arrays]
        return pa.RecordBatch.from_arrays([arrays[name] for name in names], names=names)

    def _read(self, piece: Piece) -> bytes:
        return again(self._address(piece), read_at_once, self._fs, piece.path)

    def _address(self, piece: Piece) -> str:
        return str(self._fs.unstrip_protocol(piece.path)).removeprefix("file://")
