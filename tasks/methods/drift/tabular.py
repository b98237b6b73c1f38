"""Drift of tabular columns: numbers by their quantiles, everything else by its values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.arrays import Floats
from labelworks.tasks.methods.drift.count_tests import ColumnDrift, compare
from labelworks.tasks.methods.statistics.float16 import rounded

BINS = 20  # equal shares of both windows together
VALUES = 100  # of a column that is no number; the rarer ones are one


@registry.register("columns", "columns", needs=("reference", "current"), source="Pearson 1900, Lin 1991")
def by_column(reference: Mapping[str, ArrayLike], current: Mapping[str, ArrayLike]) -> dict[str, ColumnDrift]:
    """Compare each column (n,) of two windows; a missing value, None or NaN, is a value like others.

    Wasserstein is in cells: twentieths of the rows for numbers. Raises InputError where columns differ.
    """
    if set(reference) != set(current):
        raise InputError(
            f"columns {sorted(reference)} and {sorted(current)}", fix="give the same columns of both"
        )
    return {name: compare(*_histograms(name, reference[name], current[name])) for name in reference}


def _histograms(name: str, reference: ArrayLike, current: ArrayLike) -> tuple[Floats, Floats]:
    first, second = np.asarray(reference), np.asarray(current)
    if first.ndim != 1 or second.ndim != 1 or not len(first) or not len(second):
        raise InputError(f"column {name!r} has shapes {first.shape} and {second.shape}", fix="rows (n,)")
    numbers = all(np.issubdtype(column.dtype, np.number) for column in (first, second))
    codes = _quantiles(first, second) if numbers else _values(first, second)
    size = int(codes.max()) + 1
    before, after = (np.bincount(window, minlength=size) for window in np.split(codes, [len(first)]))
    return before.astype(np.float64), after.astype(np.float64)


def _quantiles(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.intp]:
    if np.float16 in (first.dtype, second.dtype):  # rounding is no drift
        first, second = rounded(first), rounded(second)
    both = np.concatenate([first, second]).astype(np.float64)
    known = both[np.isfinite(both)]
    if not len(known):
        return np.zeros(len(both), dtype=np.intp)
    borders = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1]))
    cells = np.searchsorted(borders, both, side="left")
    return np.asarray(np.where(np.isfinite(both), cells, len(borders) + 1), dtype=np.intp)


def _values(first: NDArray[np.generic], second: NDArray[np.generic]) -> NDArray[np.intp]:
    names, codes = np.unique([str(value) for value in (*first, *second)], return_inverse=True)
    rank = np.argsort(np.argsort(-np.bincount(codes, minlength=len(names)), kind="stable"))
    return np.asarray(np.minimum(rank[codes], VALUES), dtype=np.intp)
