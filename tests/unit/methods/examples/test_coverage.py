"""Examples by coverage, against all subsets, and on rows whose shape is known."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelworks.tasks.methods.examples.coverage import cover, examples


def covered(vectors: np.ndarray, rows: Any) -> float:
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return float(np.maximum(unit @ unit[list(rows)].T, 0).max(1).mean())


@given(st.integers(0, 1000), st.integers(1, 3))
def test_greedy_is_within_its_bound_of_the_best_subset(seed: int, count: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(9, 3))
    found = cover(vectors, count)
    assert found.coverage == pytest.approx(covered(vectors, found.rows), abs=1e-5)
    best = max(covered(vectors, rows) for rows in combinations(range(9), count))
    assert (1 - 1 / np.e) * best <= found.coverage + 1e-5 <= best + 2e-5


def test_each_of_separate_groups_has_its_example() -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(3), [50, 20, 5])
    vectors = np.eye(3, 8)[groups] + 0.05 * rng.normal(size=(75, 8))
    found = cover(vectors, 3)
    assert list(groups[found.rows]) == [0, 1, 2]
    assert found.coverage > 0.95
    assert len(cover(np.ones((4, 2)), 3).rows) == 1


def test_only_what_may_be_chosen_is() -> None:
    vectors = np.random.default_rng(0).normal(size=(30, 4))
    assert set(cover(vectors, 5, np.arange(10, 20)).rows) <= set(range(10, 20))
    assert cover(vectors[:0], 3).rows.size == 0


def test_typical_rows_are_sure_and_borderline_ones_are_not() -> None:
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(100, 6))
    own = np.linspace(0.99, 0.5, 100)
    found = examples(vectors, own, 1 - own)
    assert found.typical.max() < 50
    assert found.borderline.min() >= 80
    assert (len(found.typical), len(found.borderline)) == (3, 3)


def test_a_class_without_doubt_has_no_borderline_row() -> None:
    vectors = np.random.default_rng(1).normal(size=(40, 6))
    found = examples(vectors, np.full(40, 0.99), np.full(40, 0.01))
    assert found.borderline.size == 0
    alone = examples(vectors[:1], np.ones(1), np.zeros(1))
    assert list(alone.typical) == [0]
