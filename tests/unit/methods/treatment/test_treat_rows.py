"""What a mode does to labels and weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from labelworks.schemas.config.treat import TreatConfig
from labelworks.schemas.findings import ShiftFindings
from labelworks.schemas.tables import ACTIONS
from labelworks.tasks.methods.treatment.claims import JudgedLabels
from labelworks.tasks.methods.treatment.cut import even
from labelworks.tasks.methods.treatment.decisions import REASONS
from labelworks.tasks.methods.treatment.treat_rows import class_weights, treat_rows, with_few
from labelworks.tasks.planning.values import policy_of

GIVEN = np.array([0, 1, 2, 0], np.int32)
FLAG = np.array([False, True, True, True])
SUGGESTION = np.array([0, 0, 1, 0], np.int32)
POSTERIOR = np.array([[0.9, 0.1, 0], [0.95, 0.05, 0], [0.0, 0.6, 0.4], [0.45, 0.3, 0.25]], np.float32)
SUGGESTED = POSTERIOR[np.arange(4), SUGGESTION]
ERROR = np.float32(1.0) - POSTERIOR[np.arange(4), GIVEN]
ROWS = JudgedLabels(GIVEN, FLAG, SUGGESTION, ERROR, SUGGESTED, SUGGESTED)
CUT = even(0.8, 3)


@pytest.mark.parametrize(
    ("mode", "label", "action", "weight"),
    [
        ("both", [0, 0, 2, 0], ["keep", "relabel", "review", "review"], [0.9, 0.95, 0.4, 0.45]),
        ("relabel", [0, 0, 2, 0], ["keep", "relabel", "review", "review"], [1, 1, 0.4, 0.45]),
        ("reweight", [0, 1, 2, 0], ["keep"] * 4, [0.9, 0.05, 0.4, 0.45]),
        ("none", [0, 1, 2, 0], ["keep"] * 4, [1, 1, 1, 1]),
    ],
)
def test_a_mode_decides_and_weighs(
    mode: str, label: list[int], action: list[str], weight: list[float]
) -> None:
    policy = policy_of(TreatConfig.model_validate({"mode": mode}))
    decided, found = treat_rows(ROWS, CUT, policy, None)
    assert decided.label.tolist() == label
    assert [ACTIONS[each] for each in decided.action] == action
    np.testing.assert_allclose(found, np.array(weight) / np.mean(weight), rtol=1e-5)
    assert decided.label.dtype == np.int32
    assert found.dtype == np.float32
    assert GIVEN.tolist() == [0, 1, 2, 0]


@pytest.mark.parametrize(("suggested", "changes"), [(0.45, True), (0.35, False)])
def test_no_label_gives_way_to_a_less_likely_one(suggested: float, changes: bool) -> None:
    given, other = np.zeros(1, np.int32), np.ones(1, np.int32)
    claims = np.float32([0.6]), np.float32([suggested])
    rows = JudgedLabels(given, np.ones(1, bool), other, *claims, claims[1])
    decided, _ = treat_rows(rows, even(0.3, 2), policy_of(TreatConfig()), None)
    assert decided.label.tolist() == [int(changes)]
    assert ACTIONS[decided.action[0]] == ("relabel" if changes else "review")


def shifted(*weights: float) -> ShiftFindings:
    even, whole = [1 / len(weights)] * len(weights), [(0.0, 1.0)] * len(weights)
    fields = {"method": "em", "prior": even, "source_prior": even, "interval": whole, "weights": weights}
    return ShiftFindings.model_validate({**fields, "total_variation": 0.0, "drift": {}})


def test_weights_of_the_window_are_those_of_the_new_label() -> None:
    weights = class_weights(shifted(0.5, 1.0, 5.0), policy_of(TreatConfig()))
    _, found = treat_rows(ROWS, CUT, policy_of(TreatConfig()), weights)
    product = np.array([0.45, 0.475, 2.0, 0.225])
    np.testing.assert_allclose(found, product / product.mean(), rtol=1e-5)


@pytest.mark.parametrize("mode", ["both", "reweight", "relabel"])
def test_no_label_changes_into_or_out_of_a_class_of_few_rows(mode: str) -> None:
    given = np.array([0, 1, 2, 0, 2, 1], np.int32)
    suggestion = np.array([2, 0, 1, 1, 2, 1], np.int32)
    flag = np.array([True, True, True, True, False, False])
    sure, error = np.full(6, 0.99, np.float32), np.array([0.9, 0.9, 0.9, 0.9, 0.4, 0.4], np.float32)
    policy = policy_of(TreatConfig.model_validate({"mode": mode}))
    counts = np.array([500, 40, 9])
    rows = with_few(JudgedLabels(given, flag, suggestion, error, sure, sure), policy, counts)
    decided, weight = treat_rows(rows, CUT, policy, None)
    changes = mode != "reweight"
    assert decided.label.tolist() == ([0, 0, 2, 1, 2, 1] if changes else given.tolist())
    actions = ["review", "relabel", "review", "relabel", "keep", "keep"]
    assert [ACTIONS[each] for each in decided.action] == (actions if changes else ["keep"] * 6)
    assert [REASONS[each].startswith("its class") for each in decided.reason] == [
        changes and row in (0, 2) for row in range(6)
    ]
    assert len({*weight[[0, 2, 4]].tolist(), weight.max()}) == 1  # a guess bears no weight either
    everyone, _ = treat_rows(with_few(rows, replace(policy, min_class_rows=0), counts), CUT, policy, None)
    assert everyone.label.tolist() == ([2, 0, 1, 1, 2, 1] if changes else given.tolist())


@pytest.mark.parametrize("mode", ["relabel", "none"])
def test_a_mode_that_does_not_reweigh_asks_for_no_weights(mode: str) -> None:
    policy = policy_of(TreatConfig.model_validate({"mode": mode}))
    assert class_weights(shifted(2.0), policy) is None
    assert class_weights(None, policy_of(TreatConfig())) is None


def test_weights_that_all_stay_one_are_none() -> None:
    policy = policy_of(TreatConfig.model_validate({"mode": "both"}))
    assert class_weights(shifted(1.0, 1.0, 0.0), policy) is None
    assert class_weights(shifted(0.5, 1.5), policy) is not None
