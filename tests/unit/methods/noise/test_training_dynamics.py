"""Scores of a model in training: area under the margin, mean loss."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import log_loss, roc_auc_score

from labelworks.tasks.methods.noise import detect
from labelworks.tasks.methods.noise.area_under_margin import AreaUnderMargin
from labelworks.tasks.methods.noise.core.training import Training
from labelworks.tasks.methods.noise.semd import Semd


def world(rows=800, classes=3, dim=6, noise=0.2):
    rng = np.random.default_rng(0)
    true = rng.integers(0, classes, rows)
    features = (2 * np.eye(classes, dim)[true] + rng.normal(size=(rows, dim))).astype(np.float32)
    labels = np.where(rng.random(rows) < noise, rng.integers(0, classes, rows), true).astype(np.int32)
    return labels, np.full((rows, classes), 1 / classes, np.float32), features, true


def test_training_lowers_the_loss_and_keeps_its_way():
    labels, _, features, _ = world()
    training = Training.on(features, labels, 3)
    losses = []
    for logits in training.logits(features):
        shares = np.exp(logits - logits.max(axis=1, keepdims=True)).astype(np.float64)
        losses.append(log_loss(labels, shares / shares.sum(axis=1, keepdims=True)))
    assert len(losses) == 10
    assert losses[0] < np.log(3)
    assert (np.diff(losses) < 0).all()


def test_scores_are_means_over_the_way():
    labels, probs, features, _ = world()
    rows = np.arange(len(labels))
    margins, losses = [], []
    for logits in Training.on(features, labels, 3).logits(features):
        own, rest = logits[rows, labels], logits.copy()
        rest[rows, labels] = -np.inf
        margins.append(own - rest.max(axis=1))
        losses.append(np.log(np.exp(logits).sum(axis=1)) - own)
    beside = {"features": features}
    for method, expected in ((AreaUnderMargin(), expit(np.mean(margins, axis=0))),
                             (Semd(), np.exp(-np.mean(losses, axis=0)))):  # fmt: skip
        method.learn(labels, probs, beside)
        np.testing.assert_allclose(method.quality(labels, probs, beside), expected, rtol=1e-4)


@pytest.mark.parametrize("method", ["area-under-margin", "semd"])
def test_wrong_labels_are_learned_late(method):
    labels, probs, features, true = world()
    assert (
        roc_auc_score(labels != true, -detect(labels, probs, features=features, method=method).score) > 0.93
    )
