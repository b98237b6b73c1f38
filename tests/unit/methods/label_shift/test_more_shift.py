from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.drift.by_group import by_group, of_sums
from labelworks.tasks.methods.drift.sequential import monitor, monitored
from labelworks.tasks.methods.drift.shift_kind import which_kind
from labelworks.tasks.methods.label_shift import estimate_prior
from labelworks.tasks.methods.label_shift.posterior_correction import correct
from labelworks.tasks.methods.open_set.estimate import OpenSet, open_set

CENTRES = np.array([[3.0, 0, 0], [0, 3.0, 0], [0, 0, 3.0]])
SOURCE, TARGET = np.array([0.4, 0.3, 0.3]), np.array([0.15, 0.25, 0.6])


def draw(seed, rows, prior, moved=0.0):
    """Gaussian classes: labels, features, exact posteriors under the source prior."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(3, rows, p=prior)
    features = CENTRES[labels] + rng.normal(size=(rows, 3)) + moved
    density = SOURCE * np.stack([multivariate_normal(c).pdf(features) for c in CENTRES], axis=1)
    return labels, features, density / density.sum(axis=1, keepdims=True)


def distance(features):
    return ((features[:, None] - CENTRES) ** 2).sum(axis=2).min(axis=1)


@pytest.mark.parametrize("share", [0.0, 0.15, 0.4])
def test_share_of_an_unknown_class(share):
    labels, features, probs = draw(0, 3000, SOURCE)
    _, known, known_probs = draw(1, int(2000 * (1 - share)), TARGET)
    strange = np.random.default_rng(2).normal(size=(2000 - len(known), 3)) - 2.5
    strange_probs = np.full((len(strange), 3), 1 / 3)
    found = open_set(
        labels, probs, np.concatenate([known_probs, strange_probs]),
        distance(features), distance(np.concatenate([known, strange])),
    )  # fmt: skip
    assert found.share == pytest.approx(share, abs=0.05)
    assert found.interval[0] <= share <= found.interval[1]
    assert np.abs(found.prior - TARGET).max() < 0.06
    if share:
        assert found.posterior[-len(strange) :].mean() > 0.8 > 0.2 > found.posterior[: len(known)].mean()


@pytest.mark.parametrize(
    ("prior", "moved", "kind"),
    [(SOURCE, 0, "neither"), (TARGET, 0, "label"), (SOURCE, 0.6, "covariate"), (TARGET, 0.6, "both")],
)
def test_the_kind_of_shift_is_named(prior, moved, kind):
    labels, features, probs = draw(3, 900, SOURCE)
    _, current, target = draw(4, 700, prior, moved * np.array([1.0, 1.0, 1.0]))
    found = which_kind(labels, probs, features, target, current)
    assert found.kind == kind
    assert found.advice


def novel(rows, seed):
    """Rows of a class that the source lacks, as a flat classifier sees them."""
    strange = np.random.default_rng(seed).normal(size=(rows, 3)) - 2.5
    density = SOURCE * np.stack([multivariate_normal(c).pdf(strange) for c in CENTRES], axis=1)
    return strange, density / density.sum(axis=1, keepdims=True)


def test_unknown_classes_are_a_kind_of_their_own():
    labels, features, probs = draw(3, 900, SOURCE)
    _, known, known_probs = draw(4, 500, SOURCE)
    strange, strange_probs = novel(200, 5)
    current, target = np.concatenate([known, strange]), np.concatenate([known_probs, strange_probs])
    unknown = open_set(labels, probs, target, distance(features), distance(current))
    found = which_kind(labels, probs, features, target, current, unknown=unknown)
    assert found.kind == "open-set"
    assert found.known[:500].mean() > 0.9 > 0.2 > found.known[500:].mean()
    assert np.abs(found.prior.prior - SOURCE).max() < 0.06
    assert which_kind(labels, probs, features, target, current).kind in ("covariate", "both")


def test_few_unknown_rows_are_a_kind_though_no_drift_is_seen():
    labels, features, probs = draw(3, 900, SOURCE)
    _, current, target = draw(4, 700, SOURCE)
    posterior = np.zeros(700)
    posterior[:20] = 1.0
    few = OpenSet(0.03, np.array([0.01, 0.05]), SOURCE, posterior, np.zeros(0), np.zeros(1))
    assert which_kind(labels, probs, features, target, current).kind == "neither"
    found = which_kind(labels, probs, features, target, current, unknown=few)
    assert found.kind == "open-set" and not found.known[:20].any() and found.known[20:].all()
    none = replace(few, interval=np.array([0.0, 0.05]))
    assert which_kind(labels, probs, features, target, current, unknown=none).kind == "neither"


def test_moved_classes_are_no_unknown_ones():
    labels, features, probs = draw(3, 900, SOURCE)
    _, current, target = draw(4, 700, SOURCE, np.array([0.6, 0.6, 0.6]))
    unknown = open_set(labels, probs, target, distance(features), distance(current))
    assert which_kind(labels, probs, features, target, current, unknown=unknown).kind == "covariate"


def test_an_estimate_that_errs_moves_no_class():
    labels, features, probs = draw(3, 900, SOURCE)
    _, current, target = draw(4, 700, SOURCE)
    rare = np.array([0.9, 0.06, 0.04])  # drawn of the others less often, so that both windows are of this mix
    rows, further = (np.random.default_rng(7).random(len(p)) < (p @ rare) / 0.9 for p in (probs, target))
    unsure = target[further] ** 0.3
    unsure /= unsure.sum(axis=1, keepdims=True)
    found = which_kind(labels[rows], probs[rows], features[rows], unsure, current[further])
    assert found.explained.drifted and found.explained.effect > 0.05 and not found.moved.drifted
    assert found.kind == "neither"


def test_further_rows_are_placed_by_their_novelty():
    labels, features, probs = draw(0, 3000, SOURCE)
    _, known, known_probs = draw(1, 1500, SOURCE)
    strange, strange_probs = novel(500, 2)
    novelty = distance(np.concatenate([known, strange]))
    found = open_set(labels, probs, np.concatenate([known_probs, strange_probs]), distance(features), novelty)
    assert np.allclose(found.of(novelty), found.posterior)
    further = distance(novel(300, 9)[0]), distance(draw(10, 300, SOURCE)[1])
    assert found.of(further[0]).mean() > 0.9 > 0.1 > found.of(further[1]).mean()


def test_corrected_posteriors_are_bayes():
    labels, _, probs = draw(5, 2000, SOURCE)
    truth, features, target = draw(6, 2000, TARGET)
    estimate = estimate_prior(labels, probs, target)
    corrected = correct(target, estimate)
    density = TARGET * np.stack([multivariate_normal(c).pdf(features) for c in CENTRES], axis=1)
    exact = density / density.sum(axis=1, keepdims=True)
    assert np.abs(corrected.posterior - exact).mean() < 0.015
    right = target.argmax(axis=1) == truth
    assert right[~corrected.doubtful].mean() > right[corrected.doubtful].mean()
    shrunk = (TARGET < SOURCE)[target.argmax(axis=1)]
    assert not corrected.doubtful[~shrunk].any() and corrected.doubtful[shrunk].any()
    same = estimate_prior(labels, probs, draw(11, 2000, SOURCE)[2])
    assert correct(target, same).doubtful.mean() < 0.05  # a mix that hasn't surely moved makes none doubtful
    with pytest.raises(InputError, match="2 classes and the prior 3"):
        correct(np.full((4, 2), 0.5), estimate)


def test_looking_after_every_batch_keeps_the_promise():
    rng = np.random.default_rng(7)
    alarms = [monitored(rng.random(50)).alarm is not None for _ in range(2000)]
    assert np.mean(alarms) <= 0.05


def test_a_drift_rings_soon():
    state = monitored(np.random.default_rng(8).random(10))
    for _ in range(5):
        state = monitor(0.001, state)
    assert state.alarm is not None and 10 < state.alarm <= 15
    assert state.p_value < 0.05
    with pytest.raises(InputError, match="p_value is 2"):
        monitor(2)


def test_the_worst_group_is_found():
    rng = np.random.default_rng(9)
    groups = np.array(["a", "b", "c"])[rng.integers(0, 3, 900)]
    labels = np.where(groups == "c", 0, rng.integers(0, 2, 900))
    wrong = np.where(groups == "b", 0.4, 0.1)
    found = by_group(labels, wrong, groups, 2, mislabelled=wrong / 2)
    assert found.worst == "b"
    assert found.noise == pytest.approx(found.error / 2)
    assert found.error[1] == pytest.approx(0.4, abs=0.03)
    assert found.prior[2].tolist() == [1.0, 0.0]
    assert found.p_value[2] < 1e-6
    with pytest.raises(InputError, match="one for each row"):
        by_group(labels, wrong[:-1], groups, 2)


def test_sums_of_parts_are_the_whole():
    rng = np.random.default_rng(10)
    labels, groups, wrong = rng.integers(0, 2, 600), rng.integers(0, 3, 600), rng.random(600)
    whole = by_group(labels, wrong, groups, 2, mislabelled=wrong)
    parts = [slice(0, 200), slice(200, 600)]
    counts = sum(np.bincount(groups[p] * 2 + labels[p], minlength=6).reshape(3, 2) for p in parts)
    total = sum(np.bincount(groups[p], wrong[p], 3) for p in parts)
    found = of_sums(whole.names, counts, total, total)
    for name in ("rows", "prior", "error", "noise", "p_value"):
        assert getattr(found, name) == pytest.approx(getattr(whole, name))
    with pytest.raises(InputError, match="no row"):
        of_sums(whole.names, 0 * counts, total)


def test_a_tiny_group_isn_t_the_worst_by_chance():
    groups = np.array(["many"] * 500 + ["one"])
    wrong = np.append(np.full(500, 0.3), 1.0)
    assert by_group(np.zeros(501, dtype=int), wrong, groups, 2).error[1] < 0.4
