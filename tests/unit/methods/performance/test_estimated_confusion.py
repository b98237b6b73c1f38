"""Estimated confusions against labels that the method never saw, and other ways to the same number."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.label_shift import estimate_prior
from labelworks.tasks.methods.performance.estimated_confusion import estimated_confusion
from labelworks.tasks.methods.performance.figures import figures_of
from labelworks.tasks.methods.performance.from_predictions import from_predictions
from labelworks.tasks.methods.performance.posterior import RightWhenSure, confusion_of

K = 3
CENTRES = np.array([[0.0, 0.0], [1.8, 0.0], [0.0, 1.8]])


def window(rng, rows, mix, sharp=1.0):
    """Labels (n,) and a model's probabilities (n, K); sharp: over 1 it is too sure of itself."""
    labels = rng.choice(K, rows, p=mix)
    features = CENTRES[labels] + rng.normal(size=(rows, 2))
    logits = sharp * (features @ CENTRES.T - np.square(CENTRES).sum(axis=1) / 2)
    probs = np.exp(logits - logits.max(axis=1, keepdims=True))
    return labels, (probs / probs.sum(axis=1, keepdims=True)).astype(np.float32)


def truth(labels, probs):
    return float((probs.argmax(axis=1) == labels).mean())


def test_accuracy_follows_the_mix_of_an_overconfident_model():
    rng = np.random.default_rng(0)
    labels, probs = window(rng, 3000, [1 / 3] * 3, sharp=3.0)
    right, target = window(rng, 3000, [0.9, 0.05, 0.05], sharp=3.0)
    found = estimated_confusion(labels, probs, target)
    assert abs(probs.max(axis=1).mean() - truth(labels, probs)) > 0.08
    assert abs(truth(right, target) - truth(labels, probs)) > 0.02
    assert found.accuracy.value == pytest.approx(truth(right, target), abs=0.025)
    assert found.confusion.sum() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(
        found.confusion.sum(axis=0), np.bincount(target.argmax(axis=1), minlength=K) / 3000, atol=1e-5
    )


def test_intervals_of_small_windows_hold_the_true_accuracy_as_often_as_they_say():
    rng, held, widths = np.random.default_rng(1), 0, []
    for _ in range(40):
        labels, probs = window(rng, 400, [0.5, 0.3, 0.2], sharp=2.0)
        right, target = window(rng, 120, rng.dirichlet(np.ones(K) * 2), sharp=2.0)
        found = estimated_confusion(labels, probs, target, prior="em-bcts").accuracy
        held += found.low <= truth(right, target) <= found.high
        widths.append(found.high - found.low)
    assert 34 <= held <= 40
    assert 0.05 < np.mean(widths) < 0.25


def test_noise_of_the_reference_is_taken_out():
    rng = np.random.default_rng(2)
    labels, probs = window(rng, 6000, [1 / 3] * 3)
    transition = np.full((K, K), 0.15) + 0.55 * np.eye(K)
    given = np.array([rng.choice(K, p=transition[label]) for label in labels])
    right, target = window(rng, 4000, [0.6, 0.3, 0.1])
    deaf = estimated_confusion(given, probs, target).accuracy
    found = estimated_confusion(given, probs, target, noise_transition=transition).accuracy
    assert deaf.value < truth(right, target) - 0.1
    assert found.value == pytest.approx(truth(right, target), abs=0.02)
    assert found.low <= truth(right, target) <= found.high


def test_a_model_that_was_never_wrong_may_be():
    labels = np.arange(200) % 2
    probs = np.where(np.arange(2) == labels[:, None], 0.999, 0.001).astype(np.float32)
    found = estimated_confusion(labels, probs, probs[:100]).accuracy
    assert found.value > 0.99 and 0.9 < found.low < 1.0


def test_figures_are_those_of_sklearn():
    rng = np.random.default_rng(3)
    labels, guess = rng.integers(0, K, 500), rng.integers(0, K, 500)
    confusion = np.bincount(labels * K + guess, minlength=K * K).reshape(K, K) / 500
    found = figures_of(confusion, 500, np.eye(K) * 2 - 1)
    for name, score in (("precision", precision_score), ("recall", recall_score), ("f1", f1_score)):
        np.testing.assert_allclose(found.by_class[name], score(labels, guess, average=None))
        assert found.overall[f"macro_{name}"] == pytest.approx(score(labels, guess, average="macro"))
    right = float((labels == guess).mean())
    assert found.overall["value"] == pytest.approx(2 * right - 1)


