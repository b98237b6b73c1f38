"""Labels and probabilities of many classes as sparse cells, a block of classes at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.arrays import numbers

BLOCK_CELLS = 1 << 22
LISTS = "give a binary matrix (N, K), or lists of class numbers, which are the columns of pred_probs"


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of a block of classes where a label is given or a probability is not 0.

    row, column (C,), columns counted from `first`; given (C,) bool; prob (C,) float32; columns: how many.
    """

    row: NDArray[np.int64]
    column: NDArray[np.int64]
    given: NDArray[np.bool_]
    prob: NDArray[np.float32]
    first: int
    columns: int

    @property
    def self_confidence(self) -> NDArray[np.float32]:
        """The probability of what was given: p where the label is there, 1 - p where it is not."""
        return np.where(self.given, self.prob, 1 - self.prob)


def checked(labels: Any, pred_probs: Any) -> tuple[sparse.csc_array, Any]:
    """Return labels (N, K) as sparse booleans, and pred_probs dense or by column.

    labels: a binary matrix, dense or sparse, or a list of class numbers for each row. Raises InputError with
    the row's index where a label is neither 0 nor 1, a class is unknown, a probability lies outside [0, 1].
    """
    probs = pred_probs.tocsc() if sparse.issparse(pred_probs) else numbers(pred_probs, "pred_probs")
    if probs.ndim != 2 or not all(probs.shape):
        raise InputError(f"pred_probs has the shape {probs.shape}", fix="give (N, K)")
    _check_probs(probs)
    is_matrix = sparse.issparse(labels) or getattr(labels, "ndim", 1) == 2
    if is_matrix:
        given = sparse.csc_array(labels if sparse.issparse(labels) else numbers(labels, "labels", LISTS))
    else:
        given = _of_lists(labels, probs.shape[1])
    if given.shape != probs.shape:
        raise InputError(f"labels has the shape {given.shape}, pred_probs {probs.shape}")
    odd = (given.data != 0) & (given.data != 1)
    if odd.any():
        where = f"row {int(given.indices[odd.argmax()])}"
        raise InputError(f"label {given.data[odd.argmax()]} is neither 0 nor 1", where=where)
    given.eliminate_zeros()
    return given, probs


def blocks(given: sparse.csc_array, probs: Any) -> Iterator[Cells]:
    """Yield the cells of blocks of classes, each block of about BLOCK_CELLS cells."""
    rows, classes = given.shape
    if sparse.issparse(probs):
        ends = np.cumsum(np.diff(given.indptr) + np.diff(probs.indptr))
        cuts = np.searchsorted(ends, np.arange(BLOCK_CELLS, ends[-1] + BLOCK_CELLS, BLOCK_CELLS)) + 1
        edges = np.unique(np.clip(np.concatenate([[0], cuts, [classes]]), 0, classes))
    else:
        edges = np.unique(np.append(np.arange(0, classes, max(1, BLOCK_CELLS // rows)), classes))
    for first, last in pairwise(edges):
        yield _cells(given[:, first:last], probs[:, first:last], int(first))


def _cells(given: sparse.csc_array, probs: Any, first: int) -> Cells:
    rows, columns = given.shape
    label_at = _keys(given, rows)
    if sparse.issparse(probs):
        held, value = _keys(probs, rows), probs.data.astype(np.float32)
        keys = np.union1d(held, label_at)
        prob = np.zeros(len(keys), np.float32)
        prob[np.searchsorted(keys, held)] = value
    else:
        keys = np.arange(rows * columns)
        prob = probs.T.astype(np.float32).ravel()
    there = np.zeros(len(keys), bool)
    there[np.searchsorted(keys, label_at)] = True
    column, row = np.divmod(keys, rows)
    return Cells(row, column, there, prob, first, columns)


def _keys(matrix: sparse.csc_array, rows: int) -> NDArray[np.int64]:
    """Return column·N + row of each stored entry, in order."""
    matrix.sum_duplicates()
    column = np.repeat(np.arange(matrix.shape[1]), np.diff(matrix.indptr))
    return np.asarray(column * rows + matrix.indices, np.int64)


def _check_probs(probs: Any) -> None:
    values = probs.data if sparse.issparse(probs) else probs
    bad = ~((values >= 0) & (values <= 1))
    if bad.any():
        place = int(bad.argmax())
        row = int(probs.indices[place]) if sparse.issparse(probs) else place // probs.shape[1]
        raise InputError("a probability is not in [0, 1]", where=f"row {row}")


def _of_lists(labels: Any, classes: int) -> sparse.csc_array:
    try:
        sizes = np.array([len(label) for label in labels])
        listed = list(chain.from_iterable(labels))
    except TypeError as error:
        raise InputError("labels are no lists of classes", where="labels", fix=LISTS) from error
    rows = np.repeat(np.arange(len(sizes)), sizes)
    flat = numbers(listed, "labels", LISTS) if listed else np.zeros(0, np.int64)
    odd = ~((flat >= 0) & (flat < classes) & (flat == np.floor(flat)))
    if odd.any():
        at = int(odd.argmax())
        raise InputError(f"label {flat[at]} is not a class number in [0, {classes})", where=f"row {rows[at]}")
    cells = np.unique(flat.astype(np.int64) * len(sizes) + rows)
    column, row = np.divmod(cells, max(len(sizes), 1))
    ones = np.ones(len(cells), np.int8)
    return sparse.csc_array((ones, (row, column)), shape=(len(sizes), classes))
