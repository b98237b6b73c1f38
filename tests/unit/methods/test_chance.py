"""Labels that have nothing to do with the features are told from those that have, however weakly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from labelworks.schemas.suites import defaults
from labelworks.tasks.methods.chance import features_p_value, predictions_p_value
from labelworks.tasks.methods.findings.noise import agreement
from tests.support.out_of_sample import leave_fold_out

SEEDS, LEVEL = 30, 0.001
Made = Callable[[np.random.Generator], tuple[NDArray[np.floating], Any]]


def level() -> float:
    """What the shipped gate asks for."""
    (found,) = (each for each in defaults("detect").figures.expect if each.name == "max_chance_p_value")
    return float(found.kwargs["max_value"])


def refused(make: Made, p_value: Callable[..., float] = features_p_value, seeds: int = SEEDS) -> int:
    """How many of so many datasets don't pass the test."""
    return sum(p_value(*make(np.random.default_rng(seed))) > level() for seed in range(seeds))


def vectors(rng: np.random.Generator, rows: int, dim: int, kind: str = "normal") -> NDArray[np.float32]:
    drawn = rng.standard_t(1.5, (rows, dim)) if kind == "heavy" else rng.normal(size=(rows, dim))
    spread = np.geomspace(1, 1e-3, dim) if kind == "narrow" else 1.0
    return np.asarray(drawn * spread + 5, np.float32)


def classes(rng: np.random.Generator, rows: int, count: int, even: float = 50.0) -> NDArray[np.int32]:
    return rng.choice(count, rows, p=rng.dirichlet(np.full(count, even))).astype(np.int32)


