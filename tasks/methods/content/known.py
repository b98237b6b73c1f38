"""The content issues that there are, and all rows of one column looked through."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.tasks.methods import registry
from labelworks.tasks.methods.content.rows import ContentRows
from labelworks.tasks.methods.protocols.content import ContentMethod

FLAGGED = 0.5  # a score below it has the issue
BATCH = {"text": 8_192, "image": 256}  # rows that are looked at at once


def known_issues(kind: str) -> dict[str, ContentMethod]:
    """A new method for each issue of a kind of features, by name."""
    return {method.name: method.target() for method in registry.methods("content") if kind in method.modality}


def judge_rows(methods: dict[str, ContentMethod], rows: ContentRows) -> dict[str, NDArray[np.float32]]:
    """Scores (N,) of rows by every issue; below 0.5 a row has it, NaN can't be told."""
    return {name: method.judge(rows).astype(np.float32) for name, method in methods.items()}


def look_through(kind: str, values: pa.Array, sample: int) -> dict[str, NDArray[np.float32]]:
    """Fit every issue on some rows of a column (N,), at random, the same each time, and score all of them."""
    methods = known_issues(kind)
    places = np.sort(np.random.default_rng(0).permutation(len(values))[:sample])
    usual = ContentRows.of(kind, values.take(pa.array(places)))
    for method in methods.values():
        method.fit(usual)
    starts = range(0, max(len(values), 1), BATCH[kind])
    batches = (ContentRows.of(kind, values.slice(start, BATCH[kind])) for start in starts)
    parts = [judge_rows(methods, rows) for rows in batches]
    return {name: np.concatenate([part[name] for part in parts]) for name in methods}
