"""In which order people should look at rows: where a look removes most of the error that is left."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FOUND = 0.5  # of wrong labels a person puts right whose right class isn't the one that is suggested


def removed_by_look(
    error: NDArray[np.floating],
    suggested: NDArray[np.floating],
    claim: NDArray[np.floating],
    changed: NDArray[np.bool_],
) -> NDArray[np.float32]:
    """How many errors a look at each row (N,) is expected to remove.

    That is P(its label as treated is wrong) times the chance that the look mends it.

    error: P(the given label is wrong); suggested: P(the suggestion is right); claim: as far as that is borne
    out, what lies between the two being half believed; changed: whether the label became the suggestion. A
    look at a wrong label mends it where its right class is the one that is suggested, else with a chance of
    FOUND.
    """
    unproven = suggested - claim
    wrong = np.clip(np.where(changed, 1 - claim, error - unproven / 2), 0, 1)
    proposed = np.where(changed, 0.0, np.clip(suggested / np.maximum(error, 1e-9), 0, 1))
    return np.asarray(wrong * (FOUND + (1 - FOUND) * proposed), np.float32)


def review_order(
    removed: NDArray[np.floating], waits: NDArray[np.bool_], rare: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """The places of rows (N,) in the order of looks.

    Those that wait for a person come first; of these rows of classes of which too little is known to judge by
    (rare), which nothing else will mend; each by what a look removes.
    """
    return np.lexsort((-removed, ~(rare & waits), ~waits))
