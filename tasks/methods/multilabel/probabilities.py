"""Out-of-sample probabilities of every label being there: ridge probes a class, one curve for them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.multilabel.other_labels import MOST, OtherLabels
from labelworks.tasks.methods.probes.mixed_ridge import MixedRidge
from labelworks.tasks.methods.probes.ridge_by_fold import RidgeByFold, TargetSums

CELLS = 200_000_000  # numbers held at a time
CALIBRATED_ON = 200_000  # cells
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LabelProbes:
    """Ridge probes by fold and class, and the logistic curve of score and share that makes it P(label).

    others: what the other given labels of a row say; None: they aren't heard. slopes (3,): of the score, of
    the score before the others were heard, and of the log odds (K,) of the classes.
    """

    ridge: RidgeByFold | MixedRidge
    others: OtherLabels | None
    log_odds: Floats
    slopes: Floats
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
        alone: bool = False,
    ) -> LabelProbes:
        """Fit the linear probe on sums, all else on rows: features (n, D), given (n, K), folds (n,).

        Folds in `exclude` are seen by none; no row may be of them. alone: a linear probe a label, which hears
        none of the row's others, as where they aren't all known, and of more than `MOST` classes.
        Raises InputError where the scores of the rows are too many to hold.
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
        linear = RidgeByFold.fit(sums, exclude=exclude)
        ridge: RidgeByFold | MixedRidge = linear
        alone = alone or not 1 < classes <= MOST
        if not alone:
            ridge = MixedRidge.beside(linear, features, given, folds, exclude=exclude)
        plain = ridge.predict(features, folds)
        others = None if alone else OtherLabels.fit(plain, given, folds, sums.n_folds)
        scores = plain if others is None else others.correct(plain, given, folds)
        return cls(ridge, others, log_odds, *_curve((scores, plain), log_odds, given))

    def probs(
        self, features: NDArray[np.floating], folds: NDArray[np.integer], given: Any
    ) -> NDArray[np.float32]:
        """P(label is there) (N, K) of rows (N, D), each by probes that didn't see its fold.

        given (N, K): of which the others of a row are heard, where any are.
        """
        plain = self.ridge.predict(features, folds)
        scores = plain if self.others is None else self.others.correct(plain, given, folds)
        odds = np.float32(self.slopes[0]) * scores + np.float32(self.slopes[1]) * plain
        odds += (self.slopes[2] * self.log_odds + self.intercept).astype(np.float32)
        return np.asarray(expit(odds), np.float32)


def class_probabilities(
    given: sparse.csr_array,
    features: NDArray[np.floating],
    folds: NDArray[np.integer],
    *,
    alone: bool = False,
) -> NDArray[np.float32]:
    """Out-of-sample probabilities (N, K) of rows in memory: given (N, K), features (N, D), folds (N,).

    alone: each label by itself, as in `LabelProbes.fit`.
    """
    sums = TargetSums.of(features, given, folds, int(folds.max(initial=0)) + 1)
    probes = LabelProbes.fit(sums, features, given, folds, alone=alone)
    return probes.probs(features, folds, given)


def _curve(
    scores: tuple[NDArray[np.float32], NDArray[np.float32]], log_odds: Floats, given: sparse.csr_array
) -> tuple[Floats, float]:
    """Slopes and intercept by cells drawn at random, and more of those with a label, weighed back."""
    from sklearn.linear_model import LogisticRegression

    rows, classes = given.shape
    rng = np.random.default_rng(0)
    row, column = rng.integers(0, rows, CALIBRATED_ON), rng.integers(0, classes, CALIBRATED_ON)
    there = given.nonzero()
    take = rng.permutation(len(there[0]))[: CALIBRATED_ON // 4]
    cells = [(row, column), (there[0][take], there[1][take])]
    evidence = [
        np.stack([*(score[at].astype(np.float64) for score in scores), log_odds[at[1]]], axis=1)
        for at in cells
    ]
    outcome = np.concatenate([np.asarray(given[row, column]).ravel() > 0, np.ones(len(take), bool)])
    share = len(there[0]) / (rows * classes)
    weight = np.concatenate(
        [np.where(outcome[: len(row)], 0.0, 1.0), np.full(len(take), share * len(row) / max(len(take), 1))]
    )
    curve = LogisticRegression(C=1e4, max_iter=500).fit(np.concatenate(evidence), outcome, weight)
    return np.asarray(curve.coef_[0], np.float64), float(curve.intercept_[0])
