"""Treat: keep, relabel or send to review, and weigh every row. Nothing is changed in place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from operator import add
from time import perf_counter

import numpy as np

from labelworks.schemas.decisions import RowDecision
from labelworks.schemas.findings import (
    DecisionsFindings,
    DetectFigures,
    JudgesFindings,
    TreatEvidence,
    TreatFigures,
    TreatmentFindings,
    ValidationFindings,
    WeightFactor,
)
from labelworks.schemas.records import DatasetRef
from labelworks.schemas.stage_results import TreatResult
from labelworks.schemas.suites import suites
from labelworks.schemas.tables import ACTIONS
from labelworks.tasks import gates
from labelworks.tasks.artifacts.approvals import read_decision, read_question
from labelworks.tasks.artifacts.decisions.log import decisions_in_force
from labelworks.tasks.artifacts.vectors.class_vectors import class_vectors
from labelworks.tasks.artifacts.vectors.first_pass import rows_by_class
from labelworks.tasks.execution.engine import stage_task
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.methods.treatment.decisions import CORRECTED, REASONS
from labelworks.tasks.methods.treatment.policy import Policy
from labelworks.tasks.methods.treatment.treat_rows import class_weights
from labelworks.tasks.methods.treatment.weights.core.rows import WeightFacts
from labelworks.tasks.methods.validation.arms import GIVEN, PROPOSED
from labelworks.tasks.planning.run import Run
from labelworks.tasks.planning.values import arm_policy, judge_options, panel_of
from labelworks.tasks.treat.dataset_cut import dataset_cut
from labelworks.tasks.treat.judging.judged import Judged
from labelworks.tasks.treat.judging.judges import hear_judges
from labelworks.tasks.treat.people.audited_rows import LookedAt, read_audited
from labelworks.tasks.treat.people.audited_samples import SampledChanges, sampled_changes
from labelworks.tasks.treat.people.decided import Heard, hear_decisions
from labelworks.tasks.treat.row_weights import with_scale, with_weights
from labelworks.tasks.treat.second_pass import judge_again
from labelworks.tasks.treat.treat_key import treat_key
from labelworks.tasks.treat.treat_partition import BY_LABEL_TYPE, TRUST, Treated, treat_partition
from labelworks.tasks.treat.treated import Basis

TASKS = ("multilabel", "regression", "tokens")  # with one arm, the one that was asked for
WEIGHTLESS = 1e-3  # mean weight of a class's rows, below which they count for nothing


@stage_task("treat")
def treat(run: Run, ref: DatasetRef, found: DetectFigures) -> TreatResult:
    """Decide on every row by its scores and the cut of them all, and weigh it by the shift found."""
    artifacts = run.artifacts
    policy = arm_policy(run.config, artifacts)
    if done := artifacts.result(TreatResult):
        return done
    started, gate = perf_counter(), suites("treat", run.config.gates.treat)
    facts = WeightFacts(class_weights(found.shift, policy))
    said = decisions_in_force(artifacts.store, run.decided)
    audited = _audited(run, ref, policy, said)
    basis = Basis(policy, *rows_by_class(artifacts), facts=facts, source=run.source, audited=audited.looked)
    claimed = BY_LABEL_TYPE[ref.label_type][2]
    basis = replace(basis, cut=dataset_cut(artifacts, ref, basis, found.noise, claimed))
    if ref.one_class and policy.passes > 1 and not found.noise.undominated:
        named = class_vectors(artifacts) if run.config.dataset.class_names is not None else None
        judge = judge_options(run.config.detect)
        ref, basis = judge_again(artifacts, ref, basis, found.noise, judge, named)
    judged = _judges(run, ref, basis)
    if judged is not None:
        basis = replace(basis, judged=judged[0])
    if ref.one_class:
        basis = with_weights(artifacts, ref, basis, found.shift)
    else:
        basis = with_scale(artifacts, ref, basis, TRUST[ref.label_type])
    ref = ref.model_copy(update={"treat_key": treat_key(artifacts, ref, basis)})
    heard, decisions = hear_decisions(artifacts, ref, said) if said else (Heard(), None)
    ref = heard.named(ref)
    treated = map_partitions(
        "treat", treat_partition, ref.of("source"), artifacts=artifacts, ref=ref, basis=basis,
        expected=gate.rows, heard=heard,
    )  # fmt: skip
    figures = TreatFigures(
        rows=sum(part.rows for part in treated),
        treatment=_findings(treated, basis, judged and judged[1], decisions, audited.says),
        evidence=_evidence(treated),
    )
    parts = [(part, artifacts.treated(ref, part)) for part in ref.of("source")]
    checks = [
        *gates.check_whole("treat", gate.rows, parts, gates.StoredRows(artifacts.store)),
        *gates.check_figures("treat", gates.flat(figures), gate.figures),
    ]
    return artifacts.finish(
        TreatResult(
            ref=ref,
            figures=figures,
            gate=gates.merge("treat", [part.checks for part in treated], checks),
            work={"treated_rows": sum(part.rows for part in treated if part.new)},
            seconds=perf_counter() - started,
        )
    )


def _audited(run: Run, ref: DatasetRef, policy: Policy, said: Sequence[RowDecision]) -> SampledChanges:
    """Rows that people looked at, of labels of one class each: the config's file, or answers to a sample."""
    place = run.config.treat.audited
    if not ref.one_class:
        return SampledChanges()
    if place:
        return SampledChanges(LookedAt.of(read_audited(place, run.source.options), ref.classes))
    if not policy.relabels or policy.promised is None:
        return SampledChanges()
    return sampled_changes(run.artifacts, ref, said, policy.promised)


