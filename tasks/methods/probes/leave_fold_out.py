"""Predictions of any numbers from features, out of sample: ridge regression in closed form, fold by fold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)  # of the mean eigenvalue of the covariance
CHOSEN_ON = 64  # columns of targets that the penalty is chosen on
Floats = NDArray[np.float64]


def leave_fold_out(
    features: NDArray[np.floating],
    targets: Any,
    folds: NDArray[np.integer],
    kept: NDArray[np.bool_] | None = None,
) -> NDArray[np.float32]:
    """Predictions (N, M) of targets (N, M), dense or sparse, each row by the rows outside its fold.

    features (N, D), folds (N,); kept (N,): rows that may be learned from, all if None. One eigendecomposition
    a fold serves all penalties, of which the one of least squared error out of sample is taken (Hoerl &
    Kennard 1970).
    """
    rows = np.asarray(features, np.float32)
    usable = np.ones(len(rows), bool) if kept is None else kept
    views = {int(fold): _View.of(rows, usable & (folds != fold)) for fold in np.unique(folds)}
    some = targets[:, :CHOSEN_ON]
    dense = some.toarray() if sparse.issparse(some) else some

    def error(penalty: float) -> float:
        off = _predicted(rows, some, folds, views, penalty)[usable] - dense[usable]
        return float(np.square(off).sum(dtype=np.float64))

    return _predicted(rows, targets, folds, views, min(PENALTIES, key=error))


class _View:
    """Rows that may be seen: their mean and the eigenvalues and vectors of their scatter."""

    def __init__(self, seen: NDArray[np.bool_], mean: Floats, values: Floats, vectors: Floats) -> None:
        self.seen, self.mean, self.values, self.vectors = seen, mean, values, vectors

    @classmethod
    def of(cls, rows: NDArray[np.float32], seen: NDArray[np.bool_]) -> _View:
        part = rows[seen]
        mean = part.mean(axis=0, dtype=np.float64)
        centred = part - mean.astype(np.float32)
        values, vectors = np.linalg.eigh((centred.T @ centred).astype(np.float64))
        return cls(seen, mean, np.maximum(values, 0), vectors)

    def fit(self, rows: NDArray[np.float32], targets: Any, penalty: float) -> tuple[Floats, Floats]:
        """Weights (D, M) and intercepts (M,)."""
        part = rows[self.seen] - self.mean.astype(np.float32)
        there = targets[np.flatnonzero(self.seen)]
        share = np.asarray(there.mean(axis=0), np.float64).ravel()
        product = (there.T @ part).T if sparse.issparse(there) else part.T @ np.asarray(there, np.float32)
        cross = np.asarray(product, np.float64) - part.sum(axis=0, dtype=np.float64)[:, None] * share
        ridge = penalty * max(float(np.mean(self.values)), float(np.finfo(np.float32).tiny))
        weights = self.vectors @ ((self.vectors.T @ cross) / (self.values + ridge)[:, None])
        return weights, share - self.mean @ weights


def _predicted(
    rows: NDArray[np.float32],
    targets: Any,
    folds: NDArray[np.integer],
    views: dict[int, _View],
    penalty: float,
) -> NDArray[np.float32]:
    found = np.empty(targets.shape, np.float32)
    for fold, view in views.items():
        here = folds == fold
        weights, intercept = view.fit(rows, targets, penalty)
        found[here] = rows[here] @ weights.astype(np.float32) + intercept.astype(np.float32)
    return found
