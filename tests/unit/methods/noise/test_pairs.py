"""Mismatched pairs: any row judged by landmarks, against the function on all rows and a twin of its own."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from labelworks.tasks.methods.noise import pairs
from labelworks.tasks.methods.noise.pairs import SamplePairs, pair_mismatch


def towers(rows=1500, share=0.15, noise=1.0, seed=0):
    """Two towers of ten classes, each off by a vector of its own, as image and text are."""
    rng = np.random.default_rng(seed)
    seen = rng.normal(size=(10, 24))[rng.integers(0, 10, rows)] + rng.normal(size=(rows, 24))
    left = seen + 0.3 * rng.normal(size=seen.shape) + rng.normal(size=24)
    right = seen + noise * rng.gamma(2, 0.4, (rows, 1)) * rng.normal(size=seen.shape) + rng.normal(size=24)
    wrong = rng.random(rows) < share
    right[wrong] = np.roll(right[wrong], 1, axis=0)
    return left.astype(np.float32), right.astype(np.float32), rng.integers(0, 5, rows), wrong


def twin(left, right, folds, row, k=10):
    """The score of a row, by the definition: cosines one by one."""

    def cosine(one, other):
        return float(one @ other / np.sqrt((one @ one) * (other @ other)))

    others = np.flatnonzero(folds != folds[row])
    seen = sorted(cosine(left[row], right[each]) for each in others)[-k:]
    told = sorted(cosine(right[row], left[each]) for each in others)[-k:]
    return cosine(left[row], right[row]) - (sum(seen) + sum(told)) / (2 * k)


def test_a_row_is_judged_as_the_definition_says():
    left, right, folds, _ = towers(rows=300)
    model = SamplePairs.fit(left, right, folds)
    expected = [twin(left.astype(float), right.astype(float), folds, row) for row in range(0, 300, 7)]
    found = model.mismatch(left, right, folds)[::7]
    np.testing.assert_allclose(found, model.heaps.lower(np.array(expected)), atol=2e-3)


def test_few_landmarks_rank_pairs_as_all_rows_do(monkeypatch):
    left, right, folds, wrong = towers(rows=4000)
    monkeypatch.setattr(pairs, "LANDMARKS", 400)
    model = SamplePairs.fit(left, right, folds)
    assert len(model.left) == 400
    found, whole = model.mismatch(left, right, folds), pair_mismatch(left, right)
    assert roc_auc_score(wrong, found) > roc_auc_score(wrong, -whole.score) - 0.003
    assert np.mean((found > 0.5) == whole.flag) > 0.98
    assert np.corrcoef(found, whole.error_probability)[0, 1] > 0.95


def test_partitions_are_judged_one_by_one_and_by_spans(monkeypatch):
    left, right, folds, _ = towers(rows=500)
    model = SamplePairs.fit(left, right, folds)
    monkeypatch.setattr(pairs, "SPAN", 64)
    parts = [model.mismatch(left[part], right[part], folds[part]) for part in (slice(170), slice(170, 500))]
    monkeypatch.undo()
    np.testing.assert_allclose(np.concatenate(parts), model.mismatch(left, right, folds), atol=1e-5)
    assert model.mismatch(left[:0], right[:0], folds[:0]).shape == (0,)


@pytest.mark.parametrize(("share", "noise"), [(0.0, 1.0), (0.02, 0.5), (0.1, 0.5), (0.4, 0.5)])
def test_the_rate_is_the_share_of_wrong_pairs(share, noise):
    left, right, folds, wrong = towers(rows=2500, share=share, noise=noise)
    whole, found = (
        pair_mismatch(left, right),
        SamplePairs.fit(left, right, folds).mismatch(left, right, folds),
    )
    for rate in (whole.noise_rate, found.mean()):
        assert rate == pytest.approx(wrong.mean(), abs=0.025)
    assert whole.flag[~wrong].mean() < 0.03


def test_pairs_of_equal_vectors_are_fine_and_those_of_strangers_are_not():
    left, _, folds, _ = towers(rows=400)
    assert SamplePairs.fit(left, left * 2, folds).mismatch(left, left * 2, folds).max() < 0.5
    strangers = np.random.default_rng(5).normal(size=left.shape)
    assert SamplePairs.fit(left, strangers, folds).mismatch(left, strangers, folds).min() > 0.5
    assert pair_mismatch(left, strangers).noise_rate > 0.99


def test_rows_without_a_pair_are_left_out():
    left, right, folds, _ = towers(rows=400)
    right[:4] = np.array([[np.nan], [np.inf], [0], [3e38]])
    found = SamplePairs.fit(left, right, folds).mismatch(left, right, folds)
    np.testing.assert_array_equal(np.isnan(found), np.arange(400) < 4)
    right[30:] = np.nan
    assert SamplePairs.fit(left, right, folds) is None
    right[:] = np.nan
    assert SamplePairs.fit(left, right, folds) is None
