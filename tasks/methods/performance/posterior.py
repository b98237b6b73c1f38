"""The posterior of the true class of target rows, borne out by how often the model was right before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from labelworks.tasks.methods.arrays import Floats, Matrix
from labelworks.tasks.methods.label_shift.calibration import apply
from labelworks.tasks.methods.label_shift.calibration_newton import given_posterior
from labelworks.tasks.methods.label_shift.inputs import Windows
from labelworks.tasks.methods.label_shift.result import PriorEstimate

TINY = np.float32(1e-30)
UNSEEN = 0.5  # of a row, right and wrong, that a draw has besides those there are


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """What the reference tells of a model: of each row (N,), whatever the target's mix.

    probs (N, K): calibrated; truth (N, K): of the true class, given its label; predicted (N,): classes.
    """

    probs: Matrix
    truth: Matrix
    predicted: NDArray[np.int64]

    @classmethod
    def of(cls, windows: Windows, prior: PriorEstimate, predicted: NDArray[np.int64]) -> LabelledRows:
        """The labelled rows as their calibration sees them; noise of their labels is taken out."""
        probs, labels = calibrated_rows(prior, windows.probs), windows.labels
        if windows.transition is None:
            return cls(probs, np.eye(windows.classes, dtype=np.float32)[labels], predicted)
        return cls(probs, given_posterior(probs, labels, windows.transition), predicted)

    def right(
        self, weights: Floats, counts: Floats | None = None, rng: np.random.Generator | None = None
    ) -> RightWhenSure:
        """How often the model is right by how sure the posterior is, at weights (K,) of the classes.

        The rows stand for the target as their true classes are as common there (Shimodaira 2000). counts
        (N,): what each counts for in a draw of the Bayesian bootstrap (Rubin 1981); there half a row each
        that was right and wrong comes in: a model that was never wrong may be.
        """
        weighed = self.truth * weights.astype(np.float32)
        mass = weighed.sum(axis=1, dtype=np.float64)
        here = np.arange(len(mass))
        hit = weighed[here, self.predicted] / np.maximum(mass, TINY)
        sure = self.probs[here, self.predicted] * weights.astype(np.float32)[self.predicted]
        sure /= np.maximum(self.probs @ weights.astype(np.float32), TINY)
        if counts is not None and rng is not None:
            mass = np.append(mass * counts, rng.exponential(UNSEEN, 2))
            sure, hit = np.append(sure, rng.choice(sure, 2)), np.append(hit, [0.0, 1.0])
        return RightWhenSure.of(sure, hit.astype(np.float64), mass)

    def missed(self, right: RightWhenSure, weights: Floats, counts: Floats | None = None) -> Floats:
        """Shares (K, K) of the rows that the posterior puts in other cells than their labels, cell by cell.

        It sums to nothing, and so does its diagonal, by which `right` was fitted; counts (N,) as there.
        """
        weighed = self.truth * weights.astype(np.float32)
        mass = weighed.sum(axis=1)
        posterior = right(at_mix(self.probs, weights), self.predicted) * mass[:, None]
        if counts is not None:
            weighed, posterior = (part * counts.astype(np.float32)[:, None] for part in (weighed, posterior))
        return confusion_of(weighed - posterior, self.predicted) / max(
            float(weighed.sum() / len(mass)), 1e-30
        )

    def only(self, rows: slice) -> LabelledRows:
        """Some of the rows."""
        return LabelledRows(self.probs[rows], self.truth[rows], self.predicted[rows])


@dataclass(frozen=True, eq=False)
class RightWhenSure:
    """P(the prediction is right) by the posterior of the predicted class: it never falls as that rises."""

    sure: Floats
    right: Floats

    @classmethod
    def of(cls, sure: NDArray[np.floating], hit: Floats, counts: Floats) -> RightWhenSure:
        """By isotonic regression (Zadrozny & Elkan 2002) of hits (N,) on sure (N,), weighed by counts."""
        steps, place = np.unique(sure, return_inverse=True)
        counts = np.maximum(counts, 1e-12)
        total = np.bincount(place, counts)
        fitted = isotonic_regression(np.bincount(place, counts * hit) / total, weights=total)
        return cls(steps.astype(np.float64), np.asarray(fitted.x, dtype=np.float64))

    def __call__(self, posterior: Matrix, predicted: NDArray[np.int64]) -> Matrix:
        """The posterior (M, K), that of the predicted class (M,) set right, the others in proportion."""
        here = np.arange(len(posterior))
        sure = posterior[here, predicted]
        right = np.interp(sure, self.sure, self.right).astype(np.float32)
        others = (1 - right) / np.maximum(1 - sure, np.float32(1e-7))
        joint = posterior * others[:, None]
        joint[here, predicted] = right
        rest = joint.sum(axis=1) - right
        alone = (rest < np.float32(1e-12)) & (right < 1)  # no other class has any of the posterior
        joint[alone] = ((1 - right[alone]) / (joint.shape[1] - 1))[:, None]
        joint[here, predicted] = right
        return np.asarray(joint)


def calibrated_rows(prior: PriorEstimate, probs: NDArray[np.floating]) -> Matrix:
    """Probabilities (n, K) as the estimate of the prior calibrated them."""
    fitted = prior.calibration
    return np.asarray(probs, dtype=np.float32) if fitted is None else apply(fitted, probs)


def at_mix(probs: Matrix, weights: Floats) -> Matrix:
    """Posteriors (M, K) at another class mix, weights (K,) = its prior over the old one (Saerens 2002)."""
    weighted = probs * weights.astype(np.float32)
    weighted /= np.maximum(weighted.sum(axis=1, keepdims=True), TINY)
    return np.asarray(weighted)


def confusion_of(posterior: Matrix, predicted: NDArray[np.int64]) -> Floats:
    """Shares (K, K) of the rows, rows = true, columns = predicted class, that posteriors (M, K) expect."""
    rows, K = posterior.shape
    order = np.argsort(predicted, kind="stable")
    first = np.searchsorted(predicted[order], np.arange(K))
    confusion = np.zeros((K, K))
    for k, (start, stop) in enumerate(zip(first, [*first[1:], rows], strict=True)):
        if stop > start:
            confusion[:, k] = posterior[order[start:stop]].sum(axis=0, dtype=np.float64)
    return np.asarray(confusion / rows)