def test_value_has_an_interval_and_classes_have_theirs():
    rng = np.random.default_rng(4)
    labels, probs = window(rng, 2000, [0.6, 0.3, 0.1])
    right, target = window(rng, 2000, [0.2, 0.3, 0.5])
    value = np.array([[1, -5, -1], [-1, 2, -1], [0, 0, 1]])
    found = estimated_confusion(labels, probs, target, value=value)
    guess = target.argmax(axis=1)
    earned = value[right, guess].mean()
    assert found.overall["value"].low <= earned <= found.overall["value"].high
    f1 = f1_score(right, guess, average=None)
    assert np.abs(found.by_class["f1"].values - f1).max() < 0.05
    assert found.by_class["f1"].interval.shape == (K, 2)
    assert (found.by_class["f1"].interval[:, 0] <= f1).all() and (
        f1 <= found.by_class["f1"].interval[:, 1]
    ).all()


def test_predictions_alone_tell_the_accuracy_of_a_moved_mix():
    rng = np.random.default_rng(5)
    labels, probs = window(rng, 4000, [1 / 3] * 3)
    right, target = window(rng, 4000, [0.8, 0.1, 0.1])
    guesses = probs.argmax(axis=1), target.argmax(axis=1)
    own, theirs = from_predictions(labels, *guesses, K)
    np.testing.assert_allclose(own.sum(axis=1), 1, atol=1e-5)
    found = estimated_confusion(labels, own, theirs, predictions=guesses[0], target_predictions=guesses[1])
    assert found.accuracy.value == pytest.approx(truth(right, target), abs=0.025)
    assert found.accuracy.low <= truth(right, target) <= found.accuracy.high


def test_another_models_probabilities_beside_predictions_narrow_the_interval():
    rng = np.random.default_rng(6)
    labels, probs = window(rng, 3000, [1 / 3] * 3)
    _, target = window(rng, 1000, [0.8, 0.1, 0.1])
    guesses = (
        (probs + rng.normal(0, 0.2, probs.shape)).argmax(axis=1),
        (target + rng.normal(0, 0.2, target.shape)).argmax(axis=1),
    )
    widths = []
    for beside in (None, (probs, target)):
        own, theirs = from_predictions(labels, *guesses, K, beside=beside)
        found = estimated_confusion(
            labels, own, theirs, predictions=guesses[0], target_predictions=guesses[1]
        ).accuracy
        widths.append(found.high - found.low)
    assert widths[1] < 0.9 * widths[0]


def test_a_large_target_is_drawn_for_in_part_and_told_of_as_a_whole(monkeypatch):
    rng = np.random.default_rng(7)
    labels, probs = window(rng, 1000, [1 / 3] * 3)
    _, target = window(rng, 4000, [1 / 3] * 3)
    prior = estimate_prior(labels, probs, target, method="em-bcts")
    whole = estimated_confusion(labels, probs, target, prior=prior).accuracy
    monkeypatch.setattr("labelworks.tasks.methods.performance.estimated_confusion.ELEMENTS", 3000)
    part = estimated_confusion(labels, probs, target, prior=prior).accuracy
    assert part.value == whole.value
    assert part.high - part.low == pytest.approx(whole.high - whole.low, rel=0.2)


def test_the_confusion_of_sure_posteriors_is_counted():
    labels, guess = np.array([0, 1, 2, 1]), np.array([0, 0, 2, 1])
    expected = np.zeros((3, 3))
    np.add.at(expected, (labels, guess), 0.25)
    np.testing.assert_array_equal(confusion_of(np.eye(3, dtype=np.float32)[labels], guess), expected)


def test_a_posterior_of_one_class_alone_leaves_the_others_even_shares():
    right = RightWhenSure.of(np.array([0.5, 1.0]), np.array([0.6, 0.6]), np.ones(2))
    found = right(np.array([[1.0, 0.0, 0.0], [0.5, 0.3, 0.2]], np.float32), np.array([0, 0]))
    np.testing.assert_allclose(found, [[0.6, 0.2, 0.2], [0.6, 0.24, 0.16]], atol=1e-6)


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"value": [[1, 2]]}, "value"),
        ({"predictions": [0] * 60}, "predictions"),
        ({"predictions": [0] * 60, "target_predictions": [9] * 40}, "row 0"),
    ],
)
def test_what_does_not_fit_is_named(given, what):
    labels, probs = window(np.random.default_rng(8), 60, [1 / 3] * 3)
    with pytest.raises(InputError) as caught:
        estimated_confusion(labels, probs, probs[:40], **given)
    assert what in str(caught.value)


def test_a_few_rows_are_no_window():
    labels, probs = window(np.random.default_rng(9), 60, [1 / 3] * 3)
    with pytest.raises(InputError, match="29 rows"):
        estimated_confusion(labels, probs, probs[:29])
