"""Numbers foretold from features, out of sample: ridge regression in closed form of sums that merge."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import add, sub
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import solve

from labelworks.tasks.methods.probes.affine import spreads
from labelworks.tasks.methods.statistics.float16 import single
from labelworks.tasks.methods.statistics.sums import BLOCK, FoldSums

PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)  # of the mean eigenvalue of the covariance
WIDE = 512  # columns, of more of which a decomposition takes long
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
        """Fit every fold's probe, folds in `exclude` seen by none; columns are scaled to a spread of 1.

        The penalty is that of least squared error out of sample, which is a form of the same sums (Hoerl &
        Kennard 1970), on all folds, of more than WIDE columns on one; an eigendecomposition serves them all.
        """
        seen = [fold for fold in range(sums.n_folds) if fold not in exclude and sums.rows.count[fold, 0]]
        views = [_View.of(sums, [other for other in seen if other != fold]) for fold in range(sums.n_folds)]
        asked = seen if sums.rows.gram.shape[1] <= WIDE else seen[:1]
        penalty = min(
            PENALTIES,
            key=lambda penalty: sum(
                _error(sums, fold, *views[fold].tried(penalty, CHOSEN_ON)) for fold in asked
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


@dataclass(frozen=True, eq=False)
class _View:
    """Sums of the rows that may be seen, of columns that are scaled to a spread of 1."""

    mean: Floats
    share: Floats
    cross: Floats
    scatter: Floats
    scale: Floats

    @classmethod
    def of(cls, sums: TargetSums, folds: Sequence[int]) -> _View:
        count = max(float(sums.rows.count[list(folds)].sum()), 1.0)
        mean = sums.rows.total[list(folds), 0].sum(axis=0) / count
        share = sums.target[list(folds)].sum(axis=0) / count
        gram = sums.rows.gram[list(folds)].sum(axis=0)
        scatter = gram - count * np.outer(mean, mean)
        cross = sums.cross[list(folds)].sum(axis=0) - count * np.outer(share, mean)
        scale = spreads(np.diagonal(scatter) / count, np.diagonal(gram) / count)
        return cls(mean, share, cross.T / scale[:, None], scatter / np.outer(scale, scale), scale)

    def fit(self, penalty: float) -> tuple[Floats, Floats]:
        """Weights (D, M) and intercepts (M,)."""
        ridge = self._ridge(penalty) * np.eye(len(self.scatter))
        try:
            weights = solve(self.scatter + ridge, self.cross, assume_a="pos")
        except np.linalg.LinAlgError:  # rounding, where columns lie far from 0 for their spread
            return self.tried(penalty, self.cross.shape[1])
        return self._unscaled(weights)

    def tried(self, penalty: float, columns: int) -> tuple[Floats, Floats]:
        """The same of the first columns, of which other penalties are tried as well."""
        values, vectors = self._spectrum
        fitted = (vectors.T @ self.cross[:, :columns]) / (values + self._ridge(penalty))[:, None]
        return self._unscaled(vectors @ fitted)

    @cached_property
    def _spectrum(self) -> tuple[Floats, Floats]:
        values, vectors = np.linalg.eigh(self.scatter)
        return np.maximum(values, 0), vectors

    def _ridge(self, penalty: float) -> float:
        least = float(np.finfo(np.float32).tiny)
        return penalty * max(float(np.trace(self.scatter)) / len(self.scatter), least)

    def _unscaled(self, weights: Floats) -> tuple[Floats, Floats]:
        weights = weights / self.scale[:, None]
        return weights, self.share[: weights.shape[1]] - self.mean @ weights


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
