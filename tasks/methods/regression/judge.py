"""What is known of every row's number: predictions out of sample, then how far off it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.probes.mixed_ridge import MixedRidge
from labelworks.tasks.methods.probes.ridge_by_fold import RidgeByFold, TargetSums
from labelworks.tasks.methods.regression.any_label import FENCE
from labelworks.tasks.methods.regression.detect import partners

if TYPE_CHECKING:
    from labelworks.tasks.methods.protocols.noise import NumberModel

ROUNDS = 4
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
    """Probes by fold and a fitted model of wrong numbers; judges rows, out of sample by fold."""

    probes: MixedRidge
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
        learns from, and the rest learned from again; at first numbers far from all are drawn in, or they
        would spoil the predictions that they are to be told by.
        """
        seen, n_folds = ~np.isin(folds, exclude), int(folds.max(initial=0)) + 1
        kept, learned = seen.copy(), _fenced(given, given[seen])
        for turn in range(ROUNDS):
            probes = _probes(features[kept], learned[kept], folds[kept], n_folds, exclude)
            predicted = _foretold(probes, features[seen], folds[seen])
            model.fit(given[seen], predicted)
            right = ~model.judge(given[seen], predicted).flag
            if (turn and (right == kept[seen]).all()) or not right.any():
                break
            kept[seen], learned = right, given
        left, spread = (given[seen] - predicted)[kept[seen]], given[kept]
        explained = 1 - float(np.mean(left**2)) / max(float(np.var(spread)), np.finfo(float).tiny)
        return cls(probes, model, explained)

    def judge(
        self, features: NDArray[np.floating], given: Floats, folds: NDArray[np.integer]
    ) -> JudgedNumbers:
        """Judge the given numbers (N,) of rows."""
        predicted = _foretold(self.probes, features, folds)
        return self.model.judge(given, predicted)

    def usual(self, predicted: Floats) -> tuple[Floats, Floats]:
        """Lower and upper end (N,) of what 95 % of the right numbers of such predictions are."""
        return self.model.usual(predicted)


def _probes(
    features: NDArray[np.floating],
    given: Floats,
    folds: NDArray[np.integer],
    n_folds: int,
    exclude: Sequence[int],
) -> MixedRidge:
    targets = given[:, None]
    linear = RidgeByFold.fit(TargetSums.of(features, targets, folds, n_folds), exclude=exclude)
    return MixedRidge.beside(linear, features, targets, folds, exclude=exclude)


def _foretold(probes: MixedRidge, features: NDArray[np.floating], folds: NDArray[np.integer]) -> Floats:
    return probes.predict(features, folds)[:, 0].astype(np.float64)


def _fenced(given: Floats, seen: Floats) -> Floats:
    """Numbers (N,) drawn in to three interquartile ranges around the quartiles (Tukey 1977) of those seen."""
    low, high = np.quantile(seen, [0.25, 0.75])
    reach = FENCE * (high - low)
    return np.clip(given, low - reach, high + reach) if reach > 0 else given


def suggestions(
    given: Floats, judged: JudgedNumbers, usual: tuple[Floats, Floats]
) -> tuple[Floats, NDArray[np.float32]]:
    """What numbers (N,) should be, and P(it is right): of two that look exchanged the other's; else 0.

    usual: lower and upper ends (N,) of right numbers.
    """
    other, sure = partners(judged.flag, given, *usual, judged.error)
    return np.where(other >= 0, given[other], judged.predicted), sure.astype(np.float32)
