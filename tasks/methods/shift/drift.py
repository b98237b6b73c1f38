"""What a test for drift gives back, and the blocks of rows that all of them permute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from schemas.errors import InputError
from tasks.methods.shift.inputs import BLOCK, Floats, Matrix

PERMUTATIONS = 999
MOST_BLOCKS = 512  # per window; beyond, neighbouring blocks are added up


@dataclass(frozen=True)
class DriftTest:
    """Verdict on two windows.

    `p_value`; `statistic`; `drifted`: p_value <= alpha; `effect` in [0, 1]: how much, whatever the number of
    rows; `per_feature` (D,): p-values adjusted by Benjamini and Hochberg, None where a test has none.
    """

    p_value: float
    statistic: float
    drifted: bool
    effect: float
    method: str
    alpha: float
    per_feature: Floats | None = None
    by_statistic: dict[str, float] = field(default_factory=dict)


class Statistic(Protocol):
    """Functions, J of them, of the difference between two windows' mean summaries of their rows."""

    names: tuple[str, ...]

    def sums(self, rows: Matrix, size: int) -> Matrix:
        """Summaries of consecutive blocks of `size` rows, added up, (blocks, F)."""

    def reduce(self, gaps: Matrix) -> Floats:
        """Statistics of each difference of means, (P, F) to (J, P); larger is further apart."""

    def effects(self, values: Floats) -> list[float]:
        """Sizes of the drift, J in [0, 1], from the real and the permuted differences' statistics (J, P)."""


@dataclass
class Blocks:
    """Block sums of one window over equal numbers of consecutive rows; bounded, whatever the rows."""

    statistics: Sequence[Statistic]
    size: int = 1
    rows: int = 0
    sums: list[list[Matrix]] = field(default_factory=list)
    waiting: list[Matrix] = field(default_factory=list)

    def add(self, rows: Matrix) -> None:
        """Add rows (n, D) that follow those already here."""
        self.rows += len(rows)
        self.waiting.append(rows)
        if sum(map(len, self.waiting)) >= max(self.size, BLOCK // rows.shape[1]):
            self._settle()

    def table(self, size: int) -> list[Matrix]:
        """Sums over blocks of `size` rows, per statistic; rows short of a block are left out."""
        self._settle()
        while self.size < size:
            self._halve()
        return [np.concatenate(parts) for parts in self.sums]

    def _settle(self) -> None:
        rows = np.concatenate(self.waiting) if self.waiting else np.empty((0, 1), dtype=np.float32)
        self.sums = self.sums or [[] for _ in self.statistics]
        while len(rows) >= self.size:
            batch = rows[: min(len(rows) // self.size, MOST_BLOCKS) * self.size]
            for known, each in zip(self.sums, self.statistics, strict=True):
                known.append(each.sums(batch, self.size))
            rows = rows[len(batch) :]
            while sum(map(len, self.sums[0])) > MOST_BLOCKS:
                self._halve()
        self.waiting = [rows] if len(rows) else []

    def _halve(self) -> None:
        """Add neighbouring blocks up in pairs; an odd last one is given up."""
        for parts in self.sums:
            whole = np.concatenate(parts)
            even = len(whole) // 2 * 2
            parts[:] = [whole[0:even:2] + whole[1:even:2]]
        self.size *= 2


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
    """Check two windows of rows (n, D); one column may come flat. Raises InputError naming the bad row."""
    first, second = _rows(reference, "reference"), _rows(current, "current")
    if first.shape[1] != second.shape[1]:
        raise InputError(
            f"reference has {first.shape[1]} columns and current {second.shape[1]}",
            fix="encode both windows with the same encoder",
        )
    return first, second


def _rows(values: ArrayLike, name: str) -> NDArray[np.floating]:
    rows = np.asanyarray(values)
    rows = rows[:, None] if rows.ndim == 1 else rows
    if rows.ndim != 2 or len(rows) < 2 or rows.shape[1] < 1:
        raise InputError(f"{name} has shape {rows.shape}", fix="it must be (rows, columns), rows >= 2")
    rows = rows if np.issubdtype(rows.dtype, np.floating) else rows.astype(np.float32)
    step = max(1, BLOCK // rows.shape[1])
    for start in range(0, len(rows), step):
        good = np.isfinite(rows[start : start + step].sum(axis=1, dtype=np.float64))
        if not good.all():
            bad = start + int(np.argmin(good))
            raise InputError(f"row {bad} of {name} is not finite", where=f"row {bad}", fix="drop or fill it")
    return rows
