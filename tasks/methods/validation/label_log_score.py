"""How well a model foretells label sets that are noisy themselves: the log score of each label."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from labelworks.tasks.methods.statistics.halves import halves

ROUNDS = 30  # of the fit
PRIOR = 20.0  # cells of all labels together that a label's own rates are drawn to
LEAST, MOST = 1e-4, 0.5  # that a rate of lost or invented labels may be
RARE = 1e-6  # a label less likely than that says no more against a model: one row shall not decide
Floats = NDArray[np.float64]


def label_log_scores(given: NDArray[np.bool_], scores: NDArray[np.floating], seed: int = 0) -> Floats:
    """Log-probability (n, K) of given labels (n, K) by a model's scores (n, K) of rows that it hasn't seen.

    How sure the model is, and how each label is lost and invented, is fitted on one half of the rows, and the
    other half scored by that: a model of true labels and one of noisy ones are measured alike (Gneiting &
    Raftery 2007, the log score; Patrini 2017, forward correction, of two states a label).
    """
    log_scores = np.empty(given.shape)
    for fitted, scored in halves(len(given), seed):
        foretold = _told(
            given[fitted], np.asarray(scores[fitted], np.float64), np.asarray(scores[scored], np.float64)
        )
        right = np.where(given[scored], foretold, 1 - foretold)
        log_scores[scored] = np.log(np.maximum(right, RARE))
    return log_scores


def _told(given: NDArray[np.bool_], scores: Floats, asked: Floats) -> Floats:
    """P(label is given) (m, K) of scores asked for (m, K), learnt from given labels and scores (n, K).

    By EM: P(label is true) by a logistic curve in the score and the label's log odds, then the labels' rates.
    """
    share = given.mean(axis=0)
    odds = np.log((share * len(given) + 0.5) / ((1 - share) * len(given) + 0.5))
    design, curve = _design(scores, odds), np.array([4.0, 1.0, 0.0])
    lost, invented = np.full(given.shape[1], 0.02), np.full(given.shape[1], 0.02 * share.mean())
    for _ in range(ROUNDS):
        before = curve
        prior = expit(design @ curve)
        true = _true(prior, given, lost, invented)
        lost, invented = _rate(true, ~given, MOST), _rate(1 - true, given, MOST)
        curve = _step(design, curve, prior, true)
        if np.abs(curve - before).max() < 1e-4:
            break
    believed = expit(_design(asked, odds) @ curve)
    return np.asarray(invented + (1 - lost - invented) * believed)


def _design(scores: Floats, odds: Floats) -> Floats:
    """Evidence (n, K, 3) of each cell: the score, the label's log odds, 1."""
    return np.stack([scores, np.broadcast_to(odds, scores.shape), np.ones_like(scores)], axis=-1)


def _true(prior: Floats, given: NDArray[np.bool_], lost: Floats, invented: Floats) -> Floats:
    there = prior * np.where(given, 1 - lost, lost)
    return np.asarray(there / (there + (1 - prior) * np.where(given, invented, 1 - invented)))


def _rate(weight: Floats, wrong: NDArray[np.bool_], most: float) -> Floats:
    """Share (K,) of the weight (n, K) that is wrong, drawn to that of all labels."""
    count, whole = (weight * wrong).sum(axis=0), weight.sum(axis=0)
    mean = float(count.sum()) / max(float(whole.sum()), 1e-9)
    return np.asarray(np.clip((count + PRIOR * mean) / (whole + PRIOR), LEAST * mean, most))


def _step(design: Floats, curve: Floats, prior: Floats, true: Floats) -> Floats:
    """One step of Newton's method for the curve, by P(true) (n, K) as labels."""
    slope = np.einsum("nk,nkd->d", true - prior, design)
    bend = np.einsum("nk,nkd,nke->de", prior * (1 - prior), design, design) + 1e-3 * np.eye(3)
    return np.asarray(curve + np.clip(np.linalg.solve(bend, slope - 1e-3 * curve), -4, 4), np.float64)
