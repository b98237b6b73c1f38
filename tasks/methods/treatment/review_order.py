"""In which order people should look at rows: where a look removes most of the error that is left."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def removed_by_look(
    error: NDArray[np.floating],
    suggested: NDArray[np.floating],
    claim: NDArray[np.floating],
    changed: NDArray[np.bool_],
) -> NDArray[np.float32]:
    """How many errors a look at each row (N,) is expected to remove: P(its label as treated is wrong).

    error: P(the given label is wrong); suggested: P(the suggestion is right); claim: as far as that is borne
    out, what lies between the two being half believed; changed: whether the label became the suggestion.
    """
    wrong = np.where(changed, 1 - claim, error - (suggested - claim) / 2)
    return np.asarray(np.clip(wrong, 0, 1), np.float32)


def review_order(
    removed: NDArray[np.floating], waits: NDArray[np.bool_], rare: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """The places of rows (N,) in the order of looks.

    Those that wait for a person come first; of these rows of classes of which too little is known to judge by
    (rare), which nothing else will mend; each by what a look removes.
    """
    return np.lexsort((-removed, ~(rare & waits), ~waits))
