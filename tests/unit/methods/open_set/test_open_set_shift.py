"""A new class mix is no unknown class; what a new mix can't explain is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from labelworks.tasks.methods.open_set.estimate import open_set

WIDE = np.array([1.0, 1.0, 2.0, 1.3, 0.8])  # one class is twice as wide: its rows are the far ones
CENTRES = np.array([[0.0, 0.0], [5.0, 0.0], [0.0, 5.0], [5.0, 5.0], [2.5, 2.5]])
SOURCE = np.array([0.3, 0.25, 0.1, 0.2, 0.15])


def draw(rng, rows, prior):
    labels = rng.choice(5, rows, p=prior)
    return labels, CENTRES[labels] + WIDE[labels, None] * rng.normal(size=(rows, 2))


def judged(points):
    """Exact posteriors at the source's mix, and the distance to the nearest class, in one unit for all."""
    density = SOURCE * np.stack(
        [multivariate_normal(c, w**2).pdf(points) for c, w in zip(CENTRES, WIDE, strict=True)], axis=1
    )
    density = np.maximum(density, 1e-300)
    apart = ((points[:, None] - CENTRES) ** 2).sum(axis=2).min(axis=1)
    return density / density.sum(axis=1, keepdims=True), apart


def found(seed, prior, share=0.0, rows=700):
    rng = np.random.default_rng(seed)
    labels, points = draw(rng, 2000, SOURCE)
    strange = rng.normal(size=(int(share * rows), 2)) * 0.7 + 12
    current = np.concatenate([draw(rng, rows - len(strange), prior)[1], strange])
    (probs, near), (target, far) = judged(points), judged(current)
    return open_set(labels, probs, target, near, far)


def test_a_new_class_mix_is_no_unknown_class():
    priors = [np.random.default_rng(seed).dirichlet(np.ones(5)) for seed in range(6)]
    made = [found(seed, prior) for seed, prior in enumerate(priors)]
    assert np.mean([each.share for each in made]) <= 0.01
    assert all(each.interval[0] == 0 for each in made)
    assert np.abs([each.prior - prior for each, prior in zip(made, priors, strict=True)]).max() < 0.1


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_an_unknown_class_is_found_beside_a_new_mix(share):
    made = found(3, np.array([0.05, 0.15, 0.5, 0.1, 0.2]), share)
    assert made.share == pytest.approx(share, abs=0.03)
    assert made.interval[0] <= share <= made.interval[1]
    assert made.posterior[-int(share * 700) :].mean() > 0.9 > 0.1 > made.posterior[:500].mean()


@settings(max_examples=3)
@given(seed=st.integers(0, 500), share=st.sampled_from([0.0, 0.2]), rows=st.sampled_from([100, 600]))
def test_what_is_told_fits_together(seed, share, rows):
    made = found(seed, np.random.default_rng(seed).dirichlet(np.ones(5)), share, rows)
    low, high = made.interval
    assert 0 <= low <= made.share <= high <= 1
    assert ((made.posterior >= 0) & (made.posterior <= 1)).all()
    assert made.prior.sum() == pytest.approx(1) and (made.prior >= 0).all()
    if not made.share:
        assert not made.posterior.any() and low == 0
