"""What was observed of rows instead of a class, as it is kept beside the index of a partition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import sparse

from labelworks.schemas.label_kinds import BAGS, NOTHING
from labelworks.schemas.records import Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.methods.treatment.imprecise.core.likelihood import Marks

OBSERVED = pa.struct(
    [
        ("kind", pa.string()),
        ("bag", pa.uint64()),
        ("classes", pa.list_(pa.int32())),
        ("values", pa.list_(pa.float32())),
    ]
)
LEAST = 1e-4  # of the likelihood of the likeliest class
MODEL = "inferred.npz"  # of the embed stage: the sample that labels were inferred by
FOUND = "inferred.json"  # and what was found


@dataclass(frozen=True)
class Observed:
    """Of rows (n,): marks (n, K), what was said of a class; kinds (n,), how that is meant; bags (n,)."""

    marks: Marks
    kinds: NDArray[Any]
    bags: NDArray[np.uint64]

    @classmethod
    def of_column(cls, column: pa.ChunkedArray, classes: int) -> Observed:
        """Those of a column that `as_column` made."""
        rows = column.combine_chunks()
        kind, bag, codes, values = (rows.field(place) for place in range(4))
        ends = np.append(0, np.cumsum(pc.list_value_length(codes).to_numpy(zero_copy_only=False)))
        said = values.flatten().to_numpy().astype(np.float64)
        marks = sparse.csr_array((said, codes.flatten().to_numpy(), ends), shape=(len(rows), classes))
        kinds = np.array(kind.to_pylist(), object)
        return cls(marks, kinds, pc.fill_null(bag, 0).to_numpy())

    @classmethod
    def joined(cls, parts: Sequence[Observed]) -> Observed:
        """One of many, rows one after the other."""
        return cls(
            sparse.csr_array(sparse.vstack([part.marks for part in parts], format="csr")),
            np.concatenate([part.kinds for part in parts]),
            np.concatenate([part.bags for part in parts]),
        )

    def only(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Observed:
        """Some of its rows."""
        places = np.flatnonzero(rows) if rows.dtype == bool else rows
        return Observed(self.marks[places], self.kinds[places], self.bags[places])

    def drawn_by(self, hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """What decides whether a row (n,) belongs to a sample: its id, or its bag, which stays whole."""
        return np.where(self.kinds == BAGS, self.bags, hashes)

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it by name, to be kept."""
        marks = {name: getattr(self.marks, name) for name in ("data", "indices", "indptr")}
        return {**marks, "kinds": self.kinds.astype(np.str_), "bags": self.bags}

    @classmethod
    def of_arrays(cls, arrays: Any, classes: int) -> Observed:
        """That of what `arrays` gave, which may lie among others."""
        shape = (len(arrays["kinds"]), classes)
        marks = sparse.csr_array(tuple(arrays[name] for name in ("data", "indices", "indptr")), shape=shape)
        return cls(marks, arrays["kinds"].astype(object), arrays["bags"])


def as_column(marks: Marks, kinds: Sequence[str], bags: pa.Array) -> pa.Array:
    """Rows as a column of OBSERVED: marks (n, K), the kind and the hash of the bag, or null, of each."""
    ends = pa.array(marks.indptr, pa.int32())
    codes = pa.ListArray.from_arrays(ends, pa.array(marks.indices, pa.int32()))
    values = pa.ListArray.from_arrays(ends, pa.array(marks.data.astype(np.float32)))
    columns = [pa.array(kinds, pa.string()), bags, codes, values]
    return pa.StructArray.from_arrays(columns, fields=list(OBSERVED))


def of_rules(
    posterior: NDArray[np.floating], prior: NDArray[np.floating], fired: NDArray[np.bool_]
) -> pa.Array:
    """What rules say of rows as a column of OBSERVED: their posterior (n, K) over the prior (K,).

    A row on which none fired (n,) is one without a label. Next to impossible classes are left out.
    """
    said = posterior / np.maximum(prior, np.finfo(np.float32).tiny)
    said = said / said.max(axis=1, keepdims=True)
    said[(said < LEAST) | ~fired[:, None]] = 0
    kinds = np.where(fired, "rules", NOTHING)
    return as_column(sparse.csr_array(said), kinds.tolist(), pa.nulls(len(said), pa.uint64()))


def read_kinds(artifacts: Artifacts, partition: Partition, label_type: str) -> pa.ChunkedArray:
    """The kind of each usable row of a partition, as its index has them."""
    name = artifacts.index(label_type, partition, "observed")
    return pc.struct_field(artifacts.store.read_table(name)["observed"], "kind")


def inferred_part(artifacts: Artifacts, partition: Partition) -> str:
    """Name of the labels that were inferred of a partition's rows."""
    return artifacts.part("embed/inferred", partition)
