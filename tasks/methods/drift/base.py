"""What a test for drift gives back, and the blocks of rows that all of them permute."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.arrays import BLOCK, Floats, Matrix, numbers, refuse_infinite
from labelworks.tasks.methods.statistics.float16 import rounded

PERMUTATIONS = 999
LONG_NAMES = {"drift-auto": "auto"}  # as configs may have it
MOST_BLOCKS = 512  # per window; beyond, neighbouring blocks are added up
NARROW = 256  # columns at least that a piece is cut by: a statistic may make so many of fewer


@dataclass(frozen=True)
class DriftTest:
    """Verdict on two windows.

    `p_value`; `statistic`; `drifted`: p_value <= alpha; `effect` in [0, 1]: how much, whatever the number of
    rows; `per_feature` (D,): p-values adjusted by Benjamini and Hochberg, and `per_feature_effect` (D,): how
    far each feature moved, both None where a test looks at no single feature.
    """

    p_value: float
    statistic: float
    drifted: bool
    effect: float
    method: str
    alpha: float
    per_feature: Floats | None = None
    per_feature_effect: Floats | None = None
    by_statistic: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Gaps:
    """Two windows' mean summaries of their rows, once for each permutation of their blocks.

    `apart` (P, F): first window less second; `whole` (F,): mean of both together; `share`: of the first.
    """

    apart: Matrix
    whole: Matrix
    share: float

    @property
    def sides(self) -> tuple[Floats, Floats]:
        """The summaries of each window themselves, (P, F) float64."""
        apart = self.apart.astype(np.float64)
        return self.whole + (1 - self.share) * apart, self.whole - self.share * apart


class Statistic(Protocol):
    """Functions, J of them, of two windows' mean summaries of their rows."""

    names: tuple[str, ...]

    def sums(self, rows: Matrix, size: int) -> Matrix:
        """Summaries of consecutive blocks of `size` rows, added up, (blocks, F)."""

    def reduce(self, gaps: Gaps) -> Floats:
        """Statistics of each permutation, (J, P); larger is further apart."""

    def effects(self, values: Floats) -> list[float]:
        """Sizes of the drift, J in [0, 1], from the real and the permuted differences' statistics (J, P)."""


@runtime_checkable
class ByFeature(Protocol):
    """A statistic that looks at each feature as well."""

    def by_feature(self, gaps: Gaps, rows: tuple[int, int]) -> tuple[Floats, Floats]:
        """p-values and effects, (D,) each, of windows of so many rows; of the first permutation."""


