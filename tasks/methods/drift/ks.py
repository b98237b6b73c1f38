"""Kolmogorov–Smirnov per feature by histograms that add up; the worst feature's distance is permuted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control, kstwobign

from labelworks.tasks.methods import registry
from labelworks.tasks.methods.arrays import Floats, Matrix
from labelworks.tasks.methods.drift.base import DriftTest, Gaps
from labelworks.tasks.methods.drift.frame import Frame, feed

CELLS = 128  # equal widths, looked up in
BINS = 32  # equal shares of the sample
NARROW = 1e-30  # spread of a feature that hardly has any, in units of the others'


class Ks:
    """Largest distance of two features' distribution functions, at the borders of BINS bins."""

    names: tuple[str, ...] = ("ks",)

    def __init__(self, frame: Frame) -> None:
        self.frame, rows = frame, frame.level(frame.rows)
        low, high = np.quantile(rows, [0.001, 0.999], axis=0)
        width = rows.shape[1]
        first = CELLS * np.arange(width)
        self.low, self.scale = (
            low.astype(np.float32),
            (CELLS / np.maximum(high - low, NARROW)).astype(np.float32),
        )
        self.first, self.last = first.astype(np.float32), (first + CELLS - 1).astype(np.float32)
        counts = np.bincount(self._cells(frame.rows).ravel(), minlength=CELLS * width).reshape(width, CELLS)
        middle = np.cumsum(counts, axis=1) - counts / 2
        bins = np.minimum((middle / len(frame.rows) * BINS).astype(np.intp), BINS - 1)
        self.lookup = (bins + BINS * np.arange(width)[:, None]).ravel()

    def sums(self, rows: Matrix, size: int) -> Matrix:
        """Histograms of blocks, (blocks, D · BINS)."""
        width = rows.shape[1]
        where = self._cells(rows).reshape(-1, size * width)
        made = np.empty((len(where), width * BINS), dtype=np.float32)
        for block, cells in zip(made, where, strict=True):
            if size < CELLS:
                block[:] = np.bincount(self.lookup.take(cells), minlength=width * BINS)
            else:  # fewer cells than values: count first, look up after
                counts = np.bincount(cells, minlength=width * CELLS)
                block[:] = np.bincount(self.lookup, counts, minlength=width * BINS)
        return made

    @staticmethod
    def distances(gaps: Matrix) -> Matrix:
        """Distance of each feature, (P, D)."""
        steps = np.cumsum(gaps.reshape(len(gaps), -1, BINS), axis=2)
        return np.asarray(np.abs(steps, out=steps).max(axis=2))

    def reduce(self, gaps: Gaps) -> Floats:
        """Distance of the worst feature: its permutations adjust for the number of features (max-T)."""
        return np.asarray(self.distances(gaps.apart).max(axis=1)[None], dtype=np.float64)

    def effects(self, values: Floats) -> list[float]:
        """The distance itself."""
        return [float(values[0, 0])]

    def by_feature(self, gaps: Gaps, rows: tuple[int, int]) -> tuple[Floats, Floats]:
        """p-values by Smirnov's limit, adjusted by Benjamini and Hochberg, and distances, (D,) each."""
        distance = self.distances(gaps.apart[:1])[0].astype(np.float64)
        n, m = rows
        p = kstwobign.sf(distance * np.sqrt(n * m / (n + m)))
        return np.asarray(false_discovery_control(np.clip(p, 0, 1)), dtype=np.float64), distance

    def _cells(self, rows: Matrix) -> NDArray[np.intp]:
        """Number of the cell of every value, all features counted on, (n, D)."""
        cells = self.frame.level(rows) - self.low
        with np.errstate(over="ignore"):  # far outside is in the last cell
            cells *= self.scale
        cells += self.first
        return np.asarray(np.clip(cells, self.first, self.last, out=cells).astype(np.intp))


@registry.register("drift", "ks", needs=("features",), source="Smirnov 1948, Westfall 1993")
def ks(reference: NDArray[np.floating], current: NDArray[np.floating], alpha: float) -> DriftTest:
    """Kolmogorov–Smirnov per feature; the largest permuted, all adjusted by Benjamini–Hochberg."""
    return feed(reference, current, [Ks], "ks").finish(alpha)
