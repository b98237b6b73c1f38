"""Treat: keep, relabel or send to review, and weigh every row. Nothing is changed in place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from time import perf_counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.findings import (
    DetectFigures,
    JudgesFindings,
    TreatEvidence,
    TreatFigures,
    TreatmentFindings,
    ValidationFindings,
    WeightFactor,
)
from labelworks.schemas.records import DatasetRef, Partition, TreatResult
from labelworks.schemas.suites import Suite, suites
from labelworks.schemas.tables import ACTIONS, FACTOR, factor_name
from labelworks.tasks import gates
from labelworks.tasks.artifacts.approvals import read_decision
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.class_vectors import class_vectors
from labelworks.tasks.artifacts.first_pass import rows_by_class
from labelworks.tasks.execution.engine import stage_task
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.methods.treatment.decisions import CORRECTED, REASONS
from labelworks.tasks.methods.treatment.treat_rows import class_weights
from labelworks.tasks.methods.treatment.weights.core.rows import WeightFacts
from labelworks.tasks.methods.validation.arms import PROPOSED
from labelworks.tasks.planning.run import Run
from labelworks.tasks.planning.values import arm_policy, judge_options, panel_of
from labelworks.tasks.treat import classes, label_sets, numbers
from labelworks.tasks.treat.audited_rows import read_audited
from labelworks.tasks.treat.dataset_cut import Claimed, dataset_cut, judged_rows
from labelworks.tasks.treat.judged import Judged
from labelworks.tasks.treat.judges import hear_judges
from labelworks.tasks.treat.row_weights import with_weights
from labelworks.tasks.treat.second_pass import judge_again
from labelworks.tasks.treat.treated import Basis, ByClass

Decide = Callable[[Partition, Artifacts, DatasetRef, Basis], pa.Table]
Count = Callable[[pa.Table, DatasetRef], ByClass]
OF_CLASSES: tuple[Decide, Count, Claimed] = (classes.treat_classes, classes.by_class, judged_rows)
BY_LABEL_TYPE: dict[str, tuple[Decide, Count, Claimed]] = {
    "int": OF_CLASSES,
    "string": OF_CLASSES,
    "list": (label_sets.treat_sets, label_sets.by_class, label_sets.judged_cells),
    "number": (numbers.treat_measured, numbers.by_class, numbers.judged_numbers),
}
WEIGHTLESS = 1e-3  # mean weight of a class's rows, below which they count for nothing


@dataclass(frozen=True)
class FactorSums:
    """Of one factor of the weights: the sum over rows, the least and the largest value."""

    total: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class Treated:
    """What was done in a partition; sums of weights and of their squares."""

    rows: int
    actions: Counter[tuple[str, str]]
    by_class: ByClass
    weight: float
    squared: float
    lowest: float
    highest: float
    factors: Mapping[str, FactorSums]
    new: bool
    checks: list[gates.RowCheck]


@stage_task("treat")
def treat(run: Run, ref: DatasetRef, found: DetectFigures) -> TreatResult:
    """Decide on every row by its scores and the cut of them all, and weigh it by the shift found."""
    artifacts = run.artifacts
    policy = arm_policy(run.config, artifacts)
    if done := artifacts.result(TreatResult):
        return done
    started, gate = perf_counter(), suites("treat", run.config.gates.treat)
    facts = WeightFacts(class_weights(found.shift, policy))
    basis = Basis(policy, *rows_by_class(artifacts), facts=facts, source=run.source)
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
    treated = map_partitions(
        "treat", treat_partition, ref.of("source"), artifacts=artifacts, ref=ref, basis=basis,
        expected=gate.rows,
    )  # fmt: skip
    figures = TreatFigures(
        rows=sum(part.rows for part in treated),
        treatment=_findings(treated, basis, judged and judged[1]),
        evidence=_evidence(treated),
    )
    checks = gates.check_figures("treat", gates.flat(figures), gate.figures)
    return artifacts.finish(
        TreatResult(
            ref=ref,
            figures=figures,
            gate=gates.merge("treat", [part.checks for part in treated], checks),
            work={"treated_rows": sum(part.rows for part in treated if part.new)},
            seconds=perf_counter() - started,
        )
    )


def _judges(run: Run, ref: DatasetRef, basis: Basis) -> tuple[Judged, JudgesFindings] | None:
    """What judges say; None where the config names none."""
    panel = panel_of(run.config.treat, run.keys, run.config.seed)
    if panel is None:
        return None
    place = run.config.treat.judges.audited
    audited = read_audited(place, run.source.options) if place else {}
    return hear_judges(panel, run.artifacts, run.source, ref, basis, audited)


def as_decided(run: Run) -> Run:
    """The run with a person's budget: at most so many labels change, those that are surest."""
    decision = read_decision(run.artifacts.store, run.artifacts.folder)
    if decision is None or decision.budget is None:
        return run
    return run.with_budget(decision.budget)


