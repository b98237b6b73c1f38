"""Distances in a tree of classes, beside walking it step by step."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelworks.schemas.errors import ConfigError
from labelworks.tasks.methods.review.label_tree import LabelTree
from labelworks.tasks.methods.review.look_value import look_value

PETS = {"dog": "mammal", "cat": "mammal", "mammal": "animal", "owl": "bird", "bird": "animal", "car": None}


def walked(parents: dict[str, str | None], start: str, end: str) -> int:
    """Steps from one to the other, breadth first; what has nothing above it lies below one root."""
    edges: dict[str, set[str]] = {}
    for name in {*parents, *filter(None, parents.values())}:
        above = parents.get(name) or "root"
        edges.setdefault(name, set()).add(above)
        edges.setdefault(above, set()).add(name)
    queue, steps = deque([start]), {start: 0}
    while queue:
        name = queue.popleft()
        for near in edges[name] - steps.keys():
            steps[near] = steps[name] + 1
            queue.append(near)
    return steps[end]


@st.composite
def trees(draw: st.DrawFn) -> dict[str, str | None]:
    names = [f"n{place}" for place in range(draw(st.integers(2, 12)))]
    return {
        name: names[draw(st.integers(0, place - 1))] if place and draw(st.booleans()) else None
        for place, name in enumerate(names)
    }


@given(trees(), st.integers(2, 6))
def test_steps_are_those_of_a_walk_and_the_longest_is_one(parents: dict[str, str | None], most: int) -> None:
    classes = sorted(parents)[:most]  # also such as lie above others
    tree = LabelTree.of(classes, parents)
    want = np.array([[walked(parents, one, other) for other in classes] for one in classes])
    assert np.stack([tree.steps(code) for code in range(len(classes))]).tolist() == want.tolist()
    assert tree.costs()[:-1, :-1] == pytest.approx(want / max(want.max(), 1))
    assert tree.mean_distances()[:-1] == pytest.approx(tree.costs()[:-1, :-1].sum(1) / (len(classes) - 1))


def test_names_that_are_ways_are_the_same_tree() -> None:
    names = ["animal/mammal/dog", "animal/mammal/cat", "animal/bird/owl", "car"]
    by_parent = LabelTree.of(["dog", "cat", "owl", "car"], PETS)
    assert LabelTree.of(names, "/").costs().tolist() == by_parent.costs().tolist()
    assert by_parent.distances(0).tolist() == [0, 0.5, 1, 1]
    assert LabelTree.of([7, 8], {"7": "odd", "8": None}).distances(0).tolist() == [0, 1]


def test_a_class_without_a_place_is_refused() -> None:
    with pytest.raises(ConfigError, match="'dgo'"):
        LabelTree.of(["dog", "dgo"], PETS)
    assert LabelTree.of([], PETS).costs().tolist() == [[0]]


@given(st.integers(0, 10_000), trees())
def test_the_distance_if_wrong_is_the_mean_over_true_classes(
    seed: int, parents: dict[str, str | None]
) -> None:
    rng, classes = np.random.default_rng(seed), sorted(parents)
    tree, count = LabelTree.of(classes, parents), len(classes)
    shares = rng.dirichlet(np.ones(count), 6)
    label = rng.integers(0, count, 6)
    costs = tree.costs()[:-1, :-1]
    want = [
        sum(row[k] * costs[code, k] for k in range(count)) / (1 - row[code])
        for row, code in zip(shares, label, strict=True)
    ]
    assert tree.distance_if_wrong(label, shares) == pytest.approx(want)
    order = rng.permuted(np.tile(np.arange(count), (6, 1)), axis=1)
    again = tree.distance_if_wrong(label, np.take_along_axis(shares, order, axis=1), order)
    assert again == pytest.approx(want)


def test_what_is_not_known_is_shared_by_the_other_classes() -> None:
    tree = LabelTree.of(["dog", "cat", "owl", "car"], PETS)
    some = tree.distance_if_wrong(np.array([0]), np.array([[0.5, 0.1]]), np.array([[0, 1]]))
    assert some == pytest.approx(tree.distance_if_wrong(np.array([0]), np.array([[0.5, 0.1, 0.2, 0.2]])))
    sure = tree.distance_if_wrong(np.array([0]), np.array([[1.0, 0, 0, 0]]))
    assert sure == pytest.approx([2.5 / 3])


@given(st.integers(0, 10_000), trees(), st.floats(0.3, 0.999))
def test_another_answer_is_worth_what_it_saves(
    seed: int, parents: dict[str, str | None], accuracy: float
) -> None:
    rng, tree = np.random.default_rng(seed), LabelTree.of(sorted(parents), parents)
    costs = tree.costs()
    outcomes = len(costs)
    known = rng.dirichlet(np.full(outcomes, 0.7), 4) * 0.99 + 0.01 / outcomes
    label = rng.integers(0, outcomes, 4)
    want = []
    for row, code in zip(known, label, strict=True):
        after = 0.0
        for answer in range(outcomes):
            said = np.where(np.arange(outcomes) == answer, accuracy, (1 - accuracy) / (outcomes - 1))
            after += costs[(said * row).argmax()] @ (said * row)
        want.append(max(costs[code] @ row - after, 0.0))
    assert look_value(known, label, accuracy, costs) == pytest.approx(want, abs=1e-12)
    assert look_value(known, label, accuracy, 1 - np.eye(outcomes)) == pytest.approx(
        look_value(known, label, accuracy)
    )
