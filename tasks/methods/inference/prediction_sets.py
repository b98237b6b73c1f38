"""Sets of classes that hold the true one with a chosen probability, calibrated on noisy labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.arrays import blocks
from labelworks.tasks.methods.audit.audited import Audited

BINS = 1 << 13  # of a probability's root: fine where probabilities are small
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class AskedSets:
    """What sets are to be: the share of truths in their set, within each class or on the whole."""

    coverage: float
    by_class: bool


@dataclass(frozen=True, eq=False)
class SetThresholds:
    """The probability (K,) from which a class is in the set, 0: always; and what share of truths is meant."""

    least: Floats
    coverage: float

    def sets(self, pred_probs: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Which classes (N, K) are in the sets of rows: none, where no class is likely enough."""
        return np.asarray(_bins(pred_probs) >= np.rint(np.sqrt(self.least) * BINS).astype(np.int64))


def fit_set_thresholds(
    pred_probs: ArrayLike,
    true_probs: ArrayLike,
    *,
    coverage: float = 0.9,
    by_class: bool = False,
    class_weights: ArrayLike | None = None,
    audited: tuple[ArrayLike, ArrayLike] | None = None,
    shown: ArrayLike | None = None,
) -> SetThresholds:
    """Learn from which probability on a class belongs into the sets of rows of a model.

    pred_probs (N, K): the model's, out of sample; true_probs (N, K): P(true class) of the same rows given
    their noisy labels, one-hot of labels that are right; of label sets P(each label is true), with by_class.
    coverage: the share of truths that are to be in their set; by_class: within each class or label apart
    (Mondrian, Vovk 2003), not on the whole. class_weights (K,): what a row of a class counts for in the
    target window. audited: numbers of rows (n,) and their right classes (n,), shown (n,): how likely each was
    to be looked at; they put right what the posterior gets wrong, on the whole only.

    Split conformal prediction by the probability of the class (Sadinle, Lei & Wasserman 2019) in which each
    row counts for each class as probably it is of it: a wrong label that is known for one doesn't make the
    sets too large (Einbinder et al. 2022). Label shift by weights (Podkopaev & Ramdas 2021), audited rows as
    in prediction-powered inference (Angelopoulos et al. 2023). As good as true_probs are calibrated, or with
    500 audited rows within about .02. Raises InputError for shapes that don't fit.
    """
    probs, weights = np.asarray(pred_probs), np.asarray(true_probs)
    if probs.ndim != 2 or probs.shape != weights.shape or not len(probs):
        raise InputError(
            f"pred_probs {probs.shape} and true_probs {weights.shape} don't fit each other",
            where="true_probs",
            fix="give the posterior of the same rows and classes, of at least one row",
        )
    counts = set_counts(probs, weights)
    if audited is None:
        return set_thresholds(counts, coverage, by_class=by_class, class_weights=class_weights)
    if by_class:
        raise ConfigError(
            "audited rows put sets right on the whole, not class by class",
            where="by_class",
            fix="leave out by_class, or audited",
        )
    answers, of_class = Audited.checked(*audited, shown, len(probs)), _weights(class_weights, len(counts))
    least = _audited_level(probs, weights, counts, answers, of_class, coverage)
    return SetThresholds(np.full(len(counts), least), coverage)


def set_counts(pred_probs: NDArray[np.floating], true_probs: NDArray[np.floating]) -> Floats:
    """Counts (K, BINS) of truths by class and by the probability (N, K) of it; those of parts add up."""
    classes = pred_probs.shape[1]
    counts, offset = np.zeros(classes * BINS), np.arange(classes) * BINS
    for rows in blocks(*pred_probs.shape):
        places = (_bins(pred_probs[rows]) + offset).ravel()
        counts += np.bincount(places, true_probs[rows].ravel().astype(np.float64), classes * BINS)
    return counts.reshape(classes, BINS)


