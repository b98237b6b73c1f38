"""The proof: what is said of models by noisy held-out labels is so of the true ones."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from labelworks.schemas.config.run import RunConfig
from labelworks.tasks.methods.chosen import Chosen
from labelworks.tasks.methods.noise_judge import Sample
from labelworks.tasks.methods.registry import get
from labelworks.tasks.methods.statistics.folds import fold_of
from labelworks.tasks.methods.statistics.sums import FoldSums
from labelworks.tasks.methods.validation import out_of_fold as out_of_fold_module
from labelworks.tasks.methods.validation.arms import AGAIN, GIVEN, LIKELIEST, PROPOSED, WEIGHTS, arms_of
from labelworks.tasks.methods.validation.before_after import Proof, choose_arm, compared, prove, within
from labelworks.tasks.methods.validation.disagreements import Estimate
from labelworks.tasks.methods.validation.out_of_fold import OutOfFold, out_of_fold, too_few_folds
from labelworks.tasks.methods.validation.publish_when import why_not
from labelworks.tasks.planning.values import proof_options

N, D, K = 3000, 8, 3
FLIPS = np.array([[0.8, 0.2, 0.0], [0.0, 0.75, 0.25], [0.1, 0.0, 0.9]])
CONFIG = {"dataset": {"source": "s", "label": "l", "features": {"vector": "v"}}}
OPTIONS = proof_options(RunConfig.model_validate(CONFIG))


def simulated(seed: int = 0, rows: int = N) -> tuple[Sample, np.ndarray]:
    """Rows whose labels were flipped by a known transition, and their true labels (N,)."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, K, rows)
    features = (3.0 * np.eye(K, D)[true] + rng.normal(size=(rows, D))).astype(np.float32)
    given = np.array([rng.choice(K, p=FLIPS[label]) for label in true], np.int32)
    return Sample(features, given, fold_of(rng.integers(0, 2**63, rows).astype(np.uint64), 5)), true


def sums_of(sample: Sample) -> FoldSums:
    return FoldSums.of(sample.features, sample.given, sample.folds, 5, K)


