"""Embeddings on the store: a part is row-aligned with its partition, and its facts lie beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.schemas.tables import embedding_schema
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.imprecise.observed import inferred_part
from labelworks.tasks.artifacts.index import load_index
from labelworks.tasks.artifacts.label_codes import encode_labels, label_targets, sequence_codes
from labelworks.tasks.artifacts.row_extras import pair_vectors, unpacked
from labelworks.tasks.storage.store import Store

GROUP_BYTES = 2 << 20  # of a row group: what is read at least to get one row
BESIDE_VECTORS = ("words", "cells")  # packed, mostly zeros or repeated
TOKENS = "tokens"  # raw vectors of the tokens of a row, if it has some


@dataclass(frozen=True)
class Block:
    """The usable rows of a partition: row, ids and their hashes, codes of given labels (N,), features (N, D).

    contents: hashes (N,) of what the features were made of; equal ones are exact duplicates.
    beside: (N, K) by name, what the dataset says of its rows beside their labels; `pair`, if named: (N, D);
    `words` (N, W) and `cells` (N, C), packed, if the encoder gives them.
    targets: labels that are no single class: binary sparse (N, K), or numbers (N, 1).
    """

    rows: NDArray[np.int32]
    ids: pa.Array
    hashes: NDArray[np.uint64]
    given: NDArray[np.int32]
    features: NDArray[np.floating]
    contents: NDArray[np.uint64]
    beside: dict[str, NDArray[Any]] = field(default_factory=dict)
    targets: Any = None


def write_vectors(
    store: Store,
    name: str,
    vectors: NDArray[np.floating],
    reasons: list[str | None],
    contents: NDArray[np.uint64],
    words: NDArray[np.uint32] | None = None,
    cells: NDArray[np.uint32] | None = None,
    tokens: pa.Array | None = None,
) -> None:
    """Write vectors (N, D) as raw bytes, null where there is a reason: the fast way to read them back.

    contents: hash of what each row's vector was made of (N,); words (N, W), cells (N, C): packed, if any;
    tokens (N,): raw vectors of the tokens of each row, if any.
    """
    rows, dim = vectors.shape
    beside = {"words": words, "cells": cells}
    widths = {name: 0 if packed is None else packed.shape[1] for name, packed in beside.items()}
    schema = embedding_schema(str(vectors.dtype), dim, **widths, tokens=tokens is not None)
    why = pa.array(reasons, pa.string())
    usable = why.is_null().buffers()[1] if why.null_count < rows else None
    column = pa.Array.from_buffers(
        schema.field("vector").type, rows, [usable, pa.py_buffer(np.ascontiguousarray(vectors))]
    )
    arrays = [column, why, pa.array(contents, pa.uint64())]
    for packed in filter(widths.get, BESIDE_VECTORS):
        raw = pa.py_buffer(np.ascontiguousarray(beside[packed]))
        arrays.append(pa.Array.from_buffers(schema.field(packed).type, rows, [None, raw]))
    arrays += [] if tokens is None else [tokens]
    table = pa.Table.from_arrays(arrays, schema=schema)
    held = 0 if tokens is None else tokens.nbytes // max(rows, 1)
    group = max(1, GROUP_BYTES // max(vectors.itemsize * dim + held, 1))
    packing = {column: "zstd" if column in BESIDE_VECTORS else "none" for column in schema.names}
    store.write_table(
        name, table, row_group_size=group, compression=packing, use_dictionary=False, write_statistics=False
    )


@dataclass(frozen=True)
class Vectors:
    """A part: vectors (N, D), which rows have one (N,), hashes of contents (N,); by name words and cells."""

    vectors: NDArray[np.floating]
    usable: NDArray[np.bool_]
    contents: NDArray[np.uint64]
    beside: dict[str, NDArray[np.uint32]] = field(default_factory=dict)

    def only(self, rows: NDArray[np.integer]) -> Vectors:
        """Some of its rows, in this order; itself where that is all."""
        if len(rows) == len(self.vectors):
            return self
        beside = {name: packed[rows] for name, packed in self.beside.items()}
        return Vectors(self.vectors[rows], self.usable[rows], self.contents[rows], beside)


def read_vectors(store: Store, name: str) -> Vectors:
    """Read a part, without the reasons, and the vectors of tokens."""
    table = store.read_table(name, ["vector", "content", *BESIDE_VECTORS], may_lack=BESIDE_VECTORS)
    column = table["vector"].combine_chunks()
    beside = {name: _packed(table[name]) for name in BESIDE_VECTORS if name in table.column_names}
    valid = np.asarray(column.is_valid())
    return Vectors(_matrix(column, table.schema), valid, table["content"].to_numpy(), beside)


def read_reasons(store: Store, name: str) -> list[str | None]:
    """Why each row of a part has no vector; None: it has one."""
    reasons: list[str | None] = store.read_table(name, ["reason"])["reason"].to_pylist()
    return reasons


def _packed(column: pa.ChunkedArray) -> NDArray[np.uint32]:
    raw, width = column.combine_chunks(), column.type.byte_width // 4
    return np.frombuffer(raw.buffers()[1], np.uint32, len(raw) * width).reshape(-1, width)


def read_some(
    store: Store, name: str, rows: NDArray[np.int64]
) -> tuple[NDArray[np.floating], NDArray[np.bool_]]:
    """Vectors (n, D) of some rows (n,) of a part, and which of them have one (n,).

    Rows after its last are left out. Only row groups that hold one of them are read, one at a time.
    """
    with store.open_table(name, GROUP_BYTES) as part:
        sizes = [part.metadata.row_group(number).num_rows for number in range(part.num_row_groups)]
        ends = np.cumsum(sizes)
        rows = rows[rows < sum(sizes)]
        owners = np.searchsorted(ends, rows, side="right")
        read = [_matrix(pa.nulls(0, part.schema_arrow.field("vector").type), part.schema_arrow)]
        there, order = [np.zeros(0, bool)], [np.zeros(0, np.intp)]
        for number in np.unique(owners):
            column = part.read_row_group(int(number), columns=["vector"])["vector"].combine_chunks()
            order.append(np.flatnonzero(owners == number))
            inside = rows[order[-1]] - (ends[number] - sizes[number])
            read.append(_matrix(column, part.schema_arrow)[inside])
            there.append(np.asarray(column.is_valid())[inside])
    back = np.argsort(np.concatenate(order))
    return np.concatenate(read)[back], np.concatenate(there)[back]


def _matrix(column: pa.Array, schema: pa.Schema) -> NDArray[np.floating]:
    """Vectors (N, D) of a column of raw bytes; what a row without one has means nothing."""
    dtype, dim = np.dtype(schema.metadata[b"dtype"].decode()), int(schema.metadata[b"dim"])
    if not dim or not len(column):
        return np.empty((len(column), dim), dtype)
    return np.frombuffer(column.buffers()[1], dtype=dtype, count=len(column) * dim).reshape(-1, dim)


def load_block(
    artifacts: Artifacts, ref: DatasetRef, partition: Partition, beside: Sequence[str] = ()
) -> Block:
    """Join a partition's index with its vectors; beside: of EXTRAS, what else is read where labels are."""
    vectors = read_vectors(artifacts.store, artifacts.embedding(ref.encoder_key, partition))
    source = partition.window == "source"
    asked = beside if source else ()
    made = [name for name in asked if name == "votes"] if ref.inferred else []
    named = ["id", "hash", *(["label", *(name for name in asked if name not in made)] if source else [])]
    index = load_index(artifacts, ref, partition, named)
    kept = vectors.usable[index["row"].to_numpy()]
    index = index if kept.all() else index.filter(pa.array(kept))
    rows = index["row"].to_numpy()
    inferred = _inferred(artifacts, partition, rows) if source and ref.inferred else None
    given = rows * 0
    if source:
        given = _given(index["label"], ref) if inferred is None else inferred[0]
    vectors = vectors.only(rows)
    extras: dict[str, NDArray[Any]] = {
        name: _extra(index[name], name, vectors.vectors.shape[1]) for name in asked if name not in made
    }
    if made and inferred is not None:
        extras["votes"] = inferred[1]
    extras |= vectors.beside
    ids, hashes = index["id"].combine_chunks(), index["hash"].to_numpy()
    several = source and inferred is None and ref.label_type != "tags"  # of tags each token has one
    targets = label_targets(index["label"], ref.classes) if several else None
    return Block(rows, ids, hashes, given, vectors.vectors, vectors.contents, extras, targets)


