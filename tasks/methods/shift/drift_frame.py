"""Scales that the drift statistics need, taken from a sample of both windows, and the test they share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from schemas.errors import InputError
from tasks.methods.shift.drift import MOST_BLOCKS, PERMUTATIONS, Blocks, DriftTest, Statistic, orders
from tasks.methods.shift.inputs import BLOCK, Floats, Matrix, sample

SAMPLE = 2000  # rows of a window, on average
LONGER = 16  # times the rows of the shorter window; more of the longer one would add nothing
ENOUGH = 64  # blocks of a window
RIDGE = 0.05  # of the mean variance


@dataclass(frozen=True)
class Frame:
    """Pooled sample: `rows` (n, D), `mean` (D,), `whiten` (D, D), `scale`: median squared distance."""

    rows: Matrix
    mean: Matrix
    whiten: Matrix
    scale: float

    @classmethod
    def of(cls, reference: NDArray[np.floating], current: NDArray[np.floating]) -> Frame:
        """Take the same share of both windows: scales fit the rows they were fitted to better than others."""
        share = min(1.0, 2 * SAMPLE / (len(reference) + len(current)))
        parts = [
            window[sample(len(window), max(1, round(share * len(window))))] for window in (reference, current)
        ]
        rows = np.concatenate(parts).astype(np.float32)
        mean = rows.mean(axis=0, dtype=np.float64)
        centred = (rows - mean).astype(np.float64)
        values, axes = eigh(centred.T @ centred / len(rows))
        ridge = RIDGE * max(float(values.mean()), 1e-12)
        whiten = axes / np.sqrt(np.maximum(values, 0) + ridge)
        half = np.random.default_rng(0).permutation(len(rows))
        apart = rows[half] - rows[np.roll(half, 1)]
        scale = float(np.median(np.einsum("ij,ij->i", apart, apart)))
        return cls(rows, mean.astype(np.float32), whiten.astype(np.float32), max(scale, 1e-12))


Make = Callable[[Frame], Statistic]


def feed(
    reference: NDArray[np.floating], current: NDArray[np.floating], makes: Sequence[Make], name: str
) -> DriftParts:
    """Both windows, fed to a test in pieces."""
    limit = max(LONGER * min(len(reference), len(current)), MOST_BLOCKS)
    first, second = (
        window if len(window) <= limit else window[sample(len(window), limit)]
        for window in (reference, current)
    )
    parts = DriftParts(Frame.of(first, second), makes, name, _size(len(first), len(second)))
    for window, add in ((first, parts.add_reference), (second, parts.add_current)):
        step = max(1, BLOCK // window.shape[1])
        for start in range(0, len(window), step):
            add(window[start : start + step])
    return parts


def _size(first: int, second: int) -> int:
    """Rows of a block that both windows end at, where their lengths are known."""
    size = 1
    while max(first, second) // size > MOST_BLOCKS:
        size *= 2
    return 2 * size if size > 1 and min(first, second) >= 2 * size * ENOUGH else size


class DriftParts:
    """A drift test fed part by part; its memory doesn't grow with the rows.

    frame: the scales, from a sample of both windows; parts must come in the order of their rows;
    size: rows of a block to begin with, more where the windows are known to be long.
    """

    def __init__(self, frame: Frame, makes: Sequence[Make], name: str, size: int = 1) -> None:
        self.name, self.statistics = name, [make(frame) for make in makes]
        self.reference, self.current = Blocks(self.statistics, size), Blocks(self.statistics, size)

    def add_reference(self, rows: NDArray[np.floating]) -> None:
        """Add rows (n, D) of the reference."""
        self.reference.add(rows.astype(np.float32, copy=False))

    def add_current(self, rows: NDArray[np.floating]) -> None:
        """Add rows (n, D) of the current window."""
        self.current.add(rows.astype(np.float32, copy=False))

    def finish(self, alpha: float = 0.05, more: dict[str, Floats] | None = None) -> DriftTest:
        """The verdict so far; more: further statistics of the same permutations, by name."""
        made = self._values()
        names = [name for each in self.statistics for name in each.names] + list(more or {})
        values = np.concatenate(made + [each[None] for each in (more or {}).values()])
        ranks = p_values(values)
        together = (1 / ranks).sum(axis=0)  # Cauchy's combination (Liu 2020), its null by the permutations
        p, best = float(np.mean(together >= (1 - 1e-9) * together[0])), int(np.argmin(ranks[:, 0]))
        sizes = [
            size for each, value in zip(self.statistics, made, strict=True) for size in each.effects(value)
        ]
        effect = float(np.clip(sizes[best] if best < len(sizes) else max(sizes), 0.0, 1.0))
        each = dict(zip(names, ranks[:, 0].tolist(), strict=True))
        return DriftTest(p, float(values[best, 0]), p <= alpha, effect, self.name, alpha, None, each)

    def gap(self, which: int) -> Matrix:
        """Difference of the windows' mean summaries, of one statistic, (1, F)."""
        weights, tables = self._weighted()
        return np.asarray(weights[:1] @ tables[which])

    def _values(self) -> list[Floats]:
        """The statistics of the real and every permuted difference, (J, permutations + 1) each."""
        weights, tables = self._weighted()
        cuts = np.array_split(weights, 8)
        return [
            np.concatenate([each.reduce(cut @ table) for cut in cuts], axis=1)
            for each, table in zip(self.statistics, tables, strict=True)
        ]

    def _weighted(self) -> tuple[Matrix, list[Matrix]]:
        """Weights (permutations + 1, blocks) that take block sums to differences of means; the block sums."""
        first, second, size = self._tables()
        n, m = len(first[0]), len(second[0])
        weights = np.where(orders(n, m) < n, 1 / (n * size), -1 / (m * size)).astype(np.float32)
        return weights, [np.concatenate(pair) for pair in zip(first, second, strict=True)]

    def _tables(self) -> tuple[list[Matrix], list[Matrix], int]:
        for window, name in ((self.reference, "reference"), (self.current, "current")):
            if window.rows < 2:
                raise InputError(f"the {name} window has {window.rows} rows", fix="a test needs two or more")
        self.reference.table(1)
        self.current.table(1)
        size = max(self.reference.size, self.current.size)
        if min(self.reference.rows, self.current.rows) >= 2 * size * ENOUGH and size > 1:
            size *= 2  # half the blocks are as good
        first, second = self.reference.table(size), self.current.table(size)
        if not len(first[0]) or not len(second[0]):
            rows = f"{self.reference.rows} and {self.current.rows} rows"
            raise InputError(
                f"windows of {rows} can't be compared in parts", fix="sample the longer one first"
            )
        return first, second, size


def p_values(values: Floats) -> Floats:
    """Share of a row's values that reach each of them, (J, permutations + 1)."""
    order = np.sort(values, axis=1)
    below = np.stack(
        [np.searchsorted(row, each - 1e-7 * abs(each)) for row, each in zip(order, values, strict=True)]
    )
    return np.asarray((PERMUTATIONS + 1 - below) / (PERMUTATIONS + 1), dtype=np.float64)
