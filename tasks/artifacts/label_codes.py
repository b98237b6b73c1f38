"""Given labels as numbers: the place of a class, the set of a row's classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import sparse

from labelworks.tasks.methods.statistics.folds import hash_ids


def label_type_of(classes: Sequence[str | int]) -> str:
    """How labels of these classes are kept where no column says so: as numbers if all are numbers."""
    return "int" if all(type(name) is int for name in classes) else "string"


def spelled(classes: Sequence[str | int], label_type: str) -> tuple[str | int, ...]:
    """Classes as labels of a type are: numbers or strings."""
    return tuple(int(name) if label_type == "int" else str(name) for name in classes)


def encode_labels(labels: pa.ChunkedArray, classes: tuple[str | int, ...]) -> NDArray[np.int32]:
    """Codes (N,) of the labels: their places in the list of classes.

    Of lists of classes, a code of the set: in whatever order, equal ones have one code, and two others have
    the same once in four billion. Numbers are no classes: their code is 0.
    """
    if pa.types.is_floating(labels.type):
        return np.zeros(len(labels), np.int32)
    if pa.types.is_list(labels.type):
        keys = hash_ids(pa.array(classes, pa.string()))
        codes = label_sets(labels, classes).astype(np.uint64) @ keys
        return np.asarray(codes.astype(np.uint32).view(np.int32))
    codes = pc.index_in(labels, value_set=pa.array(classes, labels.type))
    return np.asarray(codes.to_numpy(), dtype=np.int32)


def sequence_codes(lists: pa.ChunkedArray) -> NDArray[np.int32]:
    """A code (N,) of each list in its order: two others have the same once in four billion."""
    written = pc.binary_join(lists.combine_chunks(), "\t")
    return np.asarray(hash_ids(written).astype(np.uint32).view(np.int32))


def codes_in_lists(
    lists: pa.ChunkedArray, classes: tuple[str | int, ...]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Codes (T,) of the classes in lists, one list after the other, and how long each is (N,)."""
    held = lists.combine_chunks()
    codes = pc.index_in(held.flatten(), value_set=pa.array(classes, pa.string()))
    lengths = pc.list_value_length(held).to_numpy(zero_copy_only=False)
    return np.asarray(codes.to_numpy(), np.int32), np.asarray(lengths, np.int64)


def label_targets(labels: pa.ChunkedArray, classes: tuple[str | int, ...]) -> Any:
    """Labels that are no single class as numbers: binary sparse (N, K), or floats (N, 1); None of classes."""
    if pa.types.is_floating(labels.type):
        return labels.to_numpy()[:, None]
    return label_sets(labels, classes) if pa.types.is_list(labels.type) else None


def label_sets(labels: pa.ChunkedArray, classes: tuple[str | int, ...]) -> sparse.csr_array:
    """Lists of classes as a binary matrix (N, K), int8."""
    lists = labels.combine_chunks()
    column = pc.index_in(lists.flatten(), value_set=pa.array(classes, pa.string())).to_numpy()
    row = pc.list_parent_indices(lists).to_numpy()
    cells = np.unique(row * len(classes) + column)
    at = np.divmod(cells, len(classes))
    return sparse.csr_array((np.ones(len(cells), np.int8), at), shape=(len(lists), len(classes)))


def named(codes: pa.ChunkedArray, classes: tuple[str | int, ...], label_type: str) -> pa.Array:
    """Classes of codes, or of lists of codes; numbers are what they are."""
    values = codes.combine_chunks()
    if label_type == "number":
        return values
    if label_type not in ("list", "tags"):
        return pa.array(classes, pa.int64() if label_type == "int" else pa.string()).take(values)
    names = pa.array(classes, pa.string()).take(values.flatten())
    sizes = pc.fill_null(pc.list_value_length(values), 0).to_numpy(zero_copy_only=False)
    ends = np.concatenate([[0], np.cumsum(sizes)])
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), names, mask=values.is_null())
