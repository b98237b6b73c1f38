import numpy as np
import pytest

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.drift.by_slice import by_slice

CENTRES = np.random.default_rng(0).normal(size=(5, 8)) * 4


def draw(rows):
    rng = np.random.default_rng(1)
    places = rng.integers(0, 5, rows)
    return places, CENTRES[places] + rng.normal(size=(rows, 8)), rng


def test_the_region_of_the_errors_is_found():
    places, features, rng = draw(3000)
    labels = np.where(places == 2, 1, rng.integers(0, 2, 3000))
    wrong = (rng.random(3000) < np.where(places == 3, 0.5, 0.05)).astype(float)
    noise = np.where(places == 1, 0.3, 0.02)
    found = by_slice(features, labels, wrong, 2, 8, mislabelled=noise)
    figures = found.figures
    of = np.array([np.bincount(places[found.slices == name]).argmax() for name in figures.names])
    assert set(of) == set(range(5)) and figures.rows.sum() == 1500
    assert of[figures.error.argmax()] == 3 and figures.worst == str(figures.names[figures.error.argmax()])
    assert figures.error.max() == pytest.approx(0.5, abs=0.08)
    assert of[figures.noise.argmax()] == 1
    assert (figures.prior[of == 2] == [0, 1]).all()


def test_errors_by_chance_make_no_bad_slice():
    _, features, rng = draw(4000)
    wrong = (rng.random(4000) < 0.1).astype(float)
    found = by_slice(features, np.zeros(4000, dtype=int), wrong, 1, 8)
    assert found.figures.error.max() < 0.16


def test_it_is_registered_and_refuses_bad_rows():
    _, features, _ = draw(20)
    assert registry.get("groups", "slices").target is by_slice
    for labels, count in ((np.zeros(19, int), 2), (np.zeros(20, int), 11)):
        with pytest.raises(InputError, match="slices"):
            by_slice(features, labels, np.zeros(20), 1, count)
    features[0, 0] = np.nan
    with pytest.raises(InputError, match="not finite"):
        by_slice(features, np.zeros(20, int), np.zeros(20), 1, 2)
