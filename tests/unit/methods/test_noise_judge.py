"""The label model: probes and a noise method fitted on a sample judge rows that neither has seen."""

import numpy as np
import pytest

from labelworks.schemas.config.detect import DetectConfig, NoiseConfig
from labelworks.tasks.methods.noise_judge import NoiseJudge, Sample
from labelworks.tasks.methods.statistics.sums import FoldSums
from labelworks.tasks.planning.values import judge_options

FOLDS, CLASSES, ROWS = 5, 3, 1500


def mislabelled(rows: int = ROWS) -> tuple[Sample, np.ndarray]:
    rng = np.random.default_rng(7)
    true = rng.integers(0, CLASSES, rows)
    features = (rng.normal(size=(CLASSES, 8)) * 2)[true] + rng.normal(size=(rows, 8))
    wrong = rng.random(rows) < 0.15
    given = np.where(wrong, (true + rng.integers(1, CLASSES, rows)) % CLASSES, true).astype(np.int32)
    return Sample(features.astype(np.float32), given, np.arange(rows) % FOLDS), wrong


@pytest.mark.parametrize(
    "method",
    [
        "noise-transition",
        "confident-learning",
        "mahalanobis",
        "area-under-margin",
        "landmarks",
        "auto-neighbours",
    ],
)
def test_methods_of_probabilities_and_of_features_find_the_wrong_labels(method: str) -> None:
    sample, wrong = mislabelled()
    config = DetectConfig(noise=NoiseConfig(method=method))
    sums = FoldSums.of(sample.features, sample.given, sample.folds, FOLDS, CLASSES)
    judged = NoiseJudge.fit(sums, sample, judge_options(config)).judge(sample)
    assert np.mean(wrong[judged.flag]) > 0.8
    assert np.mean(judged.flag[wrong]) > 0.8


def test_an_excluded_fold_changes_nothing_that_is_said_of_the_others() -> None:
    sample, _ = mislabelled()
    config = DetectConfig()
    changed = sample.given.copy()
    held = sample.folds == 0
    changed[held] = (changed[held] + 1) % CLASSES
    verdicts = []
    for given in (sample.given, changed):
        rows = Sample(sample.features, given.astype(np.int32), sample.folds)
        sums = FoldSums.of(rows.features, rows.given, rows.folds, FOLDS, CLASSES)
        model = NoiseJudge.fit(sums, rows, judge_options(config), exclude=(0,))
        verdicts.append(model.judge(rows.only(~held)).error_probability)
    np.testing.assert_allclose(verdicts[0], verdicts[1], atol=1e-5)


@pytest.mark.parametrize("method", ["auto", "self-confidence"])
def test_a_budget_is_of_the_dataset_and_not_of_the_sample(method: str) -> None:
    rows, wrong = mislabelled(6000)
    flag = judged_by_a_sample(rows, method, {"budget": 50})
    assert 20 <= flag.sum() <= 90  # five rows of the sample place the cut
    assert wrong[flag].mean() > 0.9


def test_targets_hold_on_rows_that_the_method_was_not_fitted_on() -> None:
    rows, wrong = mislabelled(6000)
    by_f1 = judged_by_a_sample(rows, "auto", "max_f1")
    hits = (by_f1 & wrong).sum()
    assert 2 * hits / (by_f1.sum() + wrong.sum()) > 0.85
    discovered = judged_by_a_sample(rows, "auto", {"fdr": 0.1})
    assert wrong[discovered].mean() > 0.85
    assert discovered.sum() > wrong.sum() / 2
    strict = judged_by_a_sample(rows, "auto", {"fdr": 0.02})
    assert strict.sum() < discovered.sum()


def judged_by_a_sample(rows: Sample, method: str, target: object) -> np.ndarray:
    """Flags (N,) of all rows by a model whose noise method saw every tenth."""
    config = DetectConfig(noise=NoiseConfig(method=method, options={"target": target}))
    sums = FoldSums.of(rows.features, rows.given, rows.folds, FOLDS, CLASSES)
    tenth = np.random.default_rng(1).permutation(len(rows.given))[: len(rows.given) // 10]
    return NoiseJudge.fit(sums, rows.only(tenth), judge_options(config)).judge(rows).flag


def test_many_pairs_of_classes_are_pruned_together_where_a_sample_stands_for_more() -> None:
    rng = np.random.default_rng(3)
    true = rng.integers(0, 40, 4000)
    features = (rng.normal(size=(40, 24)) * 2)[true] + rng.normal(size=(4000, 24))
    given = np.where(rng.random(4000) < 0.1, rng.integers(0, 40, 4000), true).astype(np.int32)
    rows = Sample(features.astype(np.float32), given, np.arange(4000) % FOLDS)
    sums = FoldSums.of(rows.features, rows.given, rows.folds, FOLDS, 40)
    config = DetectConfig(noise=NoiseConfig(method="confident-learning"))
    whole, part = (
        NoiseJudge.fit(sums, rows.only(slice(seen)), judge_options(config)).judge(rows).flag
        for seen in (4000, 2000)
    )
    assert abs(part.sum() / whole.sum() - 1) < 0.25
