"""Each objective places the cut that it says, on all rows as on parts of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelworks.schemas.config.treat import TreatConfig
from labelworks.tasks.methods.noise.core.transition_em import undominated
from labelworks.tasks.methods.treatment.claims import BINS, Claims, JudgedLabels
from labelworks.tasks.methods.treatment.cut import NEVER, Cut
from labelworks.tasks.methods.treatment.policy import Policy
from labelworks.tasks.methods.treatment.treat_rows import cut_of, place_cut, surest, treat_rows
from labelworks.tasks.methods.treatment.trust import Trust
from labelworks.tasks.planning.values import policy_of

CLASSES = 4


def rows_of(seed: int, count: int = 400) -> JudgedLabels:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, CLASSES, count).astype(np.int32)
    other = ((labels + rng.integers(1, CLASSES, count)) % CLASSES).astype(np.int32)
    flag, claim = rng.random(count) < 0.4, rng.uniform(0.3, 1, count).astype(np.float32)
    error = np.where(flag, claim + (1 - claim) / 2, 0.1).astype(np.float32)
    ties = rng.random(count) * 2.0**-26
    return JudgedLabels(labels, flag, np.where(flag, other, labels), error, claim, claim, tie_break=ties)


def part_of(rows: JudgedLabels, place: slice) -> JudgedLabels:
    assert rows.tie_break is not None
    each = (rows.given, rows.flag, rows.suggestion, rows.error_probability, rows.suggested, rows.claim)
    return JudgedLabels(*(values[place] for values in each), tie_break=rows.tie_break[place])


def policy(objective: object) -> Policy:
    return policy_of(TreatConfig.model_validate({"objective": objective}))


def changed(rows: JudgedLabels, cut: Cut, objective: object) -> np.ndarray:
    decided, _ = treat_rows(rows, cut, policy(objective), None)
    return decided.label != rows.given


def test_a_promise_asks_for_as_much_more_as_is_in_doubt_and_auto_promises_nothing() -> None:
    rows, doubtful = rows_of(3), Trust(doubt=0.5)
    asked = 1 / (1 + np.exp(-np.log(0.8 / 0.2) - 0.5))
    for name in ("precision", "threshold"):
        sure = cut_of(rows, policy({name: 0.8}), doubtful, CLASSES)
        assert sure.over == pytest.approx(cut_of(rows, policy({name: asked}), Trust(), CLASSES).over)
        assert (sure.over > cut_of(rows, policy({name: 0.8}), Trust(), CLASSES).over).all()
    expected = cut_of(rows, policy({"precision": 0.9}), Trust(), CLASSES)
    assert (cut_of(rows, policy("auto"), doubtful, CLASSES).over == expected.over).all()


def test_where_nothing_is_sure_enough_it_says_by_how_much() -> None:
    rows = rows_of(3)
    cut = cut_of(rows, policy({"precision": 0.9}), Trust(doubt=9.0), CLASSES)
    surest_one = 100 * rows.claim[rows.changeable].max()
    assert not changed(rows, cut, {"precision": 0.9}).any()
    assert f"of the surest suggestions {surest_one:.1f} % are expected to be right" in cut.says
    assert "it takes 100.0 %" not in cut.says
    nothing = replace(rows, flag=np.zeros(len(rows.flag), bool))
    assert not cut_of(nothing, policy({"precision": 0.9}), Trust(), CLASSES).says


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**31), st.sampled_from([0.6, 0.8, 0.95]))
def test_precision_is_the_largest_set_whose_mean_claim_is_enough(seed: int, share: float) -> None:
    rows = rows_of(seed)
    cut = cut_of(rows, policy({"precision": share}), Trust(), CLASSES)
    done = changed(rows, cut, {"precision": share})
    claims = np.sort(rows.suggested[rows.changeable].astype(float))[::-1]
    assert not done.any() or rows.suggested[done].mean() >= share
    enough = np.flatnonzero(np.cumsum(claims) / np.arange(1, len(claims) + 1) >= share)
    most = enough[-1] + 1 if len(enough) else 0
    in_a_bin = np.bincount((claims * BINS).astype(int)).max(initial=0)
    assert most - in_a_bin <= done.sum() <= most


@pytest.mark.parametrize("objective", ["accuracy", {"precision": 0.8}, {"budget": 23}, {"threshold": 0.7}])
def test_parts_of_the_rows_add_up_to_the_same_cut(objective: object) -> None:
    rows = rows_of(7)
    parts = [part_of(rows, slice(start, start + 90)) for start in range(0, 400, 90)]
    cut = place_cut(Claims.merged([Claims.of(part, CLASSES) for part in parts]), policy(objective), Trust())
    cut = cut.placed(cut.surest_of([surest(part, cut) for part in parts]))
    whole = cut_of(rows, policy(objective), Trust(), CLASSES)
    np.testing.assert_array_equal(cut.over, whole.over)
    assert (cut.above, cut.says) == (whole.above, whole.says)
    assert changed(rows, cut, objective).any()
    if whole.surest is None:
        assert whole.claimed is not None
        assert rows.suggested[changed(rows, cut, objective)].mean() == pytest.approx(whole.claimed, abs=2e-3)


@pytest.mark.parametrize("most", [0, 1, 50, 10**6])
def test_a_budget_is_met_exactly_by_the_surest(most: int) -> None:
    rows = rows_of(3)
    done = changed(rows, cut_of(rows, policy({"budget": most}), Trust(), CLASSES), {"budget": most})
    assert done.sum() == min(most, rows.changeable.sum())
    left = rows.changeable & ~done
    if done.any() and left.any():
        assert rows.suggested[done].min() >= rows.suggested[left].max()


def test_a_person_s_limit_holds_for_any_objective() -> None:
    rows = rows_of(5)
    for objective in ("accuracy", {"precision": 0.9}, {"budget": 30}):
        limited = policy_of(TreatConfig.model_validate({"objective": objective}), 10)
        assert changed(rows, cut_of(rows, limited, Trust(), CLASSES), objective).sum() == 10


@pytest.mark.parametrize("objective", [{"precision": 0.5}, {"budget": 9}])
def test_nothing_changes_where_a_class_comes_mostly_of_another(objective: object) -> None:
    rows = rows_of(1)
    cut = cut_of(rows, policy(objective), Trust(undominated=("cat", "dog")), CLASSES)
    assert (cut.over == NEVER).all() and "cat, dog" in cut.says
    assert not changed(rows, cut, objective).any()


def test_a_column_is_judged_by_its_own_class() -> None:
    transition = np.array([[0.6, 0.4, 0.0], [0.1, 0.9, 0.0], [0.0, 0.95, 0.05]])
    assert undominated(transition, np.array([100, 100, 100])).tolist() == [1]
    assert not len(undominated(transition, np.array([100, 5, 100])))  # too few rows to tell
