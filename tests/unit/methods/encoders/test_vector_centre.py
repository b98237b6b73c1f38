"""The dataset's own vectors far from zero: what differs between them is kept."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from labelworks.tasks.methods.encoders.base import Encoded
from labelworks.tasks.methods.encoders.vector import VectorEncoder

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(200, 4))


def encoded(rows: list[list[float] | None]) -> Encoded:
    values = pa.array(rows, pa.list_(pa.float64()))
    encoder = VectorEncoder()
    encoder.load(encoder.fit(values))
    return encoder.encode(values)


@pytest.mark.parametrize("offset", [1e4, 1e6, 1e9])
def test_what_differs_between_vectors_far_from_zero_is_kept(offset: float) -> None:
    far = encoded((ROWS + np.array([0, offset, -offset, 0])).tolist()).vectors
    moved = far - ROWS
    assert np.ptp(moved, axis=0).max() < 1e-5 + 1e-15 * offset
    assert np.abs(moved.mean(axis=0)).max() < 1


@pytest.mark.parametrize("factor", [1e-307, 1e-100, 1e-30, 1e30, 1e100])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_vectors_of_any_size_are_told_apart_as_others_are(factor: float, offset: float) -> None:
    """As by multiplying all of them by one number: squares of 1e-30 are nothing in single precision."""
    rows = encoded(((ROWS + offset) * factor).tolist()).vectors
    distances = np.linalg.norm(rows[1:] - rows[:-1], axis=1)
    ratio = distances / np.linalg.norm(ROWS[1:] - ROWS[:-1], axis=1)
    assert np.ptp(ratio) < 1e-4 * ratio.mean()
    assert 0.1 < ratio.mean() < 10


def test_a_row_far_larger_than_the_others_is_none() -> None:
    found = encoded([*(ROWS * 1e-30).tolist(), [1e20, 0, 0, 0]])
    assert found.reasons[200] == "vector has 1e+20 at position 0, too large for a single float"
    assert found.reasons[:200] == [None] * 200


def test_other_vectors_are_as_they_were_given() -> None:
    rows = ROWS + np.array([0, 50, 0, 0])
    rows[:, 3] = 1e6
    assert (encoded(rows.tolist()).vectors == rows.astype(np.float32)).all()


def test_vectors_without_a_number_are_none_be_they_most_of_them() -> None:
    assert encoded([[], [], [1.0, 2.0]]).reasons == ["vector without a number"] * 2 + [None]
    assert encoded([[]] * 3).reasons == ["vector without a number"] * 3


def test_rows_that_are_no_vector_say_nothing_of_where_they_lie() -> None:
    rows: list[list[float] | None] = [*(ROWS + 1e6).tolist(), None, [1.0], [np.nan] * 4, [1e300, 0, 0, 0]]
    found = encoded(rows)
    assert np.abs(found.vectors[:200]).max() < 10
    assert found.reasons[200:] == [
        "null vector", "vector of length 1, most have 4", "vector has NaN at position 0",
        "vector has 1e+300 at position 0, too large for a single float",
    ]  # fmt: skip
