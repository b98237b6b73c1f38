"""What another look at a row is worth that people answered about already."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def look_value(
    posterior: NDArray[np.floating], label: NDArray[np.integer], accuracy: float
) -> NDArray[np.float64]:
    """How many errors a look at each row (N,) is expected to remove, by a person of this accuracy.

    That is how much likelier the likeliest class is after the answer, in the mean over answers, than the
    row's label is now: the knowledge gradient of label accuracy (Frazier, Powell & Dayanik 2008). posterior
    (N, K) over two outcomes or more; label (N,): codes. A wrong answer is any other outcome alike.
    """
    known = np.asarray(posterior, np.float64)
    known = known / np.maximum(known.sum(axis=1, keepdims=True), 1e-300)
    rows, other = np.arange(len(known)), (1 - accuracy) / (known.shape[1] - 1)
    top = known.argmax(axis=1)
    first = known[rows, top]
    second = np.where(np.arange(known.shape[1]) == top[:, None], -1.0, known).max(axis=1)
    after = np.maximum(accuracy * known, other * first[:, None])
    after[rows, top] = np.maximum(accuracy * first, other * second)
    return np.asarray(np.maximum(after.sum(axis=1) - known[rows, label], 0.0))
