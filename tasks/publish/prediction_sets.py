"""The column of prediction sets: what the true label of a row may be, by the posteriors of all rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import sparse

from labelworks.schemas.findings import PredictionSetFindings
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.cells import codes_of
from labelworks.tasks.artifacts.soft_labels import LEFT_OUT, SOFT_CLASSES, likeliest_columns
from labelworks.tasks.execution.map_partitions import reduce_partitions
from labelworks.tasks.methods.inference.prediction_sets import (
    AskedSets,
    SetThresholds,
    set_counts,
    set_thresholds,
)

COLUMN = "prediction_set"


def find_thresholds(artifacts: Artifacts, ref: DatasetRef, asked: AskedSets) -> SetThresholds:
    """From which posterior on a class is in a set, by those of all rows."""
    counts = reduce_partitions(
        "publish", _counts, lambda parts: sum(parts[1:], parts[0]), ref.of("source"),
        artifacts=artifacts, ref=ref, by_class=asked.by_class,
    )  # fmt: skip
    return set_thresholds(counts, asked.coverage, by_class=asked.by_class)


def set_codes(posterior: pa.ChunkedArray, sets: SetThresholds) -> pa.Array:
    """Codes of the classes in the set of each row, by posteriors (N) in lists; null where there is none."""
    dense = _dense(posterior, len(sets.least))
    if dense is None:
        return pa.nulls(len(posterior), pa.list_(pa.int32()))
    return codes_of(sparse.csr_array(sets.sets(dense)))


def named_sets(codes: pa.Array, ref: DatasetRef) -> pa.Array:
    """The same, as classes."""
    values = pa.array(ref.classes, pa.int64() if ref.label_type == "int" else pa.string())
    if codes.null_count:
        return pa.nulls(len(codes), pa.list_(values.type))
    return pa.ListArray.from_arrays(codes.offsets, values.take(codes.values))


def set_sizes(published: pa.Table) -> Counter[int]:
    """How many published rows have sets of how many classes."""
    if COLUMN not in published.column_names:
        return Counter()
    sizes = pc.list_value_length(published[COLUMN]).drop_null().to_numpy()
    return Counter(dict(enumerate(np.bincount(sizes).tolist())))


def set_findings(asked: AskedSets, sizes: Sequence[Counter[int]]) -> PredictionSetFindings | None:
    """What is told of them; None where there are no posteriors."""
    counts = sum(sizes, Counter[int]())
    rows = counts.total()
    if not rows:
        return None
    return PredictionSetFindings(
        coverage=asked.coverage,
        by_class=asked.by_class,
        mean_size=sum(size * count for size, count in counts.items()) / rows,
        single_share=counts[1] / rows,
        empty_share=counts[0] / rows,
    )


def likeliest_sets(treated: pa.Table, sets: SetThresholds) -> pa.Array:
    """Those of the likeliest classes of each row that are in its set: of many classes no others are kept."""
    names, shares = (treated[name].combine_chunks() for name in ("soft_label_classes", "posterior"))
    least = float(sets.least[0])
    if not least or names.null_count or shares.null_count:  # so large a set isn't told by the likeliest
        return pa.nulls(len(names), names.type)
    kept = sets.sets(shares.flatten().to_numpy(zero_copy_only=False)[:, None])[:, 0]
    sizes = pc.list_value_length(names).to_numpy()
    ends = np.append(0, np.cumsum(kept))[np.append(0, np.cumsum(sizes))]
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), names.flatten().filter(pa.array(kept)))


def _counts(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, by_class: bool
) -> NDArray[np.float64]:
    if len(ref.classes) > SOFT_CLASSES:
        return _counts_of_many(partition, artifacts, ref, by_class)
    posterior = artifacts.store.read_table(artifacts.scores(ref, partition), ["posterior"])["posterior"]
    dense = _dense(posterior, len(ref.classes))
    nothing = np.zeros((0, len(ref.classes)), np.float32)
    return set_counts(*((nothing, nothing) if dense is None else (dense, dense)))


def _counts_of_many(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, by_class: bool
) -> NDArray[np.float64]:
    """Counts of truths by the probability of the likeliest classes; what the others have is in no set."""
    table = artifacts.store.read_table(
        artifacts.scores(ref, partition), ["given", "error_probability", *LEFT_OUT], may_lack=LEFT_OUT
    )
    likeliest = None if by_class else likeliest_columns(table, len(ref.classes))
    nothing = set_counts(*2 * (np.zeros((0, 1), np.float32),))
    if likeliest is None:
        return nothing
    shares = likeliest.shares.flatten().to_numpy().astype(np.float32)[:, None]
    counts = set_counts(shares, shares)
    counts[0, 0] += likeliest.rest.sum(dtype=np.float64)
    return counts


def _dense(posterior: pa.ChunkedArray, classes: int) -> NDArray[np.float32] | None:
    """Posteriors (N, K); None where not all classes' are kept."""
    lists = posterior.combine_chunks()
    if lists.null_count or len(lists.flatten()) != len(lists) * classes:
        return None
    return np.asarray(lists.flatten().to_numpy(), np.float32).reshape(-1, classes)
