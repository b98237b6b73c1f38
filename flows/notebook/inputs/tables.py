"""Tables of a notebook as features: columns of any kind, encoded as those of a run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.flows.notebook.inputs.columns import Matrix, length
from labelworks.flows.notebook.inputs.frames import as_arrow
from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.arrays import evenly
from labelworks.tasks.methods.encoders.tables.table import TableEncoder
from labelworks.tasks.methods.neighbours.reference import NEAREST
from labelworks.tasks.methods.neighbours.voters import ANSWERING, UNASKED, Voters
from labelworks.tasks.methods.noise_judge import ASKED
from labelworks.tasks.sources.column_roles import NEEDED, fits
from labelworks.tasks.sources.values.plain import plain

MODULES = ("pandas", "polars", "pyarrow", "datasets")


def as_table(features: Any) -> pa.Table | None:
    """Features that are a table of which a column is more than numbers; None: they are a matrix."""
    named = hasattr(features, "columns") or hasattr(features, "column_names") or isinstance(features, dict)
    if not named or not (isinstance(features, dict) or type(features).__module__.startswith(MODULES)):
        return None
    try:
        table = as_arrow(features)
    except InputError:  # whoever reads it as numbers says what is wrong with it
        return None
    kinds = table.schema.types
    return table if any(not fits(kind, "columns") and fits(kind, "table") for kind in kinds) else None


def some_votes(
    features: NDArray[np.floating] | None, codes: NDArray[np.integer], probs: NDArray[Any]
) -> NDArray[np.int32] | None:
    """The commonest label (N,) around some rows, as a run asks for it, others -1; None: rows are too few.

    features (N, D), codes of labels (N,), probabilities (N, K).
    """
    given = codes.astype(np.int32)
    voters = None if features is None else Voters.of(features, given)
    if features is None or voters is None:
        return None
    content, _ = pd.factorize(pd.util.hash_pandas_object(pd.DataFrame(features), index=False))
    copies = np.bincount(content[evenly(len(given), ANSWERING)], minlength=content.max() + 1)
    some = np.arange(len(given))[evenly(len(given), ASKED)]
    some = some[copies[content[some]] <= NEAREST]  # others have copies alone around them
    vote = np.full(len(given), UNASKED, np.int32)
    vote[some] = voters.vote(features[some], np.asarray(probs[some], np.float32))
    return vote


def encoded_table(
    table: pa.Table, rows: int, index: pd.Index | None = None
) -> tuple[Matrix, NDArray[np.uint32] | None]:
    """Vectors (N, D) of a table of N rows, under the index that it came with, and its packed cells (N, C).

    What columns are is learned from rows spread over it. Raises InputError naming the column that can't be a
    feature, or the row of a value that its column can't have.
    """
    length("features", table.num_rows, rows)
    for field in table.schema:
        if not fits(field.type, "table"):
            what = f"column {field.name!r} of features is {field.type}, and a table needs {NEEDED['table']}"
            raise InputError(what, where="features", fix="convert it, or leave it out")
    columns = [plain(table[name].combine_chunks()) for name in table.column_names]
    values = pa.StructArray.from_arrays(columns, names=table.column_names)
    encoder = TableEncoder()
    spread = np.unique(np.linspace(0, max(rows - 1, 0), min(rows, encoder.fit_rows)).astype(np.int64))
    encoder.load(encoder.fit(values.take(pa.array(spread))))
    encoded = encoder.encode(values)
    bad = next((row for row, reason in enumerate(encoded.reasons) if reason is not None), None)
    if bad is not None:
        raise InputError(str(encoded.reasons[bad]), where=f"features, row {bad}", fix="mend it, or drop it")
    return Matrix(encoded.vectors, list(table.column_names), index), encoded.cells
