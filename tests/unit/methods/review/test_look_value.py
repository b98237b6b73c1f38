"""What a look is worth, beside every answer written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelworks.tasks.methods.review.look_value import look_value


def every_answer(posterior: np.ndarray, label: int, accuracy: float) -> float:
    """The same by Bayes, an answer at a time."""
    classes = len(posterior)
    gained = 0.0
    for answer in range(classes):
        said = np.where(np.arange(classes) == answer, accuracy, (1 - accuracy) / (classes - 1))
        joint = said * posterior
        gained += joint.sum() * (joint / joint.sum()).max()
    return gained - posterior[label]


@given(st.integers(0, 10_000), st.integers(2, 6), st.floats(0.2, 0.999))
def test_it_is_the_mean_over_answers(seed: int, classes: int, accuracy: float) -> None:
    rng = np.random.default_rng(seed)
    posterior = rng.dirichlet(np.full(classes, 0.5), 5) * 0.99 + 0.01 / classes
    label = posterior.argmax(axis=1)
    want = [max(every_answer(*row, accuracy), 0.0) for row in zip(posterior, label, strict=True)]
    assert look_value(posterior, label, accuracy) == pytest.approx(want, abs=1e-12)


def test_a_person_who_is_always_right_removes_all_that_is_wrong() -> None:
    posterior = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]])
    assert look_value(posterior, np.array([0, 0]), 1.0) == pytest.approx([0.3, 0.9])


def test_who_guesses_removes_nothing() -> None:
    posterior = np.array([[0.7, 0.2, 0.1]])
    assert look_value(posterior, np.array([0]), 1 / 3) == pytest.approx([0.0])


def test_a_row_that_is_sure_is_worth_less_than_one_that_is_not() -> None:
    posterior = np.array([[0.99, 0.01], [0.6, 0.4]])
    sure, unsure = look_value(posterior, np.zeros(2, int), 0.85)
    assert sure < unsure
