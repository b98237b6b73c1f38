"""What another look at a row is worth that people answered about already."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def look_value(
    posterior: NDArray[np.floating],
    label: NDArray[np.integer],
    accuracy: float,
    costs: NDArray[np.floating] | None = None,
) -> NDArray[np.float64]:
    """How many errors a look at each row (N,) is expected to remove, by a person of this accuracy.

    That is how much less the likeliest class is expected to cost after the answer, in the mean over answers,
    than the row's label does now: the knowledge gradient of label accuracy (Frazier, Powell & Dayanik 2008).
    posterior (N, K) over two outcomes or more; label (N,): codes. costs (K, K): of a label (row) where the
    outcome is another; None: any wrong label costs 1. A wrong answer is any other outcome alike.
    """
    known = np.asarray(posterior, np.float64)
    known = known / np.maximum(known.sum(axis=1, keepdims=True), 1e-300)
    rows, outcomes = np.arange(len(known)), known.shape[1]
    other = (1 - accuracy) / (outcomes - 1)
    wrong = 1 - np.eye(outcomes) if costs is None else np.asarray(costs, np.float64)
    now = known @ wrong.T  # (N, K): what each label costs
    top = known.argmax(axis=1)
    without = np.where(np.arange(outcomes) == top[:, None], -1.0, known)
    second = without.argmax(axis=1)
    after = np.zeros(len(known))
    for answer in range(outcomes):
        rival = np.where(top == answer, second, top)
        kept = accuracy * known[:, answer] >= other * known[rows, rival]
        taken = np.where(kept, answer, rival)
        after += other * now[rows, taken] + (accuracy - other) * known[:, answer] * wrong[taken, answer]
    return np.asarray(np.maximum(now[rows, label] - after, 0.0))
