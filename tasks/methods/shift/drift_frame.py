"""Scales that the drift statistics need, taken from a sample of both windows, and the test they share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from schemas.errors import InputError
from tasks.methods.shift.drift import (
    MOST_BLOCKS,
    PERMUTATIONS,
    Blocks,
    ByFeature,
    DriftTest,
    Gaps,
    Statistic,
    orders,
)
from tasks.methods.shift.inputs import Floats, Matrix, check_alpha, sample

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
        return cls.fit(np.concatenate(parts))

    @classmethod
    def fit(cls, pooled: NDArray[np.floating]) -> Frame:
        """Scales of a pooled sample (n, D) that holds the same share of both windows."""
        rows = pooled.astype(np.float32)
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
    """A test of both windows, which are checked."""
    limit = max(LONGER * min(len(reference), len(current)), MOST_BLOCKS)
    first, second = (
        window if len(window) <= limit else window[sample(len(window), limit)]
        for window in (reference, current)
    )
    parts = DriftParts(Frame.of(first, second), makes, name, size_of_blocks(len(first), len(second)))
    parts.add_reference(first)
    parts.add_current(second)
    return parts


def size_of_blocks(first: int, second: int) -> int:
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
        self.name, self.statistics, width = name, [make(frame) for make in makes], frame.rows.shape[1]
        self.reference = Blocks(self.statistics, width, size, "reference")
        self.current = Blocks(self.statistics, width, size, "current")

    def add_reference(self, rows: NDArray[np.generic]) -> None:
        """Add rows (n, D) of the reference; raise InputError on a wrong width or a row not finite."""
        self.reference.add(rows)

    def add_current(self, rows: NDArray[np.generic]) -> None:
        """Add rows (n, D) of the current window; raise InputError on a wrong width or a row not finite."""
        self.current.add(rows)

    def finish(self, alpha: float = 0.05, more: dict[str, Floats] | None = None) -> DriftTest:
        """The verdict so far; more: further statistics of the same permutations, by name."""
        check_alpha(alpha)
        made, features = self._values()
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
        return DriftTest(p, float(values[best, 0]), p <= alpha, effect, self.name, alpha, *features, each)

    def _values(self) -> tuple[list[Floats], tuple[Floats | None, Floats | None]]:
        """Statistics of the real and every permuted order, (J, permutations + 1) each; those by feature."""
        first, second, size = self._tables()
        n, m = len(first[0]), len(second[0])
        weights = np.where(orders(n, m) < n, 1 / (n * size), -1 / (m * size)).astype(np.float32)
        features: tuple[Floats | None, Floats | None] = (None, None)
        made, rows = [], (self.reference.rows, self.current.rows)
        for each, one, other in zip(self.statistics, first, second, strict=True):
            table = np.concatenate([one, other])
            whole, share = table.mean(axis=0) / np.float32(size), n / (n + m)
            cuts = (Gaps(cut @ table, whole, share) for cut in np.array_split(weights, 8))
            made.append(np.concatenate([each.reduce(gaps) for gaps in cuts], axis=1))
            if isinstance(each, ByFeature):
                features = each.by_feature(Gaps(weights[:1] @ table, whole, share), rows)
        return made, features

    def _tables(self) -> tuple[list[Matrix], list[Matrix], int]:
        both = (self.reference, self.current)
        for window in both:
            if window.rows < 2:
                raise InputError(
                    f"the {window.name} window has {window.rows} rows", fix="a test needs two or more"
                )
        size, least = max(each.size for each in both), min(each.rows for each in both)
        if least >= 2 * size * ENOUGH and size > 1:
            size *= 2  # half the blocks are as good
        for window in both:
            window.coarsen(size)
        if not all(window.count for window in both):
            raise InputError(
                f"windows of {both[0].rows} and {both[1].rows} rows can't be compared in parts",
                fix="sample the longer one first",
            )
        return both[0].table(), both[1].table(), size


def p_values(values: Floats) -> Floats:
    """Share of a row's values that reach each of them, (J, permutations + 1)."""
    order = np.sort(values, axis=1)
    below = np.stack(
        [np.searchsorted(row, each - 1e-7 * abs(each)) for row, each in zip(order, values, strict=True)]
    )
    return np.asarray((PERMUTATIONS + 1 - below) / (PERMUTATIONS + 1), dtype=np.float64)
