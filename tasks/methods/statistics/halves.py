"""Rows in two halves by chance: what is fitted on the one is measured on the other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def halves(rows: int, seed: int) -> Iterator[tuple[Mask, Mask]]:
    """Which rows (N,) are fitted on and which are measured, of either half in turn."""
    half = np.random.default_rng(seed).permutation(rows) % 2
    for one in (0, 1):
        yield half != one, half == one
