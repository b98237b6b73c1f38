"""Groups of the sampled rows, as the detect stage read them: by column, in the order of the sample."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.methods.noise_judge import GROUP

FILE = "sample-groups.parquet"


def write_groups(artifacts: Artifacts, sampled: pa.Table) -> None:
    """Keep the groups among what was read of the sampled rows."""
    names = [name for name in sampled.column_names if name.startswith(GROUP)]
    if names:
        artifacts.store.write_table(artifacts.file("detect", FILE), sampled.select(names))


def read_groups(artifacts: Artifacts, rows: int) -> dict[str, NDArray[np.str_]]:
    """Groups (rows,) of the sampled rows by column; none where none are named."""
    name = artifacts.file("detect", FILE)
    if not artifacts.store.exists(name):
        return {}
    table = artifacts.store.read_table(name)
    if len(table) != rows:
        return {}
    return {column: np.array(table[column].to_pylist(), np.str_) for column in table.column_names}
