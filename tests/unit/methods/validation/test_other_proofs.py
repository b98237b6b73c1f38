"""Proofs of label sets and of numbers: better where errors are mended, the same where there are none."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from labelworks.schemas.config.run import RunConfig
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.chosen import Chosen
from labelworks.tasks.methods.probes.ridge_by_fold import TargetSums
from labelworks.tasks.methods.regression.judge import JudgedNumbers
from labelworks.tasks.methods.statistics.folds import fold_of, in_sample
from labelworks.tasks.methods.validation.label_sets import prove_label_sets
from labelworks.tasks.methods.validation.numbers import prove_numbers
from labelworks.tasks.methods.validation.observed import HeldRows
from labelworks.tasks.planning.values import proof_options

DATA = {"source": "here", "label": "label", "features": {"vector": "vector"}}
ROWS, FEW, DIM, K = 1200, 300, 24, 5


def config(mode="both", task="multilabel", **treat):
    return RunConfig.model_validate({"dataset": DATA | {"task": task}, "treat": {"mode": mode, **treat}})


def made(rows=ROWS):
    rng = np.random.default_rng(0)
    features = rng.normal(size=(rows, DIM)).astype(np.float32)
    return rng, features, features @ rng.normal(size=(DIM, K)), rng.integers(0, 5, rows)


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_mended_label_sets_teach_better(noise):
    rng, features, scores, folds = made()
    given = sparse.csr_array(((scores > 1.5) ^ (rng.random(scores.shape) < noise)).astype(np.int8))
    sums = TargetSums.of(features, given, folds, 5)
    found = prove_label_sets(sums, features, given, folds, None, proof_options(config()))
    assert found.holdout_rows == ROWS
    assert found.low <= found.difference <= found.high
    if noise:
        assert found.difference > 0.002 and found.accuracy_raw == pytest.approx(0.95, abs=0.04)
    else:
        assert abs(found.difference) < 0.002


def test_label_sets_that_nothing_is_done_to_teach_the_same():
    _, features, scores, folds = made(FEW)
    given = sparse.csr_array((scores > 1.5).astype(np.int8))
    sums = TargetSums.of(features, given, folds, 5)
    assert prove_label_sets(sums, features, given, folds, None, proof_options(config("none"))).difference == 0


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_mended_numbers_teach_better(noise):
    rng, features, scores, folds = made()
    given = scores[:, 0] + 0.3 * rng.normal(size=ROWS)
    given = np.where(rng.random(ROWS) < noise, given + 20 * rng.normal(size=ROWS), given)
    found = prove_numbers(features, given, folds, proof_options(config(task="regression")))
    assert found.low <= found.difference <= found.high
    assert found.low > 0 if noise else abs(found.difference) < 1e-4
    assert found.given_treated >= found.given_raw - 0.005


def test_a_model_worse_than_the_median_explains_nothing_and_the_other_no_more_than_it_does():
    rng, features, scores, folds = made()
    given = scores[:, 0] + 0.3 * rng.normal(size=ROWS)
    given = np.where(rng.random(ROWS) < 0.05, given * 200, given)
    found = prove_numbers(features, given, folds, proof_options(config(task="regression")))
    assert found.accuracy_raw == pytest.approx(0)
    assert found.accuracy_treated == pytest.approx(1 - 0.3**2 / np.var(scores[:, 0]), abs=0.002)
    assert 0.5 < found.low < found.difference < found.high
    assert not found.at_limit


def test_numbers_that_nothing_is_done_to_teach_the_same():
    rng, features, scores, folds = made(FEW)
    given = scores[:, 0] + 0.3 * rng.normal(size=FEW)
    assert prove_numbers(features, given, folds, proof_options(config("none", "regression"))).difference == 0


def test_a_treatment_that_spoils_labels_is_seen():
    """Right labels, and probabilities that are sure of the contrary where one feature is large."""
    _, features, scores, folds = made()
    truth = scores > 1.5
    own = np.where(truth ^ (features[:, [7]] > 1), 0.99, 0.01).astype(np.float32)
    given = sparse.csr_array(truth.astype(np.int8))
    sums = TargetSums.of(features, given, folds, 5)
    found = prove_label_sets(sums, features, given, folds, own, proof_options(config(relabel_over=0.8)))
    assert found.high < 0 and found.gain.interval[1] < 0 and found.given_treated < found.given_raw


class DoubtsTheUnusual:
    """Doubts the numbers furthest from their prediction, in turn above or below it, right or not."""

    def fit(self, given, predicted, /):
        pass

    def judge(self, given, predicted, /):
        error = np.where(given - predicted > 1, 0.99, 0.0) * (len(given) > ROWS / 2)
        return JudgedNumbers(predicted, 1 - error, error, error > 0.5)

    def usual(self, predicted, /):
        return predicted - 1, predicted + 1

    rate = 0.0


def test_a_treatment_that_spoils_what_is_unusual_is_seen():
    rng, features, scores, folds = made()
    given = scores[:, 0] + 3 * rng.exponential(1.0, ROWS)
    registry.register("regression", "unusual", needs=("labels", "predictions"), source="a test")(
        DoubtsTheUnusual
    )
    try:
        options = proof_options(config(task="regression"))
        judge = replace(options.judge, noise=Chosen("unusual"))
        found = prove_numbers(features, given, folds, replace(options, judge=judge))
    finally:
        registry.forget("a test")
    assert found.high < 0


def test_few_rows_of_a_sample_are_compared_and_bags_stay_whole() -> None:
    hashes = np.random.default_rng(0).integers(0, 2**64, 8000, np.uint64)
    sampled = hashes[in_sample(hashes, 0.125)]
    count = len(sampled)
    kinds = np.array(["bags", "single"], object)[(np.arange(count) >= 60).astype(int)]
    bags, marks = np.arange(count) // 20, sparse.csr_array(np.eye(2)[np.arange(count) % 2])
    rows = HeldRows(
        np.zeros((count, 1)), fold_of(sampled, 5), sampled, marks, kinds, bags, np.zeros(count, np.int32)
    )
    some = rows.at_most(400)
    assert 400 <= len(some.folds) < 420 < count
    assert set(np.bincount(some.bags[some.kinds == "bags"], minlength=3)) <= {0, 20}
    assert rows.at_most(count) is rows
