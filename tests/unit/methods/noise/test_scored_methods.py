import numpy as np
import pytest
from scipy.stats import entropy

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.neighbours.cosine import nearest
from labelworks.tasks.methods.noise import detect

BY_PROBS = ["self-confidence", "normalized-margin", "confidence-weighted-entropy", "small-loss"]
BY_MORE = ["neighbour-consistency", "mahalanobis"]


def world(rows=2000, classes=4, noise=0.15, seed=0):
    """Clusters in the plane, a model that knows their means, labels flipped to any other class."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, classes, rows)
    means = 3 * np.stack(
        [np.cos(np.arange(classes) * 6.28 / classes), np.sin(np.arange(classes) * 6.28 / classes)]
    )
    features = (means.T[true] + rng.normal(size=(rows, 2))).astype(np.float32)
    distance = ((features[:, None] - means.T) ** 2).sum(axis=2)
    probs = np.exp(-distance / 2)
    probs /= probs.sum(axis=1, keepdims=True)
    labels = np.where(rng.random(rows) < noise, (true + rng.integers(1, classes, rows)) % classes, true)
    return labels, probs.astype(np.float32), features, labels != true


@pytest.mark.parametrize("method", BY_PROBS + BY_MORE)
def test_each_score_finds_flipped_labels(method):
    labels, probs, features, wrong = world()
    result = detect(labels, probs, features=features, method=method)
    assert result.score.min() >= 0
    assert result.score.max() <= 1
    assert np.median(result.score[wrong]) < np.quantile(result.score[~wrong], 0.1)
    assert wrong[result.flag].mean() > 0.75
    assert result.flag[wrong].mean() > 0.75
    assert abs(result.error_probability.mean() - wrong.mean()) < 0.04
    assert result.posterior is None


def test_scores_are_those_of_their_papers():
    labels, probs, features, _ = world(rows=300)
    own = probs[np.arange(300), labels]
    others = np.array(
        [max(p for k, p in enumerate(row) if k != g) for row, g in zip(probs, labels, strict=True)]
    )
    weighted = entropy(np.maximum(probs, 1e-12), axis=1) / np.log(4) / np.maximum(own, 1e-12)
    expected = {
        "self-confidence": own,
        "normalized-margin": (own - others + 1) / 2,
        "confidence-weighted-entropy": np.log(1 + weighted) / weighted,
    }
    for method, values in expected.items():
        np.testing.assert_allclose(detect(labels, probs, method=method).score, values, rtol=1e-3, atol=1e-4)
    near = [np.argsort(((features - row) ** 2).sum(axis=1))[1:6] for row in features]
    found = detect(labels, probs, neighbours=np.array(near), method="neighbour-consistency").score
    agreeing = [(labels[rows] == labels[i]).sum() for i, rows in enumerate(near)]
    np.testing.assert_allclose(found, (np.array(agreeing) + own) / 6, rtol=1e-5)


def test_small_loss_parts_the_two_heaps():
    labels = np.zeros(1000, int)
    probs = np.where(np.arange(1000)[:, None] < 900, [[0.95, 0.05]], [[0.05, 0.95]])
    score = detect(labels, probs, method="small-loss").score
    assert score[:900].min() > 0.9
    assert score[900:].max() < 0.1


def test_a_budget_is_kept():
    labels, probs, _, wrong = world()
    for method in ("auto", "self-confidence"):
        flag = detect(labels, probs, method=method, target={"budget": 50}).flag
        assert 40 <= flag.sum() <= 50
        assert wrong[flag].mean() > 0.95


def test_a_budget_is_met_where_more_errors_than_that_are_sure():
    labels = np.zeros(4000, int)
    labels[::8] = 1  # 500 that are surely wrong: error probabilities that all round to 1
    sure = np.linspace(15, 26, 4000)
    probs = np.stack([1 / (1 + np.exp(-sure)), np.exp(-sure)], axis=1)
    result = detect(labels, probs, target={"budget": 100})
    assert 90 <= result.flag.sum() <= 100
    assert (labels[result.flag] == 1).all()


def test_nearest_rows_are_the_nearest():
    features = np.random.default_rng(0).normal(size=(400, 8)).astype(np.float32)
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    alike = unit @ unit.T
    np.fill_diagonal(alike, -2)
    np.testing.assert_array_equal(nearest(features, 5), np.argsort(-alike, axis=1)[:, :5])


def test_copies_are_neighbours_of_each_other_and_never_of_themselves():
    features = np.repeat(np.eye(3, dtype=np.float32), 5, axis=0)
    found = nearest(features, 4)
    assert (found != np.arange(15)[:, None]).all()
    np.testing.assert_array_equal(found // 5, np.repeat(np.arange(3), 5)[:, None].repeat(4, axis=1))


def test_what_a_method_needs_is_asked_for():
    labels, probs, features, _ = world(rows=100)
    with pytest.raises(ConfigError, match="needs features"):
        detect(labels, probs, method="mahalanobis")
    with pytest.raises(ConfigError, match="needs neighbours"):
        detect(labels, probs, method="neighbour-consistency")
    with pytest.raises(ConfigError, match="auto"):
        detect(labels, probs, method="self-confidence", target={"fdr": 0.1})
    features[7, 1] = np.nan
    with pytest.raises(InputError, match="row 7"):
        detect(labels, probs, features=features, method="mahalanobis")
    with pytest.raises(InputError, match="row 7"):
        model = registry.get("noise", "mahalanobis").target()
        model.update(labels[:4], probs[:4], features=features[:4])
        model.update(labels[4:], probs[4:], features=features[4:])
    with pytest.raises(InputError, match="99 rows"):
        registry.get("noise", "mahalanobis").target().update(labels, probs, features=features[:99])
