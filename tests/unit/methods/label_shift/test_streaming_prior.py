import tracemalloc

import numpy as np
import pytest

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.label_shift import auto, estimate_prior, streaming
from labelworks.tasks.methods.label_shift.confusion import confusion, of_shares, soft
from labelworks.tasks.methods.label_shift.inputs import Windows
from labelworks.tasks.methods.label_shift.shrinkage import towards
from labelworks.tasks.methods.label_shift.streaming import estimate_prior_over

CENTRES = 2.5 * np.eye(4)
SOURCE, TARGET = np.array([0.25, 0.25, 0.25, 0.25]), np.array([0.1, 0.2, 0.3, 0.4])


def draw(seed, rows, prior):
    rng = np.random.default_rng(seed)
    labels = rng.choice(4, rows, p=prior)
    logits = 2 * (CENTRES[labels] + rng.normal(size=(rows, 4)))
    probs = np.exp(logits - logits.max(axis=1, keepdims=True))
    return labels, (probs / probs.sum(axis=1, keepdims=True)).astype(np.float32)


def over(labels, probs, target, step, **options):
    return estimate_prior_over(
        lambda: ((labels[i : i + step], probs[i : i + step]) for i in range(0, len(labels), step)),
        lambda: (target[i : i + step] for i in range(0, len(target), step)),
        **options,
    )


@pytest.fixture(scope="module")
def windows():
    labels, probs = draw(0, 6000, SOURCE)
    truth, target = draw(1, 5000, TARGET)
    return labels, probs, target, np.bincount(truth, minlength=4) / 5000


def test_agrees_with_the_truth_and_with_the_whole(windows):
    labels, probs, target, truth = windows
    found = over(labels, probs, target, 1000)
    assert np.abs(found.prior - truth).max() < 0.01
    assert np.abs(found.prior - estimate_prior(labels, probs, target).prior).max() < 0.005
    assert (found.interval[:, 0] <= found.prior).all() and (found.prior <= found.interval[:, 1]).all()


@pytest.mark.parametrize("step", [17, 999, 4000])
def test_cuts_don_t_matter(windows, step, monkeypatch):
    labels, probs, target, _ = windows
    monkeypatch.setattr(streaming, "ROWS", 700)
    whole, cut = over(labels, probs, target, 10**6), over(labels, probs, target, step)
    assert np.abs(whole.prior - cut.prior).max() < 1e-6
    assert np.abs(whole.interval - cut.interval).max() < 1e-5


def test_a_sample_is_enough_to_start_from(windows, monkeypatch):
    labels, probs, target, _ = windows
    whole = over(labels, probs, target, 1000)
    monkeypatch.setattr(streaming, "ROWS", 1500)
    assert np.abs(whole.prior - over(labels, probs, target, 1000).prior).max() < 0.006


def test_a_class_that_the_sample_missed_is_still_found(windows, monkeypatch):
    labels, probs, target, truth = windows
    rare = np.flatnonzero((labels != 3) | (np.arange(len(labels)) % 100 == 0))
    monkeypatch.setattr(streaming, "ROWS", 200)
    found = over(labels[rare], probs[rare], target, 1000)
    assert not any("without a labelled row" in note for note in found.notes)
    assert abs(found.prior[3] - truth[3]) < 0.03


def test_errors_of_the_moments_are_those_of_many_draws():
    errors, expected = [], []
    for seed in range(80):
        labels, probs = draw(2 * seed, 500, SOURCE)
        truth, target = draw(2 * seed + 1, 400, TARGET)
        found = Windows(labels, probs, target)
        sums = confusion(found, soft)
        inverse = sums.inverse()
        errors.append(sums.prior * (inverse @ sums.mean) - np.bincount(truth, minlength=4) / 400)
        expected.append(of_shares(found, sums, TARGET / SOURCE, inverse, (500, 400)))
    seen = np.array(errors)
    assert np.trace(np.mean(expected, axis=0)) == pytest.approx((seen**2).sum(axis=1).mean(), rel=0.2)
    assert np.mean(expected, axis=0) == pytest.approx(seen.T @ seen / len(seen), abs=2e-4)


