"""Given labels as numbers: the place of a class, the set of a row's classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import sparse

from labelworks.tasks.methods.folds import hash_ids


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