def told(
    rng: np.random.Generator, rows: int, dim: int, count: int, strength: float
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Classes whose centres lie so far apart, in spreads of their rows."""
    given = classes(rng, rows, count)
    centres = strength * rng.normal(size=(count, dim)) / np.sqrt(dim)
    return (centres[given] + rng.normal(size=(rows, dim))).astype(np.float32), given


@pytest.mark.parametrize("kind", ["normal", "heavy", "narrow"])
@pytest.mark.parametrize(
    ("rows", "dim", "count", "even"),
    [
        (30, 8, 2, 50),
        (60, 4, 3, 50),
        (200, 16, 3, 50),
        (400, 32, 10, 0.3),
        (500, 32, 50, 50),
        (40, 120, 3, 50),
    ],
)
def test_classes_unrelated_to_the_features_are_refused(
    kind: str, rows: int, dim: int, count: int, even: float
) -> None:
    assert refused(lambda rng: (vectors(rng, rows, dim, kind), classes(rng, rows, count, even))) >= SEEDS - 1


@pytest.mark.parametrize("density", [0.01, 0.1, 0.35, 0.7])
@pytest.mark.parametrize(("rows", "count"), [(200, 3), (200, 10), (500, 50)])
def test_label_sets_unrelated_to_the_features_are_refused(density: float, rows: int, count: int) -> None:
    def make(rng: np.random.Generator) -> tuple[NDArray[np.float32], sparse.csr_array]:
        frequency = np.clip(density * rng.uniform(0.2, 2, count), 0, 1)
        return vectors(rng, rows, 8), sparse.csr_array(
            (rng.random((rows, count)) < frequency).astype(np.int8)
        )

    assert refused(make) >= SEEDS - 1


@pytest.mark.parametrize("rows", [10, 50, 500])
@pytest.mark.parametrize("draw", ["normal", "standard_cauchy", "random"])
def test_numbers_unrelated_to_the_features_are_refused(rows: int, draw: str) -> None:
    assert refused(lambda rng: (vectors(rng, rows, 8, "heavy"), getattr(rng, draw)(size=rows))) >= SEEDS - 1


def foretold(rng: np.random.Generator, strength: float) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Predictions of classes, each fold's by a model of the others."""
    features, given = told(rng, 240, 12, 3, strength)
    targets = np.eye(3)[given]
    return leave_fold_out(features, targets, np.arange(240) % 5), given


def test_predictions_that_foretell_nothing_are_refused_though_folds_share_their_rows() -> None:
    assert refused(lambda rng: foretold(rng, 0.0), predictions_p_value) >= SEEDS - 1
    assert refused(lambda rng: foretold(rng, 0.9), predictions_p_value, seeds=10) <= 1


def test_predictions_of_the_wrong_classes_are_refused_however_well_they_tell() -> None:
    probs = np.eye(3)[np.arange(90) % 3] * 0.8 + 0.1
    assert predictions_p_value(probs, np.arange(90) % 3) <= LEVEL
    assert predictions_p_value(probs, (np.arange(90) + 1) % 3) > 0.5
    assert predictions_p_value(probs[:, :2], np.eye(3)[np.arange(90) % 3][:, :2]) <= LEVEL


@pytest.mark.parametrize(
    ("rows", "dim", "count", "strength"),
    [(300, 16, 3, 0.7), (300, 64, 3, 0.8), (600, 32, 10, 0.9), (1000, 16, 50, 1.2)],
)
def test_weak_signals_pass(rows: int, dim: int, count: int, strength: float) -> None:
    features, given = told(np.random.default_rng(0), rows, dim, count, strength)
    foretold = leave_fold_out(features, np.eye(count)[given], np.arange(rows) % 5).argmax(axis=1)
    assert agreement(given, foretold)["out_of_sample_accuracy"] < 0.55
    assert refused(lambda rng: told(rng, rows, dim, count, strength), seeds=10) == 0


def test_a_weak_signal_of_a_rare_class_passes_though_it_is_never_named() -> None:
    def make(rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        given = (np.arange(1000) % 20 == 0).astype(np.int32)
        return (vectors(rng, 1000, 8) + given[:, None] * [1.2, *[0] * 7]).astype(np.float32), given

    assert refused(make, seeds=10) == 0
    features, given = make(np.random.default_rng(0))
    foretold = leave_fold_out(features, np.eye(2)[given], np.arange(1000) % 5).argmax(axis=1)
    assert agreement(given, foretold)["accuracy_over_chance"] == 0.0


def test_weak_signals_of_numbers_and_of_label_sets_pass() -> None:
    def numbers(rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        features = vectors(rng, 400, 8)
        return features, features[:, 0] + 1.2 * rng.standard_t(2, 400)

    def sets(rng: np.random.Generator) -> tuple[NDArray[np.float32], sparse.csr_array]:
        given = rng.random((400, 10)) < 0.2
        return (given @ rng.normal(size=(10, 16)) * 0.25 + rng.normal(size=(400, 16))).astype(
            np.float32
        ), given

    assert refused(numbers, seeds=10) == 0
    assert refused(sets, seeds=10) == 0


@pytest.mark.parametrize("rows", [1, 2, 50])
def test_what_never_changes_tells_nothing(rows: int) -> None:
    features = np.ones((rows, 3), np.float16)
    assert features_p_value(features, np.arange(rows) % 2) == 1.0
    assert features_p_value(vectors(np.random.default_rng(0), rows, 3), np.zeros(rows, np.int32)) == 1.0
    assert features_p_value(vectors(np.random.default_rng(0), rows, 3), np.ones(rows)) == 1.0
    assert predictions_p_value(np.full((rows, 2), 0.5), np.arange(rows) % 2) == 1.0


def test_more_rows_than_are_looked_at_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labelworks.tasks.methods.chance.CELLS", 200)
    rng = np.random.default_rng(3)
    assert features_p_value(*told(rng, 2000, 8, 3, 3.0)) <= LEVEL
    assert features_p_value(vectors(rng, 2000, 8), classes(rng, 2000, 3)) > LEVEL


def test_agreement_by_chance_is_that_of_shuffled_predictions() -> None:
    rng = np.random.default_rng(0)
    given, foretold = rng.choice(3, 500, p=[0.6, 0.3, 0.1]), rng.choice(3, 500, p=[0.5, 0.4, 0.1])
    shuffled = np.mean([np.mean(given == rng.permutation(foretold)) for _ in range(2000)])
    found = agreement(given, foretold)
    assert found["chance_accuracy"] == pytest.approx(shuffled, abs=0.002)
    assert found["accuracy_over_chance"] == pytest.approx(np.mean(given == foretold) - shuffled, abs=0.002)
    assert agreement(given, given)["out_of_sample_accuracy"] == 1.0
