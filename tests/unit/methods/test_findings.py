"""What is told of a target window, on made rows."""

import numpy as np
import pytest
from scipy import sparse

from labelworks.schemas.config.detect import DetectConfig
from labelworks.schemas.findings import DriftFindings, TargetDrift
from labelworks.tasks.methods.drift.calendar import Calendar
from labelworks.tasks.methods.findings.label_sets import label_set_windows
from labelworks.tasks.methods.findings.target import shift_findings
from labelworks.tasks.methods.noise_judge import Sample
from labelworks.tasks.planning.values import shift_options
from labelworks.tasks.report.texts import drift_text


def draw(rows, seed, moved=0.0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, rows).astype(np.int32)
    features = (3 * np.eye(3, 5)[labels] + rng.normal(size=(rows, 5))).astype(np.float32)
    features[:, 4] += np.float32(moved)
    probs = np.exp(3 * features[:, :3])
    return Sample(features, labels, np.zeros(rows, np.int64)), probs / probs.sum(axis=1, keepdims=True)


def told(rows, moved=0.0, **detect):
    (sample, probs), (window, window_probs) = draw(600, 0), draw(rows, 1, moved)
    config = DetectConfig.model_validate(detect)
    novelty = np.random.default_rng(2).normal(size=600), np.random.default_rng(3).normal(size=rows)
    ids = [str(row) for row in range(rows)]
    return shift_findings(
        sample, probs, window, window_probs, np.eye(3), shift_options(config), novelty, ids
    ).findings


def test_the_features_that_moved_most_are_told():
    drift = told(400, moved=1.0).drift
    assert drift.method == "auto" and drift.effect > 0.1
    assert drift.features[0].feature == 4 and len(drift.features) == 5
    assert drift.features[0].p_value < 0.001 and drift.features[0].effect > 0.25


def test_the_config_names_the_test_and_its_level():
    drift = told(400, moved=1.0, drift={"method": "mmd"}).drift
    assert drift.method == "mmd" and drift.features == ()
    found = told(400, moved=0.4, shift={"method": "pacc"}, drift={"method": "ks"})
    assert found.kind == "covariate" and found.method == "pacc"
    assert told(400, moved=0.4, drift={"method": "ks", "alpha": 1e-6}).kind == "neither"


def test_a_target_of_one_row_has_a_prior_and_no_kind():
    found = told(1)
    assert sum(found.prior) == pytest.approx(1)
    assert found.kind is None and found.drift == TargetDrift()
    assert "one row" in found.notes[-1]
    assert set(found.weights) == {1.0}
    assert all(high - low > 0.5 for low, high in found.interval)


@pytest.mark.parametrize(("rows", "moved"), [(2, 0.0), (400, 1.0)])
def test_a_target_that_bears_no_weights_has_none(rows, moved):
    found = told(rows, moved=moved)
    assert found.kind in ("neither", "covariate") and set(found.weights) == {1.0}
    assert any(note.startswith("no class is reweighted: ") for note in found.notes)


def test_labels_that_no_longer_go_together_are_told():
    rng = np.random.default_rng(4)
    sets = rng.random((800, 40)) < np.where(np.arange(40) < 5, 0.4, 0.02)
    of = np.arange(800) // 200
    of[::50] = -1
    together = of < 3
    sets[together, 1] = sets[together, 0]
    months = Calendar(("2026-01", "2026-02", "2026-03", "2026-04"), np.arange(4.0), "month")
    names = [f"topic-{k}" for k in range(40)]
    found = label_set_windows(months, sparse.csr_array(sets.astype(np.int8)), of, names)
    assert found.rows == (196,) * 4 and found.p_value[0] is None
    assert found.p_value[3] <= 0.01 < min(found.p_value[1:3])  # rare labels don't drown it
    assert found.changed[3].labels == ("topic-0", "topic-1")
    assert found.changed[3].by == pytest.approx(-1, abs=0.2)
    (told,) = drift_text.sentences(DriftFindings(labels=found), None)
    assert "4 windows by month: labels go together differently in 2026-04 (most topic-0 and topic-1" in told
    alone = Calendar(("2026-01",), np.zeros(1), "month")
    assert label_set_windows(alone, sparse.csr_array(sets), np.zeros(800, int), names) is None
