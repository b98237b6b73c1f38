import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.duplicates.conflicts import duplicate_conflicts
from labelworks.tasks.methods.neighbours.cosine import nearest
from labelworks.tasks.methods.noise import detect
from labelworks.tasks.methods.noise.label_propagation import propagate
from labelworks.tasks.methods.noise.pairs import pair_mismatch
from labelworks.tasks.methods.open_set.out_of_scope import out_of_scope


def clusters(rows=1500, classes=5, dim=12, noise=0.15, seed=0):
    """Gaussian clusters, labels flipped to the next class, probabilities of a blunt model."""
    rng = np.random.default_rng(seed)
    means = rng.normal(size=(classes, dim)) * 1.6
    true = rng.integers(0, classes, rows)
    features = (means[true] + rng.normal(size=(rows, dim))).astype(np.float32)
    labels = np.where(rng.random(rows) < noise, (true + 1) % classes, true)
    distance = ((features[:, None] - means) ** 2).sum(axis=2)
    probs = np.exp(-(distance - distance.min(axis=1, keepdims=True)) / 12)
    return labels, (probs / probs.sum(axis=1, keepdims=True)).astype(np.float32), features, true, means


@pytest.mark.parametrize("method", ["area-under-margin", "class-gaussians", "label-text"])
def test_methods_on_features_find_flipped_labels(method):
    labels, probs, features, true, means = clusters()
    options = {"class_vectors": means} if method == "label-text" else {}
    result = detect(labels, probs, features=features, method=method, **options)
    wrong = labels != true
    assert roc_auc_score(wrong, -result.score) > 0.95
    assert result.flag[wrong].mean() > 0.7
    assert wrong[result.flag].mean() > 0.7


def test_recovered_gaussians_beat_polluted_ones():
    labels, probs, features, true, _ = clusters(noise=0.35)
    scores = [
        detect(labels, probs, features=features, method=method).score
        for method in ("class-gaussians", "mahalanobis")
    ]
    recovered, polluted = (roc_auc_score(labels != true, -score) for score in scores)
    assert recovered > polluted


def test_label_text_asks_for_fitting_vectors():
    labels, probs, features, _, means = clusters(rows=100)
    with pytest.raises(ConfigError, match="class_vectors"):
        detect(labels, probs, features=features, method="label-text")
    with pytest.raises(ConfigError, match="4 class_vectors for 5"):
        detect(labels, probs, features=features, method="label-text", class_vectors=means[:4])


def test_rows_of_no_class_are_out_of_scope_and_flipped_ones_are_not():
    labels, probs, features, true, _ = clusters()
    rng = np.random.default_rng(1)
    away = 5 * rng.normal(size=(60, features.shape[1]))
    everything = np.concatenate([features, away]).astype(np.float32)
    given = np.concatenate([labels, rng.integers(0, 5, 60)])
    blunt = np.concatenate([probs, np.full((60, 5), 0.2, np.float32)])
    result = out_of_scope(given, blunt, everything)
    strange = np.arange(len(given)) >= len(labels)
    assert roc_auc_score(strange, -result.score) > 0.99
    assert abs(roc_auc_score(labels != true, -result.score[: len(labels)]) - 0.5) < 0.1


def test_relative_mahalanobis_is_the_difference_of_two_distances():
    labels, probs, features, _, _ = clusters(rows=400)
    result = out_of_scope(labels, probs, features)
    folds = np.random.default_rng(0).permutation(400) % 5
    seen, row = folds != folds[7], features[7].astype(float)

    def distance(points, centre):
        covariance = np.cov(points.T, bias=True)
        covariance = 0.9 * covariance + 0.1 * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
        return (row - centre) @ np.linalg.solve(covariance, row - centre)

    means = np.stack([features[seen & (labels == k)].mean(axis=0) for k in range(5)]).astype(float)
    residual = features[seen] - means[labels[seen]]
    near = min(distance(residual, mean) for mean in means)
    total = distance(features[seen].astype(float), features[seen].mean(axis=0))
    assert result.mahalanobis[7] == pytest.approx(near - total, rel=1e-3)


def test_propagated_labels_are_out_of_sample_probabilities():
    labels, _, features, true, _ = clusters(noise=0.3)
    spread = propagate(labels, nearest(features, 10), classes=5)
    np.testing.assert_allclose(spread.sum(axis=1), 1, atol=1e-5)
    assert (spread.argmax(axis=1) == true).mean() > 0.95
    wrong = labels != true
    assert roc_auc_score(wrong, -detect(labels, spread).score) > 0.95


