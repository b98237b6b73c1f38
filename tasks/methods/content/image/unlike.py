"""Images of another shape or size than the rest of the dataset."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.content.rows import ContentRows
from labelworks.tasks.methods.content.unusual import Usual

TIMES = math.log(3.0)  # beyond the upper quartile of the distances from the median, at least


class UnlikeTheRest(ABC):
    """Scores how far an image is from the median image, in either direction; NaN where there is no image."""

    @staticmethod
    @abstractmethod
    def value(width: NDArray[np.float64], height: NDArray[np.float64]) -> NDArray[np.float64]:
        """A logarithm (N,) made of widths and heights in pixels (N,)."""

    def fit(self, sample: ContentRows, /) -> None:
        """Learn what is usual."""
        values = self._values(sample)
        known = values[np.isfinite(values)]
        self.middle = float(np.median(known)) if len(known) else 0.0
        self.usual = Usual.of(np.abs(values - self.middle), TIMES)

    def judge(self, rows: ContentRows, /) -> NDArray[np.float64]:
        """Score images (N,)."""
        return self.usual.score(np.abs(self._values(rows) - self.middle))

    def _values(self, rows: ContentRows) -> NDArray[np.float64]:
        return self.value(rows.properties["width"], rows.properties["height"])
