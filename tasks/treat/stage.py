"""Treat: keep, relabel or send to review, and weigh every row. Nothing is changed in place."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import reduce
from operator import add
from time import perf_counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from prefect import task
from prefect.cache_policies import NO_CACHE

from labelworks.schemas.config.run import TreatConfig
from labelworks.schemas.findings import ShiftFindings, TreatEvidence, TreatFigures, TreatmentFindings
from labelworks.schemas.records import DatasetRef, Partition, TreatResult
from labelworks.schemas.secrets.logging import redacted
from labelworks.schemas.tables import ACTIONS, TREATED
from labelworks.tasks import gates
from labelworks.tasks.artifacts.run import Run
from labelworks.tasks.artifacts.scores import JUDGED
from labelworks.tasks.artifacts.sufficient_statistics import rows_by_class
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.methods.reasons import WORDS, explained
from labelworks.tasks.methods.treatment.treat_rows import class_weights, treat_rows
from labelworks.tasks.treat.budget import tie_break

WEIGHTLESS = 1e-3  # mean weight of a class's rows, below which they count for nothing


@dataclass(frozen=True)
class Treated:
    """What was done in a partition; counts (K,) before and after, weights by class (K,); sums of weights."""

    rows: int
    actions: Counter[tuple[str, str]]
    before: NDArray[np.int64]
    after: NDArray[np.int64]
    by_class: NDArray[np.float64]
    weight: float
    squared: float
    lowest: float
    new: bool
    checks: list[gates.RowCheck]


@task(name="treat", task_run_name="treat", cache_policy=NO_CACHE)
@redacted()
def treat(run: Run, ref: DatasetRef, shift: ShiftFindings | None) -> TreatResult:
    """Decide on every row by its scores, and weigh it by the shift found."""
    if done := run.result(TreatResult):
        return done
    started = perf_counter()
    weights = class_weights(shift, run.config.treat)
    treated = map_partitions(
        "treat", treat_partition, ref.of("source"),
        run=run, ref=ref, weights=weights, counts=rows_by_class(run)[0],
    )  # fmt: skip
    figures = TreatFigures(
        rows=sum(each.rows for each in treated),
        treatment=_findings(treated, run.config.treat.mode),
        evidence=_evidence(treated),
    )
    checks = gates.check_figures("treat", gates.flat(figures), run.config.gates.treat)
    return run.finish(
        TreatResult(
            ref=ref,
            figures=figures,
            gate=gates.merge("treat", [each.checks for each in treated], checks),
            work={"treated_rows": sum(each.rows for each in treated if each.new)},
            seconds=perf_counter() - started,
        )
    )


def treat_partition(
    partition: Partition,
    run: Run,
    ref: DatasetRef,
    weights: NDArray[np.float64] | None,
    counts: NDArray[np.float64],
) -> Treated:
    """Treat one partition and write its part, or read it if that was done; counts (K,): of all rows."""
    name = run.part("treat", partition)
    new = not run.store.exists(name)
    if new:
        scores = run.store.read_table(run.scores(ref, partition), list(JUDGED))
        ties = 0.0 if run.budget is None else tie_break(scores["id"])
        table = append_reason(
            _table(scores, run.config.treat, weights, ties, counts), scores["copies_disagree"]
        )
        run.store.write_table(name, table, use_dictionary=["action", "reason"])
    else:
        table = run.store.read_table(name)
    label, given, weight = (table[column].to_numpy() for column in ("label", "given", "weight"))
    counted = table.group_by(["action", "reason"]).aggregate([([], "count_all")]).to_pylist()
    return Treated(
        rows=table.num_rows,
        actions=Counter({(each["action"], each["reason"]): each["count_all"] for each in counted}),
        before=np.bincount(given, minlength=len(ref.classes)),
        after=np.bincount(label, minlength=len(ref.classes)),
        by_class=np.bincount(label, weight.astype(np.float64), len(ref.classes)).astype(np.float64),
        weight=float(weight.sum(dtype=np.float64)),
        squared=float(np.square(weight, dtype=np.float64).sum()),
        lowest=float(weight.min(initial=np.inf)),
        new=new,
        checks=gates.check_rows("treat", table, run.config.gates.treat, classes=len(ref.classes)),
    )


def _table(
    scores: pa.Table,
    config: TreatConfig,
    weights: NDArray[np.float64] | None,
    ties: NDArray[np.float64] | float,
    counts: NDArray[np.float64],
) -> pa.Table:
    given, flag, suggestion, error = (
        scores[name].to_numpy() for name in ("given", "flag", "suggestion", "error_probability")
    )
    known = scores["suggested_probability"]
    suggested = None if known.null_count else known.to_numpy()
    outside = scores["outside"].to_numpy()
    decided, weight = treat_rows(
        given, flag, suggestion, error, suggested, config, weights, ties, outside, counts
    )
    why = explained(decided.reason, weight, decided.label, weights, config.max_weight)
    return pa.table(
        {
            "row": scores["row"],
            "id": scores["id"],
            "given": given,
            "label": decided.label,
            "action": pa.DictionaryArray.from_arrays(decided.action, list(ACTIONS)).cast(pa.string()),
            "reason": pa.DictionaryArray.from_arrays(why, list(WORDS)).cast(pa.string()),
            "weight": weight,
            "score": scores["score"],
        },
        schema=TREATED,
    )


def _findings(treated: list[Treated], mode: str) -> TreatmentFindings:
    rows = sum(each.rows for each in treated)
    actions = reduce(add, (each.actions for each in treated), Counter[tuple[str, str]]())
    by_action = {name: sum(n for (a, _), n in actions.items() if a == name) for name in ACTIONS}
    weight, squared = sum(each.weight for each in treated), sum(each.squared for each in treated)
    before, after, by_class = (
        np.sum([getattr(each, side) for each in treated], axis=0) for side in ("before", "after", "by_class")
    )
    return TreatmentFindings(
        mode=mode,
        **by_action,
        relabelled=by_action["relabel"],
        changed_share=by_action["relabel"] / rows,
        review_share=by_action["review"] / rows,
        min_weight=min(each.lowest for each in treated),
        effective_sample_share=weight * weight / max(squared, np.finfo(float).tiny) / rows,
        classes_lost=int(np.count_nonzero((before > 0) & (after == 0))),
        classes_weightless=int(np.count_nonzero((after > 0) & (by_class < WEIGHTLESS * after))),
    )


def _evidence(treated: list[Treated]) -> TreatEvidence:
    actions = reduce(add, (each.actions for each in treated), Counter[tuple[str, str]]())
    return TreatEvidence(
        actions=tuple((action, reason, count) for (action, reason), count in sorted(actions.items())),
        before=np.sum([each.before for each in treated], axis=0).tolist(),
        after=np.sum([each.after for each in treated], axis=0).tolist(),
    )


DISAGREE = "copies disagree"


def append_reason(treated: pa.Table, changed: pa.ChunkedArray) -> pa.Table:
    """Decisions whose reasons say for which rows (N,) copies were heard."""
    place = treated.column_names.index("reason")
    longer = pc.binary_join_element_wise(treated["reason"], DISAGREE, "; ")
    reason = pc.if_else(changed, longer, treated["reason"])
    return treated.set_column(place, treated.schema.field(place), reason)
