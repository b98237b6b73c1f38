"""Out-of-sample probabilities of every label being there: a ridge probe a class, one curve for them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.probes.ridge_by_fold import RidgeByFold, TargetSums

CELLS = 200_000_000  # numbers held at a time
CALIBRATED_ON = 200_000  # cells
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LabelProbes:
    """A ridge probe by fold and class, and the logistic curve of score and share that makes it P(label)."""

    ridge: RidgeByFold
    log_odds: Floats
    slope: float
    tilt: float
    intercept: float

    @classmethod
    def fit(
        cls,
        sums: TargetSums,
        features: NDArray[np.floating],
        given: sparse.csr_array,
        folds: NDArray[np.integer],
        *,
        exclude: Sequence[int] = (),
    ) -> LabelProbes:
        """Fit the probes on sums, the curve on rows: features (n, D), given (n, K), folds (n,).

        Folds in `exclude` are seen by neither; none of the rows may be of them. Raises InputError where the
        scores of the rows are too many to hold.
        """
        rows, classes = given.shape
        if rows * classes > CELLS or sums.cross.size > CELLS:
            raise InputError(
                f"{classes:,} labels are too many to learn one by one from {features.shape[1]:,} features",
                fix="give the probabilities of a model of your own (dataset.pred_probs)",
            )
        seen = [fold for fold in range(sums.n_folds) if fold not in exclude]
        count, there = float(sums.rows.count[seen].sum()), sums.target[seen].sum(axis=0)
        log_odds = np.log((there + 0.5) / (count - there + 0.5))
        ridge = RidgeByFold.fit(sums, exclude=exclude)
        return cls(ridge, log_odds, *_curve(ridge.predict(features, folds), log_odds, given))

    def probs(self, features: NDArray[np.floating], folds: NDArray[np.integer]) -> NDArray[np.float32]:
        """P(label is there) (N, K) of rows (N, D), each by probes that didn't see its fold."""
        scores = self.ridge.predict(features, folds)
        scores *= np.float32(self.slope)
        scores += (self.tilt * self.log_odds + self.intercept).astype(np.float32)
        return np.asarray(expit(scores), np.float32)


def class_probabilities(
    given: sparse.csr_array, features: NDArray[np.floating], folds: NDArray[np.integer]
) -> NDArray[np.float32]:
    """Out-of-sample probabilities (N, K) of rows in memory: given (N, K), features (N, D), folds (N,)."""
    sums = TargetSums.of(features, given, folds, int(folds.max(initial=0)) + 1)
    return LabelProbes.fit(sums, features, given, folds).probs(features, folds)


def _curve(
    scores: NDArray[np.float32], log_odds: Floats, given: sparse.csr_array
) -> tuple[float, float, float]:
    """Slope, tilt and intercept by cells drawn at random, and more of those with a label, weighed back."""
    from sklearn.linear_model import LogisticRegression

    rows, classes = given.shape
    rng = np.random.default_rng(0)
    row, column = rng.integers(0, rows, CALIBRATED_ON), rng.integers(0, classes, CALIBRATED_ON)
    there = given.nonzero()
    take = rng.permutation(len(there[0]))[: CALIBRATED_ON // 4]
    cells = [(row, column), (there[0][take], there[1][take])]
    evidence = [np.stack([scores[at].astype(np.float64), log_odds[at[1]]], axis=1) for at in cells]
    outcome = np.concatenate([np.asarray(given[row, column]).ravel() > 0, np.ones(len(take), bool)])
    share = len(there[0]) / (rows * classes)
    weight = np.concatenate(
        [np.where(outcome[: len(row)], 0.0, 1.0), np.full(len(take), share * len(row) / max(len(take), 1))]
    )
    curve = LogisticRegression(C=1e4, max_iter=500).fit(np.concatenate(evidence), outcome, weight)
    slope, tilt = (float(each) for each in curve.coef_[0])
    return slope, tilt, float(curve.intercept_[0])
