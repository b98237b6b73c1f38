"""Whether probabilities are as right as they say: reliability, calibration error and Brier score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.arrays import blocks, rows_of
from labelworks.tasks.methods.inference.reliability import BINS, TINY

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Reliability:
    """Rows (B,) by the probability of the likeliest class: how many, what it said, how often it was right.

    edges (B + 1,); confidence, accuracy (B,): NaN of a bin without rows. brier, log_loss: means over rows.
    """

    edges: Floats
    rows: Floats
    confidence: Floats
    accuracy: Floats
    brier: float
    log_loss: float

    @property
    def error(self) -> float:
        """The expected calibration error: how far a bin is off in the mean over rows (Naeini et al. 2015)."""
        apart = np.where(self.rows > 0, np.abs(self.confidence - self.accuracy), 0)
        return float(self.rows @ apart / self.rows.sum())

    @property
    def overconfidence(self) -> float:
        """How much more sure the rows are than right, in the mean: under 0, less."""
        apart = np.where(self.rows > 0, self.confidence - self.accuracy, 0)
        return float(self.rows @ apart / self.rows.sum())


def calibration(
    pred_probs: ArrayLike, true_probs: ArrayLike, weight: ArrayLike | None = None, *, bins: int = BINS
) -> Reliability:
    """How probabilities (N, K) hold, by what is known of the true classes of the same rows.

    true_probs (N, K): one-hot of labels that are right; else P(true class), by which each row counts for each
    class: then it is as right as these are. weight (N,): what rows count for, such as 1 / P(being looked at).
    Raises InputError for shapes that don't fit and rows that are no distributions.
    """
    probs, truth = rows_of(pred_probs, "pred_probs"), rows_of(true_probs, "true_probs")
    counts = np.ones(len(probs)) if weight is None else np.asarray(weight, np.float64)
    if truth.shape != probs.shape or counts.shape != (len(probs),):
        raise InputError(
            f"pred_probs {probs.shape}, true_probs {truth.shape} and weight {counts.shape} don't fit",
            where="true_probs",
            fix="give the same rows and classes of each",
        )
    sums, scores = np.zeros((3, bins)), np.zeros(2)
    for rows in blocks(*probs.shape):
        said, true, count = probs[rows].astype(np.float64), truth[rows].astype(np.float64), counts[rows]
        best = said.argmax(axis=1)[:, None]
        confidence = np.take_along_axis(said, best, axis=1)[:, 0]
        right = np.take_along_axis(true, best, axis=1)[:, 0]
        place = np.minimum((confidence * bins).astype(np.int64), bins - 1)
        sums += [np.bincount(place, count * factor, bins) for factor in (1.0, confidence, right)]
        squares = np.square(said).sum(axis=1) - 2 * (said * true).sum(axis=1) + true.sum(axis=1)
        scores += count @ squares, count @ -(true * np.log(np.maximum(said, TINY))).sum(axis=1)
    shares = np.divide(sums[1:], sums[0], out=np.full((2, bins), np.nan), where=sums[0] > 0)
    brier, log_loss = (float(score / counts.sum()) for score in scores)
    return Reliability(np.linspace(0, 1, bins + 1), sums[0], shares[0], shares[1], brier, log_loss)
