"""Arrays as people give them: what holds no numbers is refused with what to give instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.probabilities import unusable

CODED = "classes, labels = np.unique(labels, return_inverse=True)"


def numbers(values: ArrayLike, name: str, fix: str = "give an array of numbers") -> NDArray[Any]:
    """An array of real numbers as it is, a memory map too; raise InputError where it holds something else."""
    try:
        given = _plain(np.asanyarray(values))
    except ValueError as error:  # rows of several lengths
        raise InputError(f"{name} is no array: its rows differ in length", where=name, fix=fix) from error
    if given.dtype == object:  # such as columns of pandas
        if any(np.ndim(value) for value in given.flat):
            what = f"{name} holds lists or arrays among single values"
            raise InputError(what, where=name, fix="give vectors alone, or a column for each number of them")
        whole = all(isinstance(value, int | np.integer) for value in given.flat)
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


def _plain(given: NDArray[Any]) -> NDArray[Any]:
    """The array itself; of a masked one its numbers, NaN for what is masked, of a matrix a plain array."""
    if isinstance(given, np.ma.MaskedArray):
        held = np.ma.getdata(given)
        masked = np.ma.getmaskarray(given)
        return np.asarray(np.where(masked, np.nan, held) if masked.any() else held)
    return np.asarray(given) if isinstance(given, np.matrix) else given


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


Floats = NDArray[np.float64]
Matrix = NDArray[np.float32]
FLOOR = 1e-10  # of a probability, before its logarithm
GAMMA = np.uint64(0x9E3779B97F4A7C15)
LARGEST, SMALLEST = 1e15, 1e-15  # sums of squares of more, or of less, leave single precision
NARROW = 1e-2  # of its largest number a column spans: less is lost in sums of squares
ROUNDING = 2e-7  # of single precision
STANDARDISED = "(x - x.mean(axis=0)) / x.std(axis=0)"
BLOCK = 1 << 21  # elements worked on at a time


def blocks(rows: int, width: int) -> Iterator[slice]:
    """Slices over the rows, each of about BLOCK elements."""
    step = max(1, BLOCK // max(1, width))
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))


def sample(rows: int, limit: int) -> NDArray[np.int64]:
    """At most `limit` row numbers, in order, the same every time."""
    if rows <= limit:
        return np.arange(rows)
    return np.sort(np.random.default_rng(0).choice(rows, limit, replace=False))


def evenly(rows: int, limit: int) -> slice:
    """At most `limit` of the rows, each as far from the next."""
    return slice(0, None, max(-(-rows // limit), 1))


def hashes(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Mix the bits of row numbers."""
    with np.errstate(over="ignore"):
        return splitmix(numbers * GAMMA + GAMMA)


