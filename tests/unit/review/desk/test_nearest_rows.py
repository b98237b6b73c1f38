"""The rows nearest to a row, against comparing each with each."""

from __future__ import annotations

import numpy as np
import pytest

from labelworks.tasks.review.desk.around import NEAREST, nearest_rows


def test_they_are_the_nearest_and_never_the_row_itself() -> None:
    vectors = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[7] = vectors[3]
    at = np.array([3, 20])
    places, alike = nearest_rows(vectors, at)
    for row, some, values in zip(at, places, alike, strict=True):
        by_hand = sorted(
            (other for other in range(40) if other != row), key=lambda o: -vectors[o] @ vectors[row]
        )
        assert some.tolist() == by_hand[:NEAREST]
        assert values == pytest.approx(vectors[some] @ vectors[row])
    assert places[0][0] == 7


def test_a_row_alone_has_none() -> None:
    assert nearest_rows(np.ones((1, 2), np.float32), np.array([0]))[0].shape == (1, 0)
