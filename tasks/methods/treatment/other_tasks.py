"""Labels that are no single class: what is suspicious about them, and what is done about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from labelworks.schemas.config.run import TreatConfig
from labelworks.schemas.errors import InputError
from labelworks.schemas.findings import NoiseFindings
from labelworks.tasks.methods.chance import features_p_value, predictions_p_value
from labelworks.tasks.methods.multilabel.detect import detect_multilabel
from labelworks.tasks.methods.multilabel.mixture import confirmed, fit_heaps
from labelworks.tasks.methods.probes.ridge_by_fold import leave_fold_out
from labelworks.tasks.methods.regression.detect import RegressionResult, detect_regression
from labelworks.tasks.methods.treatment.relabel.posterior import (
    KEEP,
    KEPT,
    RELABEL,
    RELABELLED,
    REVIEW,
    REVIEWED,
    SUSPECTED,
)

CELLS = 200_000_000  # probabilities held at a time
ROUNDS = 3
CALIBRATED_ON = 200_000  # cells
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class OtherLabels:
    """Rows (N,) judged and treated. labels: sparse (N, K) or numbers (N,), after treatment.

    action, reason: codes as of `relabel.posterior`; error: the probability that something is wrong; score:
    1 = surely fine; flag; weight; likelier: sparse (N, K) or (N,), what labels would be if all suspicions
    were right. findings: figures of the noise. posterior: sparse (N, K), P(the row has the class), as given
    where that isn't doubted; None of numbers.
    """

    labels: Any
    likelier: Any
    action: NDArray[np.int8]
    reason: NDArray[np.int8]
    error: NDArray[np.float32]
    score: NDArray[np.float32]
    flag: NDArray[np.bool_]
    weight: NDArray[np.float32]
    findings: NoiseFindings
    posterior: Any = None


def judge_multilabel(
    given: sparse.csr_array,
    features: NDArray[np.floating],
    folds: NDArray[np.integer],
    config: TreatConfig,
    pred_probs: NDArray[np.float32] | None = None,
    **options: Any,
) -> OtherLabels:
    """Judge binary labels (N, K) by out-of-sample probabilities: of a ridge probe, or the user's own (N, K).

    Suspicious is what confident learning flags and a mixture of two heaps finds likelier wrong than right.
    Missing labels are added and extra ones taken away where that is sure enough; other suspicions go to
    review, and so do all of a class that fewer than `treat.min_class_rows` rows have, or lack.
    options: of `detect_multilabel`.
    """
    if pred_probs is None:
        probs, chance = class_probabilities(given, features, folds), features_p_value(features, given)
    else:
        probs, chance = pred_probs, predictions_p_value(pred_probs, given)
    found = detect_multilabel(given, probs, **options)
    doubted = np.unique((found.missing + found.extra).indices)
    heaps = fit_heaps(doubted, given, probs)
    missing, extra = (confirmed(each, given, probs, heaps) for each in (found.missing, found.extra))
    relabel = config.mode in ("relabel", "both")
    count = _counts(given.T)
    borne = (np.minimum(count, given.shape[0] - count) >= config.min_class_rows).astype(np.int8)
    add, drop = (
        _over(part, config.relabel_over if relabel else 2.0).multiply(borne[None, :])
        for part in (missing, extra)
    )
    doubt = missing + extra
    flag = _counts(doubt) > 0
    settled = add + drop
    left = (doubt - doubt.multiply(settled > 0)).multiply(borne[None, :])
    error = _largest(doubt)
    wrong = _counts(missing) + _counts(extra)
    total = _counts(given) + _counts(missing)
    return OtherLabels(
        labels=_binary(given + add - drop),
        likelier=_binary(given + (missing > 0).astype(np.int8) - (extra > 0).astype(np.int8)),
        **_decisions(_counts(settled) > 0, flag, relabel),
        error=error,
        score=found.score,
        flag=flag,
        weight=_weight(_largest(left), config),
        findings=NoiseFindings(
            method=f"confident learning by class, {found.method}",
            **_rate(wrong, total),
            **_flagged(flag),
            **_agreement(given, probs),
            chance_p_value=chance,
            density=given.nnz / max(given.shape[0] * given.shape[1], 1),
            missing_labels=int(missing.nnz),
            extra_labels=int(extra.nnz),
        ),
        posterior=sparse.csr_array(given + missing - extra),
    )


def judge_regression(
    given: Floats,
    features: NDArray[np.floating],
    folds: NDArray[np.integer],
    config: TreatConfig,
    **options: Any,
) -> OtherLabels:
    """Judge numbers (N,) by out-of-sample predictions of a ridge probe.

    Two rows whose numbers look exchanged get each other's; any other suspicion goes to review, since a
    prediction is no measurement. options: of `detect_regression`.
    """
    predicted, found = judged_out_of_sample(given, features, folds, **options)
    kept = ~found.flag
    relabel = config.mode in ("relabel", "both")
    sure = (found.swapped_with >= 0) & (found.error_probability >= config.relabel_over) & relabel
    error = found.error_probability
    left = float(np.mean((given - predicted)[kept] ** 2))
    explained = 1 - left / max(float(np.var(given[kept])), np.finfo(float).tiny)
    return OtherLabels(
        labels=np.where(sure, found.suggestion, given),
        likelier=np.where(found.flag, found.suggestion, given),
        **_decisions(sure, found.flag, relabel),
        error=error,
        score=found.score,
        flag=found.flag,
        weight=_weight(np.where(sure, 0, error).astype(np.float32), config),
        findings=NoiseFindings(
            method="residuals",
            **_rate(np.full(len(given), found.noise_rate), np.ones(len(given))),
            **_flagged(found.flag),
            r_squared=explained,
            chance_p_value=features_p_value(features, given),
            swapped=int(np.count_nonzero(found.swapped_with >= 0)),
        ),
    )


def judged_out_of_sample(
    given: Floats, features: NDArray[np.floating], folds: NDArray[np.integer], **options: Any
) -> tuple[NDArray[np.float32], RegressionResult]:
    """Predictions (N,) of numbers (N,) by a ridge probe that never saw a row's fold, and what they show.

    options: of `detect_regression`.
    """
    kept = np.ones(len(given), bool)
    for _ in range(ROUNDS):  # gross errors are left out of what is learned from
        predicted = leave_fold_out(features, given[:, None], folds, kept)[:, 0]
        found = detect_regression(given, predicted, **options)
        kept = ~found.flag
    return predicted, found


def class_probabilities(
    given: sparse.csr_array, features: NDArray[np.floating], folds: NDArray[np.integer]
) -> NDArray[np.float32]:
    """Out-of-sample probabilities (N, K) of each label being there: ridge scores through one logistic curve.

    Raises InputError where they would be too many to hold.
    """
    rows, classes = given.shape
    if rows * classes > CELLS:
        raise InputError(
            f"{rows:,} rows of {classes:,} labels are too many probabilities to hold",
            fix="call multilabel.detect_multilabel with a sparse matrix of your own model's",
        )
    scores = leave_fold_out(features, given, folds)
    prior = np.log((_counts(given.T) + 0.5) / (rows - _counts(given.T) + 0.5))
    rng = np.random.default_rng(0)
    row, column = rng.integers(0, rows, CALIBRATED_ON), rng.integers(0, classes, CALIBRATED_ON)
    there = given.nonzero()
    take = rng.permutation(len(there[0]))[: CALIBRATED_ON // 4]
    chance, spread = (
        _evidence(scores, prior, row, column),
        _evidence(scores, prior, *(each[take] for each in there)),
    )
    outcome = np.concatenate([np.asarray(given[row, column]).ravel() > 0, np.ones(len(take), bool)])
    share = len(there[0]) / (rows * classes)
    weight = np.concatenate(
        [np.where(outcome[: len(row)], 0.0, 1.0), np.full(len(take), share * len(row) / len(take))]
    )
    curve = LogisticRegression(C=1e4, max_iter=500).fit(np.concatenate([chance, spread]), outcome, weight)
    slope, tilt = (float(each) for each in curve.coef_[0])
    scores *= np.float32(slope)
    scores += (tilt * prior + float(curve.intercept_[0])).astype(np.float32)
    return np.asarray(1 / (1 + np.exp(-scores)), np.float32)


def _evidence(
    scores: NDArray[np.float32], prior: Floats, row: NDArray[np.integer], column: NDArray[np.integer]
) -> Floats:
    return np.stack([scores[row, column].astype(np.float64), prior[column]], axis=1)


def _decisions(
    sure: NDArray[np.bool_], flag: NDArray[np.bool_], relabel: bool
) -> dict[str, NDArray[np.int8]]:
    unsure = flag & ~sure & relabel
    return {
        "action": np.select([sure, unsure], [RELABEL, REVIEW], KEEP).astype(np.int8),
        "reason": np.select([sure, unsure, flag], [RELABELLED, REVIEWED, SUSPECTED], KEPT).astype(np.int8),
    }


def _weight(doubt: NDArray[np.float32], config: TreatConfig) -> NDArray[np.float32]:
    reweight = config.mode in ("reweight", "both")
    return np.asarray(1 - doubt if reweight else np.ones(len(doubt)), np.float32)


def _rate(wrong: Floats, total: Floats) -> dict[str, Any]:
    """Share of wrong labels, with the 95 % interval of a ratio of sums over rows (Cochran 1977)."""
    rate = float(wrong.sum() / max(total.sum(), 1))
    spread = 1.96 * float(np.sqrt(np.square(wrong - rate * total).sum()) / max(total.sum(), 1))
    return {"rate": rate, "rate_interval": [max(rate - spread, 0.0), min(rate + spread, 1.0)]}


def _flagged(flag: NDArray[np.bool_]) -> dict[str, Any]:
    flagged = int(np.count_nonzero(flag))
    return {"flagged": flagged, "flagged_share": flagged / len(flag)}


def _agreement(given: sparse.csr_array, probs: NDArray[np.float32]) -> dict[str, float]:
    """Of as many likeliest cells as labels are given, the share that was given; what it is by chance.

    By chance: as many cells of each class, of any rows.
    """
    count = given.nnz
    likeliest = np.argpartition(probs.ravel(), -count)[-count:] if 0 < count < probs.size else np.arange(0)
    row, column = np.divmod(likeliest, probs.shape[1])
    share = float(np.asarray(given[row, column]).ravel().mean()) if len(likeliest) else 0.0
    named = np.bincount(column, minlength=probs.shape[1]) / max(len(likeliest), 1)
    by_chance = float(named @ _counts(given.T)) / max(given.shape[0], 1)
    return {
        "out_of_sample_accuracy": share,
        "chance_accuracy": by_chance,
        "accuracy_over_chance": share - by_chance,
    }


def _over(errors: sparse.csr_array, least: float) -> sparse.csr_array:
    return (errors >= least).astype(np.int8) if least > 0 else (errors > 0).astype(np.int8)


def _binary(matrix: Any) -> sparse.csr_array:
    found = sparse.csr_array(matrix)
    found.eliminate_zeros()
    return found


def _counts(matrix: Any) -> Floats:
    return np.asarray((matrix != 0).sum(axis=1), np.float64).ravel()


def _largest(matrix: Any) -> NDArray[np.float32]:
    return np.asarray(sparse.csr_array(matrix).max(axis=1).toarray(), np.float32).ravel()
