"""The strongest confusions of a noise transition: which class is given as which other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.findings import ConfusedPair


def top_confusions(
    transition: NDArray[np.floating], classes: tuple[str | int, ...], limit: int = 10, least: float = 0.0
) -> list[ConfusedPair]:
    """The commonest ways in which a true class is given as another, those rarer than `least` left out.

    transition (K, K): rows = true class.
    """
    wrong = np.array(transition, dtype=np.float64)
    np.fill_diagonal(wrong, 0.0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:limit]
    pairs = [(*divmod(int(place), len(wrong)), float(wrong.flat[place])) for place in order]
    return [
        ConfusedPair(true=classes[true], given=classes[given], probability=share)
        for true, given, share in pairs
        if share > 0 and share >= least
    ]
