"""Gaussians of classes, without the outliers of their labels, rare ones with the help of common ones."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.metrics import roc_auc_score

from labelworks.tasks.methods.noise import detect
from labelworks.tasks.methods.noise.class_gaussians import LENT, ClassGaussians, recovered


def tailed(counts=(1500, 800, 300, 60, 30), dim=12, noise=0.15, seed=4):
    """Gaussian classes of falling size, with labels moved to any class: the tail is mostly moved rows."""
    rng = np.random.default_rng(seed)
    true = np.repeat(np.arange(len(counts)), counts)
    means = rng.normal(size=(len(counts), dim))
    features = (means[true] + rng.normal(size=(len(true), dim))).astype(np.float32)
    labels = np.where(rng.random(len(true)) < noise, rng.integers(0, len(counts), len(true)), true)
    return labels.astype(np.int32), np.full((len(true), len(counts)), 1 / len(counts)), features, true


def test_a_common_class_keeps_its_own_mean_and_covariance():
    labels, _, features, _ = tailed(noise=0)
    points = features.astype(np.float64)
    means, covariances = recovered(points, labels, 5)
    own = points[labels == 0]
    np.testing.assert_allclose(means[0], own.mean(axis=0))
    residual = points - np.stack([points[labels == k].mean(axis=0) for k in range(5)])[labels]
    common = residual.T @ residual / len(points)
    expected = (1500 * np.cov(own.T, bias=True) + 12 * common) / 1512
    np.testing.assert_allclose(covariances[0], expected, atol=1e-5)


def test_a_rare_class_borrows_what_it_lacks():
    labels, _, features, _ = tailed(noise=0)
    points = features.astype(np.float64)
    means, covariances = recovered(points, labels, 5)
    plain = np.stack([points[labels == k].mean(axis=0) for k in range(5)])
    heads = np.flatnonzero(np.bincount(labels) >= len(labels) / 5)
    shares = 1 / np.linalg.norm(plain[heads] - plain[4], axis=1)
    shares /= shares.sum()
    expected = (30 * plain[4] + LENT * shares @ plain[heads]) / (30 + LENT)
    np.testing.assert_allclose(means[4], expected)
    lent = np.tensordot(shares, covariances[heads], axes=1)
    share = 1 - 30 * 5 / len(labels)
    own = (covariances[4] - share * lent) / (1 - share)
    assert np.linalg.eigvalsh(own).min() > 0


def test_the_score_is_a_posterior_of_gaussians_all_as_likely():
    labels, probs, features, _ = tailed()
    model = ClassGaussians()
    model.learn(labels, probs, {"features": features})
    points = (features.astype(np.float64) - model.centre) @ model.basis
    covariances = np.linalg.inv(np.einsum("kij,klj->kil", model.whiten, model.whiten))
    logs = np.stack(
        [multivariate_normal(mean, covariance).logpdf(points)
         for mean, covariance in zip(model.means, covariances, strict=True)], axis=1,
    )  # fmt: skip
    powered = np.exp(model.scale * (logs - logs.max(axis=1, keepdims=True)))
    expected = (powered / powered.sum(axis=1, keepdims=True))[np.arange(len(labels)), labels]
    np.testing.assert_allclose(model.quality(labels, probs, {"features": features}), expected, atol=1e-4)


def test_in_the_tail_it_beats_gaussians_of_polluted_labels():
    labels, probs, features, true = tailed()
    tail, wrong = labels >= 3, labels != true
    assert wrong[tail].mean() > 0.5
    ours, polluted = (
        roc_auc_score(wrong[tail], -detect(labels, probs, features=features, method=method).score[tail])
        for method in ("class-gaussians", "mahalanobis")
    )
    assert ours > max(polluted, 0.985)


@pytest.mark.parametrize("counts", [(40, 3, 1), (5, 5), (30, 0, 30)])
def test_few_rows_are_no_trouble(counts):
    labels, probs, features, _ = tailed(counts, noise=0)
    result = detect(labels, probs, features=features, method="class-gaussians")
    assert np.isfinite(result.score).all()
