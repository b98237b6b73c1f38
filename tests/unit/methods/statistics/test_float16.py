"""Every finite half is the same number as a single."""

from __future__ import annotations

import numpy as np
import pytest

from labelworks.tasks.methods.statistics.float16 import LARGEST, rounded, single


def test_every_finite_half_is_what_numpy_makes_of_it() -> None:
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    halves = halves[np.isfinite(halves)].reshape(-1, 64)
    found = single(halves)
    assert found.dtype == np.float32
    assert (found.view(np.uint32) == halves.astype(np.float32).view(np.uint32)).all()  # also the sign of 0


@pytest.mark.parametrize("rows", [0, 1, 3, 5000])
def test_any_number_of_rows_also_of_a_part_of_an_array(rows: int) -> None:
    whole = np.random.default_rng(0).standard_normal((rows, 300)).astype(np.float16)
    assert np.array_equal(single(whole), whole.astype(np.float32))
    assert np.array_equal(single(whole[::2, 3:70]), whole[::2, 3:70].astype(np.float32))


def test_singles_are_taken_as_they_are_and_doubles_are_narrowed() -> None:
    rows = np.ones((2, 3), dtype=np.float32)
    assert single(rows) is rows
    assert single(np.ones((2, 3))).dtype == np.float32


def test_rounded_numbers_are_those_that_halves_hold() -> None:
    rows = 10.0 ** np.random.default_rng(0).uniform(-9, 4, size=(200, 7))
    found = rounded(rows)
    assert found.dtype == np.float32
    assert np.array_equal(found, rows.astype(np.float32).astype(np.float16).astype(np.float32))
    assert np.array_equal(rounded(found), found)
    halves = rows.astype(np.float16)
    assert rounded(halves) is halves


def test_what_halves_can_t_hold_stays() -> None:
    rows = np.array([[LARGEST, 1e6, -np.inf, np.nan]], dtype=np.float32)
    assert np.array_equal(rounded(rows), rows, equal_nan=True)
