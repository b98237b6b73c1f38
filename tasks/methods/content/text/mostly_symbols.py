"""Texts that are mostly no words."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.content.rows import ContentRows
from labelworks.tasks.methods.registry import register


@register("content", "mostly-symbols", source="own: share of letters and digits", modality=("text",))
class MostlySymbols:
    """Texts of which less than half of the visible characters are letters or digits, of any script."""

    def fit(self, sample: ContentRows, /) -> None:
        """Nothing is relative to the dataset."""

    def judge(self, rows: ContentRows, /) -> NDArray[np.float64]:
        """Score texts (N,): the share of letters and digits; NaN for null and for empty ones."""
        if rows.texts is None:
            raise InputError("there are no texts", fix="give the rows as texts")
        spoken = _count(rows.texts, r"[\p{L}\p{M}\p{N}]")
        seen = _count(rows.texts, r"[^\s\p{Z}\p{C}]")
        return np.asarray(spoken / np.where(seen > 0, seen, np.nan))


def _count(texts: pa.Array, pattern: str) -> NDArray[np.float64]:
    counted = pc.count_substring_regex(texts, pattern).cast(pa.float64())
    return np.asarray(pc.fill_null(counted, float("nan")).to_numpy(zero_copy_only=False))
