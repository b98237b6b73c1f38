"""Soft labels: of every class, or of the likeliest with the rest as one number."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelworks.tasks.artifacts.soft_labels import (
    LIKELIEST,
    heard_again,
    likeliest,
    likeliest_columns,
    soft_columns,
    spread,
)

MANY = 300


def posteriors(seed: int, rows: int, classes: int = MANY) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.full(classes, 0.02), rows).astype(np.float32)
    return shares, rng.integers(0, classes, rows).astype(np.int32)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**31), st.integers(1, 30))
def test_the_likeliest_are_the_likeliest_and_the_given_one_is_among_them(seed: int, rows: int) -> None:
    shares, labels = posteriors(seed, rows)
    codes, kept = likeliest(shares, labels)
    assert codes.shape == kept.shape == (rows, LIKELIEST)
    assert (codes == labels[:, None]).sum(axis=1).tolist() == [1] * rows
    assert (np.diff(kept, axis=1) <= 0).all()
    for row in range(rows):
        others = np.delete(shares[row], codes[row])
        of_given = codes[row] == labels[row]
        assert others.max() <= kept[row][~of_given].min()
        assert len(set(codes[row].tolist())) == LIKELIEST


def test_few_classes_are_all_kept() -> None:
    shares, labels = posteriors(0, 5, 256)
    columns = soft_columns(shares, labels)
    assert columns["likeliest"].null_count == 5
    np.testing.assert_array_equal(np.array(columns["posterior"].to_pylist(), np.float32), shares)
    assert all(column.null_count == 5 for column in soft_columns(None, labels).values())


def test_what_copies_changed_is_heard_and_all_adds_up_to_one() -> None:
    shares, labels = posteriors(1, 50)
    codes, kept = likeliest(shares, labels)
    error = np.linspace(0.01, 0.99, 50).astype(np.float32)
    heard, rest = heard_again(codes, kept, labels, error)
    np.testing.assert_allclose(heard.sum(axis=1) + rest, 1, atol=1e-5)
    np.testing.assert_allclose(heard[codes == labels[:, None]], 1 - error, atol=1e-6)
    same, _ = heard_again(codes, kept, labels, 1 - kept[codes == labels[:, None]])
    np.testing.assert_allclose(same, kept, atol=1e-5)


@pytest.mark.parametrize("rows", [0, 7])
def test_columns_of_scores(rows: int) -> None:
    shares, labels = posteriors(2, rows)
    columns = soft_columns(shares, labels)
    assert columns["posterior"].null_count == rows
    error = (1 - shares[np.arange(rows), labels]).astype(np.float32)
    scores = pa.table({**columns, "given": labels, "error_probability": error})
    found = likeliest_columns(scores, MANY)
    assert found is not None
    assert len(found.codes) == len(found.shares) == len(found.rest) == rows
    assert likeliest_columns(scores, 256) is None
    assert likeliest_columns(scores.drop_columns("likeliest"), MANY) is None


def test_spread_gives_the_rest_to_the_others_evenly() -> None:
    posterior = spread([3, 1], [0.6, 0.2], 6)
    np.testing.assert_allclose(posterior, [0.05, 0.2, 0.05, 0.6, 0.05, 0.05])
