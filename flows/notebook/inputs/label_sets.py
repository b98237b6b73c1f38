"""Rows of several labels each, as lists of names or as a binary matrix, and the columns they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from labelworks.flows.notebook.inputs.classes import ORDER, class_order, listed, names
from labelworks.flows.notebook.inputs.columns import Matrix, column, matrix
from labelworks.schemas.errors import InputError

LISTS = "give a list of labels a row, [] where it has none; or a binary matrix (N, K)"


@dataclass(frozen=True, eq=False)
class LabelSets:
    """Labels of N rows: matrix, binary sparse (N, K), of classes (K,); the index they came with."""

    classes: NDArray[Any]
    matrix: sparse.csr_array
    index: pd.Index

    def named(self, cells: sparse.csr_array) -> list[list[Any]]:
        """The classes of each row's cells that are not 0, by name."""
        classes = self.classes.tolist()
        ends = cells.indptr.tolist()
        return [
            [classes[place] for place in sorted(cells.indices[first:last].tolist())]
            for first, last in pairwise(ends)
        ]


def label_sets(labels: Any, probs: Matrix | None = None, classes: Sequence[Any] | None = None) -> LabelSets:
    """Lists of labels, or a binary matrix, as a sparse matrix over the K columns of probabilities.

    The order of the classes is found as `classes.coded` finds it; a binary table's columns are called as the
    classes. Raises InputError where a row's labels are missing, a class is unknown, or a cell is no 0 or 1.
    """
    if _is_matrix(labels):
        return _of_matrix(labels, probs, classes)
    given = column(labels, "labels")
    odd = np.array([isinstance(row_labels, str) or not np.iterable(row_labels) for row_labels in given], bool)
    if odd.any() or not len(given):
        row = int(odd.argmax()) if len(given) else 0
        raise InputError("no list of labels", where=f"labels, row {row}", fix=LISTS)
    flat = _flat(given)
    of_row = np.repeat(np.arange(len(given)), [len(row) for row in given])
    values = names(flat, "labels") if len(flat) else np.array([], object)
    order = class_order(values, probs, classes)
    codes = pd.Index(order).get_indexer(pd.Index(values))
    if (codes < 0).any():
        at = int((codes < 0).argmax())
        what = f"label {listed(values[[at]])} is none of the classes: {listed(order)}"
        raise InputError(what, where=f"row {of_row[at]}", fix=ORDER)
    return LabelSets(order, _binary(of_row, codes, (len(given), len(order))), given.index)


def _flat(given: pd.Series[Any]) -> pd.Series[Any]:
    """The labels of all rows; InputError naming the row of one that is no text that can be written."""
    try:
        return pd.Series([label for row in given for label in row])
    except UnicodeEncodeError:
        for row, row_labels in enumerate(given):
            column(list(row_labels), f"labels of row {row}")
        raise


def _is_matrix(labels: Any) -> bool:
    """Whether labels are a table or an array of two dimensions, not one list a row."""
    if sparse.issparse(labels) or hasattr(labels, "columns") or hasattr(labels, "column_names"):
        return True
    if isinstance(labels, list) and labels and all(isinstance(label, list) for label in labels):
        return False
    return getattr(labels, "ndim", 1) == 2


def _of_matrix(labels: Any, probs: Matrix | None, classes: Sequence[Any] | None) -> LabelSets:
    if sparse.issparse(labels):
        marks, cells = Matrix(labels), sparse.csr_array(labels)
    else:
        marks = matrix(labels, "labels")
        cells = sparse.csr_array(np.nan_to_num(marks.values, nan=-1))
    bad = (cells.data != 0) & (cells.data != 1)
    if bad.any():
        row = int(np.searchsorted(cells.indptr, int(bad.argmax()), side="right") - 1)
        raise InputError("a label is neither 0 nor 1", where=f"labels, row {row}", fix=LISTS)
    own = np.array(marks.names if marks.names is not None else np.arange(cells.shape[1]))
    order = _order_of(own, marks.names is not None, probs, classes)
    place = {name: at for at, name in enumerate(own.tolist())}
    if marks.names is not None and set(order.tolist()) == set(place):
        cells = cells[:, [place[name] for name in order.tolist()]]
    width = len(order) if probs is None else probs.values.shape[1]
    if not cells.shape[1] == len(order) == width:
        raise InputError(
            f"labels have {cells.shape[1]} columns, there are {width} classes", where="labels", fix=ORDER
        )
    index = pd.RangeIndex(cells.shape[0]) if marks.index is None else marks.index
    row, at = cells.nonzero()
    return LabelSets(order, _binary(row, at, cells.shape), index)


def _order_of(
    own: NDArray[Any], named: bool, probs: Matrix | None, classes: Sequence[Any] | None
) -> NDArray[Any]:
    """The class of each column of a binary matrix: stated, or as the tables' columns are called."""
    if classes is not None:
        return class_order(own if named else np.array([], object), probs, classes)
    called = None if probs is None else probs.names
    if named and called is not None and set(called) != set(own.tolist()):
        theirs = listed(np.array(called, object))
        raise InputError(
            f"labels have the columns {listed(own)}, pred_probs {theirs}",
            where="pred_probs",
            fix="call them alike, or say with classes=[…] what both are",
        )
    return own if called is None or len(called) != len(own) else np.array(called)


def _binary(row: NDArray[Any], column: NDArray[Any], shape: tuple[int, int]) -> sparse.csr_array:
    """Ones at these cells, once each."""
    cells = sparse.csr_array((np.ones(len(row), np.int8), (row, column)), shape=shape)
    cells.data[:] = 1
    return cells
