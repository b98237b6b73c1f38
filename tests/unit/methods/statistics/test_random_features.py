"""Random features: a Gaussian kernel's, the same everywhere, and their sums are those of the mapped rows."""

from __future__ import annotations

import numpy as np
import pytest

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.statistics import sums as sums_module
from labelworks.tasks.methods.statistics.random_features import RandomFeatures
from labelworks.tasks.methods.statistics.sums import FoldSums

N, D, K, F = 500, 5, 3, 4
RNG = np.random.default_rng(1)
FEATURES = RNG.normal(size=(N, D)).astype(np.float32)
LABELS, FOLDS = RNG.integers(0, K, N), RNG.integers(0, F, N)
MAP = RandomFeatures(np.full(D, 0.5, np.float32), np.full(D, 2.0, np.float32))


def sums(rows: slice = slice(None), random: RandomFeatures | None = MAP) -> FoldSums:
    return FoldSums.of(FEATURES[rows], LABELS[rows], FOLDS[rows], F, K, random=random)


def test_products_are_about_a_gaussian_kernel() -> None:
    mapped = MAP.rows(FEATURES[:60]).astype(np.float64)
    apart = np.square((FEATURES[:60, None] - FEATURES[None, :60]) / 2).sum(axis=2)
    kernel = np.exp(-apart / 2)
    assert np.abs(mapped @ mapped.T - kernel).mean() < 0.05
    np.testing.assert_allclose(np.square(mapped).sum(axis=1), 1, rtol=1e-5)


def test_a_column_of_infinite_scale_is_not_seen() -> None:
    blind = RandomFeatures(MAP.centre, np.where(np.arange(D) == 2, np.inf, 2).astype(np.float32))
    other = FEATURES.copy()
    other[:, 2] = RNG.normal(size=N)
    np.testing.assert_array_equal(blind.rows(FEATURES), blind.rows(other))
    assert not np.array_equal(MAP.rows(FEATURES), MAP.rows(other))


def test_halves_are_mapped_as_the_numbers_they_are() -> None:
    halves = FEATURES.astype(np.float16)
    np.testing.assert_array_equal(MAP.rows(halves), MAP.rows(halves.astype(np.float32)))


def test_sums_are_those_of_mapped_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sums_module, "BLOCK", 64)
    view, rows = sums().mapped.sums.without(1), FOLDS != 1
    exact = MAP.rows(FEATURES[rows]).astype(np.float64)
    np.testing.assert_allclose(view.gram, exact.T @ exact, atol=1e-4)
    np.testing.assert_allclose(view.total[2], exact[LABELS[rows] == 2].sum(axis=0), atol=1e-4)
    assert view.count.tolist() == np.bincount(LABELS[rows]).tolist()


def test_parts_add_up_subtract_and_are_kept() -> None:
    parts = sums(slice(0, 200)) + sums(slice(200, 200)) + sums(slice(200, N))
    for found in (parts, FoldSums.of_arrays(parts.arrays)):
        assert found.mapped is not None
        assert found.mapped.random.same(MAP)
        for name in ("count", "total", "gram"):
            np.testing.assert_allclose(
                getattr(found.mapped.sums, name), getattr(sums().mapped.sums, name), atol=1e-4
            )
    less = parts - sums(slice(0, 200))
    np.testing.assert_allclose(less.mapped.sums.gram, sums(slice(200, N)).mapped.sums.gram, atol=1e-4)


def test_sums_of_two_maps_are_not_added() -> None:
    other = RandomFeatures(MAP.centre, MAP.scale * 2)
    with pytest.raises(InputError, match="mapped in two ways"):
        sums() + sums(random=other)
    assert (sums() + sums(random=None)).mapped is None  # rows that weren't mapped are no part of a whole
