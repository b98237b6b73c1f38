"""What few rows, classes that nobody labelled and confusions that can't be inverted do to an estimate."""

import numpy as np
import pytest

from labelworks.tasks.methods import registry
from labelworks.tasks.methods.label_shift import estimate_prior, estimate_prior_over

ESTIMATORS = [method.name for method in registry.methods("prior")]
QUICK = [name for name in ESTIMATORS if name not in ("auto", "kdey", "dmy", "em-vector")]


def probabilities(rng, labels, classes, apart=2.0):
    centres = apart * np.eye(classes)
    logits = (centres[labels] + rng.normal(size=(len(labels), classes))) @ centres.T / 0.7
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def windows(seed, prior, rows, source=60):
    rng, classes = np.random.default_rng(seed), len(prior)
    labels = np.arange(source * classes) % classes
    target = rng.choice(classes, rows, p=prior)
    return labels, probabilities(rng, labels, classes), probabilities(rng, target, classes)


@pytest.mark.parametrize("method", ESTIMATORS)
@pytest.mark.parametrize("rows", [1, 2, 30])
def test_no_interval_has_no_width(method, rows):
    found = estimate_prior(*windows(0, [1.0, 0.0, 0.0], rows), method=method)
    low, high = found.interval.T
    assert (high - low > 0.02).all()
    assert (low <= found.prior).all() and (found.prior <= high).all()
    assert low[0] <= 1 - 1 / (2 * rows)


@pytest.mark.parametrize("method", QUICK)
@pytest.mark.parametrize("rows", [1, 5, 30])
def test_intervals_of_few_rows_hold_the_truth(method, rows):
    held = []
    for prior in ([0.5, 0.5], [1.0, 0.0, 0.0], [0.8, 0.15, 0.05]):
        for seed in range(12):
            low, high = estimate_prior(*windows(seed, prior, rows), method=method).interval.T
            held += ((low <= prior) & (prior <= high + 1e-12)).tolist()
    assert np.mean(held) > 0.9


@pytest.mark.parametrize("method", ESTIMATORS)
def test_classes_without_labelled_rows_leave_the_others_as_they_are(method):
    """Of twelve classes two have no row: the estimate is the one of a classifier of ten."""
    rng, there = np.random.default_rng(1), np.arange(12) >= 2
    prior = np.where(there, rng.dirichlet(np.ones(12)), 0)
    labels, target = rng.integers(2, 12, 1200), rng.choice(12, 800, p=prior / prior.sum())
    probs, moved = (probabilities(rng, each, 12, 3.0) for each in (labels, target))
    found = estimate_prior(labels, probs, moved, method=method)
    assert np.abs(found.prior - prior / prior.sum()).sum() < 0.2
    assert (found.prior[:2] == 0).all() and (found.interval[:2] == [0, 1]).all()
    assert any("without a labelled row can't be found in the target: 0, 1" in note for note in found.notes)
    known = [each[:, there] / each[:, there].sum(axis=1, keepdims=True) for each in (probs, moved)]
    alone = estimate_prior(labels - 2, *known, method=method)
    assert found.prior[2:] == pytest.approx(alone.prior, abs=1e-3)


def test_parts_leave_classes_without_labelled_rows_out():
    rng = np.random.default_rng(2)
    labels, target = rng.integers(1, 5, 600), rng.integers(1, 5, 300)
    probs, moved = (probabilities(rng, each, 5, 3.0) for each in (labels, target))
    found = estimate_prior_over(lambda: [(labels, probs)], lambda: [moved])
    truth = np.bincount(target, minlength=5) / 300
    assert np.abs(found.prior - truth).sum() < 0.1 and found.prior[0] == 0


@pytest.mark.parametrize("method", ["acc", "auto", "bbse-hard", "bbse-soft", "elsa", "pacc", "rlls"])
def test_classes_that_look_alike_are_estimated_by_likelihood(method):
    """Two columns are one and the same: nothing tells how the two share, and the interval says so."""
    rng = np.random.default_rng(3)
    labels, target = rng.integers(0, 3, 300), rng.choice(3, 200, p=[0.2, 0.7, 0.1])
    probs, moved = (probabilities(rng, np.minimum(each, 1), 2)[:, [0, 1, 1]] for each in (labels, target))
    for each in (probs, moved):
        each[:, 1:] /= 2
    found = estimate_prior(labels, probs, moved, method=method)
    assert found.prior[0] == pytest.approx(0.2, abs=0.1)
    instead = "without moments" if method == "auto" else "em-bcts instead"
    assert any("singular" in note and instead in note for note in found.notes)
    assert (found.interval[1:, 0] < 0.1).all() and (found.interval[1:, 1] > 0.7).all()


def test_a_confusion_that_chance_could_have_made_isn_t_inverted():
    rng = np.random.default_rng(4)
    labels = rng.integers(0, 3, 90)
    probs, moved = (rng.dirichlet(np.ones(3), rows) for rows in (90, 60))
    found = estimate_prior(labels, probs, moved, method="bbse-soft")
    assert any("near to singular" in note for note in found.notes)
    assert (np.diff(found.interval) > 0.5).all()


@pytest.mark.parametrize("method", ESTIMATORS)
def test_one_labelled_class_is_all_there_is(method):
    rng = np.random.default_rng(5)
    found = estimate_prior(np.ones(20, int), *rng.dirichlet(np.ones(3), (2, 20)), method=method)
    assert found.prior.tolist() == [0, 1, 0] and (found.interval == [0, 1]).all()
