"""Rows on which the models of a validation differ, kept for people to look at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.artifacts.artifacts import Artifacts

FILE = "disagreements.parquet"
DESIGN = "disagreements"


@dataclass(frozen=True, eq=False)
class RowsApart:
    """Ids and strata (n,) of rows, their mark, of how many rows that were compared, by how many folds."""

    ids: pa.Array
    stratum: NDArray[np.int64]
    mark: int
    of: int
    folds: int


def write_apart(artifacts: Artifacts, rows: RowsApart) -> None:
    """Keep them with the validation."""
    facts = {"mark": str(rows.mark), "of": str(rows.of), "folds": str(rows.folds)}
    table = pa.table({"id": rows.ids, "stratum": rows.stratum}).replace_schema_metadata(facts)
    artifacts.store.write_table(artifacts.file("validate", FILE), table)


def read_apart(artifacts: Artifacts) -> RowsApart:
    """Those of a run; InputError where its models differ on none, or weren't compared."""
    name = artifacts.file("validate", FILE)
    if not artifacts.store.exists(name):
        raise InputError(
            "the run compared no models of given and treated labels that differ",
            where=artifacts.store.url(artifacts.folder),
            fix="--design strata",
        )
    table = artifacts.store.read_table(name)
    facts = {key.decode(): int(value) for key, value in table.schema.metadata.items() if key in _FACTS}
    return RowsApart(table["id"].combine_chunks(), table["stratum"].to_numpy(), **facts)


def sample_prefix(design: str, mark: int) -> str:
    """How the names of samples begin that a design draws from rows of this mark; the seed follows."""
    return f"{design}-{mark:016x}-"


_FACTS = (b"mark", b"of", b"folds")
