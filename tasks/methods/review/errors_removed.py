"""How many wrong labels people's answers have put right, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.review.reviewers import BELIEVED, LOOKS, NONE, RIGHT

DRAWS = 400  # of how often each person is right
LEVEL = 0.95
SEED = 0


@dataclass(frozen=True)
class ErrorsRemoved:
    """Wrong labels put right less right ones made wrong, with an interval of LEVEL; changed: labels."""

    value: float
    low: float
    high: float
    changed: int


def believed(probability: NDArray[np.floating], outcomes: int, *, none: bool = False) -> NDArray[np.float64]:
    """Probabilities (n,) by scores as they are believed beside a person; none: of none of the classes.

    outcomes: how many there are, none of the classes among them.
    """
    known = np.full(len(probability), NONE) if none else np.asarray(probability) * (1 - NONE)
    return np.asarray(BELIEVED * known + (1 - BELIEVED) / outcomes, np.float64)


def errors_removed(
    given: NDArray[np.floating], answered: NDArray[np.floating], reviewer: NDArray[np.int64], outcomes: int
) -> ErrorsRemoved:
    """What changes of labels (n,) removed, by how likely the label given and the one answered were before.

    reviewer (n,): who answered; outcomes: how many answers there are. Each person is right as often as a Beta
    distribution says that is worth LOOKS looks at RIGHT, on any row alike; errors fall on any other outcome
    alike. The interval is simulated: how often each person is right is drawn, then what the labels are.
    """
    if not len(given):
        return ErrorsRemoved(0.0, 0.0, 0.0, 0)
    rng = np.random.default_rng(SEED)
    who, place = np.unique(reviewer, return_inverse=True)
    right = rng.beta(LOOKS * RIGHT, LOOKS * (1 - RIGHT), (DRAWS, len(who)))
    totals = np.empty(DRAWS)
    for draw in range(DRAWS):
        mended, broken = _after(given, answered, right[draw, place], outcomes)
        luck = rng.random(len(given))
        totals[draw] = np.count_nonzero(luck < mended) - np.count_nonzero(luck > 1 - broken)
    mended, broken = _after(given, answered, np.full(len(given), RIGHT), outcomes)
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(totals, [tail, 1 - tail])
    value = float(np.sum(mended - broken))
    return ErrorsRemoved(value, min(float(low), value), max(float(high), value), len(given))


def _after(
    given: NDArray[np.floating],
    answered: NDArray[np.floating],
    right: NDArray[np.float64],
    outcomes: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """P(the answer is right), P(the given label was) (n,) after the answers, by Bayes."""
    slip = (1 - right) / max(outcomes - 1, 1)
    whole = answered * right + (1 - answered) * slip
    return np.asarray(answered * right / whole), np.asarray(given * slip / whole)
