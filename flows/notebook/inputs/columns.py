"""Columns and matrices as people hold them: NumPy, lists, tensors, pandas, polars, Arrow, datasets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.arrays import numbers

HALVED = re.compile("[\ud800-\udfff]")  # half of a surrogate pair, which no file can hold
SEVERAL = "give one value a row: a list, an array (N,), or one column of a table"


@dataclass(frozen=True, eq=False)
class Matrix:
    """Numbers (N, M), or (N,) as one column; names of the columns where a table gave some; its index."""

    values: NDArray[Any]
    names: list[Any] | None = None
    index: pd.Index | None = None


def column(values: Any, name: str) -> pd.Series[Any]:
    """One value a row as a Series, which keeps its index where it has one.

    Raises InputError where there is more than one column, or none at all, and where a text is no characters.
    """
    if isinstance(values, pd.Series):
        return _of_characters(values, name)
    if isinstance(values, str | bytes | dict | set | frozenset) or not hasattr(values, "__len__"):
        raise InputError(f"{name} is {_kind(values)}", where=name, fix=SEVERAL)
    held = _held(values)
    if isinstance(held, pd.Series | pd.Index | pd.api.extensions.ExtensionArray):
        return pd.Series(held)
    if isinstance(held, pd.DataFrame) or getattr(held, "ndim", 1) != 1:
        raise InputError(f"{name} has the shape {np.shape(held)}", where=name, fix=SEVERAL)
    try:
        listed = held if isinstance(held, np.ndarray) else list(held)
        return _series(listed, name)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} is {_kind(values)}", where=name, fix=SEVERAL) from error


def _series(listed: Any, name: str) -> pd.Series[Any]:
    try:
        return _of_characters(pd.Series(listed, dtype=object if not len(listed) else None), name)
    except UnicodeEncodeError:
        return _of_characters(pd.Series(listed, dtype=object), name)


def _of_characters(values: pd.Series[Any], name: str) -> pd.Series[Any]:
    """The values; InputError naming the row of a text that has half of a surrogate pair."""
    texts = enumerate(values) if values.dtype == object else ()
    for row, value in texts:
        if isinstance(value, str) and not value.isascii() and (half := HALVED.search(value)):
            raise InputError(
                f"{name} has half of a surrogate pair ({ascii(half[0])[1:-1]}), which is no character",
                where=f"row {row}",
                fix="write texts anew: text.encode('utf-16', 'surrogatepass').decode('utf-16', 'replace')",
            )
    return values


def matrix(values: Any, name: str) -> Matrix:
    """Numbers (N, M) of an array, of lists, of the columns of a table, or of one column of vectors.

    Arrays are taken as they are, memory maps too. Raises InputError where something is no number, or rows
    differ in length.
    """
    held = _held(values)
    if isinstance(held, pd.DataFrame):
        return Matrix(_of_frame(held, name), list(held.columns), held.index)
    if isinstance(held, pd.Series):
        return Matrix(_stacked(held, name), None, held.index)
    if hasattr(held, "toarray"):
        fix = f"give {name}.toarray(), or of many columns fewer: sklearn.decomposition.TruncatedSVD"
        raise InputError(f"{name} is sparse", where=name, fix=fix)
    if not isinstance(held, np.ndarray):
        held = _stacked(column(held, name), name)
    elif held.dtype == object and held.ndim == 1:
        held = _stacked(pd.Series(held), name)
    return Matrix(numbers(held, name))


def instances(values: pd.Series[Any], name: str, kind: type) -> list[Any]:
    """Values as they are, None where one is missing; raise InputError, naming a row that is no `kind`."""
    listed = [None if value is None or value is pd.NA or value != value else value for value in values]
    for row, value in enumerate(listed):
        if value is not None and not isinstance(value, kind):
            what = f"{name} has a value of the type {type(value).__name__}"
            raise InputError(what, where=f"row {row}", fix=f"give {kind.__name__} or None")
    return listed


def in_order(found: Matrix, wanted: list[Any], name: str) -> NDArray[Any]:
    """A table's numbers, its columns in the order of the classes that they are called as.

    Columns without names of their own stay as they are. Raises InputError where only some are the classes.
    """
    called = found.names
    if called is None or called == list(range(len(called))) or not set(called) & set(wanted):
        return found.values
    if sorted(map(repr, called)) != sorted(map(repr, wanted)):
        odd = ", ".join(sorted(map(repr, set(called) ^ set(wanted)))[:5])
        raise InputError(
            f"the columns of {name} are not the classes: only one has {odd}",
            where=name,
            fix="give a column for each class, called as it",
        )
    return found.values[:, [called.index(class_name) for class_name in wanted]]


def length(name: str, found: int, wanted: int, of: str = "labels") -> None:
    """Raise InputError where an input has another number of rows than what it belongs to."""
    if found != wanted:
        raise InputError(
            f"{name} has {found:,} rows, {of} {wanted:,}", where=name, fix="give one a row of both"
        )


def aligned(one: pd.Index | None, other: pd.Index | None, names: str) -> None:
    """Raise InputError where two tables hold the same rows in another order: they are taken by position."""
    if one is None or other is None or len(one) != len(other) or one.equals(other):
        return
    if one.is_unique and other.is_unique and one.sort_values().equals(other.sort_values()):
        raise InputError(
            f"{names} have the same index in another order, and rows are taken by their position",
            where="index",
            fix="bring one into the other's order: .loc[other.index]; or drop both: .reset_index(drop=True)",
        )


def frame(table: Any, name: str) -> pd.DataFrame:
    """A table of pandas, polars, Arrow, datasets, or a dictionary of columns, as a DataFrame."""
    held = _held(table)
    if not isinstance(held, pd.DataFrame):
        raise InputError(
            f"{name} is {_kind(table)}",
            where=name,
            fix="give a table: pandas, polars, pyarrow, datasets.Dataset, or a dictionary of columns",
        )
    for place, column_name in enumerate(held.columns):
        _of_characters(held.iloc[:, place], f"column {column_name!r} of {name}")
    return held


def _held(values: Any) -> Any:
    """What other libraries hold, as pandas holds it; anything else as it is."""
    if isinstance(values, dict):
        return _of_dictionary(values)
    module = type(values).__module__.partition(".")[0]
    if module == "polars":
        return _held(values.to_arrow())
    if module == "datasets":
        return _held(values.with_format("arrow")[:]) if hasattr(values, "with_format") else list(values)
    if module == "torch":
        return _of_tensor(values)
    return values.to_pandas() if module == "pyarrow" else values


def _of_tensor(values: Any) -> Any:
    """A tensor of PyTorch as an array: of any device, with gradients or without; bfloat16 as float32."""
    held = values.detach().cpu()
    return (held.float() if str(held.dtype) == "torch.bfloat16" else held).numpy()


def _of_dictionary(columns: dict[Any, Any]) -> pd.DataFrame:
    try:
        return pd.DataFrame(columns)
    except UnicodeEncodeError:
        return pd.DataFrame({name: pd.Series(list(values), dtype=object) for name, values in columns.items()})
    except ValueError as error:
        lengths = ", ".join(
            f"{name!r} {len(values):,}" for name, values in columns.items() if hasattr(values, "__len__")
        )
        raise InputError(
            f"the columns differ in length: {lengths}",
            where="a dictionary of columns",
            fix="give one value a row",
        ) from error


def _of_frame(table: pd.DataFrame, name: str) -> NDArray[Any]:
    """Its numbers; a missing one is NaN, and the check of whatever is done with them names its row."""
    if len(table.columns) == 1 and pd.api.types.is_object_dtype(table.dtypes.iloc[0]):
        return _stacked(table.iloc[:, 0], name)
    for label, kind in table.dtypes.items():
        if not (pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_object_dtype(kind)):
            fix = "give columns of numbers; encode or drop the others"
            raise InputError(f"column {label!r} of {name} holds {kind}", where=name, fix=fix)
    extended = any(pd.api.types.is_extension_array_dtype(kind) for kind in table.dtypes)
    given = table.to_numpy(np.float64, na_value=np.nan) if extended else table.to_numpy()
    return numbers(given, name)


def _stacked(rows: pd.Series[Any], name: str) -> NDArray[Any]:
    """A column of vectors as (N, D), one of numbers as (N,)."""
    if pd.api.types.is_numeric_dtype(rows.dtype):
        extended = pd.api.types.is_extension_array_dtype(rows.dtype)
        return rows.to_numpy(np.float64, na_value=np.nan) if extended else rows.to_numpy()
    rows = rows.map(_of_tensor) if any(hasattr(row, "detach") for row in rows[:1]) else rows
    lengths = np.array([np.size(row) if np.ndim(row) else -1 for row in rows])
    odd = (lengths != lengths[0]) if len(lengths) else lengths
    if odd.any():
        row = int(odd.argmax())
        raise InputError(
            f"row {row} of {name} has {_long(lengths[row])}, the first {_long(lengths[0])}",
            where=f"row {row}",
            fix="give vectors of one length",
        )
    whole = np.stack([np.asarray(row) for row in rows]) if len(rows) else np.zeros((0, 0))
    return numbers(whole, name)


def _long(length: int) -> str:
    return "no vector" if length < 0 else f"{length} numbers"


def _kind(values: Any) -> str:
    return "missing" if values is None else f"of the type {type(values).__name__}"
