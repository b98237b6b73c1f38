"""Does the treatment of numbers help? On rows that neither model has seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods import registry
from labelworks.tasks.methods.regression.judge import NumberJudge, suggestions
from labelworks.tasks.methods.treatment.numbers import number_claims, treat_numbers
from labelworks.tasks.methods.treatment.treat_rows import cut_of
from labelworks.tasks.methods.treatment.trust import Trust
from labelworks.tasks.methods.validation.before_after import Proof, ProofOptions, within
from labelworks.tasks.methods.validation.disagreements import Estimate, paired
from labelworks.tasks.methods.validation.number_log_score import number_log_scores
from labelworks.tasks.methods.validation.out_of_fold import FOLDS, compared_rows
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

    features (n, D), given (n,), folds (n,): rows that stand for `all_rows`; each group of folds in turn is
    held out of everything. The gain is that of the log density of held-out numbers, right or far off, fitted
    on the other half of the rows for either model. Beside it what a model explains of them, each counted by
    P(it is right): that is of a likelihood fitted without them, and 1 where no wrong numbers were seen. A
    model that is further off than the median of the given numbers counts as one that says that median.
    """
    share = len(given) / (len(given) if all_rows is None else all_rows)
    some = compared_rows(len(folds))
    features, given, folds = features[some], given[some], folds[some]
    _, groups = np.unique(folds % FOLDS, return_inverse=True)
    n_folds, same = int(groups.max()) + 1, True
    predicted, right, near = np.zeros((2, len(given))), np.ones(len(given)), np.zeros((2, len(given)))
    for group in range(n_folds):
        held = groups == group
        exclude = np.unique(folds[held]).tolist()
        model = registry.make("regression", options.judge.noise)
        judge = NumberJudge.fit(features, given, folds, exclude=exclude, model=model)
        labels, weight = _treated(judge, features[~held], given[~held], folds[~held], options, share)
        same &= weight is None
        for place, trained in enumerate([(given[~held], None), (labels, weight)]):
            fitted = fit_ridge(features[~held], trained[0][:, None], trained[1])
            predicted[place, held] = fitted.predict(features[held]).ravel()
            low, high = judge.usual(predicted[place, held])
            near[place, held] = (given[held] >= low) & (given[held] <= high)
        right[held] = 1 - judge.judge(features[held], given[held], folds[held]).error
    right /= max(float(right.mean()), np.finfo(float).tiny)
    spread = max(float(np.mean(right * np.square(given - np.median(given)))), np.finfo(float).tiny)
    explained = [_explained(given, numbers, right, spread) for numbers in predicted]
    before, agreed = max(float(explained[0].mean()), 0.0), near.mean(axis=1).tolist()
    if same:
        return Proof(before, before, agreed[0], agreed[1], 0.0, 0.0, len(given), False, Estimate(0.0, 0.0))
    scores = [number_log_scores(given, numbers, options.seed) for numbers in predicted]
    return Proof(
        **within(before, paired(explained[1] - explained[0], n_folds, 1 - before)),
        given_raw=agreed[0],
        given_treated=agreed[1],
        holdout_rows=len(given),
        gain=paired(scores[1] - scores[0], n_folds, 1.0),
    )


def _explained(given: Floats, predicted: Floats, right: Floats, spread: float) -> Floats:
    """What a model explains of each number (n,), of the mean 1 if it explains all, at least 0."""
    explained = 1 - right * np.square(given - predicted) / spread
    if explained.mean() > 0:
        return explained
    return np.asarray(1 - right * np.square(given - np.median(given)) / spread)


def _treated(
    judge: NumberJudge,
    features: NDArray[np.floating],
    raw: Floats,
    folds: NDArray[np.integer],
    options: ProofOptions,
    share: float,
) -> tuple[Floats, NDArray[np.float32] | None]:
    """Numbers (n,) and weights (n,) that the policy gives rows; None: the numbers as they were, all alike."""
    judged = judge.judge(features, raw, folds)
    suggestion, suggested = suggestions(raw, judged, judge.usual(judged.predicted))
    claims = number_claims(raw, suggestion, suggested, judged.error.astype(np.float32), judged.flag)
    policy = options.policy.for_share(share)
    treated = treat_numbers(raw, suggestion, claims, cut_of(claims, policy, Trust(), 1), policy)
    if (treated.labels == raw).all() and (treated.weight == 1).all():
        return raw, None
    return treated.labels, treated.weight / treated.weight.mean()
