"""Does the treatment of numbers help? On rows that neither model has seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods import registry
from labelworks.tasks.methods.folds import HOLDOUT
from labelworks.tasks.methods.regression.judge import NumberJudge, suggestions
from labelworks.tasks.methods.treatment.numbers import treat_numbers
from labelworks.tasks.methods.validation.before_after import Proof, ProofOptions, bounded
from labelworks.tasks.methods.validation.weighted_ridge import fit_ridge

Floats = NDArray[np.float64]


def prove_numbers(
    features: NDArray[np.floating], given: Floats, folds: NDArray[np.integer], options: ProofOptions
) -> Proof:
    """Compare a model trained on treated numbers with one trained on raw ones.

    features (n, D), given (n,), folds (n,): rows that stand for all; one fold is held out of everything. What
    a model explains of held-out numbers, where an error counts no more than one that is still usual does:
    held-out numbers are wrong as well, and none of them shall decide.
    """
    held = folds == HOLDOUT
    judge = NumberJudge.fit(
        features, given, folds, exclude=(HOLDOUT,), model=registry.make("regression", options.judge.noise)
    )
    rows, raw, test = features[~held], given[~held], given[held]
    judged = judge.judge(rows, raw, folds[~held])
    suggestion, suggested = suggestions(raw, judged, judge.limit)
    treated = treat_numbers(
        raw, suggestion, suggested, judged.error.astype(np.float32), judged.flag, options.policy
    )
    predicted = [
        fit_ridge(rows, labels[:, None], weight).predict(features[held]).ravel()
        for labels, weight in ((raw, None), (treated.labels, treated.weight))
    ]
    usual = max(judge.limit, np.finfo(float).tiny)
    off = [np.minimum(np.square(test - each), usual**2) for each in predicted]
    spread = max(float(np.mean(np.minimum(np.square(test - np.median(raw)), _bound(raw, usual)))), usual**2)
    gains = [1 - each / spread for each in off]
    near = [float(np.mean(np.abs(test - each) <= usual)) for each in predicted]
    return Proof(
        **bounded(gains[0], gains[1], options.bootstrap, options.seed),
        given_raw=near[0],
        given_treated=near[1],
        holdout_rows=len(test),
    )


def _bound(numbers: Floats, usual: float) -> float:
    """How far from the middle a number counts at most: as the widest of the middle 98 % does."""
    low, high = np.quantile(numbers, [0.01, 0.99])
    middle = float(np.median(numbers))
    return max(middle - float(low), float(high) - middle, usual) ** 2
