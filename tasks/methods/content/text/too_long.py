"""Texts much longer than the others."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.content.rows import ContentRows
from labelworks.tasks.methods.content.unusual import Usual
from labelworks.tasks.methods.registry import register

TIMES = math.log(3.0)  # the upper quartile, at least


@register("content", "too-long", source="Tukey 1977, of the logarithm", modality=("text",))
class TooLong:
    """Texts of so many characters as the dataset's lengths, by their quartiles, don't let expect."""

    def fit(self, sample: ContentRows, /) -> None:
        """Learn how long texts are."""
        self.usual = Usual.of(sample.log_lengths, TIMES)

    def judge(self, rows: ContentRows, /) -> NDArray[np.float64]:
        """Score texts (N,); NaN for null and for empty ones."""
        return self.usual.score(rows.log_lengths)
