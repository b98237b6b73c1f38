"""What is known of every row's number: predictions out of sample, then how far off it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.probes.ridge_by_fold import RidgeByFold, TargetSums
from labelworks.tasks.methods.regression.detect import partners

if TYPE_CHECKING:
    from labelworks.tasks.methods.protocols import NumberModel

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
    """A ridge probe by fold and a fitted model of wrong numbers; judges rows, out of sample by fold."""

    ridge: RidgeByFold
    model: NumberModel
    explained: float

    @classmethod
    def fit(
        cls,
        features: NDArray[np.floating],
        given: Floats,
        folds: NDArray[np.integer],
        *,
        model: NumberModel,
        exclude: Sequence[int] = (),
    ) -> NumberJudge:
        """Fit on rows that stand for all: features (n, D), given (n,), folds (n,).

        model: a method of the kind `regression`, to be fitted. What it flags is left out of what the probe
        learns from, and the rest learned from again.
        """
        seen = ~np.isin(folds, exclude)
        kept, n_folds = seen.copy(), int(folds.max(initial=0)) + 1
        for _ in range(ROUNDS):
            sums = TargetSums.of(features[kept], given[kept, None], folds[kept], n_folds)
            ridge = RidgeByFold.fit(sums, exclude=exclude)
            predicted = ridge.predict(features[seen], folds[seen])[:, 0].astype(np.float64)
            model.fit(given[seen], predicted)
            kept[seen] = ~model.judge(given[seen], predicted).flag
        left, spread = (given[seen] - predicted)[kept[seen]], given[kept]
        explained = 1 - float(np.mean(left**2)) / max(float(np.var(spread)), np.finfo(float).tiny)
        return cls(ridge, model, explained)

    def judge(
        self, features: NDArray[np.floating], given: Floats, folds: NDArray[np.integer]
    ) -> JudgedNumbers:
        """Judge the given numbers (N,) of rows."""
        predicted = self.ridge.predict(features, folds)[:, 0].astype(np.float64)
        return self.model.judge(given, predicted)

    @property
    def limit(self) -> float:
        """How far from the prediction a number is still usual."""
        return self.model.limit


def suggestions(given: Floats, judged: JudgedNumbers, limit: float) -> tuple[Floats, NDArray[np.float32]]:
    """What numbers (N,) should be, and P(it is right): of two that look exchanged the other's; else 0."""
    other = partners(judged.flag, given, judged.predicted, np.full(len(given), limit))
    swapped = other >= 0
    return (
        np.where(swapped, given[other], judged.predicted),
        np.where(swapped, judged.error, 0.0).astype(np.float32),
    )