def as_proven(run: Run, proof: ValidationFindings) -> Run:
    """The run that publishes what the validation has proven: another arm, or the labels as given."""
    same = proof.published == PROPOSED or run.config.treat.mode == "none"
    return run if same else run.with_arm(proof.published)


def treat_partition(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, basis: Basis, expected: Suite
) -> Treated:
    """Treat one partition and write its part, or read it if that was done."""
    name, (decide, by_class, _) = artifacts.part("treat", partition), BY_LABEL_TYPE[ref.label_type]
    new = not artifacts.store.exists(name)
    if new:
        table = decide(partition, artifacts, ref, basis)
        artifacts.store.write_table(name, table, use_dictionary=["action", "reason"])
    else:
        table = artifacts.store.read_table(name)
    weight = table["weight"].to_numpy()
    counted = table.group_by(["action", "reason"]).aggregate([([], "count_all")]).to_pylist()
    return Treated(
        rows=table.num_rows,
        actions=Counter({(each["action"], each["reason"]): each["count_all"] for each in counted}),
        by_class=by_class(table, ref),
        weight=float(weight.sum(dtype=np.float64)),
        squared=float(np.square(weight, dtype=np.float64).sum()),
        lowest=float(weight.min(initial=np.inf)),
        highest=float(weight.max(initial=0.0)),
        factors=_factors(table),
        new=new,
        checks=_checks(table, ref, expected),
    )


def _factors(table: pa.Table) -> dict[str, FactorSums]:
    """By factor: its sum over the rows, its least and its largest value."""
    found = {}
    for column in (name for name in table.column_names if name.startswith(FACTOR)):
        values = table[column].to_numpy().astype(np.float64)
        found[factor_name(column)] = FactorSums(
            float(values.sum()), float(values.min(initial=np.inf)), float(values.max(initial=0.0))
        )
    return found


def _factor_findings(treated: list[Treated], rows: int) -> tuple[WeightFactor, ...]:
    names = dict.fromkeys(name for part in treated for name in part.factors)
    parts = {name: [part.factors[name] for part in treated if name in part.factors] for name in names}
    return tuple(
        WeightFactor(
            name=name,
            mean=sum(each.total for each in found) / rows,
            lowest=min(each.lowest for each in found),
            highest=max(each.highest for each in found),
        )
        for name, found in parts.items()
    )


def _checks(table: pa.Table, ref: DatasetRef, expected: Suite) -> list[gates.RowCheck]:
    """Row by row; a code is within the classes, each of a list of codes too; numbers are no codes."""
    label = table["label"].combine_chunks()
    if pa.types.is_list(label.type):
        highest = np.full(len(label), 0)
        np.maximum.at(highest, pc.list_parent_indices(label).to_numpy(), label.flatten().to_numpy())
        table = table.set_column(table.column_names.index("label"), "label", pa.array(highest))
    return gates.check_rows(table, expected, classes=len(ref.classes))


def _findings(treated: list[Treated], basis: Basis, judges: JudgesFindings | None) -> TreatmentFindings:
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
        objective_note=basis.cut.says or None,
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
