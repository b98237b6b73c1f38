"""Labels as people write them, strings or numbers, and the columns of probabilities that belong to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelworks.flows.notebook.inputs.columns import Matrix, column, length
from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.arrays import refuse_first

LISTED = 8
LARGEST = 2**63 - 1
EXACT = 2.0**53  # up to which whole numbers are floats
BOTH = np.array([False, True])
ORDER = "classes=[…] says which class each column of pred_probs is of"


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels (N,): codes (N,) int64 into classes (K,), and the index of the Series they came in."""

    classes: NDArray[Any]
    codes: NDArray[np.int64]
    index: pd.Index

    @property
    def named(self) -> NDArray[Any]:
        """The labels (N,) by their names."""
        return self.classes[self.codes]


def coded(labels: Any, probs: Matrix | None = None, classes: Sequence[Any] | None = None) -> Labels:
    """Labels (N,) as codes of the K columns of probabilities; without these, of the labels that occur.

    Column k is the class `classes[k]`; else the class that a table's column k is called; else, of whole
    numbers in 0 … K-1, the number k; else the k-th of the labels in sorted order.
    Raises InputError where a label is missing, is no class, or the order can't be told.
    """
    given = column(labels, "labels")
    if not len(given):
        raise InputError("no rows", where="labels", fix="give at least one row")
    values = names(given)
    order = class_order(values, probs, classes, _categories(given))
    codes = pd.Index(order).get_indexer(pd.Index(values))
    if (codes < 0).any():
        row = int((codes < 0).argmax())
        raise InputError(
            f"label {listed(values[[row]])} is none of the classes: {listed(order)}",
            where=f"row {row}",
            fix=ORDER,
        )
    return Labels(order, codes.astype(np.int64), given.index)


def codes_of_answers(labels: Any, classes: NDArray[Any]) -> NDArray[np.intp]:
    """Codes (n,) of what people said of rows, -1 where a row is of no class: None.

    Raises InputError for a label that is none of the classes (K,).
    """
    answers = column(labels, "audited labels")
    some = answers.notna().to_numpy(bool)
    codes = np.full(len(answers), -1, np.intp)
    values = names(answers[some], "audited labels") if some.any() else np.zeros(0, object)
    codes[some] = pd.Index(classes).get_indexer(pd.Index(values))
    if (codes[some] < 0).any():
        odd = values[codes[some] < 0]
        raise InputError(
            f"label {listed(odd[:1])} is none of the classes: {listed(classes)}",
            where="audited",
            fix="give one of them, or None where a row is of no class",
        )
    return codes


def audited_labels(
    audited: tuple[Any, Any], shown: Any, classes: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[np.intp], NDArray[Any] | None]:
    """Rows (n,) that people looked at, their `codes_of_answers` (n,), and how likely each was shown (n,)."""
    rows, codes = column(audited[0], "audited rows").to_numpy(), codes_of_answers(audited[1], classes)
    length("audited labels", len(codes), len(rows), "audited rows")
    return rows, codes, None if shown is None else column(shown, "shown").to_numpy()


