"""What treating a partition rests on, and what is counted of it by class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Basis:
    """Of the whole dataset: importance weights (K,) or None; rows of each class (K,), and of all."""

    class_weights: NDArray[np.float64] | None
    rows_by_class: NDArray[np.float64]
    rows: int


@dataclass(frozen=True)
class ByClass:
    """Rows of each class (K,) before and after, and their weights after; K = 0 of numbers."""

    before: NDArray[np.int64]
    after: NDArray[np.int64]
    weight: NDArray[np.float64]
