"""The nearest of some rows are those that a search for all rows finds."""

from __future__ import annotations

import numpy as np

from labelworks.tasks.methods.neighbours.euclidean import nearest, nearest_places


def test_places_of_some_rows_are_those_among_all() -> None:
    rows = np.random.default_rng(0).normal(size=(1500, 8)).astype(np.float32)
    some = np.array([1400, 3, 1100])
    distances, places = nearest(rows, 40)
    assert (nearest_places(rows, 40, some) == places[some]).all()
    exact = np.linalg.norm(rows[some, None].astype(np.float64) - rows, axis=2)
    assert (places[some] == exact.argsort(axis=1)[:, 1:41]).all()
    np.testing.assert_allclose(distances[some], np.sort(exact, axis=1)[:, 1:41], rtol=1e-5)
