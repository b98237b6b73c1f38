"""Bad input of every shift method: a clear error or a stated fallback, never a silent NaN."""

from dataclasses import fields, is_dataclass

import numpy as np
import pytest

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.drift import test as drift_test
from labelworks.tasks.methods.drift.by_group import by_group
from labelworks.tasks.methods.drift.by_slice import by_slice
from labelworks.tasks.methods.drift.change_points import change_points, label_correlation
from labelworks.tasks.methods.drift.shift_kind import which_kind
from labelworks.tasks.methods.label_shift import estimate_prior
from labelworks.tasks.methods.label_shift.by_window import prior_by_window
from labelworks.tasks.methods.label_shift.latent_label_shift import latent
from labelworks.tasks.methods.label_shift.posterior_correction import correct
from labelworks.tasks.methods.label_shift.streaming import estimate_prior_over
from labelworks.tasks.methods.open_set.discover import discover
from labelworks.tasks.methods.open_set.estimate import open_set
from labelworks.tasks.methods.open_set.novelty import novelty
from labelworks.tasks.methods.statistics.sums import FoldSums

ESTIMATORS = [each.name for each in registry.methods("prior")]
DRIFT = [each.name for each in registry.methods("drift")]


def draw(classes, rows, seed, prior=None):
    rng = np.random.default_rng(seed)
    labels = rng.choice(classes, rows, p=prior)
    features = 2.5 * np.eye(classes)[labels] + rng.normal(size=(rows, classes))
    probs = np.exp(2 * features) / np.exp(2 * features).sum(axis=1, keepdims=True)
    return labels, features, probs


def finite(found):
    """Every number of a result, of whatever it is made."""
    if is_dataclass(found):
        return all(finite(getattr(found, each.name)) for each in fields(found))
    if isinstance(found, list | tuple):
        return all(map(finite, found))
    if isinstance(found, float | np.ndarray) and np.asarray(found).dtype.kind == "f":
        return bool(np.isfinite(found).all())
    return True


@pytest.mark.parametrize("method", ESTIMATORS)
def test_two_classes(method):
    labels, _, probs = draw(2, 1500, 0)
    truth, _, target = draw(2, 1500, 1, [0.2, 0.8])
    found = estimate_prior(labels, probs, target, method=method)
    assert abs(found.prior[1] - truth.mean()) < 0.05 and finite(found)


@pytest.mark.parametrize("method", ESTIMATORS)
def test_a_singular_confusion_is_said(method):
    labels, _, probs = draw(3, 900, 2)
    twin = np.stack([probs[:, 0], probs[:, 1:].mean(axis=1), probs[:, 1:].mean(axis=1)], axis=1)
    found = estimate_prior(labels, twin, twin[:400], method=method)
    assert finite(found) and found.prior.sum() == pytest.approx(1)
    truth = np.bincount(labels[:400], minlength=3) / 400
    honest = ((found.interval[:, 0] <= truth) & (truth <= found.interval[:, 1])).all()
    assert found.notes or honest, "two classes that no row tells apart: said, or shown by the interval"


