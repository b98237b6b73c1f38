"""A transition has to foretell more than uniform noise does: else it says little but which class is rare."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import average_precision_score
from sklearn.model_selection import cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from labelworks.tasks.methods.noise import make
from labelworks.tasks.methods.noise.core.sharpening import sharpened_to
from labelworks.tasks.methods.noise.core.transition_em import NoisyLabels, log_of, sorted_rows
from labelworks.tasks.methods.noise.core.uniform_view import ClassOffsets, with_uniform
from labelworks.tasks.methods.noise.core.views import plain_view, reading


def rare_class(kind, seed=0, rows=2000, share=0.03, apart=1.5):
    """Labels of two classes, one of them rarer, out-of-sample probabilities and a vote, and what is wrong."""
    rng = np.random.default_rng(seed)
    true = (rng.random(rows) < share).astype(np.int32)
    features = rng.normal(size=(rows, 5)) + apart * true[:, None] * np.array([1, 1, 0, 0, 0])
    along = features[:, 0] + features[:, 1]
    chance = {
        "clean": np.zeros(rows),
        "near": np.clip(0.25 * expit(along - 1.5), 0, 0.9),
        "region": np.where(along > 1.2, 0.4, 0),
    }[kind]
    wrong = rng.random(rows) < chance
    given = np.where(wrong, 1 - true, true).astype(np.int32)
    models = LinearDiscriminantAnalysis(), KNeighborsClassifier(10)
    probs, vote = (cross_val_predict(m, features, given, cv=5, method="predict_proba") for m in models)
    return given, probs.astype(np.float32), vote.argmax(axis=1).astype(np.int32), wrong


def judged(given, probs, vote):
    model = make("auto", {})
    model.update(given, probs, neighbour_vote=vote)
    model.finish()
    return model.score(given, probs)


@pytest.mark.parametrize("seed", range(3))
def test_of_clean_rows_the_common_class_is_not_flagged(seed):
    given, probs, vote, _ = rare_class("clean", seed)
    found = judged(given, probs, vote)
    assert found.flag.mean() < 0.06
    assert found.noise_rate < 0.06


@pytest.mark.parametrize(("kind", "share", "apart"), [("near", 0.03, 1.5), ("region", 0.25, 3.5)])
@pytest.mark.parametrize("seed", range(3))
def test_errors_are_ranked_as_well_as_by_self_confidence(kind, share, apart, seed):
    given, probs, vote, wrong = rare_class(kind, seed, share=share, apart=apart)
    found = judged(given, probs, vote)
    own = probs[np.arange(len(given)), given]
    by_self = average_precision_score(wrong, -own)
    assert average_precision_score(wrong, -found.score) > by_self - 0.08


def views_beside(labels, probs):
    given, some = sorted_rows(labels.astype(np.int32), probs.astype(np.float32))
    plain = plain_view(NoisyLabels(given, log_of(some)))
    return given, some, with_uniform([plain], given, some)


@pytest.mark.parametrize("kind", ["pairs", "uniform"])
def test_a_transition_counts_as_far_as_it_foretells_labels(kind):
    rng = np.random.default_rng(0)
    true = rng.integers(0, 5, 4000)
    logits = rng.gumbel(size=(4000, 5)) + 5 * np.eye(5)[true]
    other = (true + (1 if kind == "pairs" else rng.integers(1, 5, 4000))) % 5
    labels = np.where(rng.random(4000) < 0.2, other, true)
    given, probs, (learned, uniform) = views_beside(labels, softmax(logits, axis=1))
    assert (learned.weight > 0.9) == (kind == "pairs")
    assert learned.weight + uniform.weight == pytest.approx(1)
    if kind == "uniform":
        assert learned.weight < 0.1
    alone = [[replace(view, weight=1.0)] for view in (learned, uniform)]
    rates = [expit(-reading(views, given, probs).odds).mean() for views in alone]
    assert rates[1] == pytest.approx(rates[0], abs=0.01)


def test_offsets_make_classes_as_common_as_they_are_given():
    rng = np.random.default_rng(1)
    labels = rng.choice(3, 3000, p=[0.7, 0.25, 0.05]).astype(np.int32)
    probs = softmax(rng.normal(size=(3000, 3)) + 2 * np.eye(3)[labels], axis=1).astype(np.float32)
    odds = ClassOffsets.of(labels, probs).log_odds(probs)
    assert odds.max(axis=1) == pytest.approx(np.zeros(3000))
    shares = softmax(odds, axis=1).mean(axis=0)
    assert shares == pytest.approx(np.bincount(labels) / 3000, abs=1e-3)


def test_a_class_without_rows_stays_without_them():
    labels = np.array([0, 1] * 50, np.int32)
    probs = np.full((100, 3), 1 / 3, np.float32)
    given, some, views = views_beside(labels, probs)
    assert np.isfinite(reading(views, given, some).odds).all()


def test_where_no_sharpening_makes_so_few_wrong_the_nearest_is_taken():
    given, probs, _, _ = rare_class("clean")
    given, probs = sorted_rows(given, probs)
    data = NoisyLabels(given, log_of(probs))
    plain = plain_view(data)
    few = sharpened_to(data, plain, -0.1)
    rates = [expit(-reading([view], given, probs).odds).mean() for view in (plain, few)]
    assert rates[1] <= rates[0] + 0.01
