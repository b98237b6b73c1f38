"""Confident learning of each class against the rest: learned from some rows, said of any."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from labelworks.tasks.methods.multilabel.cells import Cells

UNSURE = 1e-3  # no probability is nearer to 0 or 1, and no noise takes all that labels tell
NONE = -1.0  # a cut below which nothing lies
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ConfidentClasses:
    """Noise of K classes, learned from rows that stand for all.

    missing_rate (K,): share of the true labels that were not given; extra_rate (K,): share of the given that
    are wrong; false_rate (K,): share of the rows truly without the class that bear it. missing_cut and
    extra_cut (K,): a cell is suspicious whose self-confidence is no higher.
    """

    missing_rate: Floats
    extra_rate: Floats
    false_rate: Floats
    missing_cut: Floats
    extra_cut: Floats

    @classmethod
    def fit(cls, blocks: Iterable[Cells], rows: int) -> ConfidentClasses:
        """Learn from the cells of `rows` rows, given as blocks of classes, one after the other."""
        blocks_fitted = [_fitted(cells, rows) for cells in blocks]
        return cls(*(np.concatenate(parts) for parts in zip(*blocks_fitted, strict=True)))

    def suspicious(self, cells: Cells, rows: int) -> tuple[sparse.csr_array, sparse.csr_array]:
        """Missing and extra labels of a block: sparse (rows, columns), P(error) where flagged."""
        here = cells.first + cells.column
        lost, invented, confidence = self.missing_rate[here], self.false_rate[here], cells.self_confidence
        p = _true(cells.prob.astype(np.float64), lost, invented)
        odds_there = p * np.where(cells.given, 1 - lost, lost)
        odds_absent = (1 - p) * np.where(cells.given, invented, 1 - invented)
        missing = np.flatnonzero(~cells.given & (confidence <= self.missing_cut[here]))
        extra = np.flatnonzero(cells.given & (confidence <= self.extra_cut[here]))
        return (
            _matrix(cells, rows, missing, _share(odds_there, odds_absent)),
            _matrix(cells, rows, extra, _share(odds_absent, odds_there)),
        )


def _fitted(cells: Cells, rows: int) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Count each class's confident joint; cut where as many cells are below as it says are wrong."""
    given = _count(cells, cells.given)
    there, absent = _confident(cells, given, rows)
    implicit = rows - _count(cells, np.ones(len(cells.row), bool))  # neither label nor probability: absent
    extra_rate = _share(_count(cells, cells.given & absent), _count(cells, cells.given & there))
    overlooked = _share(_count(cells, ~cells.given & there), _count(cells, ~cells.given & absent) + implicit)
    missing, extra = overlooked * (rows - given), extra_rate * given
    return (
        _share(missing, given - extra),
        extra_rate,
        _share(extra, rows - given - missing),
        _cut(cells, ~cells.given, missing),
        _cut(cells, cells.given, extra),
    )


def _confident(cells: Cells, given: Floats, rows: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the cells confidently there and confidently absent: as sure as their kind on average."""
    p = cells.prob.astype(np.float64)
    own = np.bincount(cells.column, p * cells.given, minlength=cells.columns)
    other = np.bincount(cells.column, p * ~cells.given, minlength=cells.columns)
    least_there = np.where(given > 0, own / np.maximum(given, 1), np.inf)[cells.column]
    without = rows - given
    least_absent = np.where(without > 0, 1 - other / np.maximum(without, 1), np.inf)[cells.column]
    there, absent = p >= least_there, 1 - p >= least_absent
    return there & (~absent | (p >= 0.5)), absent & (~there | (p < 0.5))


def _true(prob: Floats, lost: Floats, invented: Floats) -> Floats:
    """P(the label is true) where prob is P(it is given), as a model of the given labels says (Scott 2013)."""
    told = np.maximum(1 - lost - invented, UNSURE)
    return np.asarray(np.clip((prob - invented) / told, UNSURE, 1 - UNSURE))


def _cut(cells: Cells, among: NDArray[np.bool_], wanted: Floats) -> Floats:
    """Self-confidence (C,) of the last of the `wanted` (C,) least plausible cells of each class."""
    place = np.flatnonzero(among)
    column, score = cells.column[place], cells.self_confidence[place]
    order = np.lexsort((score, column))
    starts = np.searchsorted(column[order], np.arange(cells.columns + 1))
    number = np.minimum(np.rint(wanted).astype(np.int64), np.diff(starts))
    cut = np.full(cells.columns, NONE)
    some = number > 0
    cut[some] = score[order][starts[:-1][some] + number[some] - 1]
    return cut


def _count(cells: Cells, which: NDArray[np.bool_]) -> Floats:
    return np.bincount(cells.column[which], minlength=cells.columns).astype(np.float64)


def _share(part: Floats, rest: Floats) -> Floats:
    """Return part / (part + rest), 0 where there is neither."""
    whole = part + rest
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)


def _matrix(cells: Cells, rows: int, flagged: NDArray[np.int64], error: Floats) -> sparse.csr_array:
    at = cells.row[flagged], cells.column[flagged]
    return sparse.csr_array((error[flagged].astype(np.float32), at), shape=(rows, cells.columns))
