import numpy as np
import pytest
from scipy.special import gammaln

from labelworks.tasks.methods.label_shift.dirichlet_prior import Pull, plausible, pulled

SOURCE = np.array([0.5, 0.3, 0.15, 0.05])


def told(counts):
    """Likelihoods of rows whose class is known for sure."""
    return np.repeat(np.eye(len(counts), dtype=np.float32), counts, axis=0)


def test_shares_of_known_rows_are_those_of_dirichlet_and_multinomial():
    counts, rows = np.array([10, 0, 5, 85]), 20 * SOURCE
    found = pulled(told(counts), [Pull(rows, 1.0)], 1.0, SOURCE)
    exact = (counts + rows) / (counts + rows).sum()
    assert np.abs(found.shares - exact).max() < 1e-5
    total = (counts + rows).sum()
    assert np.allclose(found.covariance, (np.diag(exact) - np.outer(exact, exact)) / total, atol=1e-6)


def test_evidence_is_exact_for_known_rows():
    counts = np.array([300, 180, 90, 30])
    found = plausible(told(counts), SOURCE, 1.0)
    M, K = counts.sum(), len(counts)
    centres = (SOURCE, np.full(K, 1 / K))
    every = [strength * centre for centre in centres for strength in np.geomspace(30 * M, 0.1 * K, 8)]
    exact = np.array(
        [gammaln(a.sum()) - gammaln(a.sum() + M) + (gammaln(a + counts) - gammaln(a)).sum() for a in every]
    )
    odds = np.exp(exact - exact.max())
    kept = np.where(odds / odds.sum() >= 0.05, odds, 0)
    assert np.allclose(sorted(each.counts for each in found), sorted(kept[kept > 0] / kept.sum()), atol=0.01)


def test_classes_nobody_can_tell_stay_with_the_prior_that_the_others_speak_for():
    rng = np.random.default_rng(0)
    blurred = rng.uniform(0.99, 1.01, (500, 4)).astype(np.float32)
    shares = pulled(blurred, plausible(blurred, SOURCE, 1.0), 1.0, SOURCE).shares
    assert shares.sum() == pytest.approx(1, abs=1e-6)
    assert (shares > 0.04).all()


def test_a_clear_shift_is_not_held_back():
    counts = np.array([10, 10, 10, 970])
    found = pulled(told(counts), plausible(told(counts), SOURCE, 1.0), 1.0, SOURCE)
    assert np.abs(found.shares - counts / counts.sum()).max() < 0.01
