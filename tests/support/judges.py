"""Made judges whose errors may be shared, over made rows whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class MadeJudges:
    """Of N rows over K classes: the truth, the given label, a posterior (N, K), J judges' answers (N, J)."""

    true: NDArray[np.int64]
    given: NDArray[np.int64]
    posterior: NDArray[np.float64]
    answers: NDArray[np.int64]

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Which given labels are wrong (N,)."""
        return np.asarray(self.given != self.true)

    @property
    def own(self) -> NDArray[np.float64]:
        """What the posterior alone says of the given label (N,)."""
        return np.asarray(self.posterior[np.arange(len(self.given)), self.given])


def made_judges(
    seed: int, *, rows: int = 4000, classes: int = 10, judges: int = 5, rate: float = 0.05,
    accuracy: float = 0.85, shared: float = 0.4, signal: float = 3.0,
) -> MadeJudges:  # fmt: skip
    """Rows of which a share is hard: there a judge falls for one wrong class, with chance `shared`.

    Half of the wrong labels are of that class too. signal: how well the posterior's features tell classes.
    """
    rng = np.random.default_rng(seed)
    true = rng.integers(0, classes, rows)

    def another() -> NDArray[np.int64]:
        return (true + rng.integers(1, classes, rows)) % classes

    lure, hard = another(), rng.random(rows) < 1 - accuracy
    answers = np.stack(
        [
            np.where(
                rng.random(rows) < shared,
                np.where(hard, lure, true),
                np.where(rng.random(rows) < accuracy, true, another()),
            )
            for _ in range(judges)
        ],
        axis=1,
    )
    mistaken = np.where(rng.random(rows) < 0.5, lure, another())
    given = np.where(rng.random(rows) < rate, mistaken, true)
    logits = rng.normal(size=(rows, classes))
    logits[np.arange(rows), true] += signal
    posterior = np.exp(signal * logits)
    transition = np.full((classes, classes), rate / (classes - 1))
    np.fill_diagonal(transition, 1 - rate)
    posterior *= transition[:, given].T
    return MadeJudges(true, given, posterior / posterior.sum(axis=1, keepdims=True), answers)


def share_found(made: MadeJudges, right: NDArray[np.float64], looks: float = 0.05) -> float:
    """The share of the wrong labels in the first looks; rows alike in an order of chance."""
    ties = np.random.default_rng(0).random(len(right))
    first = np.lexsort((ties, right))[: round(looks * len(right))]
    return float(made.wrong[first].sum() / made.wrong.sum())
