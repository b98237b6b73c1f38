"""Whether pairs can be compared at all: vectors of both towers have one length. Seen before the work."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.errors import InputError
from labelworks.schemas.records import Partition
from labelworks.tasks.artifacts.features import resolved
from labelworks.tasks.methods.encoders.base import Encoder
from labelworks.tasks.sources.source import Source

LOOKED_AT = 100  # rows


def check_before(source: Source, partition: Partition, encoder: Encoder) -> None:
    """Encode one row of the partition, and hold the pairs of its first rows against that; InputError."""
    feature, pair = source.columns.feature, source.columns.pair
    if pair is None or partition.window != "source":
        return
    for batch in islice(source.reader(partition).batches([feature, pair], LOOKED_AT), 1):
        one = resolved(source, batch.column(feature).slice(0, 1))
        dim = encoder.encode(one).vectors.shape[1]
        _check(source, partition, batch.column(pair), dim)


def check_after(source: Source, partition: Partition, dim: int) -> None:
    """The same where vectors (N, dim) were made before."""
    pair = source.columns.pair
    if pair is None:
        return
    for batch in islice(source.reader(partition).batches([pair], LOOKED_AT), 1):
        _check(source, partition, batch.column(pair), dim)


def _check(source: Source, partition: Partition, pairs: pa.Array, dim: int) -> None:
    """One row of another length is no pair; if all are, the column is another encoder's."""
    lengths, rows = np.unique(pc.list_value_length(pairs).drop_null().to_numpy(), return_counts=True)
    if not len(lengths) or dim in (0, *lengths):  # 0: there was nothing to encode
        return
    raise InputError(
        f"the vectors of column {source.columns.pair!r} have {lengths[rows.argmax()]} numbers, "
        f"those of the features {dim}",
        where=source.reader(partition).where,
        fix="name the column made by the other tower of the same encoder, or leave dataset.pair out",
    )