@dataclass
class Blocks:
    """Block sums of one window over equal numbers of consecutive rows; bounded, whatever the rows.

    width: of the rows; name: of the window, in errors; `open`: sums of the last block, short of its rows.
    """

    statistics: Sequence[Statistic]
    width: int
    size: int = 1
    name: str = "the window"
    rows: int = 0
    count: int = 0
    sums: list[list[Matrix]] = field(default_factory=list)
    open: list[Floats] = field(default_factory=list)
    opened: int = 0

    def add(self, rows: NDArray[np.generic]) -> None:
        """Add rows (n, D) that follow those already here; nothing of them is kept. Raises InputError."""
        for part in chunks(rows, self.width, self.name, self.rows):
            self._take(part)

    def table(self) -> list[Matrix]:
        """Sums of the whole blocks, (count, F) per statistic; rows short of a block are left out."""
        return [np.concatenate(parts) for parts in self.sums]

    def coarsen(self, size: int) -> None:
        """Add neighbours up until a block has `size` rows, the number of now times a power of two."""
        while self.size < size:
            self._halve()

    def _take(self, rows: Matrix) -> None:
        self.rows += len(rows)
        while len(rows):
            if self.opened or len(rows) < self.size:
                part = rows[: self.size - self.opened]
                self._more([statistic.sums(part, len(part)) for statistic in self.statistics], len(part))
            else:
                part = rows[: min(len(rows) // self.size, MOST_BLOCKS) * self.size]
                self._close([statistic.sums(part, self.size) for statistic in self.statistics])
            rows = rows[len(part) :]

    def _more(self, made: list[Matrix], rows: int) -> None:
        """Add sums of so many rows to the open block."""
        known = self.open if self.opened else [np.zeros(1)] * len(made)
        self.open = [np.asarray(a + b, dtype=np.float64) for a, b in zip(known, made, strict=True)]
        self.opened += rows
        if self.opened == self.size:
            whole, self.open, self.opened = self.open, [], 0
            self._close([block.astype(np.float32) for block in whole])

    def _close(self, made: list[Matrix]) -> None:
        """Keep sums of whole blocks."""
        self.sums = self.sums or [[] for _ in made]
        for known, block in zip(self.sums, made, strict=True):
            known.append(block)
        self.count += len(made[0])
        while self.count > MOST_BLOCKS:
            self._halve()

    def _halve(self) -> None:
        """Add neighbouring blocks up in pairs; an odd last one goes into the open block."""
        even, odd = self.count // 2 * 2, []
        for parts in self.sums:
            whole = np.concatenate(parts)
            parts[:] = [whole[0:even:2] + whole[1:even:2]]
            odd.append(whole[even:])
        left, self.count, self.size = self.count - even, even // 2, 2 * self.size
        if left:
            self._more(odd, self.size // 2)


def drift_test(name: str) -> Callable[..., DriftTest]:
    """The registered test of that name, `drift-auto` for auto; raise ConfigError if it is none."""
    return registry.get("drift", LONG_NAMES.get(name, name)).target


def squared(gaps: Matrix) -> Floats:
    """Squared norm of each row, (P,)."""
    return np.asarray(np.einsum("ij,ij->i", gaps, gaps, dtype=np.float64))


@lru_cache(maxsize=4)
def orders(first: int, second: int) -> NDArray[np.int32]:
    """Where each block goes, (PERMUTATIONS + 1, blocks): below `first`, to the reference; row 0 is real."""
    labels = np.tile(np.arange(first + second, dtype=np.int32), (PERMUTATIONS + 1, 1))
    labels[1:] = np.random.default_rng(0).permuted(labels[1:], axis=1)
    labels.setflags(write=False)
    return labels


def pair(reference: ArrayLike, current: ArrayLike) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Check two windows of rows (n, D); one column may come flat. Raises InputError naming the bad row.

    Where one window comes in half floats, the other is rounded to them: rounding is no drift.
    """
    first, second = _rows(reference, "reference"), _rows(current, "current")
    if first.shape[1] != second.shape[1]:
        raise InputError(
            f"reference has {first.shape[1]} columns and current {second.shape[1]}",
            fix="encode both windows with the same encoder",
        )
    if np.float16 in (first.dtype, second.dtype):
        return rounded(first), rounded(second)
    return first, second


def _rows(values: ArrayLike, name: str) -> NDArray[np.floating]:
    rows = numbers(values, name)
    rows = rows[:, None] if rows.ndim == 1 else rows
    if rows.ndim != 2 or len(rows) < 2 or rows.shape[1] < 1:
        raise InputError(f"{name} has shape {rows.shape}", fix="it must be (rows, columns), rows >= 2")
    floats = rows if np.issubdtype(rows.dtype, np.floating) else rows.astype(np.float32)
    refuse_infinite(floats, name)
    return floats


def chunks(rows: NDArray[np.generic], width: int, name: str, first: int) -> Iterator[Matrix]:
    """Rows (n, D) of a part in pieces of float32, checked; `first`: the number of the first row."""
    if rows.ndim != 2 or rows.shape[1] != width:
        raise InputError(
            f"a part of {name} has shape {rows.shape}",
            fix=f"it must be (rows, {width}), like the rows before and in the sample",
        )
    step = max(1, BLOCK // max(width, NARROW))
    for start in range(0, len(rows), step):
        with np.errstate(over="ignore"):  # what float32 can't hold is refused as infinite
            part = rows[start : start + step].astype(np.float32, copy=False)
        refuse_infinite(part, name, first + start)
        yield part
