"""Some columns of a parquet object: their bytes and the footer are fetched, and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from labelworks.tasks.storage.ranges import Bytes, Ranges, read_open

SMALL = 512 << 10  # bytes of an object that cost less than the requests for some of them
TAIL = 64 << 10  # bytes fetched first of a larger one: mostly the footer is in them
GAP = 256 << 10  # bytes between two columns that cost less than another request


def read_columns(fs: Any, path: str, where: str, columns: Collection[str]) -> Bytes:
    """The object as long as it is, of which only the footer and these columns were fetched; or StoreError.

    The rest is zeros, which take no memory. Raises an error of Arrow where the footer can't be read.
    """
    return read_open(fs, path, where, lambda ranges: _sparse(ranges, columns))


def _sparse(ranges: Ranges, columns: Collection[str]) -> Bytes:
    if ranges.size <= max(SMALL, TAIL):
        return ranges(0, ranges.size)
    start = ranges.size - TAIL
    whole = np.zeros(ranges.size, np.uint8).data  # unlike a bytearray it is not touched
    ranges.fill(whole, [(start, ranges.size)])
    footer = ranges.size - int.from_bytes(whole[-8:-4], "little") - 8  # its length stands before "PAR1"
    if 0 <= footer < start:
        ranges.fill(whole, [(footer, start)])
        start = footer
    metadata = pq.read_metadata(pa.BufferReader(whole[start:]))
    ranges.fill(whole, _spans(metadata, columns, start))
    return whole


def _spans(metadata: pq.FileMetaData, columns: Collection[str], end: int) -> list[tuple[int, int]]:
    """Where these columns lie before `end`, those that are near each other as one; in order."""
    spans: list[tuple[int, int]] = []
    for first, last in sorted(_chunks(metadata, columns)):
        last = min(last, end)
        if first >= last:
            continue
        if spans and first - spans[-1][1] <= GAP:
            spans[-1] = spans[-1][0], max(spans[-1][1], last)
        else:
            spans.append((first, last))
    return spans


def _chunks(metadata: pq.FileMetaData, columns: Collection[str]) -> Iterator[tuple[int, int]]:
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        for place in range(group.num_columns):
            chunk = group.column(place)
            if chunk.path_in_schema.split(".")[0] in columns:
                first = chunk.dictionary_page_offset or chunk.data_page_offset
                yield first, first + chunk.total_compressed_size
