"""How far the estimated prior of a target may be off, row by row: what each row of both windows did to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labelworks.tasks.methods.arrays import Floats, Matrix, evenly
from labelworks.tasks.methods.label_shift.confusion import confusion, efficient, untold
from labelworks.tasks.methods.label_shift.elsa import calibrated_windows
from labelworks.tasks.methods.label_shift.inputs import Windows
from labelworks.tasks.methods.label_shift.result import QUANTILE, PriorEstimate

TARGET_ROWS = 4000  # whose part is drawn row by row; of more, as many stand for all


@dataclass(frozen=True, eq=False)
class PriorErrors:
    """Draws of a prior's error (K,), tied to a draw of the labelled rows.

    of_labelled (N, K) and of_target (m, K): what each row did to the estimate by efficient moments, to first
    order; m of M rows stand for all, each for `shrunk` of itself. root (K, K): where the moments tell
    nothing, a square root of the covariance of the errors.
    """

    of_labelled: Matrix | None = None
    of_target: Matrix | None = None
    shrunk: float = 1.0
    root: Floats | None = None

    @classmethod
    def of(cls, windows: Windows, prior: PriorEstimate) -> PriorErrors:
        """The errors of an estimate on these windows."""
        if prior.calibration is None or windows.absent.any():
            return cls(root=_root(prior))
        ready = calibrated_windows(windows, prior.calibration)
        n, m = len(ready.labels), len(ready.target)
        sums = confusion(ready, efficient(prior.weights, n, m))
        if untold(ready, sums):
            return cls(root=_root(prior))
        solve, scale = sums.inverse().T.astype(np.float32), sums.prior.astype(np.float32)
        of_label = (sums.undo @ prior.weights).astype(np.float32)[ready.labels]
        own = -(sums.features(ready.probs) @ solve) * of_label[:, None] * scale
        own += (sums.undo * prior.weights).astype(np.float32)[ready.labels]
        part = evenly(m, TARGET_ROWS)
        theirs = (sums.features(ready.target[part]) @ solve) * scale
        shrunk = float(np.sqrt(len(theirs) / m))
        return cls(_centred(own), _centred(theirs), shrunk)

    def draw(self, counts: Floats, rng: np.random.Generator) -> Floats:
        """An error (K,), where labelled rows count (N,) for so much, 1 each on average."""
        if self.of_labelled is None or self.of_target is None:
            root = np.zeros((1, 1)) if self.root is None else self.root
            return np.asarray(root @ rng.normal(size=root.shape[1]))
        others = rng.exponential(size=len(self.of_target)).astype(np.float32)
        own = counts.astype(np.float32) @ self.of_labelled / len(counts)
        return np.asarray(own + self.shrunk * (others @ self.of_target) / len(others), dtype=np.float64)


def _centred(rows: Matrix) -> Matrix:
    return np.asarray(rows - rows.mean(axis=0, dtype=np.float64).astype(np.float32))


def _root(prior: PriorEstimate) -> Floats:
    """A square root (K, K) of the covariance of the prior's errors.

    Where the method doesn't tell it, classes are drawn apart by their intervals, and made to sum to nothing.
    """
    if prior.covariance is None:
        K = len(prior.prior)
        spread = np.diff(prior.interval, axis=1)[:, 0] / (2 * QUANTILE)
        level = (np.eye(K) - 1 / K) * np.sqrt(K / max(K - 1, 1))
        return np.asarray(level * spread)
    values, axes = np.linalg.eigh(prior.covariance)
    return np.asarray(axes * np.sqrt(np.maximum(values, 0)))
