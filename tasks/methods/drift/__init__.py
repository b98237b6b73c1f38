"""Drift: whether a window's features come from the distribution of another's."""

from __future__ import annotations

from numpy.typing import ArrayLike

from labelworks.tasks.methods.arrays import check_alpha
from labelworks.tasks.methods.drift.base import DriftTest, drift_test, pair
from labelworks.tasks.methods.drift.streaming import drift_over

__all__ = ["DriftTest", "drift_over", "test"]


def test(reference: ArrayLike, current: ArrayLike, *, method: str = "auto", alpha: float = 0.05) -> DriftTest:
    """Test whether two windows of features come from one distribution.

    reference: (n, D), current: (m, D), finite. Look at `effect` beside `p_value`: of enough rows every
    difference is significant. Raises InputError on bad rows, ConfigError on an unknown method or level.
    """
    check_alpha(alpha)
    first, second = pair(reference, current)
    return drift_test(method)(first, second, alpha)
