"""Wrong labels where a row may have several: labels that are missing, labels that are too many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from labelworks.tasks.methods.multilabel.cells import blocks, checked
from labelworks.tasks.methods.multilabel.confident import ConfidentClasses
from labelworks.tasks.methods.multilabel.pooling import pool


@dataclass(frozen=True, eq=False)
class MultilabelResult:
    """Label noise of N rows over K classes that may go together.

    score (N,) float32 in [0, 1], low = suspicious; flag (N,) bool: some label is missing or extra; missing
    and extra, sparse (N, K) float32: the flagged cells and how probable the error is there; missing_rate
    (K,): share of the true labels of a class that were not given; extra_rate (K,): share of the given that
    are wrong.
    """

    score: NDArray[np.float32]
    flag: NDArray[np.bool_]
    missing: sparse.csr_array
    extra: sparse.csr_array
    missing_rate: NDArray[np.float64]
    extra_rate: NDArray[np.float64]
    method: str


def detect_multilabel(labels: Any, pred_probs: Any, *, method: str = "softmin") -> MultilabelResult:
    """Find missing and extra labels by confident learning of each class against the rest.

    labels: binary (N, K), dense or sparse, or N lists of class numbers. pred_probs: (N, K) out-of-sample,
    each in [0, 1], dense or sparse; what a sparse matrix doesn't store is 0, and no dense one is made of it.
    method: how a row's classes are pooled into its score, softmin or ema.

    Raises InputError for bad rows, ConfigError for an unknown method.
    Sources: Northcutt, Jiang & Chuang 2021; Thyagarajan, Snorrason, Northcutt & Mueller 2022.
    """
    given, probs = checked(labels, pred_probs)
    pool(method, 1, 1)
    learned = ConfidentClasses.fit(blocks(given, probs), given.shape[0])
    return judged(learned, given, probs, method)


def judged(learned: ConfidentClasses, given: Any, probs: Any, method: str) -> MultilabelResult:
    """Judge rows by what was learned, of these or of others; given and probs (N, K) as `checked` does."""
    rows, classes = given.shape
    scores = pool(method, rows, classes)
    judged_blocks = []
    for cells in blocks(given, probs):
        scores.add(cells)
        judged_blocks.append(learned.suspicious(cells, rows))
    missing, extra = (sparse.hstack(parts, format="csr") for parts in zip(*judged_blocks, strict=True))
    return MultilabelResult(
        score=scores.pooled(),
        flag=(np.diff(missing.indptr) + np.diff(extra.indptr)) > 0,
        missing=missing,
        extra=extra,
        missing_rate=learned.missing_rate,
        extra_rate=learned.extra_rate,
        method=method,
    )
