"""Does the treatment of several labels a row help? On rows that neither model has seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from labelworks.tasks.methods import registry
from labelworks.tasks.methods.multilabel.judge import LabelSetJudge
from labelworks.tasks.methods.probes.ridge_by_fold import TargetSums
from labelworks.tasks.methods.protocols.noise import LabelSetModel
from labelworks.tasks.methods.statistics.folds import HOLDOUT
from labelworks.tasks.methods.treatment.label_sets import cell_claims, treat_label_sets
from labelworks.tasks.methods.treatment.treat_rows import cut_of
from labelworks.tasks.methods.treatment.trust import OF_LABEL_SETS
from labelworks.tasks.methods.validation.before_after import Proof, ProofOptions, bounded
from labelworks.tasks.methods.validation.weighted_ridge import fit_ridge


def prove_label_sets(
    sums: TargetSums,
    features: NDArray[np.floating],
    given: sparse.csr_array,
    folds: NDArray[np.integer],
    pred_probs: NDArray[np.float32] | None,
    options: ProofOptions,
) -> Proof:
    """Compare a model trained on treated labels with one trained on raw ones, cell by cell.

    features (n, D), given (n, K), folds (n,), pred_probs (n, K) or None: rows that stand for all. One fold is
    held out of everything. Both models call as many rows of a class as had it in training. Held-out labels
    are noisy too, so the share of right cells is corrected by each class's rates of missing and false labels
    (Natarajan 2013).
    """
    train, test = np.flatnonzero(folds != HOLDOUT), np.flatnonzero(folds == HOLDOUT)
    own = None if pred_probs is None else pred_probs[train]
    judge = LabelSetJudge.fit(
        sums,
        features,
        given,
        folds,
        pred_probs,
        exclude=(HOLDOUT,),
        model=registry.make("multilabel", options.judge.noise),
    )
    judged = judge.judge(features[train], given[train], folds[train], own)
    count = np.asarray(given[train].sum(axis=0), np.float64).ravel()
    policy = options.policy.for_share(len(train) / max(float(sums.rows.count.sum()), 1.0))
    hashed = np.arange(len(train), dtype=np.uint64)
    claims = cell_claims(judged.missing, judged.extra, policy, count, len(train), hashed)
    cut = cut_of(claims, policy, OF_LABEL_SETS, given.shape[1])
    treated = treat_label_sets(given[train], judged.missing, judged.extra, claims, cut, policy)
    called = [
        _called(features, train, test, labels.toarray(), weight)
        for labels, weight in ((given[train], None), (treated.labels, treated.weight))
    ]
    credit, truth = _credit(judge.model), given[test].toarray() > 0
    columns = np.arange(given.shape[1])
    gains = [credit[columns, truth.astype(int), each.astype(int)].mean(axis=1) for each in called]
    return Proof(
        **bounded(gains[0], gains[1], options.bootstrap, options.seed),
        given_raw=float(np.mean(called[0] == truth)),
        given_treated=float(np.mean(called[1] == truth)),
        holdout_rows=len(test),
    )


def _called(
    features: NDArray[np.floating],
    train: NDArray[np.intp],
    test: NDArray[np.intp],
    labels: NDArray[np.integer],
    weights: NDArray[np.floating] | None,
) -> NDArray[np.bool_]:
    """Which classes held-out rows are called (m, K), by a model of labels (n, K)."""
    model = fit_ridge(features[train], labels.astype(np.float64), weights)
    scores = model.predict(features[train])
    share = np.average(labels, axis=0, weights=weights)
    cut = [np.quantile(scores[:, k], 1 - share[k]) if share[k] else np.inf for k in range(labels.shape[1])]
    return np.asarray(model.predict(features[test]) >= np.array(cut))


def _credit(model: LabelSetModel) -> NDArray[np.float64]:
    """Credits (K, given, called) whose mean over noisy labels is the share of right cells."""
    lost, invented = model.missing_rate, model.false_rate
    transition = np.stack(
        [np.stack([1 - invented, invented], axis=1), np.stack([lost, 1 - lost], axis=1)], axis=1
    )
    return np.asarray(np.linalg.pinv(transition), np.float64)
