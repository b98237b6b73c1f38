"""Equations in a covariance: by Cholesky, and where rounding spoilt it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelworks.tasks.methods.statistics.positive_definite import solve_positive


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 12), st.integers(1, 4), st.integers(0, 2**16))
def test_it_solves(dim: int, columns: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, right = rng.normal(size=(3 * dim, dim)), rng.normal(size=(dim, columns))
    matrix = rows.T @ rows + 0.1 * np.eye(dim)
    kept = matrix.copy()
    assert np.allclose(matrix @ solve_positive(matrix, right), right)
    assert np.array_equal(matrix, kept)


def test_a_matrix_that_rounding_made_indefinite_is_solved_as_well() -> None:
    matrix, right = np.array([[1.0, 2.0], [2.0, 1.0]]), np.array([[1.0], [0.0]])
    assert np.allclose(matrix @ solve_positive(matrix, right), right)


def test_a_singular_one_is_an_error() -> None:
    with pytest.raises(np.linalg.LinAlgError):
        solve_positive(np.zeros((2, 2)), np.ones((2, 1)))