def _given(labels: pa.ChunkedArray, ref: DatasetRef) -> NDArray[np.int32]:
    return sequence_codes(labels) if ref.label_type == "tags" else encode_labels(labels, ref.classes)


def _inferred(
    artifacts: Artifacts, partition: Partition, rows: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Labels (n,) that were inferred of rows, and their posterior (n, K)."""
    table = artifacts.store.read_table(inferred_part(artifacts, partition), ["row", "label", "posterior"])
    place = np.searchsorted(table["row"].to_numpy(), rows)
    return table["label"].to_numpy()[place], unpacked(table["posterior"])[place]


def _extra(column: pa.ChunkedArray, name: str, dim: int) -> NDArray[np.float32]:
    return pair_vectors(column, dim) if name == "pair" else unpacked(column)


def without_vector(artifacts: Artifacts, ref: DatasetRef, partition: Partition) -> pa.Table:
    """Rows of the index that have no vector: row, id, label, where it is from, and the reason."""
    name = artifacts.embedding(ref.encoder_key, partition)
    reasons = artifacts.store.read_table(name, columns=["reason"])["reason"].combine_chunks()
    index = load_index(artifacts, ref, partition, ["file", "file_row", "id", "label"])
    why = reasons.take(index["row"].combine_chunks())
    return index.append_column("reason", why).filter(pc.is_valid(why))
