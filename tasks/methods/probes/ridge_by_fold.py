"""Numbers foretold from features, out of sample: ridge regression in closed form of sums that merge."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import add, sub
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from labelworks.tasks.methods.statistics.float16 import single
from labelworks.tasks.methods.statistics.sums import BLOCK, FoldSums

PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)  # of the mean eigenvalue of the covariance
CHOSEN_ON = 64  # columns of targets that the penalty is chosen on
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TargetSums:
    """Per fold: rows (F, 1, …) as of one class; target and square (F, M), cross (F, M, D); float64."""

    rows: FoldSums
    target: Floats
    square: Floats
    cross: Floats

    @classmethod
    def of(
        cls,
        features: NDArray[np.floating],
        targets: Any,
        folds: NDArray[np.integer],
        n_folds: int,
        *,
        crossed: bool = True,
    ) -> TargetSums:
        """Sum up rows: features (N, D), targets (N, M), dense or sparse, folds (N,) in [0, F).

        crossed: whether features and targets are multiplied, without which no probe can be fitted.
        """
        rows = FoldSums.of(features, np.zeros(len(folds), np.int64), folds, n_folds, 1)
        seen = features if crossed else features[:, :0]
        return cls(rows, *_target_sums(seen, targets, folds, n_folds))

    def __add__(self, other: TargetSums) -> TargetSums:
        return self._with(other, add)

    def __sub__(self, other: TargetSums) -> TargetSums:
        return self._with(other, sub)

    def _with(self, other: TargetSums, put: Callable[[Any, Any], Any]) -> TargetSums:
        """Each of the sums put together with the other's."""
        return TargetSums(
            put(self.rows, other.rows), put(self.target, other.target), put(self.square, other.square),
            put(self.cross, other.cross),
        )  # fmt: skip

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> TargetSums:
        """The sums of what `arrays` gave, which may lie among others."""
        rows = FoldSums.of_arrays(arrays)
        return cls(rows, arrays["target"], arrays["square"], arrays["cross"])

    @property
    def arrays(self) -> dict[str, Floats]:
        """All of it by name, to be kept."""
        return {**self.rows.arrays, "target": self.target, "square": self.square, "cross": self.cross}

    @property
    def n_folds(self) -> int:
        """Number of folds."""
        return self.rows.n_folds


def _target_sums(
    features: NDArray[np.floating], targets: Any, folds: NDArray[np.integer], n_folds: int
) -> tuple[Floats, Floats, Floats]:
    columns = targets.shape[1]
    target, square = np.zeros((2, n_folds, columns))
    cross = np.zeros((n_folds, columns, features.shape[1]))
    by_row = sparse.csr_array(targets) if sparse.issparse(targets) else np.asarray(targets, np.float64)
    for fold in np.unique(folds):
        rows = np.flatnonzero(folds == fold)
        for start in range(0, len(rows), BLOCK):
            take = rows[start : start + BLOCK]
            block, there = single(features[take]), by_row[take]
            target[fold] += np.asarray(there.sum(axis=0), np.float64).ravel()
            square[fold] += np.asarray((there * there).sum(axis=0), np.float64).ravel()
            cross[fold] += there.astype(np.float32).T @ block if sparse.issparse(there) else there.T @ block
    return target, square, cross


@dataclass(frozen=True)
class RidgeByFold:
    """Weights (F + 1, D, M) and intercepts (F + 1, M), float32: of all folds but one, the last of all."""

    weights: NDArray[np.float32]
    intercepts: NDArray[np.float32]

    @classmethod
    def fit(cls, sums: TargetSums, *, exclude: Sequence[int] = ()) -> RidgeByFold:
        """Fit every fold's probe, folds in `exclude` seen by none.

        One eigendecomposition a fold serves all penalties, of which the one of least squared error out of
        sample is taken: that error is a form of the same sums (Hoerl & Kennard 1970).
        """
        seen = [fold for fold in range(sums.n_folds) if fold not in exclude and sums.rows.count[fold, 0]]
        views = [_View.of(sums, [other for other in seen if other != fold]) for fold in range(sums.n_folds)]
        penalty = min(
            PENALTIES,
            key=lambda penalty: sum(
                _error(sums, fold, *views[fold].fit(penalty, CHOSEN_ON)) for fold in seen
            ),
        )
        fitted = [view.fit(penalty) for view in (*views, _View.of(sums, seen))]
        weights, intercepts = zip(*fitted, strict=True)
        return cls(np.stack(weights).astype(np.float32), np.stack(intercepts).astype(np.float32))

    def predict(self, features: NDArray[np.floating], folds: NDArray[np.integer]) -> NDArray[np.float32]:
        """Predictions (N, M) of rows (N, D), each by the probe that didn't see its fold."""
        predicted = np.empty((len(features), self.weights.shape[2]), np.float32)
        for fold in np.unique(folds):
            here = folds == fold
            predicted[here] = single(features[here]) @ self.weights[fold] + self.intercepts[fold]
        return predicted


class _View:
    """Sums of the rows that may be seen, and the eigenvalues and vectors of their scatter."""

    def __init__(self, mean: Floats, share: Floats, cross: Floats, values: Floats, vectors: Floats) -> None:
        self.mean, self.share, self.cross, self.values, self.vectors = mean, share, cross, values, vectors

    @classmethod
    def of(cls, sums: TargetSums, folds: Sequence[int]) -> _View:
        count = max(float(sums.rows.count[list(folds)].sum()), 1.0)
        mean = sums.rows.total[list(folds), 0].sum(axis=0) / count
        share = sums.target[list(folds)].sum(axis=0) / count
        scatter = sums.rows.gram[list(folds)].sum(axis=0) - count * np.outer(mean, mean)
        cross = sums.cross[list(folds)].sum(axis=0) - count * np.outer(share, mean)
        values, vectors = np.linalg.eigh(scatter)
        return cls(mean, share, cross.T, np.maximum(values, 0), vectors)

    def fit(self, penalty: float, columns: int | None = None) -> tuple[Floats, Floats]:
        """Weights (D, M) and intercepts (M,), of the first columns or of all."""
        ridge = penalty * max(float(np.mean(self.values)), float(np.finfo(np.float32).tiny))
        weights = self.vectors @ ((self.vectors.T @ self.cross[:, :columns]) / (self.values + ridge)[:, None])
        return weights, self.share[:columns] - self.mean @ weights


def _error(sums: TargetSums, fold: int, weights: Floats, intercept: Floats) -> float:
    """Sum of the squared errors of a fold's targets by weights (D, M) and intercepts (M,)."""
    columns = weights.shape[1]
    rows, count = sums.rows, float(sums.rows.count[fold, 0])
    shifted = np.einsum("dm,dm->m", weights, rows.gram[fold] @ weights)
    shifted += 2 * intercept * (rows.total[fold, 0] @ weights) + count * intercept**2
    explained = (
        np.einsum("md,dm->m", sums.cross[fold, :columns], weights) + intercept * sums.target[fold, :columns]
    )
    return float((sums.square[fold, :columns] - 2 * explained + shifted).sum())