def test_the_average_leans_to_the_estimate_that_errs_less():
    goal, estimate = np.array([0.5, 0.3, 0.2]), np.array([0.4, 0.3, 0.3])
    assert towards(goal, estimate, 0.1 * np.eye(3)) == pytest.approx(goal)
    assert towards(goal, estimate, 1e-9 * np.eye(3)) == pytest.approx(estimate)
    assert towards(goal, estimate, 0.02 / 6 * np.eye(3)) == pytest.approx((goal + estimate) / 2)
    assert towards(goal, goal, np.eye(3)) == pytest.approx(goal)


def test_sees_through_label_noise(windows):
    labels, probs, target, truth = windows
    T = 0.7 * np.eye(4) + 0.3 * np.roll(np.eye(4), 1, axis=1)
    rng = np.random.default_rng(2)
    given = np.array([rng.choice(4, p=T[label]) for label in labels])
    aware = over(given, probs @ T, target @ T, 1000, noise_transition=T)
    blind = over(given, probs @ T, target @ T, 1000)
    assert np.abs(aware.prior - truth).max() < 0.03 < np.abs(blind.prior - truth).max()


def test_float16_is_welcome(windows):
    labels, probs, target, _ = windows
    full = over(labels, probs, target, 1000)
    half = over(labels, probs.astype(np.float16), target.astype(np.float16), 1000)
    assert np.abs(full.prior - half.prior).max() < 1e-3


def test_auto_takes_large_windows_in_parts(windows, monkeypatch):
    labels, probs, target, _ = windows
    monkeypatch.setattr(auto, "LARGE", 1000)
    found = estimate_prior(labels, probs, target)
    assert np.abs(found.prior - over(labels, probs, target, 1000).prior).max() < 1e-6


def test_an_empty_window_is_refused(windows):
    labels, probs, target, _ = windows
    with pytest.raises(InputError, match="no rows"):
        over(labels, probs, target[:0], 1000)


@pytest.mark.parametrize("step", [1000, 10**6])
def test_every_row_is_looked_at(windows, step, monkeypatch):
    """Not only those of the sample, whose rows are few here; a row is named by its place in the window."""
    monkeypatch.setattr(streaming, "ROWS", 200)
    for bad, what in ((np.nan, "sums to nan"), (0.7, "no distribution"), (-0.5, "no distribution")):
        for window, name in ((1, "probs"), (2, "target_probs")):
            labels, probs, target = windows[0], windows[1].copy(), windows[2].copy()
            (probs, target)[window - 1][4321] = [bad, 0.5, 0.5, -bad if bad < 0 else 0.5]
            with pytest.raises(InputError, match=f"row 4321 of {name} is no distribution.*") as error:
                over(labels, probs, target, step)
            assert what in str(error.value)
    labels = windows[0].copy()
    labels[2222] = 4
    with pytest.raises(InputError, match="label 4 of row 2222 is outside 0 … 3"):
        over(labels, windows[1], windows[2], step)
    with pytest.raises(InputError, match="has 3 classes, those before it 4"):
        estimate_prior_over(
            lambda: iter([(windows[0][:9], windows[1][:9])]),
            lambda: iter([windows[2], np.full((5, 3), 1 / 3)]),
        )


def test_a_thousand_classes_need_no_cube():
    """K x K is 8 MB here; of a row, class and class it would be 16 GB."""
    rng, K, rows = np.random.default_rng(6), 1000, 2000
    labels = rng.permutation(rows) % K
    truth = rng.permutation(rows) % (K // 2)  # the other half is gone
    probs, target = (rng.random((rows, K), dtype=np.float32) for _ in range(2))
    for each, of in ((probs, labels), (target, truth)):
        each[np.arange(rows), of] += K
        each /= each.sum(axis=1, keepdims=True)
    tracemalloc.start()
    found = over(labels, probs, target, 500)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 300e6
    assert found.prior[: K // 2].sum() > 0.9
