"""The proof: accuracy on noisy held-out labels, corrected, is the accuracy on true ones."""

from __future__ import annotations

import numpy as np
import pytest

from labelworks.schemas.config.run import RunConfig
from labelworks.tasks.methods.folds import HOLDOUT, fold_of
from labelworks.tasks.methods.noise_judge import Sample
from labelworks.tasks.methods.registry import get
from labelworks.tasks.methods.sums import FoldSums
from labelworks.tasks.methods.validation.before_after import bounded, prove
from labelworks.tasks.planning.values import proof_options

N, D, K = 6000, 8, 3
FLIPS = np.array([[0.8, 0.2, 0.0], [0.0, 0.75, 0.25], [0.1, 0.0, 0.9]])
CONFIG = {
    "dataset": {"source": "s", "label": "l", "features": {"vector": "v"}},
    "validate": {"bootstrap": 300},
}


def simulated(seed: int = 0) -> tuple[Sample, np.ndarray]:
    """Rows whose labels were flipped by a known transition, and their true labels (N,)."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, K, N)
    features = (3.0 * np.eye(K, D)[true] + rng.normal(size=(N, D))).astype(np.float32)
    given = np.array([rng.choice(K, p=FLIPS[label]) for label in true], np.int32)
    return Sample(features, given, fold_of(rng.integers(0, 2**63, N).astype(np.uint64), 5)), true


@pytest.fixture(scope="module")
def simulation() -> tuple[Sample, np.ndarray, FoldSums]:
    sample, true = simulated()
    return sample, true, FoldSums.of(sample.features, sample.given, sample.folds, 5, K)


def test_the_corrected_accuracy_is_the_true_one(simulation: tuple[Sample, np.ndarray, FoldSums]) -> None:
    sample, true, sums = simulation
    proof = prove(sums, sample, proof_options(RunConfig.model_validate(CONFIG)), None)
    held = sample.folds == HOLDOUT
    raw = get("models", "multinomial").target(sample.features[~held], sample.given[~held], None)
    truth = float(np.mean(raw(sample.features[held]) == true[held]))
    assert proof.holdout_rows == held.sum()
    assert proof.accuracy_raw == pytest.approx(truth, abs=0.03)
    assert proof.given_raw < truth - 0.1  # agreement with noisy labels is far from it
    assert proof.low <= proof.accuracy_treated - proof.accuracy_raw <= proof.high


def test_weights_of_a_window_give_its_accuracy(simulation: tuple[Sample, np.ndarray, FoldSums]) -> None:
    sample, true, sums = simulation
    weights = np.array([2.4, 0.3, 0.3])
    proof = prove(sums, sample, proof_options(RunConfig.model_validate(CONFIG)), weights)
    held = sample.folds == HOLDOUT
    raw = get("models", "multinomial").target(sample.features[~held], sample.given[~held], None)
    right = raw(sample.features[held]) == true[held]
    truth = np.average(right, weights=weights[true[held]])
    assert proof.accuracy_raw == pytest.approx(truth, abs=0.05)


@pytest.mark.parametrize("seed", range(6))
def test_no_accuracy_is_more_than_whole_however_few_rows_are_held_out(seed: int) -> None:
    rng = np.random.default_rng(seed)
    true = rng.integers(0, K, 120)
    given = np.where(rng.random(120) < 0.3, (true + 1) % K, true).astype(np.int32)
    features = (8.0 * np.eye(K, D)[true] + rng.normal(size=(120, D))).astype(np.float32)
    sample = Sample(features, given, np.arange(120) % 5)
    proof = prove(
        FoldSums.of(features, given, sample.folds, 5, K),
        sample,
        proof_options(RunConfig.model_validate(CONFIG)),
        None,
    )
    assert 0 <= proof.accuracy_raw <= 1 and 0 <= proof.accuracy_treated <= 1
    assert proof.low <= proof.difference <= proof.high <= 1 - proof.accuracy_raw + 1e-12
    assert proof.low >= -proof.accuracy_raw


@pytest.mark.parametrize(
    ("raw", "treated", "expected", "at_limit"),
    [
        ((1.2, 0.81), (1.2, 1.2), (1.0, 1.0), True),  # 100.5 % to 120 %: no gain that can be told
        ((1.2, 1.2), (1.2, 0.81), (1.0, 0.805), True),  # a loss stays as large as it is
        ((0.9, 0.9), (1.0, 1.0), (0.9, 1.0), False),
        ((-0.2, -0.2), (0.5, 0.5), (0.0, 0.7), True),
    ],
)
def test_a_loss_shows_and_a_gain_ends_at_the_limit(
    raw: tuple[float, ...], treated: tuple[float, ...], expected: tuple[float, float], at_limit: bool
) -> None:
    found = bounded(np.array(raw), np.array(treated), repeats=50, seed=0)
    assert (found["accuracy_raw"], found["accuracy_treated"]) == pytest.approx(expected)
    assert found["at_limit"] == at_limit
    assert found["low"] <= found["accuracy_treated"] - found["accuracy_raw"] <= found["high"]


def test_the_held_out_fold_trains_nothing(simulation: tuple[Sample, np.ndarray, FoldSums]) -> None:
    sample, _, _ = simulation
    held = sample.folds == HOLDOUT
    moved = sample.features + np.float32(50) * held[:, None]
    config = RunConfig.model_validate({**CONFIG, "treat": {"mode": "none"}})
    other = Sample(moved, sample.given, sample.folds)
    proof = prove(FoldSums.of(moved, sample.given, sample.folds, 5, K), other, proof_options(config), None)
    assert (proof.low, proof.high) == (0.0, 0.0)  # nothing treated, nothing gained
    assert proof.accuracy_raw == proof.accuracy_treated
