"""Whether a figure rises or falls from window to window, by its estimates and their intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labelworks.tasks.methods.performance.figures import Bounded

LEAST = 3  # windows, of which a line says something
QUANTILE = 1.96


def change_over(windows: Sequence[Bounded]) -> Bounded | None:
    """The change from the first to the last of windows (W,) in their order; None of fewer than three.

    By the line of least squares through them, each weighed by its interval (meta-regression; Thompson & Sharp
    1999, with their spread where that is larger). Windows count as if they erred apart: what is off in all of
    them alike, such as the reference, moves no line, so that the interval is rather too wide.
    """
    ends = np.array([(window.value, window.low, window.high) for window in windows]).reshape(-1, 3)
    known = np.isfinite(ends).all(axis=1)
    if np.count_nonzero(known) < LEAST:
        return None
    value, low, high = ends[known].T
    place = np.linspace(0.0, 1.0, len(windows))[known]
    weight = 1 / np.maximum((high - low) / (2 * QUANTILE), 1e-6) ** 2
    middle = place - weight @ place / weight.sum()
    across = float(weight @ middle**2)
    slope = float(weight @ (middle * value)) / across
    left = value - weight @ value / weight.sum() - slope * middle
    spread = np.sqrt(max(1.0, float(weight @ left**2) / (len(value) - 2)) / across)
    return Bounded(slope, slope - QUANTILE * spread, slope + QUANTILE * spread)
