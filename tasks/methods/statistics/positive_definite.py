"""Equations in a covariance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve

Floats = NDArray[np.float64]


def solve_positive(matrix: Floats, right: Floats) -> Floats:
    """Solve matrix (D, D) @ x = right (D, K), by Cholesky: half the work of Gaussian elimination.

    That is what is left where rounding made the matrix, which is positive definite, something else. Raises
    LinAlgError where it is singular.
    """
    try:
        factor = cho_factor(matrix, lower=True, check_finite=False)
    except LinAlgError:
        return np.asarray(np.linalg.solve(matrix, right), np.float64)
    return np.asarray(cho_solve(factor, right, check_finite=False), np.float64)
