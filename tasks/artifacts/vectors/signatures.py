"""Signatures of rows: the planes they are cut by, and the sketches that tell near duplicates apart."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.vectors.embeddings import read_some
from labelworks.tasks.methods.duplicates.signatures import SKETCHED, Planes

LAID = 4096  # rows that the planes are laid through


def laid_through(ref: DatasetRef) -> Partition:
    """The partition through whose rows the planes are laid: that of the least key.

    So they follow from the data as it is, however it came to be, and seldom change as partitions come and go.
    """
    return min(ref.of("source"), key=lambda each: each.key)


def planes_of(artifacts: Artifacts, ref: DatasetRef, *, scaled: bool) -> Planes:
    """The planes of an embedding; scaled: whether its dimensions have units of their own."""
    name = artifacts.embedding(ref.encoder_key, laid_through(ref))
    vectors, usable = read_some(artifacts.store, name, np.arange(LAID))
    return Planes.of(vectors[usable] if usable.any() else np.zeros_like(vectors[:1]), scaled=scaled)


def sketches(values: NDArray[np.float32]) -> pa.Array:
    """A column of sketches (N, 16), as raw bytes."""
    kind = pa.binary(SKETCHED * values.itemsize)
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(np.ascontiguousarray(values))])


def sketched(column: pa.Array) -> NDArray[np.float32]:
    """The sketches (N, 16) of such a column."""
    data = b"" if not len(column) else column.buffers()[1]
    return np.frombuffer(data, np.float32)[column.offset * SKETCHED :][: len(column) * SKETCHED].reshape(
        -1, SKETCHED
    )
