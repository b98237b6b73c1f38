import numpy as np
import pytest
from scipy.linalg import sqrtm

from labelworks.tasks.methods.drift import test as drift
from labelworks.tasks.methods.drift.frame import DriftParts, Frame
from labelworks.tasks.methods.drift.frechet import AXES, Frechet


def exact(first, second):
    """Squared distance by the formula, population covariances."""
    a, b = (np.cov(each.T, bias=True) for each in (first, second))
    means = np.square(first.mean(axis=0) - second.mean(axis=0)).sum()
    return means + np.trace(a + b - 2 * sqrtm(a @ b).real)


def draw(n, m, width, seed=0):
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(width, width)) / np.sqrt(width)
    reference = rng.normal(size=(n, width)) @ mixed + 3
    return reference, 1.5 * rng.normal(size=(m, width)) @ mixed + 3 + 0.3 * rng.normal(size=width)


@pytest.mark.parametrize(("n", "m"), [(150, 200), (4000, 1000)])
def test_it_is_the_distance_of_the_formula(n, m):
    reference, current = draw(n, m, 6)
    parts = DriftParts(Frame.of(reference, current), [Frechet], "frechet")
    for piece in np.array_split(reference, 7):
        parts.add_reference(piece)
    parts.add_current(current)
    size = parts.reference.size
    whole = exact(reference[: n // size * size], current[: m // size * size])
    assert parts.finish().statistic == pytest.approx(whole, rel=2e-3)
    assert drift(reference, current, method="frechet").drifted


def test_beyond_its_axes_it_is_close():
    reference, current = draw(2048, 2048, 2 * AXES)
    found = drift(reference, current, method="frechet")
    assert found.statistic == pytest.approx(exact(reference, current), rel=0.05)


def test_it_sees_a_correlation_that_no_feature_shows():
    rng = np.random.default_rng(1)
    reference, current = rng.normal(size=(600, 2)), rng.normal(size=(600, 2))
    current[:, 1] = 0.7 * current[:, 0] + np.sqrt(1 - 0.49) * current[:, 1]
    assert drift(reference, current, method="frechet").drifted
    assert not drift(reference, current, method="ks").drifted


def test_its_effect_ends_at_1():
    reference, current = draw(300, 300, 4)
    near, far = (drift(reference, current + by, method="frechet").effect for by in (0.0, 1e4))
    assert 0 < near < 0.6 and far == pytest.approx(1, abs=1e-3)
