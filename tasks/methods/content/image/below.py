"""Images of which a measure is lower than a cut, unless many images of the dataset are so."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.content.rows import ContentRows

MANY = 0.25  # of the sample: what more of them have is how this dataset is


class BelowCut:
    """Scores 0 where the measure is 0, 0.5 at the cut, towards 1 beyond it; NaN where it can't be told."""

    measure: ClassVar[str]
    cut: ClassVar[float]

    def value(self, rows: ContentRows) -> NDArray[np.float64]:
        """The measure (N,), low where something is odd."""
        return rows.properties[self.measure]

    def fit(self, sample: ContentRows, /) -> None:
        """Learn whether many images are below the cut: then none of them is odd for it."""
        values = self.value(sample)
        known = values[np.isfinite(values)]
        self.usual = bool(len(known) and np.mean(known < self.cut) > MANY)

    def judge(self, rows: ContentRows, /) -> NDArray[np.float64]:
        """Score images (N,)."""
        values = self.value(rows)
        if self.usual:
            return np.full(len(values), np.nan)
        return np.asarray(1 - 0.5 ** (np.maximum(values, 0.0) / self.cut))
