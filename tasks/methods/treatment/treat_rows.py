"""From judgements to treated rows: the one place where a mode means something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.findings import ShiftFindings
from labelworks.tasks.methods.registry import get
from labelworks.tasks.methods.treatment.audited_changes import AuditedChanges, proven_cut
from labelworks.tasks.methods.treatment.claims import Claims, JudgedLabels
from labelworks.tasks.methods.treatment.cut import Cut
from labelworks.tasks.methods.treatment.decisions import REVIEW, Decisions, Verdicts, decide, with_verdicts
from labelworks.tasks.methods.treatment.policy import Policy
from labelworks.tasks.methods.treatment.rare_classes import protected, sparing
from labelworks.tasks.methods.treatment.trust import Trust
from labelworks.tasks.methods.treatment.weights.core.rows import WeighedRows, WeightFacts
from labelworks.tasks.methods.treatment.weights.core.weigh import weigh_all


def place_cut(claims: Claims, policy: Policy, trust: Trust, audited: AuditedChanges | None = None) -> Cut:
    """The cut of a dataset by the sums over its rows; where it has a limit, `placed` is to follow.

    audited: rows that people looked at, which then prove the precision that the policy promises, if it does.
    """
    if audited is not None and policy.promised is not None:
        return proven_cut(audited, policy.promised, protected(claims)).limited(policy.most)
    method = get("relabel", policy.objective.method).target
    cut: Cut = method(claims, trust, **policy.objective.options)
    return sparing(cut, claims).counted(claims).limited(policy.most)


def surest(rows: JudgedLabels, cut: Cut) -> NDArray[np.float64]:
    """The sureness of those rows that a cut would change, of no more than it needs to find its limit."""
    if cut.surest is None:
        return np.zeros(0)
    return cut.surest_of([rows.sureness[cut.changes(rows)]])


def cut_of(rows: JudgedLabels, policy: Policy, trust: Trust, classes: int) -> Cut:
    """The cut of rows (N,) that are all at hand."""
    audited = None if rows.looked is None else AuditedChanges.of(rows)
    cut = place_cut(Claims.of(rows, classes), policy, trust, audited)
    return cut.placed(surest(rows, cut))


def with_few(rows: JudgedLabels, policy: Policy, rows_by_class: NDArray[np.floating]) -> JudgedLabels:
    """The rows (N,), knowing which classes (K,) have too few rows in the whole dataset to judge by."""
    small = rows_by_class < policy.min_class_rows
    return replace(rows, few=small[rows.given] | (rows.flag & small[rows.suggestion]))


def treat_rows(
    rows: JudgedLabels,
    cut: Cut,
    policy: Policy,
    class_weights: NDArray[np.float64] | None,
    features: NDArray[np.floating] | None = None,
) -> tuple[Decisions, NDArray[np.float32]]:
    """Decide on rows (N,), all of a dataset, by its cut, and weigh them by what is at hand.

    class_weights: (K,) or None; features: (N, D). Factors of a column are left out, those of a density are 1.
    """
    decided = decided_rows(rows, cut, policy)
    weighed = weighed_rows(decided, policy, features)
    return decided, weigh_all(weighed, WeightFacts(class_weights), policy.without_columns()).weight


def decided_rows(rows: JudgedLabels, cut: Cut, policy: Policy, verdicts: Verdicts | None = None) -> Decisions:
    """What is decided on rows (N,) by the cut of their dataset, and by what judges say of them."""
    decided = decide(rows, cut, relabel=policy.relabels)
    if verdicts is None or not policy.relabels:
        return decided
    return with_verdicts(decided, rows, verdicts)


def weighed_rows(
    decided: Decisions,
    policy: Policy,
    features: NDArray[np.floating] | None = None,
    columns: Mapping[str, NDArray[Any]] | None = None,
) -> WeighedRows:
    """Rows (N,) as their weights are made of them: where labels alone are treated, only rows that wait for a
    person count for less."""
    right = decided.right
    if policy.mode == "relabel":
        right = np.where(decided.action == REVIEW, right, np.float32(1.0)).astype(np.float32)
    return WeighedRows(decided.label, right, features, columns or {})


def class_weights(shift: ShiftFindings | None, policy: Policy) -> NDArray[np.float64] | None:
    """Importance weights (K,) of the target window; None if there is none or nothing is to be reweighted."""
    if shift is None or not policy.reweighs:
        return None
    weights = np.array(shift.weights, dtype=np.float64)
    return None if (weights[weights > 0] == 1).all() else weights
