"""A second pass: sums that change as labels do, and errors told that the first pass could not tell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from labelworks.schemas.config.detect import DetectConfig
from labelworks.tasks.methods.noise_judge import NoiseJudge, Sample
from labelworks.tasks.methods.statistics.random_features import RandomFeatures
from labelworks.tasks.methods.statistics.sums import FoldSums
from labelworks.tasks.methods.treatment.second_pass import SecondPass, change, look_again, relabelled
from labelworks.tasks.planning.values import judge_options

N, K, F, D = 1200, 4, 5, 6
RNG = np.random.default_rng(4)
TRUE = RNG.integers(0, K, N).astype(np.int32)
FEATURES = (np.eye(K, D)[TRUE] * 3 + RNG.normal(size=(N, D))).astype(np.float32)
FOLDS = RNG.integers(0, F, N)
GIVEN = np.where(RNG.random(N) < 0.3, (TRUE + 1) % K, TRUE).astype(np.int32)
SAMPLE = Sample(FEATURES, GIVEN, FOLDS)
MAP = RandomFeatures(np.zeros(D, np.float32), np.full(D, 4, np.float32))
OPTIONS = judge_options(DetectConfig())


def sums(labels: np.ndarray, random: RandomFeatures | None = None) -> FoldSums:
    return FoldSums.of(FEATURES, labels, FOLDS, F, K, random=random)


@pytest.mark.parametrize("random", [None, MAP])
def test_the_changes_of_parts_make_the_sums_of_the_treated_labels(random: RandomFeatures | None) -> None:
    treated = np.where(RNG.random(N) < 0.4, TRUE, GIVEN).astype(np.int32)
    parts = np.array_split(RNG.permutation(N), 3)
    moved = [change(SAMPLE.only(rows), treated[rows], F, K, random) for rows in parts]
    found, exact = sums(GIVEN, random) + moved[0] + moved[1] + moved[2], sums(treated, random)
    for name, values in exact.arrays.items():
        np.testing.assert_allclose(found.arrays[name], values, rtol=1e-4, atol=1e-3, err_msg=name)


def test_labels_that_stay_change_nothing() -> None:
    assert not change(SAMPLE, GIVEN, F, K).total.any()


def passes() -> tuple[NoiseJudge, SecondPass]:
    """The first pass, and a second one on labels of which those it is sure of were changed."""
    first = NoiseJudge.fit(sums(GIVEN), SAMPLE, OPTIONS)
    judged = first.judge(SAMPLE)
    treated = np.where(judged.flag, judged.suggestion, GIVEN).astype(np.int32)
    summed = sums(GIVEN) + change(SAMPLE, treated, F, K)
    again = SecondPass.fit(summed, relabelled(SAMPLE, treated), OPTIONS, judged, first.threshold)
    return first, again


def test_tells_more_errors_and_its_claims_hold() -> None:
    first, again = passes()
    found = again.judge(SAMPLE)
    right = [
        np.mean(np.where(each.flag, each.suggestion, GIVEN) == TRUE) for each in (first.judge(SAMPLE), found)
    ]
    assert right[1] > right[0] > np.mean(GIVEN == TRUE)
    assert found.posterior is not None
    np.testing.assert_allclose(found.posterior.sum(axis=1), 1, rtol=1e-5)
    suggested = found.suggested
    assert suggested is not None
    hits = found.suggestion[found.flag] == TRUE[found.flag]
    assert abs(suggested[found.flag].mean() - hits.mean()) < 0.05


def test_the_posterior_is_that_of_bayes() -> None:
    _, again = passes()
    some = SAMPLE.only(np.arange(20))
    found = again.judge(some)
    probs = np.exp(again.probes.log_probs(some.features, some.folds).astype(np.float64))
    for row, given in enumerate(some.given):
        share = probs[row] * (1 - again.wrong) + again.wrong / K
        joint = share * again.first.transition[:, given]
        assert found.posterior is not None
        np.testing.assert_allclose(found.posterior[row], joint / joint.sum(), atol=1e-5)
        assert found.error_probability[row] == pytest.approx(1 - joint[given] / joint.sum(), abs=1e-5)


def test_a_row_has_no_say_in_what_is_found_of_it() -> None:
    """Whatever the treated label of a row is: its fold is not seen."""
    first = NoiseJudge.fit(sums(GIVEN), SAMPLE, OPTIONS)
    judged, here = first.judge(SAMPLE), FOLDS == 2
    other = np.where(here, (TRUE + 2) % K, GIVEN).astype(np.int32)
    found = [
        SecondPass.fit(sums(labels), relabelled(SAMPLE, labels), OPTIONS, judged, 0.5, exclude=(2,))
        for labels in (GIVEN, other)
    ]
    one, two = (each.judge(replace(SAMPLE, given=GIVEN)) for each in found)
    np.testing.assert_array_equal(one.error_probability, two.error_probability)


def test_what_the_first_pass_changed_for_sure_is_not_undone_by_a_bound_of_other_probabilities() -> None:
    """The first bound lies just under its least suspected row; the second pass may put all lower."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, 2, 400)
    wrong = rng.random(400) < 0.1
    given = np.where(wrong, 1 - true, true).astype(np.int32)
    features = (9 * true[:, None] + rng.normal(size=(400, 4))).astype(np.float32)
    sample = Sample(features, given, rng.integers(0, F, 400))
    first = NoiseJudge.fit(FoldSums.of(features, given, sample.folds, F, 2), sample, OPTIONS)
    judged = first.judge(sample)
    assert judged.flag[wrong].all()
    labels = np.where(judged.flag, judged.suggestion, given).astype(np.int32)
    again = look_again(sample, labels, first, judged, OPTIONS, F)
    assert again.error_probability[wrong].min() < first.threshold
    np.testing.assert_array_equal(again.flag, wrong)
