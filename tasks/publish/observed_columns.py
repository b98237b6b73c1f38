"""Published columns that say what was observed of rows whose labels are inferred."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.imprecise.observed import inferred_part
from labelworks.tasks.artifacts.index import load_index
from labelworks.tasks.artifacts.label_codes import named

OBSERVED_COLUMNS = ("label_kind", "observed", "observed_share")


def observed_columns(
    artifacts: Artifacts, partition: Partition, rows: pa.ChunkedArray, ref: DatasetRef
) -> dict[str, pa.Array]:
    """Of rows (n,) of a partition OBSERVED_COLUMNS, and as `given` the codes of classes by these alone."""
    index = load_index(artifacts, ref, partition, ["observed"])
    at = np.searchsorted(index["row"].to_numpy(), rows.to_numpy())
    said = index["observed"].combine_chunks().take(pa.array(at))
    kind, codes, shares = (said.field(name) for name in ("kind", "classes", "values"))
    names = named(pa.chunked_array([codes.flatten()], pa.int32()), ref.classes, ref.label_type)
    ends = np.append(0, np.cumsum(pc.list_value_length(codes).to_numpy(zero_copy_only=False))).astype(
        np.int32
    )
    inferred = artifacts.store.read_table(inferred_part(artifacts, partition), ["row", "alone"])
    place = np.searchsorted(inferred["row"].to_numpy(), rows.to_numpy())
    return {
        "given": inferred["alone"].take(pa.array(place)),
        "label_kind": kind,
        "observed": pa.ListArray.from_arrays(pa.array(ends), names),
        "observed_share": shares,
    }
