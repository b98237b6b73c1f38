"""Texts in which nothing can be read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.content.rows import ContentRows
from labelworks.tasks.methods.registry import register


@register("content", "empty", source="own: no visible character", modality=("text",))
class Empty:
    """Missing texts, and those of blanks and invisible characters alone."""

    def fit(self, sample: ContentRows, /) -> None:
        """Nothing is relative to the dataset."""

    def judge(self, rows: ContentRows, /) -> NDArray[np.float64]:
        """Score texts (N,): 0 for an empty one, else 1."""
        if rows.texts is None:
            raise InputError("there are no texts", fix="give the rows as texts")
        return rows.visible.astype(np.float64)
