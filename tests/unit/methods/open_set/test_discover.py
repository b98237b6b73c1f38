import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.open_set.discover import discover

CENTRES = np.random.default_rng(0).normal(size=(14, 6)) * 4
STRETCH = np.array([1.0, 1.0, 1.0, 0.2, 0.2, 3.0])  # of every class alike: the longest axis tells nothing


def draw(seed, labels):
    return CENTRES[labels] + np.random.default_rng(seed).normal(size=(len(labels), 6)) * STRETCH


@pytest.fixture(scope="module")
def windows():
    labels, truth = np.repeat(np.arange(10), 40), np.repeat(np.arange(14), 30)
    return draw(1, labels), labels, draw(2, truth), truth


@pytest.mark.parametrize("new", [1, 2, 4])
def test_new_classes_are_counted_and_found(windows, new):
    features, labels, target, truth = windows
    here = truth < 10 + new
    found = discover(features, labels, target[here], (truth[here] >= 10).astype(float))
    assert found.new == new
    strange = truth[here] >= 10
    assert adjusted_rand_score(truth[here][strange], found.classes[strange]) > 0.9
    assert (found.classes[~strange] == truth[here][~strange]).mean() > 0.9
    assert found.prototypes.shape == (10 + new, found.space.shape[1])


def test_no_unknown_row_no_new_class(windows):
    features, labels, target, truth = windows
    found = discover(features, labels, target, np.zeros(len(truth)))
    assert found.new == 0 and found.classes.max() == 9


def test_a_few_strays_make_no_class(windows):
    features, labels, _, _ = windows
    found = discover(features, labels, np.random.default_rng(3).normal(size=(4, 6)) * 30, np.ones(4))
    assert found.new == 0 and found.classes.tolist() == [-1] * 4


def test_it_is_registered_and_refuses_bad_rows(windows):
    features, labels, target, truth = windows
    assert registry.get("open_set", "discover").target is discover
    with pytest.raises(InputError, match="a label for each labelled row"):
        discover(features, labels[:-1], target, truth)
    with pytest.raises(InputError, match="3 known classes"):
        discover(features, labels % 3, target, truth)
    with pytest.raises(InputError, match="finite rows"):
        discover(features, labels, target * np.nan, truth)


def test_pieces_of_a_class_are_none_of_their_own():
    """One row in six of each class lies apart, as it does in the known classes."""
    rng = np.random.default_rng(4)
    centres, apart = rng.normal(size=(20, 10)) * 6, rng.normal(size=(20, 10))
    apart *= 18 / np.linalg.norm(apart, axis=1, keepdims=True)
    labels, strange = np.repeat(np.arange(16), 60), np.repeat(np.arange(16, 20), 60)
    features, target = (
        centres[codes]
        + apart[codes] * (np.arange(len(codes)) % 6 == 0)[:, None]
        + rng.normal(size=(len(codes), 10))
        for codes in (labels, strange)
    )
    found = discover(features, labels, target, np.ones(len(strange)))
    assert found.new == 4
    assert adjusted_rand_score(strange, found.classes) > 0.9
