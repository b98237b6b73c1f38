"""The rows that pseudo-labels are learnt from: labelled ones, and those of the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.arrays import Floats, Matrix


@dataclass(frozen=True, eq=False)
class KnownNoise:
    """What is known of given labels of which some are wrong.

    posterior (N, K): P(true class); transition (K, K): P(given | true).
    """

    posterior: NDArray[np.floating]
    transition: Floats


@dataclass(frozen=True, eq=False)
class LabelledWindow:
    """features (N, D), given labels (N,), probs (N, K) of these by probes that never saw a row's fold (N,).

    noisy: None where the given labels are right.
    """

    features: NDArray[np.floating]
    given: NDArray[np.integer]
    probs: Matrix
    folds: NDArray[np.integer]
    noisy: KnownNoise | None = None

    def only(self, rows: NDArray[np.intp]) -> LabelledWindow:
        """Some of the rows, by their places."""
        noisy = self.noisy and KnownNoise(self.noisy.posterior[rows], self.noisy.transition)
        return LabelledWindow(
            self.features[rows], self.given[rows], self.probs[rows], self.folds[rows], noisy
        )

    @property
    def truth(self) -> NDArray[np.floating]:
        """P(true class) (N, K)."""
        if self.noisy is not None:
            return self.noisy.posterior
        return np.asarray(np.eye(self.probs.shape[1], dtype=np.float32)[self.given])

    @property
    def transition(self) -> Floats:
        """P(given | true) (K, K)."""
        return np.eye(self.probs.shape[1]) if self.noisy is None else self.noisy.transition


@dataclass(frozen=True, eq=False)
class TargetWindow:
    """features (M, D), folds (M,) as of labelled rows; unknown (M,): P(of no known class).

    probs: P(class) (m, K) of rows (m,), by their places, by probes that never saw the fold of each (m,).
    """

    features: NDArray[np.floating]
    folds: NDArray[np.int64]
    unknown: Floats
    probs: Callable[[NDArray[np.intp], NDArray[np.int64]], Matrix]

    def only(self, rows: NDArray[np.intp]) -> TargetWindow:
        """Some of the rows, by their places."""

        def probs(some: NDArray[np.intp], folds: NDArray[np.int64]) -> Matrix:
            return self.probs(rows[some], folds)

        return TargetWindow(self.features[rows], self.folds[rows], self.unknown[rows], probs)
