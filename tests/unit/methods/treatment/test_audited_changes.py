"""Labels change as far as audited rows prove the precision, and the proof holds as often as it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from labelworks.schemas.config.treat import TreatConfig
from labelworks.tasks.methods.treatment.audited_changes import AuditedChanges
from labelworks.tasks.methods.treatment.claims import UNLOOKED, JudgedLabels
from labelworks.tasks.methods.treatment.treat_rows import cut_of, decided_rows
from labelworks.tasks.methods.treatment.trust import Trust
from labelworks.tasks.planning.values import policy_of

CLASSES, DRAWS = 3, 600


def rows_of(rng: np.random.Generator, count: int, sureness: float) -> tuple[JudgedLabels, np.ndarray]:
    """Rows that are all flagged, the likelier right the surer, and right labels; claims are too high."""
    given = rng.integers(0, CLASSES, count).astype(np.int32)
    suggestion = ((given + rng.integers(1, CLASSES, count)) % CLASSES).astype(np.int32)
    claim = rng.uniform(0.6, 1, count).astype(np.float32)
    right = rng.random(count) < np.clip(sureness - 0.5 * (1 - claim), 0, 1)
    rows = JudgedLabels(given, np.ones(count, bool), suggestion, claim, claim, claim)
    return rows, np.where(right, suggestion, given)


def audited(rng: np.random.Generator, rows: JudgedLabels, true: np.ndarray, looks: int) -> JudgedLabels:
    looked = np.full(len(true), UNLOOKED, np.int64)
    some = rng.choice(len(true), looks, replace=False)
    looked[some] = true[some]
    return replace(rows, looked=looked)


def changed(rows: JudgedLabels, precision: float) -> tuple[np.ndarray, str]:
    policy = policy_of(TreatConfig(objective={"precision": precision}))
    cut = cut_of(rows, policy, Trust(), CLASSES)
    return decided_rows(rows, cut, policy).label != rows.given, cut.says


@pytest.mark.parametrize("sureness", [0.85, 0.95, 1.02])
@pytest.mark.parametrize(("precision", "looks"), [(0.9, 60), (0.9, 200), (0.8, 150)])
def test_the_bound_holds_as_often_as_it_says(sureness: float, precision: float, looks: int) -> None:
    rng = np.random.default_rng(int(1000 * sureness) + looks)
    broken = 0
    for _ in range(DRAWS):
        rows, true = rows_of(rng, 1_500, sureness)
        rows = audited(rng, rows, true, looks)
        moved, _ = changed(rows, precision)
        unseen = moved & (rows.looked == UNLOOKED)  # what was looked at is known, and only helps
        broken += bool(unseen.any() and (rows.suggestion == true)[unseen].mean() < precision)
    assert broken / DRAWS <= 0.05 + 2.5 * np.sqrt(0.05 * 0.95 / DRAWS)


def test_much_changes_where_most_is_right() -> None:
    rng, shares = np.random.default_rng(0), []
    for _ in range(100):
        rows, true = rows_of(rng, 1_500, 1.1)
        shares.append(changed(audited(rng, rows, true, 150), 0.9)[0].mean())
    assert np.mean(shares) > 0.5


def test_what_people_refute_stays_and_too_few_looks_say_so() -> None:
    rng = np.random.default_rng(1)
    rows, true = rows_of(rng, 1_500, 1.1)
    looked = audited(rng, rows, true, 200)
    moved, says = changed(looked, 0.9)
    refuted = (looked.looked != UNLOOKED) & (true != rows.suggestion)
    assert refuted.any() and not moved[refuted].any() and "audited rows" in says
    few, says = changed(audited(rng, rows, true, 20), 0.9)
    assert not few.any() and "29 such rows" in says


def test_parts_are_one_audit() -> None:
    rng = np.random.default_rng(2)
    rows, true = rows_of(rng, 300, 1.0)
    looked = audited(rng, rows, true, 80)
    whole = AuditedChanges.of(looked)
    assert len(whole.claim) == 80 and whole.right.sum() == (true == rows.suggestion)[looked.looked >= 0].sum()
    assert len(AuditedChanges.merged([whole, AuditedChanges.of(rows)]).claim) == 80


def drawn_from(rows: JudgedLabels, frame: np.ndarray, true: np.ndarray, looks: int) -> JudgedLabels:
    """The rows, so many of a frame looked at."""
    looked = np.full(len(true), UNLOOKED, np.int64)
    some = np.random.default_rng(5).choice(np.flatnonzero(frame), looks, replace=False)
    looked[some] = true[some]
    return replace(rows, looked=looked, audited=frame)


def test_a_sample_proves_the_changes_that_it_was_drawn_from_and_no_others() -> None:
    rng = np.random.default_rng(3)
    rows, true = rows_of(rng, 1_500, 1.1)
    frame = rng.random(1_500) < 0.5
    true[~frame] = rows.given[~frame]  # outside of what was audited every suggestion is wrong
    moved, _ = changed(drawn_from(rows, frame, true, 150), 0.9)
    assert moved[frame].mean() > 0.4 and not moved[~frame].any()
    every, _ = changed(replace(drawn_from(rows, frame, true, 150), audited=np.True_), 0.9)
    assert every[~frame].any()  # as it would be of a sample that is said to be of all


def test_on_clean_labels_people_refute_and_nothing_changes() -> None:
    rng = np.random.default_rng(4)
    for _ in range(50):
        rows, _ = rows_of(rng, 400, 1.1)
        moved, says = changed(drawn_from(rows, rng.random(400) < 0.7, rows.given.astype(int), 60), 0.9)
        assert not moved.any() and "right on 0 of 60" in says


def test_a_rare_class_stays_whatever_is_proven_of_the_others() -> None:
    rng = np.random.default_rng(5)
    rows, true = rows_of(rng, 1_500, 1.1)
    rare = np.arange(1_500) < 12
    rows.given[:] = np.where(rare, 2, rng.integers(0, 2, 1_500))
    rows.suggestion[:] = np.where(rare, 0, 1 - rows.given)
    true = np.where(rare, 2, rows.suggestion)
    moved, _ = changed(drawn_from(rows, np.ones(1_500, bool), true, 100), 0.9)
    assert moved[~rare].mean() > 0.5 and not moved[rare].any()
