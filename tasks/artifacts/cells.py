"""Lists in Arrow: a row's classes as a list of their codes, with or without a number for each; any lists."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import sparse

FLOAT = pa.float32()


def to_lists(cells: sparse.csr_array) -> tuple[pa.Array, pa.Array]:
    """Codes and values of each row's cells (N, K), in the order of the codes."""
    cells.sort_indices()
    ends = pa.array(cells.indptr, pa.int32())
    codes = pa.ListArray.from_arrays(ends, pa.array(cells.indices, pa.int32()))
    return codes, pa.ListArray.from_arrays(ends, pa.array(cells.data.astype(np.float32), pa.float32()))


def codes_of(cells: sparse.csr_array) -> pa.Array:
    """Codes of each row's cells."""
    return to_lists(cells)[0]


def from_lists(
    codes: pa.ChunkedArray, classes: int, values: pa.ChunkedArray | None = None
) -> sparse.csr_array:
    """Cells (N, K) of lists of codes: 1 as int8, or the values."""
    lists = codes.combine_chunks()
    sizes = pc.list_value_length(lists).to_numpy(zero_copy_only=False)
    ends = np.concatenate([[0], np.cumsum(sizes)])
    column = lists.flatten().to_numpy()
    data = np.ones(len(column), np.int8) if values is None else values.combine_chunks().flatten().to_numpy()
    return sparse.csr_array((data, column, ends), shape=(len(lists), classes))


def lists_at(offsets: NDArray[np.integer], values: pa.Array) -> pa.Array:
    """Lists (N,) of values, one after the other, at offsets (N + 1,)."""
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), values)


def offsets_in(lists: pa.ChunkedArray | pa.ListArray) -> NDArray[np.int64]:
    """The offsets (N + 1,) of lists (N,), from 0."""
    whole = lists.combine_chunks() if isinstance(lists, pa.ChunkedArray) else lists
    held = np.asarray(whole.offsets.to_numpy(), np.int64)
    return np.asarray(held - held[0])


def dense_lists(values: NDArray[Any], kind: pa.DataType = FLOAT) -> pa.Array:
    """Rows (N, K) as lists of a kind."""
    ends = np.arange(len(values) + 1, dtype=np.int32) * values.shape[1]
    return pa.ListArray.from_arrays(pa.array(ends), pa.array(np.ascontiguousarray(values).ravel(), kind))