def splitmix(states: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Mix the bits of numbers (the finaliser of splitmix64, Steele 2014, whose states are GAMMA apart)."""
    with np.errstate(over="ignore"):
        mixed = (states ^ (states >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def check_alpha(alpha: float) -> None:
    """Raise ConfigError unless alpha is a level of a test."""
    if not 0 < alpha < 1:
        raise ConfigError(f"alpha is {alpha}", fix="give a number between 0 and 1")


def refuse_infinite(rows: NDArray[np.floating], name: str, first: int = 0) -> None:
    """Raise InputError naming the first of rows (n, D) that is not finite in single precision.

    first: the number of the first.
    """
    for part in blocks(*rows.shape):
        with np.errstate(over="ignore", invalid="ignore"):
            good = np.isfinite(rows[part].astype(np.float32, copy=False).sum(axis=1, dtype=np.float64))
        if not good.all():
            bad = first + part.start + int(np.argmin(good))
            raise InputError(
                f"row {bad} of {name} is not finite in single precision",
                where=f"row {bad}",
                fix="drop or fill it",
            )


def refuse_first(bad: NDArray[np.bool_], name: str, said: Callable[[int], str], fix: str) -> None:
    """Raise InputError naming the first of values (n,) that is bad; said: what is wrong with that one."""
    if bad.any():
        row = int(bad.argmax())
        raise InputError(said(row), where=f"{name}, row {row}", fix=fix)


def refuse_large(rows: NDArray[np.floating], name: str) -> None:
    """Raise InputError naming a row (n, D) whose squares are too large for sums in single precision."""
    if rows.dtype == np.float16:  # none is as large
        return
    for part in blocks(*rows.shape):
        large = (np.abs(rows[part]) > LARGEST).any(axis=1)
        if large.any():
            row = part.start + int(np.argmax(large))
            raise InputError(
                f"row {row} of {name} has numbers beyond {LARGEST:g}, whose squares are too large for single "
                "precision",
                where=f"row {row}",
                fix=f"bring the columns to one scale: {STANDARDISED}",
            )


def refuse_flat(rows: NDArray[np.floating], name: str) -> None:
    """Raise InputError where rows (n, D), finite ones, differ by less than single precision shows."""
    if len(rows) < 2:
        return
    low, high = rows.min(axis=0).astype(np.float64), rows.max(axis=0).astype(np.float64)
    floor = np.maximum(SMALLEST, ROUNDING * np.maximum(np.abs(low), np.abs(high)))
    if (high - low <= floor).all():
        raise InputError(
            f"all rows of {name} are the same in single precision, and tell nothing apart",
            where=name,
            fix=f"look at how they were made, or bring the columns to one scale: {STANDARDISED}",
        )


def far_from_zero(rows: NDArray[np.floating]) -> NDArray[np.float64]:
    """The middle (D,) of each column of rows (n, D) that varies little beside how large it is; else 0.

    Products of such columns in single precision would hold their size and nothing of how they vary.
    """
    if not len(rows):
        return np.zeros(rows.shape[1])
    low, high = rows.min(axis=0).astype(np.float64), rows.max(axis=0).astype(np.float64)
    return np.where(high - low < NARROW * np.maximum(np.abs(low), np.abs(high)), (low + high) / 2, 0.0)


def rows_of(values: ArrayLike, name: str, first: int = 0) -> NDArray[np.floating]:
    """Check rows of probabilities (n, K); raise InputError naming the first bad one.

    first: the number of the first row, where these are a part.
    """
    probs = numbers(values, name)
    if probs.ndim != 2 or probs.shape[0] < 1 or probs.shape[1] < 2:
        raise InputError(f"{name} has shape {probs.shape}", fix="it must be (rows, classes), classes >= 2")
    if not np.issubdtype(probs.dtype, np.floating):
        probs = probs.astype(np.float32)
    for part in blocks(*probs.shape):
        with np.errstate(over="ignore"):
            bad, sums = unusable(probs[part].astype(np.float32, copy=False))
        if bad.any():
            at = int(np.argmax(bad))
            row = first + part.start + at
            raise InputError(
                f"row {row} of {name} is no distribution: it sums to {sums[at]:.4g}",
                where=f"row {row}",
                fix="give finite probabilities of every class that sum to 1",
            )
    return probs


def labels_of(values: ArrayLike, rows: int, classes: int, first: int = 0) -> NDArray[np.int64]:
    """Check labels (n,) in 0 … K-1 of so many rows; raise InputError naming the first bad one."""
    given = class_numbers(values)
    if given.shape != (rows,):
        raise InputError(f"labels has shape {given.shape}", fix=f"one label for each of {rows} rows")
    if not np.issubdtype(given.dtype, np.integer):
        raise InputError(f"labels are {given.dtype}", fix="give integer codes 0 … K-1")
    bad = (given < 0) | (given >= classes)
    if bad.any():
        at = int(np.argmax(bad))
        raise InputError(
            f"label {given[at]} of row {first + at} is outside 0 … {classes - 1}", where=f"row {first + at}",
            fix="a label is the column number of its class",
        )  # fmt: skip
    return given.astype(np.int64, copy=False)