def foretold(sample: Sample, labels: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """What models of some labels, each without a fold, say of the rows of that fold (N, K)."""
    probs, fit = np.zeros((len(labels), K), np.float32), get("models", "multinomial").target
    for fold in range(5):
        held = sample.folds == fold
        model = fit(sample.features[~held], labels[~held], None if weight is None else weight[~held], K)
        probs[held] = model(sample.features[held])
    return probs


@pytest.fixture(scope="module")
def simulation() -> tuple[Sample, np.ndarray]:
    return simulated()


@pytest.fixture(scope="module")
def few() -> Sample:
    """Rows enough where it isn't measured how right they are."""
    return simulated(rows=500)[0]


def test_the_accuracy_is_the_true_one(simulation: tuple[Sample, np.ndarray]) -> None:
    sample, true = simulation
    proof = prove(sums_of(sample), sample, OPTIONS, None)
    truth = float(np.mean(foretold(sample, sample.given).argmax(axis=1) == true))
    assert proof.holdout_rows == N
    assert proof.accuracy_raw == pytest.approx(truth, abs=0.03)
    assert proof.given_raw < truth - 0.1  # agreement with noisy labels is far from it
    assert proof.low <= proof.difference <= proof.high
    assert {arm.name for arm in proof.arms} <= set(arms_of(OPTIONS.policy))


def test_weights_of_a_window_give_its_accuracy(simulation: tuple[Sample, np.ndarray]) -> None:
    sample, true = simulation
    weights = np.array([2.4, 0.3, 0.3])
    proof = prove(sums_of(sample), sample, OPTIONS, weights)
    right = foretold(sample, sample.given).argmax(axis=1) == true
    assert proof.accuracy_raw == pytest.approx(np.average(right, weights=weights[true]), abs=0.03)


def test_of_three_folds_each_is_held_out_and_of_two_none_can_be(few: Sample) -> None:
    three = replace(few, folds=np.arange(len(few.given)) % 3)
    sums = FoldSums.of(three.features, three.given, three.folds, 3, K)
    assert prove(sums, three, OPTIONS, None).holdout_rows == len(few.given)
    assert not too_few_folds(three.folds)
    assert too_few_folds(np.array([0, 5, 1, 6]))  # of ten, in five groups: with one out there is one


def of_labels(sample: Sample, flips: np.ndarray, **labels: np.ndarray) -> Proof:
    """The proof of arms that train on these labels."""
    probs = {name: foretold(sample, value) for name, value in ({GIVEN: sample.given} | labels).items()}
    return compared(
        OutOfFold(sample.given, sample.folds, probs, np.repeat(flips[None], 5, axis=0), (GIVEN,)), None, 0
    )


def test_right_labels_are_proven_better_and_the_difference_is_the_true_one() -> None:
    sample, true = simulated(3)
    hard = replace(sample, features=sample.features[:, :K] / 2)
    proof = of_labels(hard, FLIPS, proposed=true.astype(np.int32))
    raw, best = (foretold(hard, each).argmax(axis=1) == true for each in (sample.given, true))
    assert proof.low <= best.mean() - raw.mean() <= proof.high
    assert proof.arm == "proposed" and why_not(proof, None) == ""


def test_a_class_and_a_group_are_looked_at_apart() -> None:
    """Models that differ on one group alone: the difference there is the true one, elsewhere 0."""
    sample, true = simulated(4)
    group = np.where(np.arange(N) % 3 == 0, "old", "new")
    raw = foretold(sample, sample.given)
    better = np.where((group == "old")[:, None], np.eye(K, dtype=np.float32)[true], raw)
    flips = np.repeat(FLIPS[None], 5, axis=0)
    probs = {GIVEN: raw, "proposed": better}
    found = OutOfFold(sample.given, sample.folds, probs, flips, (GIVEN,), {"group/age": group})
    proof = compared(found, None, 0)
    parts = {each.name: each for each in proof.by_group}
    assert sum(part.rows for part in parts.values()) == N
    low, high = parts["age: old"].difference.interval
    wrong = np.mean(raw.argmax(axis=1)[group == "old"] != true[group == "old"])
    assert 0 < low <= wrong <= high
    assert abs(parts["age: new"].difference.value) < 1e-3
    assert {each.name for each in proof.by_class} == {0, 1, 2}


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_labels_changed_at_random_are_never_carried(share: float) -> None:
    """As the errors there lean to one side, more of them at random may even help: so of right labels."""
    sample, true = simulated(5)
    sample = replace(sample, given=true.astype(np.int32), features=sample.features / 2)
    rng = np.random.default_rng(1)
    spoilt = np.where(rng.random(N) < share, rng.integers(0, K, N), sample.given).astype(np.int32)
    proof = of_labels(sample, np.eye(K), proposed=spoilt)
    assert why_not(proof, None)
    assert proof.gain is not None and proof.gain.interval[0] <= 0


def test_the_choice_is_measured_on_rows_that_it_did_not_see() -> None:
    """Of many arms that differ by chance alone the best one looks better than it is."""
    rng = np.random.default_rng(0)
    folds = np.arange(1000) % 5
    gains = {f"arm {number}": rng.normal(size=1000) for number in range(40)}
    arm, gain = choose_arm(gains, folds)
    assert gains[arm].mean() > 1.96 * gains[arm].std() / np.sqrt(1000)  # so it would seem
    assert gain.interval[0] < 0 < gain.interval[1]


@pytest.mark.parametrize(("lead", "arm", "chosen"), [
    (0.5, LIKELIEST, PROPOSED), (1.5, LIKELIEST, LIKELIEST),
    (1.5, WEIGHTS, PROPOSED), (2.5, WEIGHTS, WEIGHTS),
])  # fmt: skip
def test_what_was_proposed_stays_unless_another_leads(lead: float, arm: str, chosen: str) -> None:
    """By a standard error; weights alone, which leave wrong labels in the version, by two."""
    proposed = np.random.default_rng(1).normal(size=1000)
    apart = np.random.default_rng(2).normal(size=1000)
    apart = (apart - apart.mean()) / apart.std() + lead / np.sqrt(1000)
    assert choose_arm({PROPOSED: proposed, arm: proposed + apart}, np.arange(1000) % 5)[0] == chosen


@pytest.mark.parametrize("mode", ["none", "both"])
def test_the_held_out_fold_trains_nothing(mode: str) -> None:
    """What stands in a fold's rows changes nothing of what is foretold of the same features there.

    Whether there is a second look is decided for all by the first fold, here alike for both.
    """
    few, _ = simulated(rows=700)
    held = few.folds == 2
    turned = replace(few, given=np.where(held, (few.given + 1) % K, few.given).astype(np.int32))
    arms = arms_of(proof_options(RunConfig.model_validate(CONFIG | {"treat": {"mode": mode}})).policy)
    one, other = (
        out_of_fold(sums_of(each), each, OPTIONS.judge, "multinomial", arms, None) for each in (few, turned)
    )
    np.testing.assert_allclose(one.transitions[2], other.transitions[2])
    for name in arms:
        np.testing.assert_allclose(one.probs[name][held], other.probs[name][held], atol=1e-4)


def test_labels_that_two_arms_share_are_trained_on_once(few: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a second pass finds what the first one found, it costs no model more, and is looked at once."""
    fit, looked = get("models", "multinomial").target, [0, 0]

    def counted(*training: Any) -> Any:
        looked[0] += 1
        return fit(*training)

    def nothing_new(rows: Sample, labels: np.ndarray, judge: Any, judged: Any, **_: Any) -> Any:
        looked[1] += 1
        return judged

    monkeypatch.setattr(out_of_fold_module, "get", lambda *_: SimpleNamespace(target=counted))
    monkeypatch.setattr(out_of_fold_module, "look_again", nothing_new)
    policy = proof_options(RunConfig.model_validate(CONFIG)).policy
    arms = arms_of(replace(policy, objective=Chosen("auto")))
    assert AGAIN in arms
    found = out_of_fold(sums_of(few), few, OPTIONS.judge, "multinomial", arms, None)
    np.testing.assert_array_equal(found.probs[AGAIN], found.probs[LIKELIEST])
    assert 10 <= looked[0] <= 5 * (len(arms) - 1)
    assert looked[1] == 1


def test_nothing_treated_is_nothing_gained_for_sure(few: Sample) -> None:
    config = RunConfig.model_validate(CONFIG | {"treat": {"mode": "none"}})
    proof = prove(sums_of(few), few, proof_options(config), None)
    assert (proof.low, proof.high, proof.arm) == (0.0, 0.0, GIVEN)
    assert proof.accuracy_raw == proof.accuracy_treated
    assert why_not(proof, None) == "nothing was treated"


def test_a_dataset_of_many_folds_is_held_out_five_times(few: Sample) -> None:
    sample = replace(few, folds=np.arange(len(few.given)) % 12)
    sums = FoldSums.of(sample.features, sample.given, sample.folds, 12, K)
    found = out_of_fold(sums, sample, OPTIONS.judge, "multinomial", arms_of(OPTIONS.policy), None)
    assert len(found.transitions) == 5
    assert all((probs.sum(axis=1) > 0.99).all() for probs in found.probs.values())


@pytest.mark.parametrize("seed", range(4))
def test_no_accuracy_is_more_than_whole_however_few_rows_there_are(seed: int) -> None:
    rng = np.random.default_rng(seed)
    true = rng.integers(0, K, 60)
    given = np.where(rng.random(60) < 0.3, (true + 1) % K, true).astype(np.int32)
    features = (8.0 * np.eye(K, D)[true] + rng.normal(size=(60, D))).astype(np.float32)
    sample = Sample(features, given, np.arange(60) % 5)
    proof = prove(sums_of(sample), sample, OPTIONS, None)
    assert 0 <= proof.accuracy_raw <= 1 and 0 <= proof.accuracy_treated <= 1
    assert (
        -proof.accuracy_raw <= proof.low <= proof.difference <= proof.high <= 1 - proof.accuracy_raw + 1e-12
    )


@pytest.mark.parametrize(
    ("before", "change", "after", "at_limit"),
    [
        (1.0, 0.195, 1.0, True),  # 100.5 % to 120 %: no gain that can be told
        (1.0, -0.195, 0.805, False),  # a loss stays as large as it is
        (0.9, 0.05, 0.95, False),
        (0.2, -0.7, 0.0, True),
    ],
)
def test_a_loss_shows_and_a_gain_ends_at_the_limit(
    before: float, change: float, after: float, at_limit: bool
) -> None:
    found = within(before, Estimate(change, 0.1))
    assert (found["accuracy_raw"], found["accuracy_treated"]) == pytest.approx((before, after))
    assert found["at_limit"] == at_limit
    assert -before <= found["low"] <= after - before + 1e-12 and after - before <= found["high"] + 1e-12
    assert found["high"] <= 1 - before + 1e-12