def class_order(
    values: NDArray[Any],
    probs: Matrix | None = None,
    classes: Sequence[Any] | None = None,
    categories: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """The class (K,) of each column of probabilities, by the labels that occur; see `coded`."""
    width = None if probs is None else _width(probs.values)
    if classes is not None:
        return _stated(classes, width)
    occurring = np.unique(values)
    if probs is None or width is None:
        return occurring
    if probs.names not in (None, list(range(width))) and set(occurring.tolist()) & set(probs.names or ()):
        return _called(probs.names or ())
    if occurring.dtype.kind == "b" and width == len(BOTH):
        return BOTH
    if occurring.dtype.kind == "i" and len(occurring) and occurring[0] >= 0 and occurring[-1] < width:
        return np.arange(width)
    for known in (occurring, categories):
        if known is not None and len(known) == width:
            return known
    raise InputError(
        f"labels have {len(occurring)} classes ({listed(occurring)}), pred_probs {width} columns",
        where="pred_probs",
        fix=f"{ORDER}; or give a table whose columns are called as the classes",
    )


def names(given: pd.Series[Any], what: str = "labels") -> NDArray[Any]:
    """Labels (N,) as strings, or as whole numbers, also floats and decimals.

    Raises InputError, naming the row, where one is missing, is a fraction, or is of another type.
    """
    missing = given.isna().to_numpy(bool)
    if missing.any():
        raise InputError(
            "no label given",
            where=f"{what}, row {int(missing.argmax())}",
            fix="leave the row out, here and in what belongs to it",
        )
    values = (
        given.astype(given.cat.categories.dtype) if isinstance(given.dtype, pd.CategoricalDtype) else given
    )
    if pd.api.types.is_bool_dtype(values.dtype):
        return values.to_numpy(bool)
    if pd.api.types.is_numeric_dtype(values.dtype):
        return _whole(values.to_numpy(), what)
    return _of_one_type(values.to_numpy(object), what)


def listed(classes: Sequence[Any] | NDArray[Any]) -> str:
    """A few classes, for messages."""
    shown = ", ".join(repr(name) for name in plain(classes[:LISTED]))
    return shown + (f" and {len(classes) - LISTED} more" if len(classes) > LISTED else "")


def plain(values: Any) -> list[Any]:
    """Names as Python's own strings and numbers."""
    return [value.item() if isinstance(value, np.generic) else value for value in values]


def _whole(values: NDArray[Any], what: str) -> NDArray[Any]:
    if values.dtype.kind in "iu":
        if values.dtype.kind == "u":
            refuse_first(
                values > np.uint64(LARGEST), what,
                lambda row: f"label {values[row]} is too large for a class", "give the labels as text",
            )  # fmt: skip
        return values.astype(np.int64)
    floats = values.astype(np.float64)
    refuse_first(
        ~((floats == np.floor(floats)) & (np.abs(floats) <= EXACT)), what,
        lambda row: f"label {floats[row]:g} is no class",
        "give names or whole numbers; labels that are quantities are for find_regression_errors",
    )  # fmt: skip
    return floats.astype(np.int64)


def _of_one_type(values: NDArray[Any], what: str) -> NDArray[Any]:
    """Strings as they are, numbers among objects as numbers; nothing else, and not both."""
    if all(isinstance(value, bool | np.bool_) for value in values):
        return values.astype(bool)
    if all(isinstance(value, int | np.integer) and abs(int(value)) <= LARGEST for value in values):
        return values.astype(np.int64)
    if all(isinstance(value, int | float | Decimal | np.number) for value in values):
        return _whole(values.astype(np.float64), what)
    odd = np.array([not isinstance(value, str) for value in values])
    if odd.any():
        row = int(odd.argmax())
        raise InputError(
            f"label {values[row]!r} is of the type {type(values[row]).__name__}",
            where=f"{what}, row {row}",
            fix="give one name or whole number a row"
            + ("; rows of several labels are for find_multilabel_errors" if np.ndim(values[row]) else ""),
        )
    return np.array([str(value) for value in values], dtype=object)


def _width(probs: NDArray[Any]) -> int:
    if probs.ndim != 2 or probs.shape[1] < 2:
        raise InputError(
            f"pred_probs has the shape {probs.shape}", where="pred_probs", fix="give (N, K), a column a class"
        )
    return int(probs.shape[1])


def _stated(classes: Sequence[Any], width: int | None) -> NDArray[Any]:
    stated = names(column(classes, "classes"), "classes")
    if len(set(stated.tolist())) < len(stated):
        raise InputError("a class is named twice", where="classes", fix="name each class once")
    if width not in (None, len(stated)):
        raise InputError(f"{len(stated)} classes, {width} columns of pred_probs", where="classes", fix=ORDER)
    return stated


def _called(columns: Sequence[Any]) -> NDArray[Any]:
    if len(set(columns)) < len(columns):
        twice = next(name for name in columns if list(columns).count(name) > 1)
        raise InputError(f"several columns of pred_probs are called {twice!r}", where="pred_probs", fix=ORDER)
    whole = all(isinstance(name, int | np.integer) for name in columns)
    return np.array(columns, dtype=np.int64 if whole else object)


def _categories(given: pd.Series[Any]) -> NDArray[Any] | None:
    """The sorted categories of a categorical, also those that do not occur."""
    if not isinstance(given.dtype, pd.CategoricalDtype):
        return None
    known = pd.Series(given.cat.categories)
    return np.unique(names(known, "categories"))
