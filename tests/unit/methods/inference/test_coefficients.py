"""Coefficients put right by a few rows: against a slow way by general means, and against the truth."""

import numpy as np
import pytest
from scipy.optimize import minimize

from labelworks.schemas.errors import ConfigError, InputError
from labelworks.tasks.methods.inference.regression import estimate_coefficients

ROWS, LOOKS = 2000, 300
B = np.array([0.3, -0.8, 0.4])


def made(seed, noise=0.5):
    """Features, outcome, proxy, outcome of two classes, its proxy, and rows to look at."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(ROWS), rng.normal(size=(ROWS, 2))])
    y = X @ B + rng.normal(size=ROWS)
    kind = (rng.random(ROWS) < 1 / (1 + np.exp(-X @ B))) * 1.0
    guess = np.clip(0.8 * kind + 0.1 + 0.1 * rng.normal(size=ROWS), 0, 1)
    return X, y, y + 0.4 + noise * rng.normal(size=ROWS), kind, guess, np.sort(rng.choice(ROWS, LOOKS, False))


def loss(b, X, y, weight, family):
    at = X @ b
    rows = (at - y) ** 2 / 2 if family == "linear" else np.logaddexp(0, at) - y * at
    return float(np.mean(weight * rows))


@pytest.mark.parametrize("power", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("weighed", [False, True])
def test_the_logistic_model_is_where_the_rectified_loss_is_least(power, weighed):
    X, _, _, kind, guess, rows = made(0)
    shown = np.where(X[rows, 1] > 0, 0.2, 0.1) if weighed else None
    weight = np.ones(LOOKS) if shown is None else (1 / shown) / np.mean(1 / shown)

    def rectified(b):
        ours = loss(b, X[rows], kind[rows], weight, "logistic")
        guessed = loss(b, X[rows], guess[rows], weight, "logistic")
        return ours + power * (loss(b, X, guess, 1.0, "logistic") - guessed)

    slow = minimize(rectified, np.zeros(3), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-14,
                                                                            "maxiter": 5000}).x  # fmt: skip
    found = estimate_coefficients(X, guess, rows, kind[rows], shown, family="logistic", power=power)
    np.testing.assert_allclose(found.values, slow, atol=1e-5)


def test_of_a_mean_all_is_a_closed_form():
    """A column of ones: Angelopoulos et al. (2023), example 2: mean and standard error in closed form."""
    _, y, proxy, *_, rows = made(1)
    found = estimate_coefficients(np.ones((ROWS, 1)), proxy, rows, y[rows])
    both = np.concatenate([proxy[rows], proxy])
    power = np.cov(y[rows], proxy[rows], bias=True)[0, 1] / ((1 + LOOKS / ROWS) * both.var(ddof=1))
    mean = y[rows].mean() + power * (proxy.mean() - proxy[rows].mean())
    error = np.sqrt(power**2 * proxy.var(ddof=1) / ROWS + (y[rows] - power * proxy[rows]).var(ddof=1) / LOOKS)
    assert found.power == pytest.approx(power, rel=1e-9)
    assert found.values[0] == pytest.approx(mean, rel=1e-9)
    assert found.errors[0] == pytest.approx(error, rel=1e-9)


@pytest.mark.parametrize("family", ["linear", "logistic"])
def test_intervals_hold_the_truth_and_are_narrower_than_the_looks_alone(family):
    held, narrower = [], []
    for seed in range(60):
        X, y, proxy, kind, guess, rows = made(seed)
        told, stated = (y, proxy) if family == "linear" else (kind, guess)
        found = estimate_coefficients(X, stated, rows, told[rows], family=family)
        alone = estimate_coefficients(X, stated, rows, told[rows], family=family, power=0)
        held.append((found.intervals[:, 0] <= B) & (found.intervals[:, 1] >= B))
        narrower.append(found.errors / alone.errors)
    assert 0.9 <= np.mean(held) <= 0.99
    assert np.mean(narrower) < 0.8


def test_a_proxy_that_says_nothing_is_left_out():
    X, y, *_, rows = made(2)
    noise = np.random.default_rng(9).normal(size=ROWS)
    found = estimate_coefficients(X, noise, rows, y[rows])
    assert found.power < 0.2


@pytest.mark.parametrize(
    ("given", "error", "what"),
    [
        ({"family": "probit"}, ConfigError, "family"),
        ({"features": np.ones((4, 2))}, InputError, "apart"),
        ({"features": np.ones(4)}, InputError, "shape"),
        ({"proxy": [0.0, 1.0]}, InputError, "proxy"),
        ({"family": "logistic", "truth": [0.0, 2.0, 1.0]}, InputError, "answer is 2"),
        (
            {"family": "logistic", "features": np.arange(8).reshape(4, 2) * [1, -1], "power": 0},
            InputError,
            "finite",
        ),
    ],
)
def test_what_does_not_fit_is_refused(given, error, what):
    columns = np.column_stack([np.ones(4), [0.0, 1.0, 2.0, 5.0]])
    values = {"features": columns, "proxy": np.zeros(4), "rows": [0, 1, 3], "truth": [0.0, 0.0, 1.0]}
    with pytest.raises(error, match=what):
        estimate_coefficients(**(values | given))
