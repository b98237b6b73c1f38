"""Fréchet distance: of the Gaussians with the two windows' means and covariances."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods import registry
from labelworks.tasks.methods.arrays import Floats, Matrix
from labelworks.tasks.methods.drift.base import DriftTest, Gaps
from labelworks.tasks.methods.drift.frame import Frame, feed

AXES = 32  # principal axes whose covariances are kept; of the others, the variances


class Frechet:
    """Squared 2-Wasserstein distance of two Gaussians, from means and second moments, which add up.

    Rows are turned to the principal axes of the pooled sample, which changes no distance. Of the first AXES
    the whole covariance counts, the others are taken as uncorrelated: up to AXES features it is exact.
    """

    names: tuple[str, ...] = ("frechet",)

    def __init__(self, frame: Frame) -> None:
        lengths = np.linalg.norm(frame.whiten, axis=0)
        order = np.argsort(lengths)  # the whitening shrinks the largest axes most
        self.turn, self.frame = (frame.whiten / lengths)[:, order], frame
        self.axes = min(AXES, len(order))
        self.rest = len(order) - self.axes
        self.upper = np.triu_indices(self.axes)
        self.spread = float(frame.rows.var(axis=0, dtype=np.float64).sum())

    def sums(self, rows: Matrix, size: int) -> Matrix:
        """Block sums of the turned rows, their products and their squares, (blocks, F)."""
        turned = (self.frame.level(rows) @ self.turn).reshape(-1, size, rows.shape[1])
        lead = turned[:, :, : self.axes]
        products = (lead.transpose(0, 2, 1) @ lead)[:, *self.upper]
        squares = np.einsum("bij,bij->bj", turned[:, :, self.axes :], turned[:, :, self.axes :])
        return np.concatenate([turned.sum(axis=1), products, squares], axis=1)

    def reduce(self, gaps: Gaps) -> Floats:
        """Squared distance, (1, P)."""
        (mean, covariance, rest), (other, its_covariance, its_rest) = map(self._moments, gaps.sides)
        means = np.square(mean - other).sum(axis=1)
        variances = np.square(np.sqrt(rest) - np.sqrt(its_rest)).sum(axis=1)
        return (
            np.asarray(np.maximum(means + variances + apart(covariance, its_covariance), 0)[None])
            * self.frame.level.unit**2
        )

    def effects(self, values: Floats) -> list[float]:
        """Root of the squared distance over its largest value at this variance, without what chance adds."""
        square = max(float(values[0, 0] - values[0, 1:].mean()), 0.0)
        return [float(np.sqrt(square / max(2 * self.spread + square / 2, 1e-300)))]

    def _moments(self, summary: Floats) -> tuple[Floats, Floats, Floats]:
        """Means (P, D), covariances (P, A, A) of the first axes, variances (P, D - A) of the others."""
        mean, products, squares = np.split(summary, [self.axes + self.rest, summary.shape[1] - self.rest], 1)
        lead = mean[:, : self.axes]
        square = np.empty((len(summary), self.axes, self.axes))
        square[:, *self.upper] = products
        square[:, *self.upper[::-1]] = products
        rest = np.maximum(squares - mean[:, self.axes :] ** 2, 0)
        return mean, square - lead[:, :, None] * lead[:, None, :], rest


def apart(first: Floats, second: Floats) -> Floats:
    """tr(A + B − 2 √(√A B √A)) of covariances (P, A, A), (P,): their part of the squared distance."""
    values, axes = np.linalg.eigh(first)
    root = (axes * np.sqrt(np.maximum(values, 0))[:, None, :]) @ axes.transpose(0, 2, 1)
    inner = np.maximum(np.linalg.eigvalsh(root @ second @ root), 0)
    traces = np.trace(first, axis1=1, axis2=2) + np.trace(second, axis1=1, axis2=2)
    return np.asarray(traces - 2 * np.sqrt(inner).sum(axis=1))


@registry.register("drift", "frechet", needs=("features",), source="Dowson 1982, Heusel 2017")
def frechet(reference: NDArray[np.floating], current: NDArray[np.floating], alpha: float) -> DriftTest:
    """Fréchet distance of the windows' means and covariances, permutation of blocks of rows."""
    return feed(reference, current, [Frechet], "frechet").finish(alpha)
