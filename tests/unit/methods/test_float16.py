"""Every finite half is the same number as a single."""

from __future__ import annotations

import numpy as np
import pytest

from labelworks.tasks.methods.float16 import single


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
