"""What the other labels of a row say of one: where a score errs on one label, it errs on others with it.

A row that resembles two classes scores high in both; once one of them is given, the other explains nothing
more. Residuals of the labels, given less foretold, hold that as a covariance, and its inverse turns what the
others' residuals are into a correction: the regression of each label on the features and all other labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST = 1000  # classes: the matrices of more are larger than what they tell
SHRINKAGE = 0.1  # of the mean variance of a residual, added to each


@dataclass(frozen=True, eq=False)
class OtherLabels:
    """pull (F + 1, K, K) float32, by fold, last of all: what a residual (row) takes off a score (column)."""

    pull: NDArray[np.float32]

    @classmethod
    def fit(
        cls, scores: NDArray[np.floating], given: Any, folds: NDArray[np.integer], n_folds: int
    ) -> OtherLabels:
        """Learn from out-of-sample scores (n, K) of given labels (n, K), sparse; folds (n,).

        Regression by the inverse of a covariance matrix (Dempster 1972).
        """
        residual = given.toarray() - scores
        squares = np.stack(
            [residual[folds == fold].T @ residual[folds == fold] for fold in range(n_folds)]
        ).astype(np.float64)
        counts, whole = np.bincount(folds, minlength=n_folds), squares.sum(axis=0)
        views = [_pull(whole - squares[fold], len(folds) - counts[fold]) for fold in range(n_folds)]
        return cls(np.stack([*views, _pull(whole, len(folds))]).astype(np.float32))

    def correct(
        self, scores: NDArray[np.floating], given: Any, folds: NDArray[np.integer]
    ) -> NDArray[np.float32]:
        """Scores (N, K) that know the row's other given labels (N, K); a label never speaks for itself."""
        residual = (given.toarray() - scores).astype(np.float32)
        corrected = np.array(scores, np.float32)
        for fold in np.unique(folds):
            here = folds == fold
            corrected[here] -= residual[here] @ self.pull[fold]
        return corrected


def _pull(squares: NDArray[np.float64], rows: int) -> NDArray[np.float64]:
    covariance = squares / max(rows, 1)
    least = max(SHRINKAGE * float(np.diag(covariance).mean()), float(np.finfo(np.float32).tiny))
    precision = np.linalg.inv(covariance + least * np.eye(len(covariance)))
    pull = precision / np.diag(precision)
    np.fill_diagonal(pull, 0)
    return np.asarray(pull, np.float64)
