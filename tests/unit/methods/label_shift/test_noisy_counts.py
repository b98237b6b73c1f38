import numpy as np
import pytest
from scipy.optimize import minimize

from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.label_shift.noisy_counts import true_mix

T = np.array([[0.8, 0.15, 0.05], [0.1, 0.9, 0.0], [0.0, 0.3, 0.7]])
PRIOR = np.array([[0.5, 0.3, 0.2], [0.2, 0.2, 0.6]])


def test_inside_the_simplex_it_is_the_inverse():
    counts = 10_000 * PRIOR @ T
    assert np.abs(true_mix(counts, T).prior - PRIOR).max() < 1e-4


def test_at_the_edge_it_is_the_constrained_maximum():
    counts = np.array([[40.0, 5.0, 55.0]])  # fewer of the second label than any mix of the others would give

    def loss(z):
        w = np.exp(z - z.max())
        return -counts[0] @ np.log(w / w.sum() @ T)

    best = minimize(loss, np.zeros(3), tol=1e-12)
    expected = np.exp(best.x - best.x.max())
    assert np.abs(true_mix(counts, T).prior[0] - expected / expected.sum()).max() < 2e-3


def test_the_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(0)
    counts = rng.multinomial(800, PRIOR[0] @ T, size=500)
    found = true_mix(counts, T).interval
    inside = (found[:, :, 0] <= PRIOR[0]) & (PRIOR[0] <= found[:, :, 1])
    assert (np.abs(inside.mean(axis=0) - 0.95) < 0.03).all()


def test_without_noise_it_is_the_shares():
    assert true_mix([[30, 70]], np.eye(2)).prior == pytest.approx(np.array([[0.3, 0.7]]))


def test_empty_windows_and_wrong_widths_are_refused():
    with pytest.raises(InputError, match="empty or negative"):
        true_mix([[1, 2], [0, 0]], np.eye(2))
    with pytest.raises(InputError, match=r"must be \(2, 2\)"):
        true_mix([[1, 2]], np.eye(3))
    with pytest.raises(InputError, match="no noise_transition"):
        true_mix([[1, 2]], None)
