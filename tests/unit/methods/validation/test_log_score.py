"""The log score of noisy labels: models are measured by what they know, not by how they say it."""

from __future__ import annotations

import numpy as np
import pytest

from labelworks.tasks.methods.validation.log_score import log_scores

K, N = 3, 4000


def made(noise: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Given labels (N,), the true ones, and P(true) (N, K), from one informative number a row."""
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet(np.full(K, 0.3), N).astype(np.float32)
    true = (probs.cumsum(axis=1) < rng.random((N, 1))).sum(axis=1).clip(0, K - 1)
    given = np.where(rng.random(N) < noise, (true + 1) % K, true).astype(np.int32)
    return given, true, probs


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_it_is_that_of_the_noisy_labels_themselves(noise: float) -> None:
    given, _, probs = made(noise)
    transition = (1 - noise) * np.eye(K) + noise * np.roll(np.eye(K), 1, axis=1)
    known = np.log(np.maximum((probs @ transition)[np.arange(N), given], 1e-6))
    assert log_scores(given, probs).mean() == pytest.approx(known.mean(), abs=0.02)


def test_a_model_of_true_labels_and_one_of_noisy_labels_that_know_as_much_score_alike() -> None:
    given, _, probs = made(0.2)
    transition = 0.8 * np.eye(K) + 0.2 * np.roll(np.eye(K), 1, axis=1)
    noisy = (probs @ transition).astype(np.float32)
    too_sure = probs**3 / (probs**3).sum(axis=1, keepdims=True)
    true, other, sharp = (log_scores(given, each).mean() for each in (probs, noisy, too_sure))
    assert sharp == pytest.approx(true, abs=0.01)
    assert other == pytest.approx(true, abs=0.03)


def test_one_that_knows_less_scores_less_and_one_row_decides_nothing() -> None:
    given, _, probs = made(0.2)
    blurred = probs[np.random.default_rng(1).permutation(N)]
    half = np.where(np.arange(N)[:, None] % 2, probs, blurred)
    scores = [log_scores(given, each) for each in (probs, half, blurred)]
    assert scores[0].mean() > scores[1].mean() + 0.05 > scores[2].mean() + 0.1
    assert all(score.min() >= np.log(1e-6) for score in scores)


def test_rows_without_weight_are_not_fitted_on() -> None:
    given, _, probs = made(0.1)
    spoilt = np.arange(N) < N // 2
    given = np.where(spoilt, (given + 2) % K, given).astype(np.int32)
    clean = log_scores(given, probs, np.where(spoilt, 1e-9, 2.0))
    assert clean[~spoilt].mean() > log_scores(given, probs)[~spoilt].mean() + 0.1
