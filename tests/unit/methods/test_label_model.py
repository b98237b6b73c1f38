"""The label model: probes and a noise method fitted on a sample judge rows that neither has seen."""

import numpy as np
import pytest

from schemas.config import DetectConfig, NoiseConfig
from tasks.methods.label_model import LabelModel, Sample
from tasks.methods.probes.sums import Sums

FOLDS, CLASSES, ROWS = 5, 3, 1500


def mislabelled() -> tuple[Sample, np.ndarray]:
    rng = np.random.default_rng(7)
    true = rng.integers(0, CLASSES, ROWS)
    features = (rng.normal(size=(CLASSES, 8)) * 2)[true] + rng.normal(size=(ROWS, 8))
    wrong = rng.random(ROWS) < 0.15
    given = np.where(wrong, (true + rng.integers(1, CLASSES, ROWS)) % CLASSES, true).astype(np.int32)
    return Sample(features.astype(np.float32), given, np.arange(ROWS) % FOLDS), wrong


@pytest.mark.parametrize(
    "method", ["noise-transition", "confident-learning", "mahalanobis", "area-under-margin", "landmarks"]
)
def test_methods_of_probabilities_and_of_features_find_the_wrong_labels(method: str) -> None:
    sample, wrong = mislabelled()
    config = DetectConfig(noise=NoiseConfig(method=method))
    sums = Sums.of(sample.features, sample.given, sample.folds, FOLDS, CLASSES)
    judged = LabelModel.fit(sums, sample, config).judge(sample)
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
        sums = Sums.of(rows.features, rows.given, rows.folds, FOLDS, CLASSES)
        model = LabelModel.fit(sums, rows, config, exclude=(0,))
        verdicts.append(model.judge(rows.only(~held)).error_probability)
    np.testing.assert_allclose(verdicts[0], verdicts[1], atol=1e-5)
