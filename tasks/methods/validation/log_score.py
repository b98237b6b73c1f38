"""How well a model foretells labels that are noisy themselves: their log score through a transition."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.noise.core.transition_em import (
    NoisyLabels,
    choose,
    columns_of,
    log_of,
    sharpen,
    sorted_rows,
)
from labelworks.tasks.methods.statistics.halves import halves

Floats = NDArray[np.float64]
LEAST = 1e-6  # a label less likely than that says no more against a model: one row shall not decide


def log_scores(
    given: NDArray[np.int32], probs: NDArray[np.float32], weights: Floats | None = None, seed: int = 0
) -> Floats:
    """Log-probability (N,) of the given labels (N,) by a model's probabilities (N, K) of rows it hasn't seen.

    A model of true labels and one of noisy labels are measured alike: how sure either is, and how labels go
    wrong, is fitted for each on one half of the rows, and its other half scored by that (Gneiting & Raftery
    2007, the log score; Patrini 2017, forward correction). weights (N,): what rows count for in that fit.
    """
    scores = np.empty(len(given))
    for fitted, scored in halves(len(given), seed):
        scores[scored] = _scored(given, probs, fitted, scored, weights, seed)
    return scores


def _scored(
    given: NDArray[np.int32],
    probs: NDArray[np.float32],
    fitted: NDArray[np.bool_],
    scored: NDArray[np.bool_],
    weights: Floats | None,
    seed: int,
) -> Floats:
    rows = np.flatnonzero(fitted)
    if weights is not None:
        rows = rows[_drawn(weights[rows], seed)]
    labels, seen = sorted_rows(given[rows], probs[rows])
    tau, _, transition = choose(NoisyLabels(labels, log_of(seen)))
    columns = columns_of(transition)[given[scored]]
    likelihood = np.einsum("nk,nk->n", sharpen(log_of(probs[scored]), tau), columns, dtype=np.float64)
    return np.asarray(np.log(np.maximum(likelihood, LEAST)))


def _drawn(weights: Floats, seed: int) -> NDArray[np.intp]:
    """Places (n,) of as many rows, each as often as its weight says: drawn at even steps (Kitagawa 1996)."""
    ends = np.cumsum(weights)
    start = np.random.default_rng(seed).random()
    steps = (start + np.arange(len(weights))) / len(weights) * ends[-1]
    places = np.searchsorted(ends, steps)
    return np.asarray(np.minimum(places, len(weights) - 1), np.intp)
