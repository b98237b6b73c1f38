"""Reliability by sums: parts add up, against the plain way, and through a transition noise is no mistake."""

from __future__ import annotations

import json

import numpy as np
import pytest

from labelworks.tasks.methods.findings.calibration import AUDITED, calibration_findings
from labelworks.tasks.methods.inference.calibration_error import calibration
from labelworks.tasks.methods.inference.reliability import ReliabilitySums, held_against_labels

CLASSES, ROWS = 4, 20_000
TRANSITION = np.full((CLASSES, CLASSES), 0.1) + 0.6 * np.eye(CLASSES)


def labelled(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities that are right, the true classes, and labels of which three in ten are wrong."""
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet(np.full(CLASSES, 0.4), ROWS)
    true = (probs.cumsum(axis=1) > rng.random((ROWS, 1))).argmax(axis=1)
    given = (TRANSITION[true].cumsum(axis=1) > rng.random((ROWS, 1))).argmax(axis=1)
    return probs.astype(np.float32), true, given


def test_probabilities_that_are_right_hold_against_noisy_labels_through_the_transition() -> None:
    probs, _, given = labelled()
    held = held_against_labels(probs, given, TRANSITION)
    plain = held_against_labels(probs, given)
    assert held.error < 0.02
    assert plain.error > 0.15  # as if each wrong label were a mistake of the model
    sure = probs**3 / (probs**3).sum(axis=1, keepdims=True)
    assert held_against_labels(sure, given, TRANSITION).overconfidence > 0.05


def test_without_noise_it_is_the_plain_calibration_error() -> None:
    probs, true, _ = labelled(1)
    held = held_against_labels(probs, true)
    same = held_against_labels(probs, true, np.eye(CLASSES))
    assert same.log_loss == pytest.approx(held.log_loss, rel=1e-6)
    one_hot = np.eye(CLASSES)[true]
    known = calibration(probs, one_hot)
    assert held.error == pytest.approx(known.error, abs=1e-5)
    assert held.overconfidence == pytest.approx(known.overconfidence, abs=1e-5)
    assert held.log_loss / ROWS == pytest.approx(known.log_loss, rel=1e-5)
    right = probs.argmax(axis=1) == true
    assert held.brier / ROWS == pytest.approx(np.mean((probs.max(axis=1) - right) ** 2), rel=1e-5)


def test_parts_add_up_and_come_back_from_json() -> None:
    probs, _, given = labelled(2)
    whole = held_against_labels(probs, given, TRANSITION)
    parts = [held_against_labels(probs[a:b], given[a:b], TRANSITION) for a, b in ((0, 7), (7, ROWS))]
    kept = [ReliabilitySums.of_plain(json.loads(json.dumps(part.plain))) for part in parts]
    merged = ReliabilitySums.merged(kept)
    np.testing.assert_allclose(merged.said, whole.said, rtol=1e-6)
    assert merged.log_loss == pytest.approx(whole.log_loss, rel=1e-6)
    found = calibration_findings("probes", AUDITED, merged)
    assert found is not None
    assert sum(each.rows for each in found.bins) == ROWS
    assert found.error == pytest.approx(whole.error, rel=1e-6)


def test_rows_without_probabilities_are_left_out() -> None:
    probs, _, given = labelled(3)
    probs[: ROWS // 2] = 0
    assert held_against_labels(probs, given, TRANSITION).rows.sum() == ROWS - ROWS // 2
    assert (
        calibration_findings("pred_probs", AUDITED, held_against_labels(probs[:9], given[:9], TRANSITION))
        is None
    )