def test_a_row_alone_with_its_label_learns_nothing_from_itself():
    chain = np.array([[1, 2], [0, 2], [0, 1]])
    spread = propagate([0, 1, 1], chain, classes=2)
    assert spread[0, 1] > spread[0, 0]
    with pytest.raises(InputError, match="row 1"):
        propagate([0, 5, 1], chain, classes=2)


def test_mismatched_pairs_are_found():
    rng = np.random.default_rng(0)
    left = rng.normal(size=(800, 16))
    right = left + 0.7 * rng.normal(size=left.shape)
    wrong = rng.random(800) < 0.15
    right[wrong] = right[rng.permutation(np.flatnonzero(wrong))]
    right[wrong] = np.roll(right[wrong], 1, axis=0)
    result = pair_mismatch(left, right)
    assert roc_auc_score(wrong, -result.score) > 0.98
    assert abs(result.noise_rate - wrong.mean()) < 0.04
    assert wrong[result.flag].mean() > 0.85
    left[3, 2] = np.inf
    with pytest.raises(InputError, match="row 3"):
        pair_mismatch(left, right)


def test_near_duplicates_that_disagree_are_in_conflict():
    rng = np.random.default_rng(0)
    base = rng.normal(size=(30, 8))
    features = np.concatenate([base, base[:4] + 1e-3, base[:2] - 1e-3])
    labels = np.zeros(36, int)
    labels[[30, 32]] = 1  # a copy of row 0, of which there is a third; a copy of row 2
    found = duplicate_conflicts(labels, features)
    np.testing.assert_array_equal(np.flatnonzero(found.conflict), [0, 2, 30, 32, 34])
    assert (found.group[[0, 30, 34]] == found.group[0]).all()
    assert (found.group[5:30] == -1).all()
    assert found.majority[30] == 0
    assert found.majority[32] == 1
    with pytest.raises(ConfigError, match="similarity"):
        duplicate_conflicts(labels, features, similarity=0)


def test_gaussians_of_rare_classes_are_recovered():
    rng = np.random.default_rng(4)
    counts = np.array([1200, 600, 300, 60, 30])
    true = np.repeat(np.arange(5), counts)
    means = rng.normal(size=(5, 12)) * 1.6
    features = (means[true] + rng.normal(size=(len(true), 12))).astype(np.float32)
    labels = np.where(rng.random(len(true)) < 0.15, rng.integers(0, 5, len(true)), true)  # most of the tail
    probs = np.exp(-((features[:, None] - means) ** 2).sum(axis=2) / 12)
    probs /= probs.sum(axis=1, keepdims=True)
    tail, wrong = labels >= 3, labels != true
    assert wrong[tail].mean() > 0.4
    scores = [
        detect(labels, probs, features=features, method=method).score[tail]
        for method in ("class-gaussians", "mahalanobis")
    ]
    recovered, polluted = (roc_auc_score(wrong[tail], -score) for score in scores)
    assert recovered > 0.97
    assert recovered > polluted


@pytest.mark.parametrize(
    "method",
    ["area-under-margin", "class-gaussians", "label-propagation", "landmarks", "mahalanobis",
     "neighbour-consistency", "semd"],
)  # fmt: skip
@pytest.mark.parametrize("unit", [2.0**100, 2.0**-100])
def test_the_unit_of_features_plays_no_part(method, unit):
    """Squares of such numbers are none in single precision."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 120)
    features = (4 * np.eye(3, 5)[labels] + rng.normal(size=(120, 5))).astype(np.float32)
    probs = np.exp(features[:, :3]) / np.exp(features[:, :3]).sum(axis=1, keepdims=True)
    labels[:10] = (labels[:10] + 1) % 3
    plain = detect(labels, probs, features=features, method=method)
    found = detect(labels, probs, features=np.float32(unit) * features, method=method)
    assert (found.flag == plain.flag).mean() > 0.97


@pytest.mark.parametrize("method", ["class-gaussians", "mahalanobis"])
def test_features_that_are_all_the_same_tell_nothing(method):
    rng = np.random.default_rng(1)
    labels, probs = rng.integers(0, 3, 90), rng.dirichlet(np.ones(3), 90)
    found = detect(labels, probs, features=np.full((90, 4), 7.3), method=method)
    assert np.isfinite(found.score).all() and np.isfinite(found.error_probability).all()