@pytest.mark.parametrize("kept", [[0, 1], [1, 2]])
def test_a_class_missing_in_one_window(kept):
    labels, features, probs = draw(3, 600, 3)
    _, current, target = draw(3, 400, 4)
    there = np.isin(labels, kept)
    for found in (
        open_set(labels[there], probs[there], target, features[there].max(axis=1), current.max(axis=1)),
        which_kind(labels[there], probs[there], features[there], target, current),
        which_kind(labels, probs, features, probs[there], features[there]),
        prior_by_window(labels[there], probs[there], target, np.arange(400) // 200),
        estimate_prior_over(lambda: [(labels[there], probs[there])], lambda: [target]),
    ):
        assert finite(found)


def test_one_row():
    labels, features, probs = draw(3, 300, 5)
    assert prior_by_window(labels, probs, probs[:1], np.zeros(1, int)) == [None]
    assert finite(estimate_prior_over(lambda: [(labels, probs)], lambda: [probs[:1]]))
    for method in DRIFT:
        with pytest.raises(InputError, match="rows >= 2"):
            drift_test(features, features[:1], method=method)
    with pytest.raises(InputError, match="rows >= 2"):
        which_kind(labels, probs, features, probs[:1], features[:1])
    with pytest.raises(InputError, match="don't fit"):
        label_correlation([[1, 0]], [[1, 0], [0, 1]])


def test_uncalibrated_zeros_and_ones():
    labels, features, probs = draw(3, 600, 6)
    hard = np.eye(3)[probs.argmax(axis=1)]
    found = estimate_prior(labels, hard, hard[:400])
    for each in (
        found,
        correct(hard, found),
        which_kind(labels, hard, features, hard[:400], features[:400]),
        open_set(labels, hard, hard[:400], features.max(axis=1), features[:400].max(axis=1)),
        estimate_prior_over(lambda: [(labels, hard)], lambda: [hard[:400]]),
    ):
        assert finite(each)


def test_rows_that_don_t_sum_to_1_are_named():
    labels, features, probs = draw(3, 300, 7)
    broken = probs.copy()
    broken[17] *= 1.5
    estimate = estimate_prior(labels, probs, probs)
    for call in (
        lambda: estimate_prior(labels, probs, broken),
        lambda: estimate_prior_over(lambda: [(labels, probs)], lambda: [broken]),
        lambda: open_set(labels, broken, probs, features[:, 0], features[:, 0]),
        lambda: which_kind(labels, probs, features, broken, features),
        lambda: prior_by_window(labels, probs, broken, np.zeros(300, int)),
        lambda: correct(broken, estimate),
    ):
        with pytest.raises(InputError, match=r"row 17 of .* is no distribution: it sums to 1.5"):
            call()


def test_windows_of_different_width():
    labels, features, probs = draw(4, 300, 8)
    narrow = probs[:, :3] / probs[:, :3].sum(axis=1, keepdims=True)
    sums = FoldSums.of(features, labels, np.zeros(300, int), 1, 4).without()
    for call in (
        lambda: estimate_prior(labels, probs, narrow),
        lambda: estimate_prior_over(lambda: [(labels, probs)], lambda: [narrow]),
        lambda: open_set(labels, probs, narrow, features[:, 0], features[:, 0]),
        lambda: which_kind(labels, probs, features, probs, features[:, :3]),
        lambda: discover(features, labels, features[:, :3], np.ones(300)),
        lambda: novelty(sums, features[:, :3]),
        lambda: label_correlation(probs > 0.5, narrow > 0.5),
        *(lambda method=method: drift_test(features, features[:, :3], method=method) for method in DRIFT),
    ):
        with pytest.raises(InputError):
            call()


def test_what_isn_t_finite():
    labels, features, probs = draw(4, 300, 9)
    broken = features.copy()
    broken[5, 2] = np.nan
    for call in (
        lambda: drift_test(features, broken),
        lambda: which_kind(labels, probs, features, probs, broken),
        lambda: open_set(labels, probs, probs, features[:, 2], broken[:, 2]),
        lambda: discover(features, labels, broken, np.ones(300)),
        lambda: latent(broken, np.arange(300) % 3, 2),
        lambda: change_points([[1.0, 2.0], [0.0, 0.0]]),
        lambda: change_points([[1.0, np.nan], [1.0, 2.0]]),
    ):
        with pytest.raises(InputError):
            call()


def test_rows_that_are_not_finite_are_named():
    labels, features, _ = draw(4, 300, 9)
    sums = FoldSums.of(features, labels, np.zeros(300, int), 1, 4).without()
    for row in (16, 17):  # slices are found among every other row
        strange, bad = features.copy(), np.zeros(300)
        strange[row, 1] = bad[row] = np.nan
        for call in (
            lambda strange=strange: novelty(sums, strange),
            lambda strange=strange: by_slice(strange, labels, np.zeros(300), 4, 3),
            lambda bad=bad: by_slice(features, labels, bad, 4, 3),
            lambda bad=bad: by_slice(features, labels, np.zeros(300), 4, 3, bad),
            lambda bad=bad: by_group(labels, bad, labels, 4),
            lambda bad=bad: by_group(labels, np.zeros(300), labels, 4, bad),
        ):
            with pytest.raises(InputError, match=f"row {row} of .* is not finite"):
                call()


def test_labels_outside_the_classes_are_named():
    labels, features, _ = draw(4, 300, 10)
    labels[21] = 4
    for call in (
        lambda: by_group(labels, np.zeros(300), np.arange(300) % 2, 4),
        lambda: by_slice(features, labels, np.zeros(300), 4, 3),
    ):
        with pytest.raises(InputError, match="label 4 of row 21 is outside 0 … 3"):
            call()


def test_windows_with_a_gap_in_their_codes_are_named():
    _, features, _ = draw(3, 300, 11)
    with pytest.raises(InputError, match="window 2 has 0 rows"):
        latent(features, np.array([0, 1, 3, 4])[np.arange(300) % 4], 3)
    with pytest.raises(InputError, match="no codes"):
        latent(features, np.arange(300) % 4 - 1, 3)
