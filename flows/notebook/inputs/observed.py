"""Imprecise labels as people write them, names, lists and dictionaries of classes, as marks (N, K)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from labelworks.flows.notebook.inputs.classes import class_order, listed, names, plain
from labelworks.flows.notebook.inputs.columns import column, length
from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.registry import get

NUMBERED = ("soft", "rules", "bags", "votes")  # kinds that say a number of each class
MAY_BE_EMPTY = ("single-positive", "none")
COUNTED = "give shares or counts from 0 on"


def kinds_of(kind: Any, values: list[dict[Any, float]]) -> NDArray[Any]:
    """The kind (N,) of each row, from one for all or a column; a row that says nothing is of kind none.

    Raises ConfigError for a kind that there isn't, InputError for a row without one.
    """
    if isinstance(kind, str):
        kinds = np.full(len(values), kind, object)
    else:
        named = column(kind, "kind")
        length("kind", len(named), len(values), "observed")
        kinds = np.asarray(names(named, "kind"), object)
    for chosen in sorted(set(kinds.tolist())):
        try:
            get("label_kind", str(chosen))
        except ConfigError as error:
            raise ConfigError(error.what, where="infer_labels(kind=…)", fix=error.fix) from error
    empty = np.array([not value for value in values]) & ~np.isin(kinds, MAY_BE_EMPTY)
    kinds[empty] = "none"
    return kinds


def said_of(observed: Any, kind: Any, classes: Sequence[Any] | None) -> list[dict[Any, float]]:
    """What each row says of classes by their names: N dictionaries; an empty one where it says nothing.

    Raises InputError naming a row that can't be read.
    """
    if getattr(observed, "ndim", 1) == 2 and not hasattr(observed, "columns"):
        return [_numbered(answer, classes, row) for row, answer in enumerate(np.asarray(observed))]
    if isinstance(observed, str) or not np.iterable(observed):
        raise InputError(
            f"observed is {observed!r:.60}", where="observed", fix="give what is said of each row"
        )
    listing = next((name for name in ("to_list", "to_pylist", "tolist") if hasattr(observed, name)), None)
    values = list(observed) if listing is None else getattr(observed, listing)()
    if not values:
        raise InputError("no rows", where="observed", fix="give at least one row")
    kinds = [kind] * len(values) if isinstance(kind, str) else list(kind)
    length("kind", len(kinds), len(values), "observed")
    return [
        _said(value, str(of), classes, row) for row, (value, of) in enumerate(zip(values, kinds, strict=True))
    ]


def marks_of(
    values: list[dict[Any, float]], classes: Sequence[Any] | None
) -> tuple[sparse.csr_array, NDArray[Any]]:
    """Marks (N, K) and classes (K,): those stated, or those that occur, sorted.

    Raises InputError naming the row of a class that isn't stated, or where there are fewer than two.
    """
    counts = [len(value) for value in values]
    flat = pd.Series([name for value in values for name in value])
    given = names(flat, "observed") if len(flat) else np.zeros(0, object)
    order = class_order(given, None, classes)
    if len(order) < 2:
        raise InputError(
            f"labels have {len(order)} classes", where="observed", fix="say all classes with classes=[…]"
        )
    codes = pd.Index(order).get_indexer(pd.Index(given))
    if (codes < 0).any():
        place = int((codes < 0).argmax())
        raise InputError(
            f"label {listed(given[[place]])} is none of the classes: {listed(order)}",
            where=f"row {int(np.searchsorted(np.cumsum(counts), place, side='right'))}",
            fix="name it in classes=[…]",
        )
    said = np.array([number for value in values for number in value.values()], float)
    ends = np.append(0, np.cumsum(counts))
    marks = sparse.csr_array((said, codes, ends), shape=(len(values), len(order)))
    marks.eliminate_zeros()
    return marks, order


def index_of(observed: Any, rows: int) -> pd.Index:
    """The index of the Series that the labels came in, else the row numbers."""
    return observed.index if isinstance(observed, pd.Series) else pd.RangeIndex(rows)


def _said(value: Any, kind: str, classes: Sequence[Any] | None, row: int) -> dict[Any, float]:
    if isinstance(value, Mapping):
        return _checked(dict(value), row)
    if isinstance(value, str) or (np.ndim(value) == 0 and not isinstance(value, set | frozenset)):
        return {} if pd.isna(value) else {value: 1.0}
    several = plain(sorted(value, key=str) if isinstance(value, set | frozenset) else value)
    if kind in NUMBERED and kind != "votes":
        return _numbered(several, classes, row)
    answers = [answer for answer in several if not pd.isna(answer)]
    return {answer: float(answers.count(answer)) if kind == "votes" else 1.0 for answer in answers}


def _numbered(shares: Any, classes: Sequence[Any] | None, row: int) -> dict[Any, float]:
    """Numbers in the order of the classes."""
    if classes is None or len(classes) != len(shares):
        raise InputError(
            f"{len(shares)} numbers, of {'no stated' if classes is None else len(classes)} classes",
            where=f"row {row}",
            fix="say with classes=[…] which class each number is of, or give a dictionary",
        )
    return _checked(dict(zip(classes, plain(shares), strict=True)), row)


def _checked(numbers: dict[Any, Any], row: int) -> dict[Any, float]:
    """Numbers from 0 on; those that are 0 or missing say nothing."""
    try:
        weights = {
            name: float(number) for name, number in numbers.items() if number is not None and number == number
        }
    except (TypeError, ValueError) as error:
        raise InputError("what a class has is no number", where=f"row {row}", fix=COUNTED) from error
    bad = [name for name, number in weights.items() if not 0 <= number < np.inf]
    if bad:
        raise InputError(
            f"class {bad[0]!r} has {weights[bad[0]]:g}",
            where=f"row {row}",
            fix=COUNTED,
        )
    return {name: number for name, number in weights.items() if number > 0}
