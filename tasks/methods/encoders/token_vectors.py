"""Vectors of the tokens of sentences, kept as raw bytes, so many together, and their means."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.tasks.methods.encoders.base import Encoded
from labelworks.tasks.methods.tokens.sentences import offsets_of

NULL, EMPTY = "null tokens", "no token"


def raw_lists(values: NDArray[Any], lengths: NDArray[np.integer]) -> pa.Array:
    """Rows (T, D) of values as raw bytes, so many of them together (S,)."""
    width = values.itemsize * values.shape[1]
    offsets = offsets_of(lengths) * width
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(values))]
    return pa.Array.from_buffers(pa.large_binary(), len(lengths), buffers)


def from_raw_lists(column: pa.Array | pa.ChunkedArray, dtype: Any, width: int) -> NDArray[Any]:
    """All the rows (T, width) of such a column, one after the other."""
    held = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if not len(held):
        return np.zeros((0, width), dtype)
    offsets = np.frombuffer(held.buffers()[1], np.int64)[held.offset :][: len(held) + 1]
    data = held.buffers()[2]
    flat = np.frombuffer(b"" if data is None else data, np.uint8)[offsets[0] : offsets[-1]]
    return np.asarray(flat.view(dtype).reshape(-1, width))


def sentences(values: pa.Array) -> tuple[list[list[str]], list[str | None]]:
    """The tokens of each row, none where there are none to encode, and by row why."""
    words, reasons = [], []
    for row in values.to_pylist():
        words.append([str(word) for word in row or ()])
        reasons.append(None if row else NULL if row is None else EMPTY)
    return words, reasons


def encoded_tokens(
    vectors: NDArray[np.float16], lengths: NDArray[np.integer], reasons: list[str | None]
) -> Encoded:
    """Vectors (T, D) of the tokens of sentences of these lengths (S,), beside the mean of each sentence."""
    means = np.zeros((len(lengths), vectors.shape[1]), np.float32)
    some = np.flatnonzero(lengths)
    if len(some):
        begins = (np.cumsum(lengths) - lengths)[some]
        sums = np.add.reduceat(vectors.astype(np.float32), begins, axis=0)
        means[some] = sums / lengths[some][:, None]
    return Encoded(means, reasons, tokens=raw_lists(vectors, lengths))