def _judges(run: Run, ref: DatasetRef, basis: Basis) -> tuple[Judged, JudgesFindings] | None:
    """What judges say; None where the config names none."""
    panel = panel_of(run.config.treat, run.keys, run.config.seed)
    if panel is None:
        return None
    place = run.config.treat.judges.audited
    audited = read_audited(place, run.source.options) if place else {}
    return hear_judges(panel, run.artifacts, run.source, ref, basis, audited)


def as_decided(run: Run) -> Run:
    """The run with a person's budget: at most so many labels change, the surest of those that were shown.

    By the same arm: what is proven of fewer changes doesn't overrule who approved them.
    """
    place = run.artifacts.store, run.artifacts.folder
    decision, question = read_decision(*place), read_question(*place)
    if decision is None or decision.budget is None:
        return run
    proof = question and question.record.validation
    shown = proof.published if proof else GIVEN
    approved = run.with_budget(decision.budget, "" if shown == GIVEN else shown)
    return approved if shown in (GIVEN, PROPOSED) else approved.with_arm(shown)


def as_proven(run: Run, proof: ValidationFindings) -> Run:
    """The run that publishes what the validation has proven: another arm, or the labels as given.

    Label sets and numbers of which nothing was treated stay as given, and what is doubted goes to review.
    """
    same = proof.published == PROPOSED or run.config.treat.mode == "none"
    if same or run.artifacts.approved:
        return run
    doubted_alone = run.config.dataset.task in TASKS and proof.interval == (0.0, 0.0)
    return run.with_budget(0) if doubted_alone else run.with_arm(proof.published)


def _factor_findings(treated: list[Treated], rows: int) -> tuple[WeightFactor, ...]:
    names = dict.fromkeys(name for part in treated for name in part.factors)
    parts = {name: [part.factors[name] for part in treated if name in part.factors] for name in names}
    return tuple(
        WeightFactor(
            name=name,
            mean=sum(sums.total for sums in sums_of) / rows,
            lowest=min(sums.lowest for sums in sums_of),
            highest=max(sums.highest for sums in sums_of),
        )
        for name, sums_of in parts.items()
    )


def _findings(
    treated: list[Treated],
    basis: Basis,
    judges: JudgesFindings | None,
    decisions: DecisionsFindings | None,
    audited: str,
) -> TreatmentFindings:
    policy, rows = basis.policy, sum(part.rows for part in treated)
    actions = reduce(add, (part.actions for part in treated), Counter[tuple[str, str]]())
    by_action = {name: sum(n for (a, _), n in actions.items() if a == name) for name in ACTIONS}
    weight, squared = sum(part.weight for part in treated), sum(part.squared for part in treated)
    before, after, by_class = (
        np.sum([getattr(part.by_class, side) for part in treated], axis=0)
        for side in ("before", "after", "weight")
    )
    return TreatmentFindings(
        mode=policy.mode,
        objective=policy.objective.method,
        objective_value=next(iter(policy.objective.options.values()), None),
        judges=judges and judges.model_copy(update={"changed": _corrected(actions)}),
        decisions=decisions,
        objective_note="; ".join(filter(None, [basis.cut.says, audited])) or None,
        claimed=basis.cut.claimed if by_action["relabel"] else None,
        **by_action,
        relabelled=by_action["relabel"],
        changed_share=by_action["relabel"] / rows,
        review_share=by_action["review"] / rows,
        min_weight=min(part.lowest for part in treated),
        max_weight=max(part.highest for part in treated),
        clipped_over=basis.scale.clip if np.isfinite(basis.scale.clip) else None,
        factors=_factor_findings(treated, rows),
        effective_sample_share=weight * weight / max(squared, np.finfo(float).tiny) / rows,
        classes_lost=int(np.count_nonzero((before > 0) & (after == 0))),
        classes_weightless=int(np.count_nonzero((after > 0) & (by_class < WEIGHTLESS * after))),
    )


def _corrected(actions: Counter[tuple[str, str]]) -> int:
    """Labels that judges changed."""
    return sum(count for (_, why), count in actions.items() if why.startswith(REASONS[CORRECTED]))


def _evidence(treated: list[Treated]) -> TreatEvidence:
    actions = reduce(add, (part.actions for part in treated), Counter[tuple[str, str]]())
    return TreatEvidence(
        actions=tuple((action, reason, count) for (action, reason), count in sorted(actions.items())),
        before=np.sum([part.by_class.before for part in treated], axis=0).tolist(),
        after=np.sum([part.by_class.after for part in treated], axis=0).tolist(),
    )
