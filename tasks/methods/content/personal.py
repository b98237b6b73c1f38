"""Personal data in texts: where there is some, never what it is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

PERSONAL = ("card-number", "e-mail-address", "phone-number")  # issues that make no content odd


def scores(texts: pa.Array | None, pattern: str, holds: Callable[[str], bool]) -> NDArray[np.float64]:
    """0 for texts (N,) that hold something, else 1; NaN for null.

    pattern: what a text must match before it is looked at, as RE2 writes it; holds: looks at one text.
    """
    if texts is None:
        return np.zeros(0)
    likely = pc.fill_null(pc.match_substring_regex(texts, pattern), False)
    scored = np.where(np.asarray(texts.is_null()), np.nan, 1.0)
    for place in np.flatnonzero(likely.to_numpy(zero_copy_only=False)):
        scored[place] = 0.0 if holds(texts[int(place)].as_py()) else 1.0
    return scored
