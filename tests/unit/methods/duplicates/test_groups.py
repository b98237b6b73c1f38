"""Copies: groups of equal contents and of near duplicates, found without comparing all pairs."""

from __future__ import annotations

import numpy as np
import pytest

from labelworks.tasks.methods.duplicates.groups import copies
from labelworks.tasks.methods.duplicates.signatures import (
    Planes,
    candidates,
    chance_radius,
    likely_pairs,
    near_pairs,
)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def found_pairs(rows: np.ndarray, *, scaled: bool = False, radius: float = np.inf) -> set[tuple[int, int]]:
    planes = Planes.of(rows[:500], scaled=scaled)
    signatures, sketches = planes.looked_at(rows)
    pairs = candidates(signatures, 100_000)
    pairs = pairs[likely_pairs(sketches[pairs[:, 0]], sketches[pairs[:, 1]])]
    placed = planes.placed(rows)
    kept = pairs[near_pairs(placed[pairs[:, 0]], placed[pairs[:, 1]], radius)]
    return {(int(one), int(other)) for one, other in kept}


def all_pairs(rows: np.ndarray) -> set[tuple[int, int]]:
    """Every pair of cosine 0.98, by comparing all of them."""
    placed = (rows - rows[:500].mean(axis=0)).astype(np.float64)
    unit = placed / np.linalg.norm(placed, axis=1, keepdims=True)
    one, other = np.nonzero(np.triu(unit @ unit.T >= 0.9805, 1))
    return set(zip(one.tolist(), other.tolist(), strict=True))


def test_copies_are_groups_and_two_labels_are_a_conflict() -> None:
    contents = np.array([5, 9, 5, 2**64 - 1, 9, 5, 3], dtype=np.uint64)
    found = copies(contents, np.array([0, 1, 0, 2, 2, 0, 1]))
    assert (found.group >= 0).tolist() == [True, True, True, False, True, True, False]
    assert found.group[0] == found.group[2] == found.group[5] != found.group[1]
    assert found.conflict.tolist() == [False, True, False, False, True, False, False]
    assert not found.near.any()
    assert found.surplus == 3
    assert copies(np.zeros(0, np.uint64), np.zeros(0, int)).surplus == 0


def test_near_duplicates_join_the_groups_of_their_contents() -> None:
    contents = np.array([5, 9, 5, 7, 1, 2], dtype=np.uint64)
    found = copies(contents, np.array([0, 0, 0, 1, 0, 0]), np.array([[0, 3], [1, 4]]))
    assert found.group[0] == found.group[2] == found.group[3] != found.group[1] == found.group[4]
    assert found.group[5] == -1
    assert found.near.tolist() == [True, True, True, True, True, False]
    assert found.conflict.tolist() == [True, False, True, True, False, False]
    assert found.surplus == 0


@pytest.mark.parametrize("dim", [16, 384])
def test_nearly_all_near_duplicates_are_found_and_nothing_else(dim: int) -> None:
    centres = rng().normal(size=(20, dim))
    rows = centres[rng().integers(0, 20, 3000)] + 0.7 * rng().normal(size=(3000, dim)) + 4
    shift = rng().normal(size=(300, dim)) * 0.1
    rows = np.concatenate([rows, rows[:300] + shift]).astype(np.float32)
    truth, found = all_pairs(rows), found_pairs(rows)
    assert len(truth) >= 290
    assert len(truth & found) >= 0.95 * len(truth)
    placed = rows - rows[:500].mean(axis=0)
    one, other = np.array(sorted(found)).T
    cosine = np.sum(placed[one] * placed[other], axis=1) / (
        np.linalg.norm(placed[one], axis=1) * np.linalg.norm(placed[other], axis=1)
    )
    assert cosine.min() > 0.979


def test_units_of_the_dimensions_do_not_hide_a_difference() -> None:
    rows = (rng().normal(size=(800, 8)) * np.logspace(0, 5, 8)).astype(np.float32)
    rows[400:] = rows[:400]
    rows[400:600, 0] += 3.0
    found = found_pairs(rows, scaled=True)
    assert {(row, row + 400) for row in range(200, 400)} <= found
    assert not {(row, row + 400) for row in range(200)} & found


def test_in_few_dimensions_near_rows_are_no_copies() -> None:
    rows = rng().random((2000, 2)).astype(np.float32)
    planes = Planes.of(rows, scaled=False)
    radius = chance_radius(planes.placed(rows), 2000)
    distances = np.linalg.norm(rows[:, None] - rows[None], axis=2) + np.eye(2000) * 9
    assert np.mean(distances.min(axis=1) < radius) < 0.003
    assert chance_radius(planes.placed(rows[:1000]), 2000) == pytest.approx(radius, rel=0.25)
    assert chance_radius(rows[:2], 10) == 0.0
    assert chance_radius(np.zeros((50, 3), np.float32), 50) == 0.0


def test_few_rows_and_a_bound_on_the_pairs() -> None:
    assert candidates(np.zeros(0, np.uint64), 10).shape == (0, 2)
    assert candidates(np.array([7], np.uint64), 10).shape == (0, 2)
    signatures = np.array([0, 1, 3, 2**64 - 1], np.uint64)
    assert candidates(signatures, 10).tolist() == [[0, 1], [1, 2], [0, 2]]
    assert candidates(signatures, 1).tolist() == [[0, 1]]
