"""What a label of each kind says of its row."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.treatment.imprecise.core.evidence import Evidence
from labelworks.tasks.methods.treatment.imprecise.core.likelihood import Likelihood

ALL = slice(None)


def marks(*rows):
    return sparse.csr_array(np.array(rows, float))


def said(kind, *rows, **options):
    found = registry.get("label_kind", kind).target(marks(*rows), **options)
    assert isinstance(found, Likelihood)
    return found.dense(ALL)


def normalised(rows):
    return rows / rows.sum(axis=1, keepdims=True)


def test_a_label_says_its_class_or_what_the_transition_makes_of_it():
    assert said("single", [0, 1, 0]).tolist() == [[0, 1, 0]]
    transition = np.array([[0.8, 0.2, 0], [0.1, 0.9, 0], [0, 0.5, 0.5]])
    np.testing.assert_allclose(said("single", [0, 1, 0], transition=transition), [[0.2, 0.9, 0.5]])


@pytest.mark.parametrize("transition", [np.eye(2), np.full((3, 3), 0.2), np.eye(3)[:, ::-1] * 2 - np.eye(3)])
def test_a_transition_that_is_none_is_refused(transition):
    with pytest.raises(InputError, match="no distributions of 3 classes"):
        said("single", [0, 1, 0], transition=transition)


@pytest.mark.parametrize("row", [[1, 1, 0], [0, 0, 0]])
def test_a_single_label_is_of_one_class(row):
    with pytest.raises(InputError, match="a single label is of"):
        said("single", row)


def test_candidates_are_as_likely_and_no_other_class_is():
    assert said("candidates", [1, 0, 1]).tolist() == [[1, 0, 1]]


def test_complementary_labels_rule_out():
    assert said("complementary", [1, 0, 1, 0]).tolist() == [[0, 1, 0, 1]]


def test_nothing_says_nothing():
    assert said("none", [0, 0]).tolist() == [[1, 1]]
    with pytest.raises(InputError, match="row 1"):
        said("none", [0, 0], [0, 1])


def test_soft_labels_over_their_own_class_mix():
    rows = np.array([[8, 2], [6, 4], [7, 3]])
    shares = rows / 10
    np.testing.assert_allclose(said("soft", *rows), shares / shares.mean(axis=0), rtol=1e-4)


def test_votes_are_of_one_coin_whose_bias_is_found():
    rng = np.random.default_rng(0)
    true = rng.integers(0, 4, 3000)
    cast = np.where(
        rng.random((3000, 5)) < 0.7, true[:, None], (true[:, None] + rng.integers(1, 4, (3000, 5))) % 4
    )
    counts = np.stack([(cast == k).sum(axis=1) for k in range(4)], axis=1)
    found = said("votes", *counts)
    odds = found[:, :1] / found[:, 1:2]
    two = np.flatnonzero(counts[:, 0] - counts[:, 1] == 1)
    assert odds[two].mean() == pytest.approx(0.7 * 3 / 0.3, rel=0.1)


def test_a_row_without_a_vote_says_nothing():
    assert np.ptp(said("votes", [0, 0, 0], [2, 0, 1])[0]) == 0


def test_rules_say_what_their_model_says_and_abstain():
    np.testing.assert_allclose(said("rules", [0.5, 0.1], [0, 0]), [[0.5, 0.1], [1, 1]])


def test_a_row_without_a_label_is_rather_of_a_class_that_seldom_has_one():
    found = said("single-positive", [0, 1], [0, 0], propensity=np.array([0.0, 0.75]))
    np.testing.assert_allclose(found, [[0, 1], [1, 0.25]])
    with pytest.raises(InputError, match="propensity"):
        said("single-positive", [0, 1], propensity=np.array([0.0, 1.5]))


def test_bags_are_matched_and_odds_within_a_bag_are_kept():
    probs = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.5, 0.5]])
    found = bags(marks(*[[0.5, 0.5]] * 4), np.zeros(4, int), probs)
    np.testing.assert_allclose(found.sum(axis=0), [2, 2], atol=1e-3)
    odds, was = found[:, 0] / found[:, 1], probs[:, 0] / probs[:, 1]
    np.testing.assert_allclose(odds / was, (odds / was)[0], rtol=1e-3)


def test_bags_agree_with_the_assignments_that_they_allow():
    rng = np.random.default_rng(1)
    probs = rng.dirichlet([1, 1], 6)
    of = np.array([0, 0, 0, 1, 1, 1])
    exact = np.zeros(6)
    for labels in set(permutations([0, 0, 0, 1, 1, 1])):
        exact += np.prod(probs[np.arange(6), labels]) * np.array(labels)
    exact /= sum(np.prod(probs[np.arange(6), each]) for each in set(permutations(of.tolist())))
    found = bags(marks(*[[0.5, 0.5]] * 6), np.zeros(6, int), probs)[:, 1]
    assert abs(found - exact).max() < 0.12  # least divergence is near the exact posterior, and not it
    assert (np.argsort(found) == np.argsort(exact)).all()


def test_rows_of_one_bag_tell_the_same_proportions():
    with pytest.raises(InputError, match="rows of one bag tell different proportions"):
        bags(marks([1, 0], [0.5, 0.5]), np.zeros(2, int), np.full((2, 2), 0.5))


def bags(shares, of, probs):
    return registry.get("label_kind", "bags").target(shares, of, probs)


@given(
    st.lists(
        st.sampled_from(["single", "candidates", "complementary", "none", "soft"]), min_size=1, max_size=30
    )
)
def test_a_posterior_is_bayes_rule_of_each_row_whatever_the_mix(kinds):
    rng = np.random.default_rng(len(kinds))
    rows = np.zeros((len(kinds), 4))
    for row, kind in enumerate(kinds):
        count = {"single": 1, "none": 0, "soft": 4}.get(kind, 2)
        rows[row, rng.permutation(4)[:count]] = rng.random(count) + 0.1 if kind == "soft" else 1
    evidence = Evidence.of(sparse.csr_array(rows), np.array(kinds, object))
    probs = rng.dirichlet(np.ones(4), len(kinds))
    for part in evidence.parts:
        found = part.posterior(ALL, probs[part.rows])
        alone = said(part.kind, *rows[part.rows])
        np.testing.assert_allclose(found, normalised(probs[part.rows] * alone), rtol=1e-5)
        told = np.log((probs[part.rows] * alone).sum(axis=1))
        np.testing.assert_allclose(
            part.log_likelihood(ALL, probs[part.rows], found), told, rtol=1e-4, atol=1e-6
        )
    assert sorted(np.concatenate([part.rows for part in evidence.parts])) == list(range(len(kinds)))


def test_errors_name_the_row_among_all_rows():
    rows = marks([0, 1], [1, 1], [1, 1])
    with pytest.raises(InputError, match="leaves no class") as caught:
        Evidence.of(rows, np.array(["single", "candidates", "complementary"], object))
    assert caught.value.where == "row 2"
    with pytest.raises(InputError, match="a single label is of 2") as caught:
        Evidence.of(rows, np.array(["candidates", "candidates", "single"], object))
    assert caught.value.where == "row 2"
    with pytest.raises(ConfigError, match="unknown label_kind method 'partial'"):
        Evidence.of(rows, np.array(["partial"] * 3, object))
    with pytest.raises(ConfigError, match="have no bags"):
        Evidence.of(rows, np.array(["bags"] * 3, object))


def test_a_bag_is_never_cut_into_two_blocks():
    of = np.array([3, 1, 3, 2, 1, 3, 2])
    kinds = np.full(7, "bags", object)
    (part,) = Evidence.of(marks(*[[0.5, 0.5]] * 7), kinds, bags=of).parts
    blocks = part.blocks(2)
    assert [part.bags[block].tolist() for block in blocks] == [[1, 1], [2, 2], [3, 3, 3]]
    assert [len(part.bags[each]) for each in part.blocks(100)] == [7]


def test_memory_of_many_classes_is_that_of_the_marks():
    rows = sparse.csr_array((np.ones(1000), (np.arange(1000), np.arange(1000))), shape=(1000, 50_000))
    for kind in ("single", "candidates", "complementary", "soft", "votes"):
        found = registry.get("label_kind", kind).target(rows)
        assert found.marks.nnz == 1000
        assert found.dense(slice(0, 2)).shape == (2, 50_000)
