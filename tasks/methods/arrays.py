"""Arrays as people give them: what holds no numbers is refused with what to give instead."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelworks.schemas.errors import InputError

CODED = "classes, labels = np.unique(labels, return_inverse=True)"


def numbers(values: ArrayLike, name: str, fix: str = "give an array of numbers") -> NDArray[Any]:
    """An array of real numbers as it is, a memory map too; raise InputError where it holds something else."""
    try:
        given = np.asanyarray(values)
    except ValueError as error:  # rows of several lengths
        raise InputError(f"{name} is no array: its rows differ in length", where=name, fix=fix) from error
    if given.dtype == object:  # such as columns of pandas
        whole = all(isinstance(each, int | np.integer) for each in given.flat)
        try:
            given = given.astype(np.int64 if whole else np.float64)
        except (TypeError, ValueError, OverflowError):
            given = given.astype(str)
    if given.dtype.kind in "US" and given.size:
        what = f"{name} holds texts such as {str(given.flat[0])!r}, not numbers"
        raise InputError(what, where=name, fix=fix)
    if given.dtype.kind not in "biuf" and given.size:
        raise InputError(f"{name} holds {given.dtype}, not numbers", where=name, fix=fix)
    return given


def class_numbers(labels: ArrayLike) -> NDArray[Any]:
    """Labels (N,) as numbers, whole or not, in range or not; raise InputError where they are names."""
    fix = f"give the number of each class's column in pred_probs: {CODED}"
    given = numbers(labels, "labels", fix)
    return given.astype(np.int8) if given.dtype.kind == "b" else given


def class_codes(labels: ArrayLike) -> NDArray[np.int64]:
    """Class numbers (N,) int64; raise InputError, naming the row, where one is no whole number from 0 on."""
    given = class_numbers(labels)
    if given.ndim != 1:
        raise InputError(f"labels has the shape {given.shape}", fix="give (N,), one label a row")
    bad = ~((given >= 0) & (given == np.floor(given)))
    if bad.any():
        row = int(bad.argmax())
        raise InputError(f"label {given[row]} is no class number", where=f"row {row}", fix=f"give {CODED}")
    return given.astype(np.int64)
