"""The joint of features and true label, what is solved from it, and the sampling error of the solution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.arrays import FLOOR, Floats, Matrix, blocks
from labelworks.tasks.methods.label_shift.inputs import Windows

SINGULAR = 1e-8  # smallest singular value over the largest
SINGULAR_SAID = "the confusion is singular"
Features = Callable[[NDArray[np.floating]], Matrix]  # probabilities (n, K) to features (n, K)


class IllPosed(InputError):
    """The classes can't be told apart by a confusion of theirs."""


@dataclass(frozen=True)
class Confusion:
    """Sums of both windows over K features and K true classes.

    `joint` (K, K): mean of feature · 1[true label], the noise of the given labels already undone;
    `mean` (K,): mean features of the target; `prior` (K,): shares of the true labels in the source;
    `undo` (K, K): inverse of the noise transition.
    """

    joint: Floats
    mean: Floats
    prior: Floats
    undo: Floats
    features: Features

    @cached_property
    def singular(self) -> bool:
        """Whether the joint can't be inverted."""
        return self._inverse is None

    @cached_property
    def _inverse(self) -> Floats | None:
        """Inverse of the joint, None where float32 can't tell it: norms are cheaper than values."""
        try:
            inverse = np.asarray(np.linalg.inv(self.joint), dtype=np.float64)
        except np.linalg.LinAlgError:
            return None
        spread = float(np.linalg.norm(self.joint) * np.linalg.norm(inverse))
        return inverse if spread < 1 / SINGULAR else None

    def inverse(self) -> Floats:
        """Inverse of the joint; where there is none, that of least squares."""
        if self._inverse is not None:
            return self._inverse
        return np.asarray(np.linalg.pinv(self.joint, rcond=1e-6), dtype=np.float64)


def singular(matrix: Floats) -> bool:
    """Whether the columns depend on each other, as far as float32 can tell."""
    values = np.linalg.svd(matrix, compute_uv=False)
    return bool(values[-1] <= SINGULAR * values[0])


def soft(probs: NDArray[np.floating]) -> Matrix:
    """The probabilities, scaled to sum to 1."""
    rows = probs.astype(np.float32)
    rows /= rows.sum(axis=1, keepdims=True)
    return np.asarray(rows)


def hard(probs: NDArray[np.floating]) -> Matrix:
    """One-hot predicted classes."""
    return np.asarray(np.eye(probs.shape[1], dtype=np.float32)[probs.argmax(axis=1)])


def efficient(weights: Floats, source_rows: int, target_rows: int) -> Features:
    """Probabilities over the variance that a row's moment has in both windows (Tian 2023, theorem 2)."""
    bounded = np.maximum(weights, 1e-3)
    total = 1 / source_rows + 1 / target_rows
    mix = (bounded**2 / source_rows + bounded / target_rows) / total
    narrow = mix.astype(np.float32)

    def features(probs: NDArray[np.floating]) -> Matrix:
        return np.asarray(probs / np.maximum(probs @ narrow, np.float32(FLOOR))[:, None])

    return features


def confusion(windows: Windows, features: Features) -> Confusion:
    """Sum the joint of features and labels over the source, and the features over the target."""
    K, n = windows.classes, len(windows.labels)
    joint, mean = np.zeros((K, K)), np.zeros(K)
    for part in blocks(*windows.probs.shape):
        joint += by_class(features(windows.probs[part]), windows.labels[part])
    for part in blocks(*windows.target.shape):
        mean += features(windows.target[part]).sum(axis=0, dtype=np.float64)
    undo = inverse_transition(windows)
    prior = windows.given_prior @ undo
    return Confusion(joint @ undo / n, mean / len(windows.target), prior, undo, features)


def inverse_transition(windows: Windows) -> Floats:
    """Inverse of the noise transition, (K, K); the identity where labels are taken as true."""
    if windows.transition is None:
        return np.eye(windows.classes)
    return np.asarray(np.linalg.pinv(windows.transition), dtype=np.float64)


def demand_inverse(windows: Windows, sums: Confusion) -> Floats:
    """Inverse of the joint (K, K); raise IllPosed where the labelled rows don't tell it."""
    why = untold(windows, sums)
    if why is not None:
        raise IllPosed(why)
    return sums.inverse()


