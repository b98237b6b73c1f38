"""Contents that occur more than once in a partition, so that each is encoded once."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as types
from numpy.typing import NDArray

from labelworks.schemas.arrow_types import is_number
from labelworks.tasks.methods.encoders.standardize import matrix
from labelworks.tasks.methods.encoders.values import content_bytes

NOTHING = np.uint64(0)  # the hash of a null
MIX = np.uint64(0x9E3779B97F4A7C15)
HALF_WORD = np.uint64(32)
HASHED_ROWS = 4096  # at a time, so that the words being mixed stay in cache


class Repeats:
    """Keeps which contents of a partition were seen, batch after batch, by a hash of 64 bits."""

    def __init__(self) -> None:
        self._hashes: list[NDArray[np.uint64]] = []
        self._known: NDArray[np.uint64] = np.empty(0, dtype=np.uint64)
        self._first: list[NDArray[np.int64]] = []

    def fresh(self, values: pa.Array) -> pa.Array:
        """The values of a batch whose content was not seen before."""
        hashes = content_hashes(values)
        self._hashes.append(hashes)
        known = len(self._known)
        codes, self._known = pd.factorize(np.concatenate([self._known, hashes]))
        places = codes[known:]
        self._first.append(places.astype(np.int64))
        if len(self._known) == known + len(values):
            return values
        added, rows = np.unique(places, return_index=True)
        return values.take(pa.array(np.sort(rows[added >= known]), pa.int64()))

    @property
    def rows(self) -> int:
        """How many rows were seen."""
        return sum(map(len, self._hashes))

    def first(self) -> NDArray[np.int64]:
        """Where each row (N,) finds the vector of its content among those encoded."""
        return np.concatenate(self._first)

    def contents(self) -> NDArray[np.uint64]:
        """Hash of the content of every row (N,); 0 for a null."""
        return np.concatenate(self._hashes)


def content_hashes(values: pa.Array) -> NDArray[np.uint64]:
    """Hash of each value of a feature column (N,): of its bytes, or of the numbers of a vector."""
    contents = content_bytes(values)
    if contents is None and _is_vector(values.type):
        return _of_lists(values)
    if contents is None and _is_numbers(values.type):
        return _of_rows(_words(matrix(values)), values.type.num_fields)
    if contents is None and types.is_struct(values.type) and not any(map(_nested, values.type)):
        columns = [_of_column(column) for column in values.flatten()]
        return _of_rows(np.stack(columns, axis=1), len(columns))
    if contents is None:  # what a plug-in reads: as it is written in Python
        contents = [None if value is None else repr(value).encode() for value in values.to_pylist()]
    return np.fromiter(map(_of_bytes, contents), dtype=np.uint64, count=len(contents))


def _is_vector(kind: pa.DataType) -> bool:
    listed = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
    return bool(listed and (types.is_floating(kind.value_type) or types.is_integer(kind.value_type)))


def _is_numbers(kind: pa.DataType) -> bool:
    """Whether it is a struct of numbers alone: several columns that are one vector."""
    return bool(types.is_struct(kind)) and all(is_number(field.type) for field in kind)


def _nested(field: pa.Field) -> bool:
    return bool(types.is_nested(field.type))


def _of_column(values: pa.Array) -> NDArray[np.uint64]:
    """A hash of each value (N,) of one column of a table: of numbers their bits, else of what is written."""
    if is_number(values.type):
        return matrix(pa.StructArray.from_arrays([values], ["x"])).view(np.uint64)[:, 0]
    text = values.cast(pa.string()).dictionary_encode()
    hashes = [_of_bytes(data) for data in text.dictionary.cast(pa.binary()).to_pylist()]
    codes = pc.fill_null(text.indices, len(hashes)).to_numpy(zero_copy_only=False)
    return np.asarray(np.array([*hashes, NOTHING], np.uint64)[codes])


def _of_bytes(content: bytes | None) -> int:
    if content is None:
        return int(NOTHING)
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")


def _of_lists(values: pa.Array) -> NDArray[np.uint64]:
    """Lists of numbers, those of one length at a time."""
    lengths = pc.fill_null(pc.list_value_length(values), -1).to_numpy(zero_copy_only=False)
    hashes = np.full(len(values), NOTHING)
    for length in np.unique(lengths[lengths >= 0]):
        rows = np.flatnonzero(lengths == length)
        same = values if len(rows) == len(values) else values.take(pa.array(rows))
        numbers = same.flatten().to_numpy(zero_copy_only=False)
        hashes[rows] = _of_rows(_words(numbers.reshape(len(rows), length)), int(length))
    return hashes


def _words(numbers: NDArray[Any]) -> NDArray[np.uint64]:
    """The bytes of each row as whole words (N, W), zeros after the last."""
    missing = -numbers.shape[1] * numbers.itemsize % 8 // numbers.itemsize
    if missing:
        numbers = np.pad(numbers, ((0, 0), (0, missing)))
    return np.ascontiguousarray(numbers).view(np.uint64)


def _of_rows(words: NDArray[np.uint64], length: int) -> NDArray[np.uint64]:
    """Multilinear hash (Lemire 2014) of the rows of a matrix (N, W), each word mixed before."""
    factors = np.random.default_rng(length).integers(2**63, size=words.shape[1], dtype=np.uint64)
    factors = factors << np.uint64(1) | np.uint64(1)
    hashes = np.empty(len(words), dtype=np.uint64)
    for start in range(0, len(words), HASHED_ROWS):
        mixed = words[start : start + HASHED_ROWS] * MIX
        mixed ^= mixed >> HALF_WORD
        hashes[start : start + HASHED_ROWS] = (mixed * factors).sum(axis=1)
    return hashes + np.uint64(length + 1)
