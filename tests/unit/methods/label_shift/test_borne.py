import numpy as np
import pytest

from labelworks.tasks.methods.label_shift.borne import borne_weights, left_open
from labelworks.tasks.methods.label_shift.result import PriorEstimate

SOURCE = np.array([0.5, 0.3, 0.2, 0.0])


def estimate(prior, half):
    prior = np.array([*prior, 0.0])
    interval = np.clip(np.stack([prior - half, prior + half], axis=1), 0, 1)
    weights = np.divide(prior, SOURCE, out=np.zeros(4), where=SOURCE > 0)
    return PriorEstimate(prior, weights, interval, "made", SOURCE)


@pytest.mark.parametrize("kind", ["neither", "covariate", "both", None])
def test_weights_are_for_a_mix_that_moved_alone(kind):
    weights, notes = borne_weights(estimate([0.0, 0.3, 0.7], 0.001), kind)
    assert weights.tolist() == [1, 1, 1, 0]
    assert notes[0].startswith("no class is reweighted: ")


@pytest.mark.parametrize("kind", ["label", "open-set"])
def test_a_narrow_interval_bears_the_estimate(kind):
    weights, notes = borne_weights(estimate([0.2, 0.2, 0.6], 0.001), kind)
    assert weights[:3] == pytest.approx([0.4, 2 / 3, 3], rel=0.01) and not notes


def test_what_the_interval_holds_stays_as_it_is():
    weights, notes = borne_weights(estimate([0.6, 0.25, 0.15], 0.2), "label")
    assert weights.tolist() == [1, 1, 1, 0]
    assert notes == ("3 of 3 classes aren't reweighted: their intervals hold the source's share",)


def test_weights_lie_between_one_and_the_estimate_and_keep_the_sum():
    found = estimate([0.3, 0.2, 0.5], 0.1)
    weights, _ = borne_weights(found, "label")
    assert found.weights[0] < weights[0] < 1 < weights[2] < found.weights[2]
    assert weights @ SOURCE == pytest.approx(1)


def test_no_class_is_weighed_away_that_may_be_there():
    weights, _ = borne_weights(estimate([0.0, 0.4, 0.6], 0.1), "label")
    assert weights[0] > 0.08  # half of the .1 that may be there, over .5


@pytest.mark.parametrize("seed", range(100))
def test_what_unknown_rows_may_hide_is_left_open(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mix, (least, most) = rng.dirichlet(np.ones(4)), np.sort(rng.uniform(0, 0.6, 2))
    left_out, unknown = rng.uniform(least, most), rng.uniform(least, most)
    passing, known = max(unknown - left_out, 0), max(left_out - unknown, 0)
    rows = mix * (1 - unknown)  # of the whole window, those of known classes
    taken_for, was = rng.dirichlet(np.ones(4)) * passing, np.zeros(4)
    was[rows.argmax()] = min(known, rows.max())
    seen = rows + taken_for - was
    share = 1 - seen.sum()
    point = np.stack([seen, seen], axis=1) / seen.sum()
    low, high = left_open(point, share, np.array([min(least, share), max(most, share)])).T
    assert (low <= mix + 1e-9).all() and (mix <= high + 1e-9).all()


def test_where_the_unknown_rows_are_told_apart_nothing_is_left_open() -> None:
    interval = np.array([[0.2, 0.4], [0.6, 0.8]])
    assert left_open(interval, 0.3, np.array([0.3, 0.3])) == pytest.approx(interval)
