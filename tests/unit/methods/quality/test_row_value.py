"""Shapley values against their definition, over all subsets; uniqueness by its ends."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from labelworks.tasks.methods.neighbours.euclidean import nearest
from labelworks.tasks.methods.quality.row_value import knn_shapley, uniqueness


def by_definition(features: NDArray[np.float64], labels: NDArray[np.int64], k: int) -> NDArray[np.float64]:
    """Mean over all coalitions of what a row adds to the share of a tested row's k nearest with its label."""
    rows = len(labels)
    total = np.zeros(rows)
    for tested in range(rows):
        others = [row for row in range(rows) if row != tested]
        near = sorted(others, key=lambda row: (float(np.sum((features[row] - features[tested]) ** 2)), row))

        def utility(team: tuple[int, ...], near: list[int] = near, tested: int = tested) -> float:
            return sum(labels[row] == labels[tested] for row in [r for r in near if r in team][:k]) / k

        for row in others:
            rest = [other for other in others if other != row]
            for size in range(len(rest) + 1):
                gains = [utility((*team, row)) - utility(team) for team in combinations(rest, size)]
                total[row] += sum(gains) / comb(len(rest), size) / len(others)
    return total / rows


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**31), st.integers(2, 6), st.integers(1, 4))
def test_values_are_those_of_the_definition(seed: int, rows: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    features, labels = rng.normal(size=(rows, 2)), rng.integers(0, 2, rows)
    assert knn_shapley(features, labels, k) == pytest.approx(by_definition(features, labels, k), abs=1e-12)


def test_wrong_labels_are_worth_least() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 600)
    features = np.eye(3)[labels] * 6 + rng.normal(size=(600, 3))
    wrong = rng.choice(600, 40, replace=False)
    labels[wrong] = (labels[wrong] + 1) % 3
    value = knn_shapley(features, labels)
    assert len(set(np.argsort(value)[:40]) & set(wrong)) >= 36
    assert np.mean(value[wrong] < 0) > 0.9 and np.mean(np.delete(value, wrong) > 0) > 0.99


def test_within_looks_no_further() -> None:
    rng = np.random.default_rng(1)
    features, labels = rng.normal(size=(80, 3)), rng.integers(0, 2, 80)
    assert knn_shapley(features, labels, 5, within=200) == pytest.approx(knn_shapley(features, labels, 5))
    near = knn_shapley(features, labels, 5, within=5)
    agrees = labels[:, None] == labels[None]
    order = np.argsort(((features[:, None] - features[None]) ** 2).sum(-1) + np.eye(80) * 1e9, axis=1)[:, :5]
    told = np.zeros(80)
    for row, ranked in enumerate(order):
        told[ranked] += (agrees[row, ranked].astype(float) - agrees[row, ranked[-1]]) / 5 / 80
    assert near == pytest.approx(told)


def test_of_one_row_or_none_there_is_nothing_to_tell() -> None:
    assert knn_shapley(np.zeros((1, 2)), np.zeros(1, int)).tolist() == [0.0]


def test_a_copy_is_not_unique_and_a_far_row_is() -> None:
    rng = np.random.default_rng(2)
    features = rng.normal(size=(100, 4))
    features[1], features[2] = features[0], 100.0
    found = uniqueness(nearest(features.astype(np.float32), 3)[0][:, 0])
    assert found[0] == found[1] == 0 and found[2] > 0.9 and np.median(found) == pytest.approx(0.5, abs=0.02)
