"""What is known of every row's number: predictions out of sample, then how far off it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.probes.ridge_by_fold import RidgeByFold, TargetSums
from labelworks.tasks.methods.regression.detect import partners
from labelworks.tasks.methods.regression.residuals import Residuals

ROUNDS = 3
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class JudgedNumbers:
    """Rows (N,) judged: the prediction, p-value (share of right rows as far off), P(wrong), and the flag."""

    predicted: Floats
    p_value: Floats
    error: Floats
    flag: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class NumberJudge:
    """A ridge probe by fold and the residuals of right rows; judges any row, out of sample by its fold."""

    ridge: RidgeByFold
    residuals: Residuals
    explained: float

    @classmethod
    def fit(
        cls,
        features: NDArray[np.floating],
        given: Floats,
        folds: NDArray[np.integer],
        *,
        fdr: float = 0.1,
        exclude: Sequence[int] = (),
    ) -> NumberJudge:
        """Fit on rows that stand for all: features (n, D), given (n,), folds (n,).

        What looks grossly wrong is left out of what is learned from, and the rest learned from again.
        """
        seen = ~np.isin(folds, exclude)
        kept, n_folds = seen.copy(), int(folds.max(initial=0)) + 1
        for _ in range(ROUNDS):
            sums = TargetSums.of(features[kept], given[kept, None], folds[kept], n_folds)
            ridge = RidgeByFold.fit(sums, exclude=exclude)
            off = given[seen] - ridge.predict(features[seen], folds[seen])[:, 0]
            residuals = Residuals.fit(off, fdr)
            kept[seen] = residuals.p_value(off) > residuals.threshold
        left, spread = off[kept[seen]], given[kept]
        explained = 1 - float(np.mean(left**2)) / max(float(np.var(spread)), np.finfo(float).tiny)
        return cls(ridge, residuals, explained)

    def judge(
        self, features: NDArray[np.floating], given: Floats, folds: NDArray[np.integer]
    ) -> JudgedNumbers:
        """Judge the given numbers (N,) of rows."""
        predicted = self.ridge.predict(features, folds)[:, 0].astype(np.float64)
        p_value = self.residuals.p_value(given - predicted)
        error = self.residuals.error_probability(p_value)
        return JudgedNumbers(predicted, p_value, error, p_value <= self.residuals.threshold)

    @property
    def limit(self) -> float:
        """How far from the prediction a number is still usual."""
        return self.residuals.limit


def suggestions(given: Floats, judged: JudgedNumbers, limit: float) -> tuple[Floats, NDArray[np.float32]]:
    """What numbers (N,) should be, and P(it is right): of two that look exchanged the other's; else 0."""
    other = partners(judged.flag, given, judged.predicted, np.full(len(given), limit))
    swapped = other >= 0
    return (
        np.where(swapped, given[other], judged.predicted),
        np.where(swapped, judged.error, 0.0).astype(np.float32),
    )
