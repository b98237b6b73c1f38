"""Wrong labels where a row may have several: labels that are missing, labels that are too many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from labelworks.tasks.methods.multilabel.cells import Cells, blocks, checked
from labelworks.tasks.methods.multilabel.pooling import pool
from labelworks.tasks.methods.registry import register

UNSURE = 1e-3  # no probability is nearer to 0 or 1, and no noise takes all that labels tell


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


@register(
    "tasks",
    "multilabel",
    needs=("pred_probs",),
    source="Northcutt, Jiang & Chuang 2021; Thyagarajan et al. 2022",
)
def detect_multilabel(labels: Any, pred_probs: Any, *, method: str = "softmin") -> MultilabelResult:
    """Find missing and extra labels by confident learning of each class against the rest.

    labels: binary (N, K), dense or sparse, or N lists of class numbers. pred_probs: (N, K) out-of-sample,
    each in [0, 1], dense or sparse; what a sparse matrix doesn't store is 0, and no dense one is made of it.
    method: how a row's classes are pooled into its score, softmin or ema.

    Raises InputError for bad rows, ConfigError for an unknown method.
    Sources: Northcutt, Jiang & Chuang 2021; Thyagarajan, Snorrason, Northcutt & Mueller 2022.
    """
    given, probs = checked(labels, pred_probs)
    rows, classes = given.shape
    scores = pool(method, rows, classes)
    found: list[_Found] = []
    for cells in blocks(given, probs):
        scores.add(cells)
        found.append(_found(cells, rows))
    missing = sparse.hstack([each.missing for each in found], format="csr")
    extra = sparse.hstack([each.extra for each in found], format="csr")
    return MultilabelResult(
        score=scores.pooled(),
        flag=(np.diff(missing.indptr) + np.diff(extra.indptr)) > 0,
        missing=missing,
        extra=extra,
        missing_rate=np.concatenate([each.missing_rate for each in found]),
        extra_rate=np.concatenate([each.extra_rate for each in found]),
        method=method,
    )


@dataclass(frozen=True, eq=False)
class _Found:
    """What is found in a block of C classes; its fields as in MultilabelResult."""

    missing: sparse.csr_array
    extra: sparse.csr_array
    missing_rate: NDArray[np.float64]
    extra_rate: NDArray[np.float64]


def _found(cells: Cells, rows: int) -> _Found:
    """Count each class's confident joint, prune as many cells as it says, the least plausible first."""
    given = _count(cells, cells.given)
    there, absent = _confident(cells, given, rows)
    implicit = rows - _count(
        cells, np.ones(len(cells.row), bool)
    )  # neither label nor probability: surely absent
    extra_rate = _share(_count(cells, cells.given & absent), _count(cells, cells.given & there))
    overlooked = _share(_count(cells, ~cells.given & there), _count(cells, ~cells.given & absent) + implicit)
    missing, extra = overlooked * (rows - given), extra_rate * given
    missing_rate = _share(missing, given - extra)
    false_rate = _share(extra, rows - given - missing)
    lost, invented = missing_rate[cells.column], false_rate[cells.column]
    p = _true(cells.prob.astype(np.float64), lost, invented)
    odds_there = p * np.where(cells.given, 1 - lost, lost)
    odds_absent = (1 - p) * np.where(cells.given, invented, 1 - invented)
    return _Found(
        _matrix(cells, rows, _worst(cells, ~cells.given, missing), _share(odds_there, odds_absent)),
        _matrix(cells, rows, _worst(cells, cells.given, extra), _share(odds_absent, odds_there)),
        missing_rate,
        extra_rate,
    )


def _confident(
    cells: Cells, given: NDArray[np.float64], rows: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the cells confidently there and confidently absent: as sure as their kind on average."""
    p = cells.prob.astype(np.float64)
    own = np.bincount(cells.column, p * cells.given, minlength=cells.columns)
    other = np.bincount(cells.column, p * ~cells.given, minlength=cells.columns)
    least_there = np.where(given > 0, own / np.maximum(given, 1), np.inf)[cells.column]
    without = rows - given
    least_absent = np.where(without > 0, 1 - other / np.maximum(without, 1), np.inf)[cells.column]
    there, absent = p >= least_there, 1 - p >= least_absent
    return there & (~absent | (p >= 0.5)), absent & (~there | (p < 0.5))


def _true(
    prob: NDArray[np.float64], lost: NDArray[np.float64], invented: NDArray[np.float64]
) -> NDArray[np.float64]:
    """P(the label is true) where prob is P(it is given), as a model of the given labels says (Scott 2013)."""
    told = np.maximum(1 - lost - invented, UNSURE)
    return np.asarray(np.clip((prob - invented) / told, UNSURE, 1 - UNSURE))


def _worst(cells: Cells, among: NDArray[np.bool_], wanted: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the `wanted` (C,) least plausible cells of each class, with those that tie with the last one."""
    place = np.flatnonzero(among)
    column, score = cells.column[place], cells.self_confidence[place]
    order = np.lexsort((score, column))
    starts = np.searchsorted(column[order], np.arange(cells.columns + 1))
    number = np.minimum(np.rint(wanted).astype(np.int64), np.diff(starts))
    cut = np.full(cells.columns, -1.0)
    some = number > 0
    cut[some] = score[order][starts[:-1][some] + number[some] - 1]
    return np.asarray(place[score <= cut[column]])


def _count(cells: Cells, which: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.bincount(cells.column[which], minlength=cells.columns).astype(np.float64)


def _share(part: NDArray[np.float64], rest: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return part / (part + rest), 0 where there is neither."""
    whole = part + rest
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)


def _matrix(
    cells: Cells, rows: int, flagged: NDArray[np.int64], error: NDArray[np.float64]
) -> sparse.csr_array:
    at = cells.row[flagged], cells.column[flagged]
    return sparse.csr_array((error[flagged].astype(np.float32), at), shape=(rows, cells.columns))
