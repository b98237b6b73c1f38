import numpy as np
import pytest

from labelworks.tasks.methods.label_shift import estimate_prior
from labelworks.tasks.methods.label_shift.auto import average, weigh
from labelworks.tasks.methods.label_shift.inputs import check


def votes(rng, labels, classes, right=0.5, trees=10):
    """Shares of the votes of few trees: most are exact zeros."""
    own = rng.random((len(labels), trees)) < right
    voted = np.where(own, labels[:, None], rng.integers(0, classes, (len(labels), trees)))
    return np.stack([(voted == k).mean(axis=1) for k in range(classes)], axis=1)


def twins(rng, labels, classes):
    """Probabilities that tell the first two classes from the others, and not from each other."""
    logits = 3.0 * np.eye(classes)[np.maximum(labels, 1)] + rng.normal(size=(len(labels), classes))
    logits[:, 0] = logits[:, 1]
    probs = np.exp(logits)
    return probs / probs.sum(axis=1, keepdims=True)


def test_a_candidate_that_one_simulated_shift_shows_unstable_counts_nothing():
    rng = np.random.default_rng(0)
    errors = rng.normal(size=(4, 3, 50))
    errors[:, 2] = -0.5 * errors[:, 1] + 0.1 * rng.normal(size=(4, 50))
    assert weigh(errors)[2] > 0.3
    errors[1, 2] *= 20
    assert weigh(errors)[2] == 0
    assert weigh(errors).sum() == pytest.approx(1)


def test_the_best_candidate_always_counts():
    errors = np.array([[[1e-9, 1e-9], [1.0, 1.0]], [[1e-3, 1e-3], [1e-12, 1e-12]]])
    assert weigh(errors)[0] == 1


def test_moments_that_labelled_rows_cannot_tell_are_left_out():
    rng = np.random.default_rng(1)
    source = np.repeat(np.arange(4), [20, 300, 300, 300])
    moved = rng.choice(4, 1000, p=[0.05, 0.05, 0.05, 0.85])
    windows = check(source, twins(rng, source, 4), twins(rng, moved, 4))
    averaged = average(windows)
    assert averaged.untold is not None and "singular" in averaged.untold
    found = estimate_prior(windows.labels, windows.probs, windows.target)
    assert any("estimated without moments" in note for note in found.notes)
    assert np.abs(found.prior[2:] - [0.05, 0.85]).max() < 0.03
    assert (found.interval[:, 0] <= found.prior).all() and (found.prior <= found.interval[:, 1]).all()


def test_without_a_shift_classes_that_look_alike_keep_their_shares():
    rng = np.random.default_rng(2)
    source, target = (np.repeat(np.arange(4), rows) for rows in ([20, 300, 300, 300], [20, 300, 300, 300]))
    probs, moved = twins(rng, source, 4), twins(rng, target, 4)
    truth = np.bincount(target) / len(target)
    auto, likely = (estimate_prior(source, probs, moved, method=each).prior for each in ("auto", "em-bcts"))
    assert np.abs(auto - truth).mean() <= np.abs(likely - truth).mean()
    assert np.abs(auto - truth).max() < 0.04


@pytest.mark.parametrize(("classes", "right"), [(2, 0.8), (14, 0.4)])
def test_forests_with_rare_classes(classes, right):
    rng = np.random.default_rng(classes)
    rows = np.maximum(np.geomspace(800, 4, classes).astype(int), 12)
    source, prior = np.repeat(np.arange(classes), rows), np.full(classes, 0.1 / (classes - 1))
    prior[-1] = 0.9
    target = rng.choice(classes, 1000, p=prior)
    windows = check(source, *(votes(rng, each, classes, right) for each in (source, target)))
    assert (windows.probs == 0).mean() > 0.1
    averaged = average(windows)
    truth = np.bincount(target, minlength=classes) / len(target)
    errors = np.abs(averaged.found.priors - truth).mean(axis=1)
    assert (
        np.abs(averaged.shares @ averaged.found.priors - truth).mean() <= np.median(errors) + 1e-3
    )  # a row of the target
    assert (averaged.shares >= 0).all() and averaged.shares.sum() == pytest.approx(1)
    assert averaged.found.priors.max() < 0.99


def test_a_class_without_rows_takes_nothing_from_the_others():
    rng = np.random.default_rng(3)
    source, target = rng.choice([0, 1, 3], 600), rng.choice([0, 1, 3], 800, p=[0.1, 0.2, 0.7])
    found = estimate_prior(source, votes(rng, source, 4), votes(rng, target, 4))
    assert found.prior[2] == 0 and found.interval[2].tolist() == [0, 1]
    assert np.abs(found.prior[[0, 1, 3]] - [0.1, 0.2, 0.7]).max() < 0.05
