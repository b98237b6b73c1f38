import numpy as np
import pytest

from labelworks.tasks.methods.noise.core.claims.claim_curve import KNOTS, curve_of
from labelworks.tasks.methods.noise.core.claims.contradictions import PossibleErrors

SURE = PossibleErrors(np.array([0.999, 1.0, 1.001]), np.full(3, 1 / 3))


def claimed(count, right, seed=0):
    """Claims of errors, and as many others of right labels as a share says; flips for the errors."""
    rng = np.random.default_rng(seed)
    errors, flips = rng.beta(8, 1, round(count * right)), rng.beta(8, 1, 20_000)
    mistakes = rng.beta(6, 2, count - len(errors))
    return np.concatenate([errors, mistakes]), flips, np.full(20_000, len(errors) / 20_000)


def test_claims_that_flips_account_for_are_believed():
    claims, flips, weights = claimed(4_000, 1.0)
    curve, _ = curve_of(claims, flips, weights, SURE)
    assert (np.interp([0.8, 0.95], KNOTS, curve) >= (0.75, 0.9)).all()


@pytest.mark.parametrize("right", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("count", [60, 4_000])
def test_the_share_that_is_right_is_as_flips_say(count, right):
    claims, flips, weights = claimed(count, right)
    lowered = np.minimum(claims, np.interp(claims, KNOTS, curve_of(claims, flips, weights, SURE)[0]))
    assert lowered.mean() == pytest.approx(right, abs=0.15 if count < 100 else 0.06)


def test_fewer_errors_lower_the_claims():
    claims, flips, weights = claimed(300, 0.9)
    curves = [
        curve_of(claims, flips, weights, PossibleErrors(np.array([times]), np.ones(1)))[0]
        for times in (1.0, 0.5, 0.1)
    ]
    means = [np.interp(claims, KNOTS, curve).mean() for curve in curves]
    assert means[0] > means[1] + 0.2 > means[2] + 0.3


def test_curves_rise():
    for count in (13, 200, 5_000):
        curve, doubt = curve_of(*claimed(count, 0.7), SURE)
        assert doubt >= 0 and (np.diff(curve) >= 0).all() and (curve >= 0).all() and (curve <= 1).all()


def test_fewer_claims_leave_more_doubt():
    doubts = [curve_of(*claimed(count, 0.8), SURE)[1] for count in (30, 300, 6_000)]
    assert doubts[0] > doubts[1] > doubts[2] and doubts[0] > 0.1 and doubts[2] < 0.05
