"""Ends of exact intervals, held against scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta, binomtest

from labelworks.tasks.methods.statistics.clopper_pearson import high_end, low_end


@pytest.mark.parametrize(("hits", "rows"), [(0, 1), (1, 1), (0, 5), (3, 7), (30, 30), (180, 200)])
@pytest.mark.parametrize("level", [0.9, 0.95, 0.999])
def test_the_ends_are_those_of_the_exact_interval(hits: int, rows: int, level: float) -> None:
    known, chance = binomtest(hits, rows).proportion_ci(level, "exact"), (1 - level) / 2
    found = float(low_end(hits, rows, chance)), float(high_end(hits, rows, chance))
    assert found == pytest.approx((known.low, known.high))


def test_hits_need_not_be_whole_and_come_in_arrays() -> None:
    hits = np.array([0.0, 0.4, 3.7, 9.0])
    low, high = low_end(hits, 9, 0.025), high_end(hits, 9, 0.025)
    assert (low[0], high[3]) == (0, 1)
    np.testing.assert_allclose(low[1:], beta.ppf(0.025, hits[1:], 10 - hits[1:]))
    np.testing.assert_allclose(high[:3], beta.ppf(0.975, hits[:3] + 1, 9 - hits[:3]))
