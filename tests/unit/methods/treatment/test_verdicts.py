"""What models that were asked say of labels: they send rows to review, and change labels where trusted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from labelworks.tasks.methods.chosen import Chosen
from labelworks.tasks.methods.treatment.claims import JudgedLabels
from labelworks.tasks.methods.treatment.cut import even
from labelworks.tasks.methods.treatment.decisions import (
    CORRECTED,
    DISPUTED,
    KEEP,
    RELABEL,
    REVIEW,
    Decisions,
    Verdicts,
    decide,
    with_verdicts,
)
from labelworks.tasks.methods.treatment.policy import Policy
from labelworks.tasks.methods.treatment.treat_rows import decided_rows

NOBODY = -1
CLASSES = 3


@pytest.fixture
def rows() -> JudgedLabels:
    """A row that is kept, one that is relabelled, one for review: of class 0, the others suggested as 1."""
    return JudgedLabels(
        given=np.zeros(3, np.int32),
        flag=np.array([False, True, True]),
        suggestion=np.array([0, 1, 1], np.int32),
        error_probability=np.array([0.1, 0.95, 0.6], np.float32),
        suggested=np.array([0.9, 0.94, 0.55], np.float32),
        claim=np.array([0.9, 0.94, 0.55], np.float32),
        few=np.zeros(3, bool),
        outside=np.zeros(3, bool),
    )


def heard(rows: JudgedLabels, answer: int, *, trusted: bool = False) -> Decisions:
    said = Verdicts(np.full(3, answer, np.int32), np.full(3, trusted), 0.93)
    return with_verdicts(decide(rows, even(0.9, CLASSES), relabel=True), rows, said)


def test_where_nobody_answers_nothing_changes(rows: JudgedLabels) -> None:
    plain, after = decide(rows, even(0.9, CLASSES), relabel=True), heard(rows, NOBODY, trusted=True)
    for name in ("label", "action", "reason", "right"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(after, name))


def test_what_they_contradict_waits_for_a_person_and_keeps_its_label(rows: JudgedLabels) -> None:
    after = heard(rows, 2)
    assert after.label.tolist() == [0, 0, 0]
    assert after.action.tolist() == [REVIEW] * 3
    assert after.reason[:2].tolist() == [DISPUTED] * 2
    np.testing.assert_allclose(after.right, 1 - rows.error_probability)


def test_a_change_that_they_contradict_is_taken_back(rows: JudgedLabels) -> None:
    after = heard(rows, 0)
    assert after.action.tolist() == [KEEP, REVIEW, REVIEW]
    assert after.label.tolist() == [0, 0, 0]


def test_none_of_the_classes_is_a_contradiction(rows: JudgedLabels) -> None:
    assert heard(rows, CLASSES).action.tolist() == [REVIEW] * 3


def test_a_change_that_they_say_too_stays(rows: JudgedLabels) -> None:
    after = heard(rows, 1)
    assert after.action.tolist() == [REVIEW, RELABEL, REVIEW]
    assert after.label.tolist() == [0, 1, 0]


def test_where_they_are_trusted_their_answer_is_the_label(rows: JudgedLabels) -> None:
    after = heard(rows, 2, trusted=True)
    assert after.label.tolist() == [2, 2, 2]
    assert after.action.tolist() == [RELABEL] * 3
    assert after.reason.tolist() == [CORRECTED] * 3
    np.testing.assert_allclose(after.right, 0.93)


@pytest.mark.parametrize("name", ["few", "outside"])
def test_rare_classes_and_strange_rows_bear_no_label_of_theirs(rows: JudgedLabels, name: str) -> None:
    after = heard(replace(rows, **{name: np.ones(3, bool)}), 2, trusted=True)
    assert after.label.tolist() == [0, 0, 0]
    assert RELABEL not in after.action


@pytest.mark.parametrize("mode", ["reweight", "none"])
def test_where_labels_don_t_change_nothing_does(rows: JudgedLabels, mode: str) -> None:
    policy = Policy(mode, Chosen("precision", {"precision": 0.9}), (Chosen("right"),), 0, 0.1)  # type: ignore[arg-type]
    said = Verdicts(np.full(3, 2, np.int32), np.ones(3, bool), 0.93)
    decided = decided_rows(rows, even(0.9, CLASSES), policy, said)
    assert decided.action.tolist() == [KEEP] * 3
