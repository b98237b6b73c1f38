"""auto that hears the labels of the nearest rows: learned on flips, calibrated; idle features do no harm."""

import pickle

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.neighbours.cosine import agreement, nearest
from labelworks.tasks.methods.noise import detect
from labelworks.tasks.methods.noise.auto import Auto
from labelworks.tasks.methods.noise.auto_neighbours import AutoNeighbours

CLASSES = 5


def world(rows=3000, noise=0.15, seed=0):
    """Two clusters a class, labels flipped to the next class, probabilities of a model that is unsure."""
    rng = np.random.default_rng(seed)
    cluster = rng.integers(0, 2 * CLASSES, rows)
    true = cluster % CLASSES
    features = (rng.normal(size=(2 * CLASSES, 12))[cluster] * 1.2 + rng.normal(size=(rows, 12))).astype(
        np.float32
    )
    logits = rng.normal(size=(rows, CLASSES))
    logits[np.arange(rows), true] += 2
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.where(rng.random(rows) < noise, (true + 1) % CLASSES, true)
    return labels, probs.astype(np.float32), features, labels != true


def test_agreement_is_the_share_of_the_label_and_its_odds_with_the_commonest_other():
    around = np.array([[0, 0, 1, 2], [1, 1, 1, 1], [0, 2, 2, 1]])
    found = agreement(np.array([0, 2, 1]), around)
    expected = [[0.5, np.log(2.5 / 1.5)], [0, np.log(0.5 / 4.5)], [0.25, np.log(1.5 / 2.5)]]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_features_find_more_than_the_probabilities_alone():
    labels, probs, features, wrong = world()
    alone, heard = detect(labels, probs), detect(labels, probs, features=features)
    precision = [average_precision_score(wrong, -each.score) for each in (alone, heard)]
    assert precision[1] > precision[0] + 0.05
    np.testing.assert_array_equal(detect(labels, probs, neighbours=nearest(features)).score, heard.score)


def test_features_that_carry_nothing_cost_nothing():
    labels, probs, features, wrong = world()
    idle = np.random.default_rng(5).normal(size=features.shape).astype(np.float32)
    alone, heard = detect(labels, probs), detect(labels, probs, features=idle)
    precision = [average_precision_score(wrong, -each.score) for each in (alone, heard)]
    assert precision[1] > precision[0] - 0.003
    np.testing.assert_allclose(heard.error_probability, alone.error_probability, atol=0.1)


@pytest.mark.parametrize("noise", [0.1, 0.3])
def test_the_error_probability_is_calibrated(noise):
    labels, probs, features, wrong = world(rows=6000, noise=noise)
    error = detect(labels, probs, features=features).error_probability
    place = np.digitize(error, [0.05, 0.3, 0.7, 0.95])
    gaps = [abs(error[place == part].mean() - wrong[place == part].mean()) for part in range(5)]
    assert np.max(gaps) < 0.15
    assert np.average(gaps, weights=np.bincount(place)) < 0.05


@pytest.mark.parametrize("nominal", [0.05, 0.1, 0.2])
def test_the_false_discovery_rate_is_kept_over_many_noises(nominal):
    shares = []
    for seed in range(20):
        noise = np.random.default_rng([7, seed]).uniform(0.1, 0.4)
        labels, probs, features, wrong = world(rows=400, noise=noise, seed=seed)
        flag = detect(labels, probs, features=features, target={"fdr": nominal}).flag
        shares.append((~wrong)[flag].mean() if flag.any() else 0.0)
    assert np.mean(shares) <= nominal + 2 * np.std(shares, ddof=1) / np.sqrt(len(shares))
    assert np.mean(shares) > 0


def test_permuting_rows_or_classes_permutes_the_result():
    labels, probs, features, _ = world(rows=400)
    rng = np.random.default_rng(1)
    rows, classes = rng.permutation(len(labels)), rng.permutation(CLASSES)
    plain = detect(labels, probs, features=features)
    moved = detect(labels[rows], probs[rows], features=features[rows])
    np.testing.assert_allclose(moved.error_probability, plain.error_probability[rows], atol=1e-3)
    named = detect(classes[labels], probs[:, np.argsort(classes)], features=features)
    np.testing.assert_allclose(named.score, plain.score, atol=0.05)  # its flips are other draws


def test_parts_give_what_the_whole_gives_and_the_sample_is_bounded():
    labels, probs, features, _ = world()
    around = labels[nearest(features)]
    whole = detect(labels, probs, features=features, sample=500)
    model, held = AutoNeighbours(sample=500), []
    for part in np.array_split(np.arange(len(labels)), 7):
        model.update(labels[part], probs[part], neighbour_labels=around[part])
        held.append(len(pickle.dumps(model)))
    model.finish()
    found = [
        model.score(labels[part], probs[part], neighbour_labels=around[part]).score
        for part in np.array_split(np.arange(len(labels)), 3)
    ]
    np.testing.assert_allclose(np.concatenate(found), whole.score, atol=1e-6)
    assert held[0] < held[1] == pytest.approx(held[-1], rel=0.05)  # 857 rows seen, and 3,000


def test_what_it_cannot_use_is_refused():
    labels, probs, features, _ = world(rows=60)
    near = nearest(features)
    near[7, 3] = 7
    with pytest.raises(InputError, match="row 7"):
        detect(labels, probs, neighbours=near)
    with pytest.raises(InputError, match=r"shape \(99, 2\)"):
        detect(labels, probs, features=np.zeros((99, 2)))
    with pytest.raises(ConfigError, match="needs neighbours"):
        detect(labels, probs, method="auto-neighbours")
    with pytest.raises(ConfigError, match="neighbour_labels"):
        Auto().update(labels, probs, neighbour_labels=labels[near])
