"""Neighbours among the rows of a sample, and the methods that ask them."""

import pickle

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.neighbours import cosine
from labelworks.tasks.methods.neighbours.cosine import Reference, credibility, nearest
from labelworks.tasks.methods.neighbours.exact import nearest_of
from labelworks.tasks.methods.neighbours.reference import NEAREST, Neighbourhood
from labelworks.tasks.methods.noise import detect
from labelworks.tasks.methods.noise.label_propagation import LabelPropagation, propagate


def world(rows=600, classes=4, dim=10, noise=0.2, seed=0):
    rng = np.random.default_rng(seed)
    true = rng.integers(0, classes, rows)
    features = (3 * np.eye(classes, dim)[true] + rng.normal(size=(rows, dim))).astype(np.float32)
    labels = np.where(rng.random(rows) < noise, rng.integers(0, classes, rows), true).astype(np.int32)
    return labels, np.full((rows, classes), 1 / classes, np.float32), features, true


def by_hand(features, others, k):
    """Places of the most similar others, copies left out, by one product."""
    unit, rest = (each / np.linalg.norm(each, axis=1, keepdims=True) for each in (features, others))
    alike = unit @ rest.T
    alike[alike > 1 - 1e-6] = -2
    return np.sort(np.argsort(-alike, axis=1, kind="stable")[:, :k], axis=1)


def test_neighbours_of_any_row_among_a_reference():
    _, _, features, _ = world()
    reference = Reference.of(features[:400])
    found = np.sort(reference.near(features, 7), axis=1)
    np.testing.assert_array_equal(found, by_hand(features, features[:400], 7))


def test_many_copies_say_nothing_of_each_other():
    _, _, features, _ = world(rows=60)
    copied = np.concatenate([np.repeat(features[:1], 30, axis=0), features])
    found = Reference.of(copied).near(copied[:2], 5)
    assert (found > 30).all()
    np.testing.assert_array_equal(np.sort(found, axis=1), by_hand(copied[:2], copied, 5))


def test_only_rows_that_have_many_copies_are_compared_again(monkeypatch):
    _, _, features, _ = world(rows=300)
    of = np.repeat(np.arange(300), np.r_[41, 31, np.ones(298, int)])
    copied = features[of]
    asked = []

    def counted(distances, rows, k):
        asked.append(rows)
        return nearest_of(distances, rows, k)

    monkeypatch.setattr(cosine, "nearest_of", counted)
    found = Reference.of(copied).near(copied, 6)
    np.testing.assert_array_equal(np.sort(of[found], axis=1), np.sort(of[by_hand(copied, copied, 6)], axis=1))
    assert asked == [len(copied), 41 + 31]


def test_an_inverted_file_finds_nearly_the_same_and_is_made_anew_where_it_is_sent(monkeypatch):
    pytest.importorskip("faiss")
    _, _, features, _ = world(rows=3000)
    exact = nearest(features)
    monkeypatch.setattr(cosine, "EXACT_BELOW", 1000)
    reference = Reference.of(features)
    found = reference.near(features, 10)
    shared = np.mean([len(np.intersect1d(one, other)) for one, other in zip(found, exact, strict=True)])
    assert shared > 8
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(reference)).near(features, 10), found)


def test_credibility_is_the_share_of_neighbours_that_agree():
    labels = np.array([0, 1, 1])
    around = np.array([[0, 0, 0], [1, 0, 0], [0, 0, 0]])
    np.testing.assert_allclose(credibility(labels, around), [4 / 5, 2 / 5, 1 / 5])


def test_credible_neighbours_are_heard_by_their_weight():
    labels, probs, features, _ = world()
    near = nearest(features, 6)
    weights = credibility(labels, labels[near])
    agreeing = (weights[near] * (labels[near] == labels[:, None])).sum(axis=1)
    expected = (agreeing + probs[0, 0]) / (weights[near].sum(axis=1) + 1)
    found = detect(labels, probs, neighbours=near, method="neighbour-credibility")
    np.testing.assert_allclose(found.score, expected, rtol=1e-5)


@pytest.mark.parametrize("method", ["neighbour-consistency", "neighbour-credibility", "label-propagation"])
def test_methods_that_ask_neighbours_find_wrong_labels(method):
    labels, probs, features, true = world()
    result = detect(labels, probs, features=features, method=method)
    assert roc_auc_score(labels != true, -result.score) > 0.97
    assert result.noise_rate == pytest.approx(np.mean(labels != true), abs=0.5)


def test_a_sample_answers_for_rows_outside_of_it():
    labels, _, features, _ = world()
    around = Neighbourhood.of(features[:300], labels[:300])
    found = around.beside(features[300:], ["neighbour_labels", "neighbour_weights"])
    near = by_hand(features[300:], features[:300], NEAREST)
    np.testing.assert_array_equal(
        np.sort(found["neighbour_labels"], axis=1), np.sort(labels[:300][near], axis=1)
    )
    own = by_hand(features[:300], features[:300], NEAREST)
    expected = credibility(labels[:300], labels[:300][own])
    np.testing.assert_allclose(
        np.sort(found["neighbour_weights"], axis=1), np.sort(expected[near], axis=1), rtol=1e-6
    )
    with pytest.raises(InputError, match="10 rows have no 10 neighbours"):
        Neighbourhood.of(features[:10], labels[:10])


def test_a_row_outside_the_graph_gets_the_mean_of_its_neighbours():
    labels, probs, features, _ = world()
    model = LabelPropagation()
    model.learn(labels[:400], probs[:400], {"features": features[:400]})
    near = by_hand(features[400:], features[:400], 10)
    own = Reference.of(features[:400]).near(features[:400], 10)
    spread = propagate(labels[:400], own, classes=probs.shape[1])
    expected = spread[near, labels[400:, None]].mean(axis=1)
    found = model.quality(labels[400:], probs[400:], {"features": features[400:]})
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    inside = model.quality(labels[:400], probs[:400], {"features": features[:400]})
    np.testing.assert_allclose(inside, spread[np.arange(400), labels[:400]], rtol=1e-5)


def test_many_rows_without_faiss_are_said_to_be_compared_with_all(monkeypatch, caplog):
    _, _, features, _ = world(rows=300)
    monkeypatch.setattr(cosine, "EXACT_BELOW", 200)
    monkeypatch.setattr(cosine, "find_spec", lambda name: None)
    nearest(features[:150])
    assert caplog.text == ""
    found = nearest(features)
    assert "all of 300 rows" in caplog.text
    assert "labelworks[neighbours]" in caplog.text
    monkeypatch.setattr(cosine, "EXACT_BELOW", 1000)
    np.testing.assert_array_equal(found, nearest(features))
