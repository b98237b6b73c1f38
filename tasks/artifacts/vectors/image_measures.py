"""Measures of images that were taken as they were decoded for their vectors, beside these."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.records import Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.methods.content.image.measures import NAMES


def write_measures(
    artifacts: Artifacts, encoder_key: str, partition: Partition, measures: NDArray[np.float32]
) -> None:
    """Keep the measures (N, M) of all rows of a partition."""
    table = pa.table(dict(zip(NAMES, measures.T.copy(), strict=True)))
    artifacts.store.write_table(_name(artifacts, encoder_key, partition), table)


def read_measures(artifacts: Artifacts, encoder_key: str, partition: Partition) -> NDArray[np.float32] | None:
    """The measures (N, M); None where the encoder took none, or took them before they were kept."""
    name = _name(artifacts, encoder_key, partition)
    if not artifacts.store.exists(name):
        return None
    table = artifacts.store.read_table(name)
    if table.column_names != list(NAMES):
        return None  # of a version with other measures
    return np.stack([column.to_numpy() for column in table.columns], axis=1)


def _name(artifacts: Artifacts, encoder_key: str, partition: Partition) -> str:
    return f"{artifacts.embeddings(encoder_key)}/{partition.key}.measures.parquet"