def untold(windows: Windows, sums: Confusion) -> str | None:
    """Why the labelled rows don't tell the inverse of the joint, None where they do.

    They don't where the shares solved by it are off by more than all there is to share, of an endless
    target too.
    """
    if sums.singular:
        return SINGULAR_SAID
    even, rows = np.ones(windows.classes), (len(windows.labels), np.inf)
    errors = np.diag(of_shares(windows, sums, even, sums.inverse(), rows))
    if float(np.sqrt(np.maximum(errors, 0)).sum()) > 1:
        return "the confusion is too near to singular for so few labelled rows"
    return None


def by_class(rows: Matrix, labels: NDArray[np.int64]) -> Floats:
    """Sum of the rows of each class, as columns, (K, K)."""
    n, K = rows.shape
    marks = csr_array((np.ones(n), labels, np.arange(n + 1)), shape=(n, K))
    return np.asarray((marks.T @ rows).T, dtype=np.float64)


def covariance(
    windows: Windows, sums: Confusion, weights: Floats, inverse: Floats, rows: tuple[int, int] | None = None
) -> tuple[Floats, Floats]:
    """Covariances (K, K) of weights = inverse @ mean and of prior = source prior · weights (delta method).

    rows: how many the sums were made of, where the windows are samples of them.
    """
    K = windows.classes
    solve, per_label = inverse.T.astype(np.float32), (sums.undo @ weights).astype(np.float32)
    noise = (sums.undo * weights).astype(np.float32)
    source, target = Scatter(2 * K), Scatter(K)
    for part in blocks(*windows.target.shape):
        target.add(sums.features(windows.target[part]) @ solve)
    for part in blocks(*windows.probs.shape):
        given = windows.labels[part]
        moved = -(sums.features(windows.probs[part]) @ solve) * per_label[given, None]
        source.add(np.concatenate([moved, noise[given]], axis=1))
    n, m = rows or (source.rows, target.rows)
    both = source.of_mean * (source.rows / n)
    of_weights = both[:K, :K] + target.of_mean * (target.rows / m)
    scale = sums.prior
    cross = scale[:, None] * both[:K, K:]
    of_prior = of_weights * np.outer(scale, scale) + cross + cross.T + both[K:, K:]
    return of_weights, of_prior


def prior_errors(
    windows: Windows, sums: Confusion, weights: Floats, inverse: Floats, rows: tuple[int, int] | None = None
) -> Floats:
    """Standard errors (K,) of prior = source prior · weights; the arguments are those of `covariance`."""
    variance = np.diag(covariance(windows, sums, weights, inverse, rows)[1])
    return np.asarray(np.sqrt(np.maximum(variance, 0)))


def of_shares(
    windows: Windows, sums: Confusion, weights: Floats, inverse: Floats, rows: tuple[float, float]
) -> Floats:
    """Covariance (K, K) of the moments' prior around the shares that the target's own rows have.

    What two estimates from the same rows have in common, the draw of these rows from the prior, is not in it.
    weights (K,): the target's prior over the source's; rows: how many the sums were made of.
    """
    by_label = np.maximum(weights, 0) ** 2 / rows[0] + np.maximum(weights, 0) / rows[1]
    per_row = (sums.undo @ by_label).astype(np.float32)
    square, joint = np.zeros_like(sums.joint), np.zeros_like(sums.joint)
    for part in blocks(*windows.probs.shape):
        features, labels = sums.features(windows.probs[part]), windows.labels[part]
        square += features.T @ (features * per_row[labels, None])
        joint += by_class(features, labels)
    solve, n = sums.prior[:, None] * inverse, len(windows.labels)
    cross = solve @ (joint @ sums.undo / n) * by_label
    shares = np.bincount(windows.labels, minlength=windows.classes) @ sums.undo / n
    return np.asarray(solve @ (square / n) @ solve.T - cross - cross.T + np.diag(shares * by_label))


class Scatter:
    """Sums of rows and of their outer products, for the covariance of their mean."""

    def __init__(self, width: int) -> None:
        self.rows, self.sum, self.square = 0, np.zeros(width), np.zeros((width, width))

    def add(self, rows: NDArray[np.floating]) -> None:
        """Add rows (n, width)."""
        self.rows += len(rows)
        self.sum += rows.sum(axis=0, dtype=np.float64)
        self.square += rows.T @ rows

    @property
    def of_mean(self) -> Floats:
        """Covariance of the mean of the rows, (width, width)."""
        mean = self.sum / self.rows
        return np.asarray((self.square / self.rows - np.outer(mean, mean)) / self.rows)
