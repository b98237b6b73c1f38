"""The two windows that every estimator of the prior takes, checked once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.arrays import class_numbers, numbers
from labelworks.tasks.methods.probabilities import SUM_TOLERANCE, unusable

Floats = NDArray[np.float64]
Matrix = NDArray[np.float32]

FLOOR = 1e-10  # of a probability, before its logarithm
UNDO_FLOOR = 1e-3  # of a probability with the noise undone, which may fall below 0
BLOCK = 1 << 21  # elements worked on at a time


@dataclass(frozen=True)
class Windows:
    """A labelled source window and an unlabelled target window over the same K classes.

    `labels` (N,) integer codes of the given labels; `probs` (N, K) and `target` (M, K) out-of-sample;
    `transition` (K, K) P(given | true), rows sum to 1, or None where the given labels are taken as true;
    `counts` (K,) of the given labels, where these rows are a sample of more.
    """

    labels: NDArray[np.int64]
    probs: NDArray[np.floating]
    target: NDArray[np.floating]
    transition: Floats | None = None
    counts: NDArray[np.int64] | None = None

    @property
    def classes(self) -> int:
        """K."""
        return int(self.probs.shape[1])

    @property
    def given_prior(self) -> Floats:
        """Shares of the given labels, (K,)."""
        counts = self.counts if self.counts is not None else np.bincount(self.labels, minlength=self.classes)
        return np.asarray(counts / counts.sum(), dtype=np.float64)

    @property
    def absent(self) -> NDArray[np.bool_]:
        """Classes without a single labelled row, (K,): nothing can be learnt of them."""
        return np.asarray(self.given_prior == 0)


def check(
    labels: ArrayLike, probs: ArrayLike, target_probs: ArrayLike, noise_transition: ArrayLike | None = None
) -> Windows:
    """Check both windows; raise InputError naming the first bad row."""
    source, target = rows_of(probs, "probs"), rows_of(target_probs, "target_probs")
    if source.shape[1] != target.shape[1]:
        raise InputError(
            f"probs has {source.shape[1]} classes and target_probs {target.shape[1]}",
            fix="predict both windows with the same classifier",
        )
    codes = labels_of(labels, len(source), source.shape[1])
    return Windows(codes, source, target, transition(noise_transition, source.shape[1]))


def transition(noise_transition: ArrayLike | None, classes: int) -> Floats | None:
    """Check a noise transition (K, K); raise InputError unless its rows are distributions."""
    if noise_transition is None:
        return None
    T = np.asarray(noise_transition, dtype=np.float64)
    if T.shape != (classes, classes):
        raise InputError(f"noise_transition has shape {T.shape}", fix=f"it must be ({classes}, {classes})")
    if not np.isfinite(T).all() or (T < 0).any() or (np.abs(T.sum(axis=1) - 1) > SUM_TOLERANCE).any():
        raise InputError("a row of noise_transition is no distribution", fix="rows are P(given | true)")
    return np.asarray(T / T.sum(axis=1, keepdims=True), dtype=np.float64)


def blocks(rows: int, width: int) -> Iterator[slice]:
    """Slices over the rows, each of about BLOCK elements."""
    step = max(1, BLOCK // max(1, width))
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))


def log_probs(probs: NDArray[np.floating], undo: Floats | None = None) -> Matrix:
    """Natural logarithm in float32 with a floor, so that an exact zero stays finite; noise undone first."""
    if undo is not None:
        return np.asarray(np.log(np.maximum(probs @ undo.astype(np.float32), np.float32(UNDO_FLOOR))))
    return np.asarray(np.log(np.maximum(probs.astype(np.float32, copy=False), np.float32(FLOOR))))


def sample(rows: int, limit: int) -> NDArray[np.int64]:
    """At most `limit` row numbers, in order, the same every time."""
    if rows <= limit:
        return np.arange(rows)
    return np.sort(np.random.default_rng(0).choice(rows, limit, replace=False))


def hashes(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Mix the bits of row numbers (the finaliser of splitmix64, Steele 2014)."""
    with np.errstate(over="ignore"):
        mixed = numbers * np.uint64(0x9E3779B97F4A7C15) + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
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
        with np.errstate(over="ignore"):
            good = np.isfinite(rows[part].astype(np.float32, copy=False).sum(axis=1, dtype=np.float64))
        if not good.all():
            bad = first + part.start + int(np.argmin(good))
            raise InputError(
                f"row {bad} of {name} is not finite in single precision",
                where=f"row {bad}",
                fix="drop or fill it",
            )


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
