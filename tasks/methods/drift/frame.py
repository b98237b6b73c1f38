"""Scales that the drift statistics need, taken from a sample of both windows, and the test they share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.arrays import Floats, Matrix, check_alpha, sample
from labelworks.tasks.methods.drift.base import (
    MOST_BLOCKS,
    Blocks,
    ByFeature,
    DriftTest,
    Gaps,
    Statistic,
    orders,
)
from labelworks.tasks.methods.level import Level

SAMPLE = 2000  # rows of a window, on average
LONGER = 16  # times the rows of the shorter window; more of the longer one would add nothing
ENOUGH = 64  # blocks of a window
RIDGE = 0.05  # of the mean variance
ROUNDING = 16 * float(
    np.finfo(np.float32).eps
)  # of a summary: its own, that of its features, and of its sums
SHAKEN = 16  # permutations whose statistics are made again with such errors


@dataclass(frozen=True)
class Frame:
    """Pooled sample: `rows` (n, D), how to `level` rows, `whiten` (D, D) for levelled ones, `scale`: median
    squared distance."""

    rows: Matrix
    level: Level
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
        level = Level.fit(rows)
        centred = (rows.astype(np.float64) - level.mean) / level.unit
        values, axes = eigh(centred.T @ centred / len(rows))
        whiten = axes / np.sqrt(np.maximum(values, 0) + RIDGE * max(float(values.mean()), 1e-12))
        half = np.random.default_rng(0).permutation(len(rows))
        apart = centred[half] - centred[np.roll(half, 1)]
        scale = max(float(np.median(np.einsum("ij,ij->i", apart, apart))), 1e-12) * level.unit**2
        return cls(rows, level, whiten.astype(np.float32), scale)


Make = Callable[[Frame], Statistic]
Side = Literal["left", "right"]
EDGES: tuple[tuple[int, Side], tuple[int, Side]] = ((-1, "left"), (1, "right"))  # of a tie


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
        made, errors, features = self._values()
        names = [name for statistic in self.statistics for name in statistic.names] + list(more or {})
        exact = list((more or {}).values())
        values = np.concatenate(made + [gap[None] for gap in exact])
        errors += [ROUNDING * (1 / self.reference.rows + 1 / self.current.rows)] * len(
            exact
        )  # of kernels to 1
        ranks = p_values(values, np.array(errors))
        together = (1 / ranks).sum(axis=0)  # Cauchy's combination (Liu 2020), its null by the permutations
        above = together[None] - len(ranks)  # 0 where no statistic sees a difference
        p = float(p_values(above, np.array([1e-9 * together[0]]))[0, 0])
        best = int(np.argmin(ranks[:, 0]))
        sizes = [
            size
            for statistic, value in zip(self.statistics, made, strict=True)
            for size in statistic.effects(value)
        ]
        effect = float(np.clip(sizes[best] if best < len(sizes) else max(sizes), 0.0, 1.0))
        by_statistic = dict(zip(names, ranks[:, 0].tolist(), strict=True))
        return DriftTest(
            p, float(values[best, 0]), p <= alpha, effect, self.name, alpha, *features, by_statistic
        )

    def _values(self) -> tuple[list[Floats], list[float], tuple[Floats | None, Floats | None]]:
        """Statistics of the real and every permuted order, (J, permutations + 1) each, how far each can be
        off by rounding, and those by feature."""
        first, second, size = self._tables()
        n, m = len(first[0]), len(second[0])
        weights = np.where(orders(n, m) < n, 1 / (n * size), -1 / (m * size)).astype(np.float32)
        features: tuple[Floats | None, Floats | None] = (None, None)
        made, errors, rows = [], [], (self.reference.rows, self.current.rows)
        for statistic, one, other in zip(self.statistics, first, second, strict=True):
            table = np.concatenate([one, other])
            middle, share = table.mean(axis=0, dtype=np.float64), n / (n + m)
            off = _rounding(table) / size * np.sqrt(1 / n + 1 / m)
            table = (table - middle).astype(np.float32)  # the same gaps, of smaller numbers
            cuts = [Gaps(cut @ table, middle / size, share) for cut in np.array_split(weights, 8)]
            made.append(np.concatenate([statistic.reduce(gaps) for gaps in cuts], axis=1))
            errors += _shaken(statistic, cuts[0], off)
            if isinstance(statistic, ByFeature):
                features = statistic.by_feature(cuts[0], rows)
        return made, errors, features

    def _tables(self) -> tuple[list[Matrix], list[Matrix], int]:
        both = (self.reference, self.current)
        for window in both:
            if window.rows < 2:
                raise InputError(
                    f"the {window.name} window has {window.rows} rows", fix="a test needs two or more"
                )
        size, least = max(window.size for window in both), min(window.rows for window in both)
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


def _rounding(table: Matrix) -> Floats:
    """Rounding error of one block's sums, (F,); a small one is made of others that aren't."""
    size = np.sqrt(np.square(table, dtype=np.float64).mean(axis=0))
    return np.asarray(ROUNDING * (size + np.sqrt(np.square(size).mean())))


def _shaken(statistic: Statistic, gaps: Gaps, off: Floats) -> list[float]:
    """How far errors of so much (F,) in the gaps move each of a statistic's functions, J."""
    few = gaps.apart[:SHAKEN]
    signs = np.random.default_rng(0).choice([-1.0, 1.0], size=few.shape)
    around = [
        statistic.reduce(replace(gaps, apart=moved))
        for moved in (few, (few + signs * off).astype(np.float32))
    ]
    nothing = statistic.reduce(replace(gaps, apart=(signs * off).astype(np.float32)))
    return [float(distance) for distance in np.maximum(np.abs(around[1] - around[0]), nothing).max(axis=1)]


def p_values(values: Floats, errors: Floats) -> Floats:
    """Share of a row's values that reach each of them, (J, permutations + 1); ties count half.

    errors (J,): values no further apart are ties; one as near to 0 is no difference: its share is 1.
    """
    order = np.sort(values, axis=1)
    shares = np.empty_like(values)
    for row, value, error, share in zip(order, values, errors, shares, strict=True):
        below, reached = (np.searchsorted(row, value + way * error, side) for way, side in EDGES)
        share[:] = (len(row) - (below + reached) / 2 + 0.5) / len(row)
        share[value <= error] = 1.0
    return shares
