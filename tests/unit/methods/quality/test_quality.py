"""Figures of an embedding, each against what is known of data made to have it."""

from __future__ import annotations

import numpy as np
import pytest

from labelworks.tasks.methods import quality
from labelworks.tasks.methods.neighbours.euclidean import nearest
from labelworks.tasks.methods.quality.dimensions import duplicated_dimensions
from labelworks.tasks.methods.quality.hubness import attraction, hubness
from labelworks.tasks.methods.quality.intrinsic_dimension import mle, two_nn
from labelworks.tasks.methods.quality.label_sharpness import label_sharpness
from labelworks.tasks.methods.quality.rankme import rank_share, rankme
from labelworks.tasks.methods.statistics.sums import ClassSums


def sums_of(rows: np.ndarray) -> ClassSums:
    wide = rows.astype(np.float64)
    return ClassSums(np.array([float(len(rows))]), wide.sum(0, keepdims=True), wide.T @ wide)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_rankme_is_the_entropy_of_the_singular_values_of_the_rows() -> None:
    rows = rng().normal(size=(300, 12)) * np.linspace(0.1, 3, 12)
    singular = np.linalg.svd(rows, compute_uv=False)
    share = singular / singular.sum()
    assert rankme(sums_of(rows)) == pytest.approx(np.exp(-np.sum(share * np.log(share))), rel=1e-4)


def test_rankme_between_collapse_and_an_even_spread() -> None:
    even = np.linalg.qr(rng().normal(size=(64, 8)))[0]
    assert rankme(sums_of(even)) == pytest.approx(8, rel=1e-4)
    assert rankme(sums_of(np.ones((50, 8)))) == pytest.approx(1, abs=1e-3)
    assert rankme(sums_of(np.zeros((50, 8)))) == 1.0
    rounded = (1e18 + rng().normal(size=(50, 8))).astype(np.float32)  # the same, but for what sums round off
    sums = sums_of(rounded)
    noisy = ClassSums(sums.count, sums.total, sums.gram * (1 + 3e-8 * rng().normal(size=(8, 8))))
    assert rankme(noisy) == pytest.approx(1, abs=1e-3)
    assert rank_share(8.0, 8) == 1.0
    assert rank_share(1.0, 1) is None


def test_units_of_the_dataset_s_own_dimensions_do_not_count() -> None:
    rows = rng().normal(size=(500, 3)) * [1e-3, 1.0, 1e5] + [0, 0, 1e6]
    assert rankme(sums_of(rows)) < 1.01
    assert rankme(sums_of(rows), scaled=True) == pytest.approx(3, rel=0.01)
    assert rankme(sums_of(np.ones((50, 4))), scaled=True) == 1.0


def test_dimensions_that_repeat_another_are_counted_once_each() -> None:
    rows = rng().normal(size=(400, 4))
    wide = np.column_stack([rows, rows[:, 0] * -3 + 1, rows[:, 0], np.full(400, 2.0), np.full(400, 2.0)])
    assert duplicated_dimensions(sums_of(wide)) == 2
    assert duplicated_dimensions(sums_of(rows)) == 0


@pytest.mark.parametrize("dim", [1, 2, 5])
def test_intrinsic_dimension_of_a_plane_turned_into_many_dimensions(dim: int) -> None:
    turn = np.linalg.qr(rng().normal(size=(40, 40)))[0][:dim]
    rows = (rng().random((1200, dim)) @ turn).astype(np.float32)
    distances, _ = nearest(rows, 10)
    assert two_nn(distances) == pytest.approx(dim, rel=0.12)
    assert mle(distances) == pytest.approx(dim, rel=0.12)


def test_without_classes_all_but_their_sharpness_is_told() -> None:
    rows = rng().normal(size=(300, 5)).astype(np.float32)
    told = quality.judge(sums_of(rows), rows, np.arange(300) % 2, scaled=False)
    assert told["label_sharpness"] is not None
    assert quality.judge(sums_of(rows), rows, None, scaled=False) == {**told, "label_sharpness": None}


def test_copies_do_not_spoil_the_dimension() -> None:
    rows = np.tile(rng().random((1500, 2)).astype(np.float32), (2, 1))
    found = quality.judge(sums_of(rows), rows, np.zeros(3000, int), scaled=False)
    assert found["dimension_two_nn"] == pytest.approx(2, rel=0.15)
    assert found["dimension_mle"] == pytest.approx(2, rel=0.1)
    assert two_nn(np.zeros((20, 5))) is None
    assert mle(np.zeros((20, 5))) is None


def test_nearest_is_what_scikit_learn_finds() -> None:
    from sklearn.neighbors import NearestNeighbors

    rows = rng().normal(size=(700, 9)).astype(np.float32)
    theirs, where = NearestNeighbors(n_neighbors=6).fit(rows).kneighbors(rows)
    distances, found = nearest(rows, 5)
    np.testing.assert_allclose(distances, theirs[:, 1:], rtol=1e-4)
    np.testing.assert_array_equal(found, where[:, 1:])


def test_label_sharpness_is_higher_where_labels_alternate_closely() -> None:
    rows = rng().normal(size=(300, 5)).astype(np.float32)
    apart = np.concatenate([rows[:150], rows[150:] + 20])
    labels = np.repeat([0, 1], 150)
    mixed = label_sharpness(rows, labels)
    clear = label_sharpness(apart, labels)
    distances = np.linalg.norm(rows[:, None].astype(float) - rows[None], axis=2)
    usual = np.median(distances[np.triu_indices(300, 1)])
    assert mixed == pytest.approx(usual / distances[labels[:, None] != labels].min(), rel=1e-3)
    assert clear is not None and mixed is not None and clear < mixed / 3
    assert label_sharpness(rows, np.zeros(300, int)) is None


def test_hubness_is_the_skewness_of_the_occurrences() -> None:
    from scipy.stats import skew

    neighbours = rng().integers(0, 400, (400, 10))
    assert hubness(neighbours) == pytest.approx(skew(np.bincount(neighbours.ravel(), minlength=400)))
    hub = neighbours.copy()
    hub[:, 0] = 7
    assert hubness(hub) > 5
    assert hubness(np.arange(10)[:, None][::-1]) == 0.0


def test_attraction_is_that_of_the_inverted_softmax() -> None:
    bank = rng().normal(size=(50, 3))
    np.testing.assert_allclose(attraction(bank), np.log(np.exp(20 * bank).sum(0)) / 20)


def test_the_whole_judgement_and_too_few_rows_for_one() -> None:
    rows = rng().normal(size=(500, 8)).astype(np.float32)
    labels = rng().integers(0, 3, 500)
    found = quality.judge(sums_of(rows), rows, labels, scaled=False)
    assert found["rank_share"] == pytest.approx(1, abs=0.05)
    assert found["hubness"] is not None
    few = quality.judge(sums_of(rows[:9]), rows[:9], labels[:9], scaled=False)
    assert set(few) == set(found)
    assert few["hubness"] is None
