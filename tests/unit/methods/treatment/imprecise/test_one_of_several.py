"""Rows of several labels of which one is given."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.treatment.imprecise.core.one_of_several import infer_sets, sets_given_one


def by_counting(probs, given):
    """P(label | given) (K,) and P(given), over all sets of labels."""
    joint, whole = np.zeros(len(probs)), 0.0
    for labels in product([0, 1], repeat=len(probs)):
        of = np.array(labels)
        if of[given]:
            chance = np.where(of, probs, 1 - probs).prod() / of.sum()
            joint, whole = joint + chance * of, whole + chance
    return joint / whole, whole


@given(st.lists(st.floats(0.001, 0.999), min_size=2, max_size=7), st.integers(0, 6))
def test_the_posterior_is_that_of_all_sets(probs, place):
    row, given_label = np.array(probs), place % len(probs)
    posterior, told = sets_given_one(row[None], np.array([given_label]))
    wanted, whole = by_counting(row, given_label)
    np.testing.assert_allclose(posterior[0], wanted, rtol=1e-6, atol=1e-6)
    assert told[0] == pytest.approx(np.log(whole), abs=1e-6)


def test_a_row_without_a_label_is_as_the_model_has_it():
    probs = np.array([[0.2, 0.7], [0.2, 0.7]])
    posterior, told = sets_given_one(probs, np.array([-1, 0]))
    np.testing.assert_allclose(posterior[0], probs[0])
    assert told[0] == 0
    assert posterior[1, 0] == 1
    assert posterior[1, 1] < 0.7  # had it both, this one would be given half of the time


@pytest.fixture(scope="module")
def made():
    rng = np.random.default_rng(5)
    true = rng.random((1500, 6)) < [0.5, 0.4, 0.3, 0.3, 0.2, 0.1]
    true[~true.any(axis=1), 0] = True
    features = (2.5 * true @ rng.normal(size=(6, 10)) + rng.normal(size=(1500, 10))).astype(np.float32)
    picked = np.array([rng.choice(np.flatnonzero(row)) for row in true])
    return true, features, sparse.csr_array(np.eye(6)[picked]), np.arange(1500) % 5


def test_one_label_a_row_and_features_tell_the_others(made):
    true, features, marks, folds = made
    found = infer_sets(marks, features, folds)
    there = found.posterior > 0.5
    f1 = 2 * (there & true).sum() / (there.sum() + true.sum())
    alone = 2 * marks.sum() / (marks.sum() + true.sum())
    assert f1 > 0.88 > alone + 0.15
    assert found.posterior.sum(axis=1).mean() == pytest.approx(true.sum(axis=1).mean(), rel=0.15)
    assert found.rounds > 0


def test_several_labels_or_none_at_all_are_refused(made):
    _, features, marks, folds = made
    two = marks.tolil()
    two[7] = 1
    with pytest.raises(InputError, match="row 7: one label a row"):
        infer_sets(sparse.csr_array(two), features, folds)
    with pytest.raises(InputError, match="of some rows at least"):
        infer_sets(sparse.csr_array(marks.shape), features, folds)
