"""Rows in two halves."""

from __future__ import annotations

import numpy as np
import pytest

from labelworks.tasks.methods.statistics.halves import halves


@pytest.mark.parametrize("rows", [0, 1, 2, 101])
def test_every_row_is_measured_once_by_what_was_fitted_without_it(rows: int) -> None:
    found = list(halves(rows, seed=0))
    assert len(found) == 2
    for fitted, measured in found:
        np.testing.assert_array_equal(fitted, ~measured)
        assert abs(int(fitted.sum()) - int(measured.sum())) <= 1
    np.testing.assert_array_equal(found[0][0], found[1][1])


def test_a_seed_gives_its_own_halves_again() -> None:
    first, again, other = (next(halves(100, seed))[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert (first[::2] != first[1::2]).any()
