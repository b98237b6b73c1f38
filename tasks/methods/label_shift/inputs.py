"""The two windows that every estimator of the prior takes, checked once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.arrays import (
    FLOOR,
    Floats,
    Matrix,
    labels_of,
    rows_of,
)
from labelworks.tasks.methods.probabilities import SUM_TOLERANCE

UNDO_FLOOR = 1e-3  # of a probability with the noise undone, which may fall below 0


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


def log_probs(probs: NDArray[np.floating], undo: Floats | None = None) -> Matrix:
    """Natural logarithm in float32 with a floor, so that an exact zero stays finite; noise undone first."""
    if undo is not None:
        return np.asarray(np.log(np.maximum(probs @ undo.astype(np.float32), np.float32(UNDO_FLOOR))))
    return np.asarray(np.log(np.maximum(probs.astype(np.float32, copy=False), np.float32(FLOOR))))
