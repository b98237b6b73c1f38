"""Parquet: read by row groups, and of nested columns only the fields asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from labelworks.tasks.sources.formats.base import FileSummary, ReadAs

HEAD = 1 << 18  # bytes of a column fetched at a time where not all of it is wanted


class Parquet:
    """Parquet files."""

    suffixes = ("parquet", "pq")

    def look(self, file: Any, name: str, read_as: ReadAs) -> FileSummary:
        """Read the footer."""
        opened = pq.ParquetFile(file)
        groups = (opened.metadata.row_group(index) for index in range(opened.metadata.num_row_groups))
        return FileSummary(
            opened.schema_arrow, tuple((group.num_rows, group.total_byte_size) for group in groups)
        )

    def batches(
        self,
        file: Any,
        name: str,
        columns: list[str] | None,
        rows: int,
        groups: tuple[int, ...] | None,
        read_as: ReadAs,
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows of these row groups."""
        chosen = list(groups) if groups is not None else None
        few = {"buffer_size": HEAD, "pre_buffer": False} if read_as.head else {}
        opened = pq.ParquetFile(file, **few)
        yield from opened.iter_batches(rows, chosen, columns, use_threads=False)
