"""The order of rows: its p-value is level under independence, small where neighbours lie together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labelworks.tasks.methods.neighbours.euclidean import nearest
from labelworks.tasks.methods.quality.row_order import row_order


def neighbours(features: NDArray[np.float64]) -> NDArray[np.int64]:
    return nearest(features.astype(np.float32), 10)[1]


def test_independent_rows_are_seldom_told_of() -> None:
    p_values = [
        row_order(neighbours(np.random.default_rng(seed).normal(size=(120, 3)))).p_value for seed in range(40)
    ]
    assert min(p_values) > 0 and np.mean(np.array(p_values) <= 0.05) <= 0.15
    assert 0.3 < np.mean(p_values) < 0.7


def test_sorted_and_drifting_rows_are() -> None:
    rng = np.random.default_rng(0)
    group = np.sort(rng.integers(0, 4, 400))
    by_group = row_order(neighbours(np.eye(4)[group] * 8 + rng.normal(size=(400, 4))))
    assert by_group.p_value <= 0.01 and by_group.effect > 0.4
    drift = row_order(neighbours(rng.normal(size=(400, 1)) + np.arange(400)[:, None] / 100))
    assert drift.p_value <= 0.01 and 0.1 < drift.effect < by_group.effect


def test_a_row_whose_neighbours_lie_anywhere_scores_high() -> None:
    rng = np.random.default_rng(1)
    features = rng.normal(size=(600, 2))
    features[:300] = np.sort(features[:300, :1], axis=0) + rng.normal(scale=0.01, size=(300, 2)) + 20
    score = row_order(neighbours(features)).score
    assert np.all((score >= 0) & (score <= 1)) and score[300:].mean() > score[:300].mean() + 0.1
