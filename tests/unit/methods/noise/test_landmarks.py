import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

from labelworks.tasks.methods.neighbours import exact
from labelworks.tasks.methods.noise import detect
from labelworks.tasks.methods.noise.landmarks import NEAREST, PER_CLASS, Landmarks


def clusters(counts, noise=0.15, dim=12, seed=0):
    """Gaussian clusters of these sizes, labels flipped to the next class, a model that says little."""
    rng = np.random.default_rng(seed)
    true = np.repeat(np.arange(len(counts)), counts)
    features = (3 * np.eye(len(counts), dim)[true] + rng.normal(size=(len(true), dim))).astype(np.float32)
    labels = np.where(rng.random(len(true)) < noise, (true + 1) % len(counts), true)
    return (
        labels.astype(np.int32),
        np.full((len(true), len(counts)), 1 / len(counts), np.float32),
        features,
        true,
    )


def learned(labels, probs, features):
    model = Landmarks()
    model.learn(labels, probs, {"features": features})
    return model


def test_the_score_is_that_of_the_nearest_landmarks():
    labels, probs, features, _ = clusters([150, 200, 90])
    model = learned(labels, probs, features)
    near = NearestNeighbors(n_neighbors=NEAREST + 1, metric="cosine").fit(model.landmarks.unit)
    distance, found = near.kneighbors(features)
    expected = [
        (np.sum(model.labels[rows[away > 1e-5][:NEAREST]] == label) + 1 / 3) / (NEAREST + 1)
        for label, rows, away in zip(labels, found, distance, strict=True)
    ]
    np.testing.assert_allclose(model.quality(labels, probs, {"features": features}), expected, atol=1e-5)


def test_each_class_has_as_many_landmarks_or_all_its_rows():
    labels, probs, features, _ = clusters([900, 300, 20], noise=0)
    kept = np.bincount(learned(labels, probs, features).labels)
    np.testing.assert_array_equal(kept, [PER_CLASS, PER_CLASS, 20])


def test_flipped_labels_are_found_in_large_and_small_classes(monkeypatch):
    monkeypatch.setattr(exact, "BLOCK", 100)
    labels, probs, features, true = clusters([900, 400, 80, 60])
    wrong = labels != true
    result = detect(labels, probs, features=features, method="landmarks")
    for rows in (true < 2, true >= 2):
        assert roc_auc_score(wrong[rows], -result.score[rows]) > 0.9


def test_a_class_without_rows_and_few_rows_are_no_trouble():
    labels, probs, features, _ = clusters([3, 0, 4], noise=0)
    model = learned(labels, probs, features)
    assert np.isfinite(model.quality(labels, probs, {"features": features})).all()
