"""Windows drawn again, each with the prior that would have been estimated from it: what chance alone does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve

from labelworks.tasks.methods.arrays import Floats, Matrix, blocks

FLAT = 1e-4  # of the mean curvature: how far shares that the rows hardly tell apart may move


@dataclass(frozen=True)
class NoveltyCells:
    """Both windows' novelty cut into cells: the cell of each row, the mean score of each cell, borders.

    known (N,), target (M,); by_class (K, C): shares of a class's labelled rows; scores (C,) standardised;
    borders (C-1,).
    """

    known: NDArray[np.intp]
    target: NDArray[np.intp]
    by_class: Floats
    scores: Floats
    borders: Floats

    @property
    def counts(self) -> Floats:
        """Rows of the target in each cell, (C,)."""
        return np.bincount(self.target, minlength=len(self.scores)).astype(np.float64)


@dataclass(frozen=True)
class Known:
    """What labelled rows say of a target of known classes: `counts` (K,) of their labels, and their cells."""

    cells: NoveltyCells
    counts: Floats

    def at(self, prior: Floats) -> Floats:
        """Counts (C,) of labelled rows weighed to a prior, in all as many as they are worth (Kish 1965)."""
        there = self.counts > 0
        share = np.where(there, prior, 0.0) / prior[there].sum()
        worth = 1 / float((share[there] ** 2 / self.counts[there]).sum())
        return np.asarray(worth * (share @ self.cells.by_class))


@dataclass(frozen=True)
class DrawnRows:
    """Rows to draw a target window of: cell (n,), likelihood `ratio` (n, K) of each class, how often each is
    drawn, `chance` (n,), and how surely it is of a known class, `usual` (n,)."""

    cell: NDArray[np.intp]
    ratio: Matrix
    chance: Floats
    usual: Floats

    def drawn(self, known: Known, prior: Floats, size: int, times: int) -> Iterator[tuple[Floats, Floats]]:
        """Counts (C,) of labelled rows, themselves drawn again, and of `size` of these rows, so many times.

        The labelled rows are weighed to the prior that a Newton step from `prior` (K,) finds in those drawn:
        so an estimate's error, and what badly calibrated probabilities add to it, is in the counts.
        """
        rng = np.random.default_rng(0)
        counts = rng.multinomial(size, self.chance / self.chance.sum(), times)
        cells = len(known.cells.scores)
        for often, weights in zip(counts, self.priors(counts, prior), strict=True):
            labelled = known.at(weights)
            again = rng.multinomial(max(int(labelled.sum()), 1), labelled / labelled.sum())
            yield again.astype(np.float64), np.bincount(self.cell, often, cells).astype(np.float64)

    def priors(self, counts: NDArray[np.int64], prior: Floats) -> Floats:
        """(times, K): maximum likelihood, to first order, of rows drawn so often (times, n)."""
        present = prior > 0
        slopes, curve = np.zeros((len(counts), int(present.sum()))), np.zeros((int(present.sum()),) * 2)
        expected = self.usual * self.chance / (self.usual @ self.chance)
        for part in blocks(len(self.ratio), len(prior)):
            likelihood = self.ratio[part][:, present]
            slope = likelihood / np.maximum(likelihood @ prior[present], 1e-30)[:, None]
            curve += (slope * expected[part][:, None]).T @ slope
            slopes += (counts[:, part] * self.usual[part]) @ slope
        slopes /= np.maximum(counts @ self.usual, 1e-12)[:, None]
        curve += FLAT * np.trace(curve) / len(curve) * np.eye(len(curve))
        drawn = np.zeros((len(counts), len(prior)))
        drawn[:, present] = np.maximum(prior[present] + solve(curve, (slopes - 1).T, assume_a="pos").T, 0)
        return np.asarray(drawn / np.maximum(drawn.sum(axis=1, keepdims=True), 1e-12))
