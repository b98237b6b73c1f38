"""Why rows got their action and their weight, in words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.treatment.decisions import KEPT, REASONS

DOUBTED = "a little doubtful: kept, counts for less"
CERTAIN = 0.9  # P(the label is right) from which nothing is said of a doubt
RARER, COMMONER = 0.8, 1.25  # weights of a class that are worth a word
OF_CLASS = ("", "; its class is rarer in the target window", "; its class is commoner in the target window")
OTHER_REASONS = (*REASONS, DOUBTED)
WORDS = tuple(f"{reason}{note}" for reason in (*REASONS, DOUBTED) for note in OF_CLASS)


def doubted(reason: NDArray[np.int8], trust: NDArray[np.floating]) -> NDArray[np.int8]:
    """Codes (N,) of the reasons; a row that nobody suspects isn't "not suspicious" where it counts for less.

    reason (N,): codes of what was decided; trust (N,): the share of each row's weight that is for its label.
    """
    less = (reason == KEPT) & (trust < CERTAIN)
    return np.where(less, len(REASONS), reason).astype(np.int8)


def explained(reason: NDArray[np.int8], factors: Mapping[str, NDArray[np.floating]]) -> NDArray[np.int8]:
    """Codes (N,) into WORDS: what was decided, and what made the weights (N,) what they are, by factor.

    reason (N,): codes of what was decided; factors (N,): those that there are.
    """
    even = np.ones(len(reason))
    shift, trust = factors.get("label-shift", even), factors.get("right", even)
    note = np.select([shift < RARER, shift > COMMONER], [1, 2], 0)
    return np.asarray(doubted(reason, trust) * len(OF_CLASS) + note, np.int8)
