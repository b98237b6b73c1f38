"""Ids and groups of the sampled rows, as the detect stage read them, in the order of the sample."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.methods.noise_judge import GROUP

FILE = "sample-rows.parquet"


def write_groups(artifacts: Artifacts, sampled: pa.Table) -> None:
    """Keep the ids of the sampled rows, and their groups among what was read of them."""
    names = [name for name in sampled.column_names if name.startswith(GROUP)]
    artifacts.store.write_table(artifacts.file("detect", FILE), sampled.select(["id", *names]))


def read_groups(artifacts: Artifacts, rows: int) -> dict[str, NDArray[np.str_]]:
    """Groups (rows,) of the sampled rows by column; none where none are named."""
    table = _read(artifacts, rows)
    names = [] if table is None else [name for name in table.column_names if name.startswith(GROUP)]
    return {name: np.array(table[name].to_pylist(), np.str_) for name in names} if table is not None else {}


def read_ids(artifacts: Artifacts, rows: int) -> pa.Array | None:
    """Ids (rows,) of the sampled rows; None where they were not kept."""
    table = _read(artifacts, rows)
    return None if table is None else table["id"].combine_chunks()


def _read(artifacts: Artifacts, rows: int) -> pa.Table | None:
    name = artifacts.file("detect", FILE)
    if not artifacts.store.exists(name):
        return None
    table = artifacts.store.read_table(name)
    return table if len(table) == rows else None
