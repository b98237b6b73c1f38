"""Wilson's interval, against scipy's, and what it covers where a share is rare."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from labelworks.tasks.methods.statistics.wilson import wilson


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
@pytest.mark.parametrize(("hits", "rows"), [(0, 1), (0, 40), (1, 2), (7, 200), (200, 200), (1, 10_000)])
def test_it_is_that_of_scipy(hits: int, rows: int, confidence: float) -> None:
    known = binomtest(hits, rows).proportion_ci(confidence, method="wilson")
    assert np.allclose(wilson(hits / rows, rows, confidence), (known.low, known.high), atol=1e-12)


def test_shares_may_be_many() -> None:
    low, high = wilson(np.array([0.0, 0.3, 1.0]), 50)
    assert [*zip(low, high, strict=True)] == [wilson(share, 50) for share in (0.0, 0.3, 1.0)]


@pytest.mark.parametrize("share", [0.01, 0.02, 0.1, 0.5])
def test_it_holds_rare_shares_where_that_of_the_normal_distribution_does_not(share: float) -> None:
    hits, rows = np.arange(201), 200
    chance = binom.pmf(hits, rows, share)
    low, high = wilson(hits / rows, rows)
    held = float(chance[(low <= share) & (share <= high)].sum())
    half = 1.96 * np.sqrt(hits / rows * (1 - hits / rows) / rows)
    assert held >= 0.92
    if share == 0.01:
        assert chance[np.abs(hits / rows - share) <= half].sum() < 0.9
