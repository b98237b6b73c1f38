"""Several statistics on one set of permutations: whatever drifted, one of them has an eye for it."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods import registry
from labelworks.tasks.methods.arrays import Floats, Matrix
from labelworks.tasks.methods.drift.base import MOST_BLOCKS, DriftTest, Gaps, orders, squared
from labelworks.tasks.methods.drift.classifier import Probe
from labelworks.tasks.methods.drift.frame import Frame, feed
from labelworks.tasks.methods.drift.frechet import Frechet
from labelworks.tasks.methods.drift.ks import Ks
from labelworks.tasks.methods.drift.mmd import Mmd

LAPLACE = 0.3  # of the median distance
LEVEL = 0.1  # of the largest eigenvalue


class Squares:
    """Mean squares of whitened rows: their squared distance, and that of their sums.

    Outliers and lost variance move the first, `spread`; the second, `radius`, is one number, so that few
    outliers show in it.
    """

    names: tuple[str, ...] = ("spread", "radius")

    def __init__(self, frame: Frame) -> None:
        self.frame = frame

    def sums(self, rows: Matrix, size: int) -> Matrix:
        """Block sums of squares, (blocks, D)."""
        squares = self.frame.level(rows) @ self.frame.whiten
        squares *= squares
        return np.asarray(squares.reshape(-1, size, rows.shape[1]).sum(axis=1))

    def reduce(self, gaps: Gaps) -> Floats:
        """Squared distance of the mean squares, and of their sums, (2, P)."""
        return np.stack([squared(gaps.apart), gaps.apart.sum(axis=1, dtype=np.float64) ** 2])

    def effects(self, values: Floats) -> list[float]:
        """Root mean square change of the variances, without what chance adds, at most 1."""
        return [
            float(np.sqrt(max(value[0] - value[1:].mean(), 0.0)) / len(self.frame.level.mean))
            for value in values
        ]


AUTO = (partial(Mmd, width=0.7), Probe, Ks, Squares)
FEW = (Ks, Squares, Frechet)


@registry.register("drift", "auto", needs=("features",), source="Schrab 2023, Liu 2020")
def drift_auto(reference: NDArray[np.floating], current: NDArray[np.floating], alpha: float) -> DriftTest:
    """MMD, KS, spread, radius; ridge probe, or spectral MMD and Fréchet; as Cauchy's test, permuted."""
    few = max(len(reference), len(current)) <= MOST_BLOCKS  # then a block is a row, and kernels are exact
    parts = feed(reference, current, FEW if few else AUTO, "auto")
    more = kernels(np.concatenate([reference, current]), len(reference)) if few else None
    return parts.finish(alpha, more)


def kernels(rows: NDArray[np.floating], first: int) -> dict[str, Floats]:
    """Exact kernel statistics for every permutation of drift.orders, (P + 1,) each.

    Squared MMD of a Laplace kernel, which is a mixture of all bandwidths, and of a Gaussian one whose
    principal axes are levelled (Hagrass 2024), so that the few largest don't drown the others.
    """
    level = Frame.fit(rows).level(rows).astype(np.float64)
    squares = np.einsum("ij,ij->i", level, level)
    apart = np.maximum(squares[:, None] + squares - 2 * level @ level.T, 0)
    apart /= max(float(np.median(apart[np.triu_indices(len(rows), 1)])), 1e-12)
    reference = orders(first, len(rows) - first) < first
    weights = np.where(reference, 1 / first, -1 / (len(rows) - first)).astype(np.float32)
    laplace = np.exp(-np.sqrt(apart) / LAPLACE).astype(np.float32)
    levelled = _levelled(np.exp(-apart).astype(np.float32)).astype(np.float32)
    return {
        name: np.asarray(np.einsum("ij,ij->i", weights @ kernel, weights, dtype=np.float64))
        for name, kernel in (("laplace mmd", laplace), ("spectral mmd", levelled))
    }


def _levelled(kernel: NDArray[np.floating]) -> NDArray[np.floating]:
    """Centred kernel K(K + c)⁻¹, c a share of its largest eigenvalue."""
    centred = kernel - kernel.mean(axis=0) - kernel.mean(axis=1, keepdims=True) + kernel.mean()
    values, axes = np.linalg.eigh(centred)
    values = np.maximum(values, 0)
    return np.asarray((axes * (values / np.maximum(values + LEVEL * values[-1], 1e-12))) @ axes.T)
