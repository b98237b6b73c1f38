"""How far people are believed: by repeats and overlaps, a prior without them; Bayes against a slow way."""

from __future__ import annotations

import numpy as np
import pytest

from labelworks.tasks.methods.review.reviewers import RIGHT, Answers, accuracies, after, prior_of
from labelworks.tasks.methods.treatment.decisions import (
    DECIDED,
    DROP,
    KEEP,
    REVIEW,
    Answered,
    Decisions,
    with_answers,
)


def made(
    rows: int, classes: int, right: list[float], *, overlap: float, seed: int = 0
) -> tuple[Answers, np.ndarray]:
    """Answers to all rows by the first person, and to a share of them by each other one."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, classes, rows)
    parts = []
    for reviewer, share in enumerate(right):
        row = np.arange(rows) if reviewer == 0 else np.flatnonzero(rng.random(rows) < overlap)
        wrong = (true[row] + rng.integers(1, classes, len(row))) % classes
        said = np.where(rng.random(len(row)) < share, true[row], wrong)
        parts.append((row, np.full(len(row), reviewer), said))
    row, reviewer, said = (np.concatenate(values) for values in zip(*parts, strict=True))
    return Answers(row, reviewer, np.eye(classes + 1, dtype=bool)[said]), true


def test_without_repeats_everybody_is_believed_alike() -> None:
    answers, _ = made(50, 3, [0.5], overlap=0)
    assert accuracies(answers, np.full((50, 4), 0.25), 1).tolist() == [RIGHT]


@pytest.mark.parametrize("right", [[0.95, 0.7], [0.7, 0.9], [0.99, 0.98]])
def test_overlaps_tell_who_is_right_how_often(right: list[float]) -> None:
    answers, true = made(3000, 4, right, overlap=0.5)
    known = np.full((3000, 4), 0.1)
    rng = np.random.default_rng(1)
    peak = np.where(rng.random(3000) < 0.7, true, (true + rng.integers(1, 4, 3000)) % 4)
    known[np.arange(3000), peak] = 0.7  # the scores tell something too
    prior = prior_of(known)
    found = accuracies(answers, prior, 2)
    assert found == pytest.approx(right, abs=0.04)
    better = after(answers, prior, found)[:, :-1].argmax(axis=1) == true
    alike = after(answers, prior, np.full(2, RIGHT))[:, :-1].argmax(axis=1) == true
    assert better.mean() >= alike.mean()


def test_answers_multiply_what_was_believed() -> None:
    prior = np.array([[0.5, 0.3, 0.1, 0.1], [0.25, 0.25, 0.25, 0.25]])
    named = np.array([[0, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]], bool)
    found = after(Answers(np.array([0, 0, 1]), np.array([0, 1, 1]), named), prior, np.array([0.9, 0.6]))
    slow = np.array([0.5 * 0.1 / 3 * 0.2, 0.3 * 0.9 * 0.3, 0.1 * 0.1 / 3 * 0.3, 0.1 * 0.1 / 3 * 0.2])
    assert found[0] == pytest.approx(slow / slow.sum())
    assert found[1] == pytest.approx([0.4 / 3] * 3 + [0.6])


@pytest.mark.parametrize("classes", [2, 10, 100])
def test_one_who_is_believed_wins_over_the_surest_score(classes: int) -> None:
    sure = np.eye(classes)[[0]]
    named = np.eye(classes + 1, dtype=bool)[[1]]
    found = after(Answers(np.zeros(1, int), np.zeros(1, int), named), prior_of(sure), np.array([RIGHT]))
    assert found[0].argmax() == 1
    doubted = after(Answers(np.zeros(1, int), np.zeros(1, int), named), prior_of(sure), np.array([0.5]))
    assert doubted[0].argmax() == 0


def test_what_people_decided_replaces_what_was_decided() -> None:
    given = np.array([0, 1, 2, 0], np.int32)
    before = Decisions(given, np.full(4, KEEP, np.int8), np.zeros(4, np.int8), np.full(4, 0.5, np.float32))
    said = Answered(
        np.array([0, 2, 3]), np.array([2, 3, -1], np.int32), np.array([0.9, 0.8, 0.4], np.float32)
    )
    found = with_answers(before, given, said, 3)
    assert found.action.tolist() == [DECIDED, KEEP, DROP, REVIEW]
    assert found.label.tolist() == [2, 1, 2, 0]
    assert found.right.tolist() == pytest.approx([0.9, 0.5, 0.0, 0.4])
    assert before.action.tolist() == [KEEP] * 4
