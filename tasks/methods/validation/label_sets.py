"""Does the treatment of several labels a row help? On rows that neither model has seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from labelworks.tasks.methods import registry
from labelworks.tasks.methods.multilabel.judge import LabelSetJudge
from labelworks.tasks.methods.probes.ridge_by_fold import TargetSums
from labelworks.tasks.methods.protocols.noise import LabelSetModel
from labelworks.tasks.methods.treatment.label_sets import cell_claims, treat_label_sets
from labelworks.tasks.methods.treatment.treat_rows import cut_of
from labelworks.tasks.methods.treatment.trust import Trust
from labelworks.tasks.methods.validation.before_after import (
    LEAST_ROWS,
    PartProof,
    Proof,
    ProofOptions,
    within,
)
from labelworks.tasks.methods.validation.disagreements import Estimate, paired
from labelworks.tasks.methods.validation.label_log_score import label_log_scores
from labelworks.tasks.methods.validation.out_of_fold import FOLDS, compared_rows
from labelworks.tasks.methods.validation.weighted_ridge import fit_ridge

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _HeldOut:
    """Of rows (n,), by the model of given labels and that of treated ones: scores and calls (n, K).

    credit (n, K, called): what calling a cell is worth by its given label; same: whether nothing was treated.
    """

    scores: list[NDArray[np.float32]]
    called: list[NDArray[np.bool_]]
    credit: NDArray[np.float32]
    same: bool


def prove_label_sets(
    sums: TargetSums,
    features: NDArray[np.floating],
    given: sparse.csr_array,
    folds: NDArray[np.integer],
    pred_probs: NDArray[np.float32] | None,
    options: ProofOptions,
) -> Proof:
    """Compare a model trained on treated labels with one trained on raw ones, cell by cell.

    features (n, D), given (n, K), folds (n,), pred_probs (n, K) or None: rows that stand for all. Each group
    of folds in turn is held out of everything. Held-out labels are noisy too: the gain is that of their log
    score through each label's two-state transition, fitted on the other half of the rows for either model;
    the share of right cells is corrected by each class's rates of missing and false labels (Natarajan 2013).
    Both models call as many rows of a class as had it in training.
    """
    some = compared_rows(len(folds))
    features, given, folds = features[some], sparse.csr_array(given)[some], folds[some]
    own = None if pred_probs is None else pred_probs[some]
    _, groups = np.unique(folds % FOLDS, return_inverse=True)
    held = _held_out(sums, features, given, folds, groups, own, options)
    truth, n_folds = given.toarray() > 0, int(groups.max()) + 1
    worth = [
        np.take_along_axis(held.credit, calls[..., None].astype(int), 2)[..., 0] for calls in held.called
    ]
    agreed = [float(np.mean(calls == truth)) for calls in held.called]
    right = float(worth[0].mean(dtype=np.float64))
    if held.same:
        return Proof(right, right, agreed[0], agreed[1], 0.0, 0.0, len(folds), False, Estimate(0.0, 0.0))
    moved, cell = worth[1].astype(np.float64) - worth[0], 1 / truth.shape[1]
    gained = [label_log_scores(truth, scores, options.seed) for scores in held.scores]
    return Proof(
        **within(min(max(right, 0.0), 1.0), paired(moved.mean(axis=1), n_folds, cell)),
        given_raw=agreed[0],
        given_treated=agreed[1],
        holdout_rows=len(folds),
        gain=paired((gained[1] - gained[0]).mean(axis=1), n_folds, cell),
        by_class=tuple(
            PartProof(k, int(np.count_nonzero(rows)), paired(moved[rows, k], n_folds, 1.0))
            for k in range(truth.shape[1])
            if np.count_nonzero(rows := held.called[0][:, k] | held.called[1][:, k]) >= LEAST_ROWS
        ),
    )


def _held_out(
    sums: TargetSums,
    features: NDArray[np.floating],
    given: sparse.csr_array,
    folds: NDArray[np.integer],
    groups: NDArray[np.integer],
    own: NDArray[np.float32] | None,
    options: ProofOptions,
) -> _HeldOut:
    shape, same = given.shape, True
    scores = [np.zeros(shape, np.float32) for _ in range(2)]
    called = [np.zeros(shape, np.bool_) for _ in range(2)]
    credit = np.zeros((*shape, 2), np.float32)
    for group in range(int(groups.max()) + 1):
        train, test = np.flatnonzero(groups != group), np.flatnonzero(groups == group)
        exclude = np.flatnonzero(np.arange(sums.n_folds) % FOLDS == folds[test[0]] % FOLDS)
        model = registry.make("multilabel", options.judge.noise)
        judge = LabelSetJudge.fit(sums, features, given, folds, own, exclude=exclude.tolist(), model=model)
        raw = given[train]
        part = None if own is None else own[train]
        labels, weight = _treated(judge, features[train], raw, folds[train], part, sums, options)
        same &= labels is None
        for place, (trained, counts) in enumerate([(raw, None), (raw if labels is None else labels, weight)]):
            scores[place][test], called[place][test] = _foretold(features, train, test, trained, counts)
        of_class = _credit(judge.model)
        there = given[test].toarray().astype(np.int64)
        credit[test] = of_class[np.arange(shape[1])[None], there]
    return _HeldOut(scores, called, credit, same)


def _treated(
    judge: LabelSetJudge,
    features: NDArray[np.floating],
    given: sparse.csr_array,
    folds: NDArray[np.integer],
    own: NDArray[np.float32] | None,
    sums: TargetSums,
    options: ProofOptions,
) -> tuple[sparse.csr_array | None, NDArray[np.float32] | None]:
    """Labels (n, K) and weights (n,) that the policy gives rows; None: as they were, all alike."""
    judged = judge.judge(features, given, folds, own)
    count = np.asarray(given.sum(axis=0), np.float64).ravel()
    policy = options.policy.for_share(given.shape[0] / max(float(sums.rows.count.sum()), 1.0))
    hashed = np.arange(given.shape[0], dtype=np.uint64)
    claims = cell_claims(judged.missing, judged.extra, judged.claimed, policy, count, given.shape[0], hashed)
    cut = cut_of(claims, policy, Trust(), given.shape[1])
    done = treat_label_sets(given, judged.missing, judged.extra, claims, cut, policy)
    if (done.labels != given).nnz == 0 and (done.weight == 1).all():
        return None, None
    return done.labels, done.weight / done.weight.mean()


def _foretold(
    features: NDArray[np.floating],
    train: NDArray[np.intp],
    test: NDArray[np.intp],
    labels: sparse.csr_array,
    weights: NDArray[np.floating] | None,
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Scores of held-out rows (m, K), and which classes they are called, by a model of labels (n, K)."""
    dense = labels.toarray().astype(np.float64)
    model = fit_ridge(features[train], dense, weights)
    scores, share = model.predict(features[train]), np.average(dense, axis=0, weights=weights)
    cut = [np.quantile(scores[:, k], 1 - share[k]) if share[k] else np.inf for k in range(dense.shape[1])]
    predicted = model.predict(features[test])
    return predicted.astype(np.float32), np.asarray(predicted >= np.array(cut))


def _credit(model: LabelSetModel) -> Floats:
    """Credits (K, given, called) whose mean over noisy labels is the share of right cells."""
    lost, invented = model.missing_rate, model.false_rate
    transition = np.stack(
        [np.stack([1 - invented, invented], axis=1), np.stack([lost, 1 - lost], axis=1)], axis=1
    )
    return np.asarray(np.linalg.pinv(transition), np.float64)