def set_thresholds(
    counts: Floats,
    coverage: float,
    *,
    by_class: bool = False,
    class_weights: ArrayLike | None = None,
) -> SetThresholds:
    """The thresholds by counts (K, BINS): one row more of each class is thought to be in no set."""
    _check_coverage(coverage)
    weights = _weights(class_weights, len(counts))
    kept = _kept(counts * weights[:, None])
    if not by_class:
        kept = np.broadcast_to(kept.sum(axis=0), kept.shape)
    wanted = coverage * (kept[:, 0] + weights)
    least = (kept >= wanted[:, None]).sum(axis=1) - 1
    return SetThresholds(_edge(np.maximum(least, 0)), coverage)


def _check_coverage(coverage: float) -> None:
    if not 0 < coverage < 1:
        raise ConfigError(f"coverage is {coverage}", where="coverage", fix="give a share between 0 and 1")


def _weights(class_weights: ArrayLike | None, classes: int) -> Floats:
    weights = np.ones(classes) if class_weights is None else np.asarray(class_weights, np.float64)
    if weights.shape != (classes,) or not (np.isfinite(weights) & (weights >= 0)).all() or not weights.any():
        raise InputError(
            f"class_weights {weights.shape} are no weights of {classes} classes",
            where="class_weights",
            fix="give one number from 0 on for each class",
        )
    return weights


def _bins(probs: NDArray[np.floating]) -> NDArray[np.int64]:
    return np.minimum((np.sqrt(probs.astype(np.float64)) * BINS).astype(np.int64), BINS - 1)


def _edge(bins: NDArray[np.integer]) -> Floats:
    """The least probability of bins."""
    return np.asarray((bins / BINS) ** 2, np.float64)


def _kept(counts: Floats) -> Floats:
    """What lies in each bin (…, BINS) or above it."""
    return np.asarray(np.cumsum(counts[..., ::-1], axis=-1)[..., ::-1], np.float64)


def _audited_level(
    probs: NDArray[np.floating],
    true_probs: NDArray[np.floating],
    counts: Floats,
    answers: Audited,
    class_weights: Floats,
    coverage: float,
) -> float:
    """The least probability by the posterior of all rows, put right by those looked at.

    How far the posterior is used is what makes the variance of the share that is covered least.
    """
    _check_coverage(coverage)
    classes, looked = _answers(answers, len(class_weights)), probs[answers.rows]
    weight = answers.weight * class_weights[classes]
    weight /= weight.sum()
    stated = true_probs[answers.rows].astype(np.float64) * class_weights
    stated /= np.maximum(stated.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    everywhere = _kept((counts * class_weights[:, None]).sum(axis=0))
    everywhere /= everywhere[0]
    own = _bins(looked)[np.arange(len(classes)), classes]
    truth = _kept(np.bincount(own, weight, BINS).astype(np.float64))
    there = _kept(set_counts(looked, stated * weight[:, None]).sum(axis=0))
    near = int((everywhere >= coverage).sum()) - 1
    power = _power((own >= near).astype(float), (stated * (_bins(looked) >= near)).sum(axis=1), weight)
    covered = truth + power * (everywhere - there)
    short = np.flatnonzero(covered < coverage * (1 + 1 / len(classes)))
    return float(_edge(np.array(max(int(short[0]) - 1, 0) if len(short) else 0)))


def _answers(answers: Audited, classes: int) -> NDArray[np.intp]:
    codes = answers.said.astype(np.intp)
    bad = (codes != answers.said) | (codes < 0) | (codes >= classes)
    if bad.any():
        place = int(bad.argmax())
        raise InputError(
            f"the answer is {answers.said[place]:g}",
            where=f"row {answers.rows[place]}",
            fix=f"give class numbers from 0 to {classes - 1}; leave out rows of no class",
        )
    return codes


def _power(true: Floats, stated: Floats, weight: Floats) -> float:
    """How far to use what the posterior states (n,) of what is true (n,)."""
    apart, of = stated - weight @ stated, true - weight @ true
    spread = float(weight**2 @ apart**2)
    return float(np.clip((weight**2 @ (apart * of)) / spread, 0, 1)) if spread > 0 else 0.0
