"""In which columns of a table a row is more like another class than like the one that its label says."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.tasks.methods.encoders.tables.read_values import (
    distinct,
    moments,
    numbers,
    share_of_moments,
    share_of_numbers,
)

BINS = 8  # of numbers and moments, of about as many rows each
MOST = 0.5  # of the values that are numbers or moments, where the column is one of these
LEAST_ROWS = 10  # of a value that is looked at by itself
PRIOR_ROWS = 20.0  # of the mix of all rows, which each class is thought to have had before any was seen


def binned(column: pa.Array) -> NDArray[np.int64]:
    """The bin of each value (N,): 0 where there is none; of numbers and moments by size, else by value."""
    codes, texts = distinct(column)
    rows = np.bincount(codes[codes >= 0], minlength=len(texts))
    if share_of_numbers(texts, rows) > MOST:
        return _by_size(numbers(column)[0])
    if share_of_moments(texts, rows) > MOST:
        return _by_size(moments(column)[0])
    common = np.flatnonzero(rows >= LEAST_ROWS)
    bins = np.append(np.ones(len(rows), np.int64), 0)  # the last one stands for no value
    bins[common] = np.arange(len(common)) + 2
    return np.asarray(bins[codes])


def evidence(
    bins: NDArray[np.integer], labels: NDArray[np.integer], rows: NDArray[np.integer],
    given: NDArray[np.integer], other: NDArray[np.integer],
) -> NDArray[np.float64]:  # fmt: skip
    """How many times as frequent (log) the bins of some rows are in the other class as in the given one.

    bins (N,); labels (N,): codes of classes, -1 where there is none; rows (n,): places among these; given,
    other (n,): codes. Shares of a class are drawn towards those of all rows by PRIOR_ROWS.
    """
    known = labels >= 0
    counts = np.zeros((int(max(labels.max(), given.max(), other.max())) + 1, int(bins.max()) + 1))
    np.add.at(counts, (labels[known], bins[known]), 1.0)
    overall = (counts.sum(axis=0) + 1.0) / (counts.sum() + counts.shape[1])
    shares = (counts + PRIOR_ROWS * overall) / (counts.sum(axis=1, keepdims=True) + PRIOR_ROWS)
    here = bins[rows]
    return np.asarray(np.log(shares[other, here] / shares[given, here]))


def _by_size(values: NDArray[np.float64]) -> NDArray[np.int64]:
    there = np.isfinite(values)
    bins = np.zeros(len(values), np.int64)
    if there.any():
        cuts = np.unique(np.quantile(values[there], np.linspace(0, 1, BINS + 1)[1:-1], method="lower"))
        bins[there] = np.searchsorted(cuts, values[there], side="left") + 1
    return bins
