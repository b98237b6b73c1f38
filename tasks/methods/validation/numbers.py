"""Does the treatment of numbers help? On rows that neither model has seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods import registry
from labelworks.tasks.methods.regression.judge import NumberJudge, suggestions
from labelworks.tasks.methods.statistics.folds import HOLDOUT
from labelworks.tasks.methods.treatment.numbers import number_claims, treat_numbers
from labelworks.tasks.methods.treatment.treat_rows import cut_of
from labelworks.tasks.methods.treatment.trust import Trust
from labelworks.tasks.methods.validation.before_after import Proof, ProofOptions, bounded
from labelworks.tasks.methods.validation.weighted_ridge import fit_ridge

Floats = NDArray[np.float64]


def prove_numbers(
    features: NDArray[np.floating],
    given: Floats,
    folds: NDArray[np.integer],
    options: ProofOptions,
    all_rows: int | None = None,
) -> Proof:
    """Compare a model trained on treated numbers with one trained on raw ones.

    features (n, D), given (n,), folds (n,): rows that stand for `all_rows`; one fold is held out of
    everything. What a model explains of held-out numbers, each counted by P(it is right): these are wrong as
    well. That probability is of a likelihood fitted without them, and 1 where no wrong numbers were seen, so
    a treatment that spoils what is merely unusual shows.
    """
    held = folds == HOLDOUT
    judge = NumberJudge.fit(
        features, given, folds, exclude=(HOLDOUT,), model=registry.make("regression", options.judge.noise)
    )
    rows, raw, test = features[~held], given[~held], given[held]
    judged = judge.judge(rows, raw, folds[~held])
    suggestion, suggested = suggestions(raw, judged, judge.usual(judged.predicted))
    claims = number_claims(raw, suggestion, suggested, judged.error.astype(np.float32), judged.flag)
    policy = options.policy.for_share(len(raw) / (len(given) if all_rows is None else all_rows))
    treated = treat_numbers(raw, suggestion, claims, cut_of(claims, policy, Trust(), 1), policy)
    predicted = [
        fit_ridge(rows, labels[:, None], weight).predict(features[held]).ravel()
        for labels, weight in ((raw, None), (treated.labels, treated.weight))
    ]
    right = 1 - judge.judge(features[held], test, folds[held]).error
    right /= max(float(right.mean()), np.finfo(float).tiny)
    spread = max(float(np.mean(right * np.square(test - np.median(raw)))), np.finfo(float).tiny)
    gains = [1 - right * np.square(test - prediction) / spread for prediction in predicted]
    near = [_usual_share(judge, test, prediction) for prediction in predicted]
    return Proof(
        **bounded(gains[0], gains[1], options.bootstrap, options.seed),
        given_raw=near[0],
        given_treated=near[1],
        holdout_rows=len(test),
    )


def _usual_share(judge: NumberJudge, given: Floats, predicted: Floats) -> float:
    """Share of the numbers (N,) that are as near to their prediction as right ones usually are."""
    low, high = judge.usual(predicted)
    return float(np.mean((given >= low) & (given <= high)))
