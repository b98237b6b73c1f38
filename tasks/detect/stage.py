"""Detect: which labels are probably wrong, and how far the target window's class mix has moved."""

from __future__ import annotations

import json
from collections.abc import Callable
from time import perf_counter

from labelworks.schemas.findings import IngestFigures, TrendFindings
from labelworks.schemas.records import DatasetRef, RunRecord
from labelworks.schemas.stage_results import DetectResult
from labelworks.schemas.suites import Suite, suites
from labelworks.tasks import gates
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.vectors.first_pass import FirstPass
from labelworks.tasks.artifacts.vectors.sufficient_statistics import first_pass
from labelworks.tasks.detect.classes import detect_classes
from labelworks.tasks.detect.content.judge_content import judge_content
from labelworks.tasks.detect.detected import Detected
from labelworks.tasks.detect.options import DetectOptions
from labelworks.tasks.detect.other_labels.label_sets import detect_label_sets
from labelworks.tasks.detect.other_labels.numbers import detect_numbers
from labelworks.tasks.detect.other_labels.tags import detect_tags
from labelworks.tasks.detect.row_context import ContextReader
from labelworks.tasks.detect.sample.nulls import nulls_by_column
from labelworks.tasks.detect.trend import figures_now, last_version, trend
from labelworks.tasks.execution.engine import stage_task
from labelworks.tasks.planning.run import Run
from labelworks.tasks.planning.values import (
    asked_sets,
    fitted_share,
    judge_options,
    pass_options,
    performance_options,
    shift_options,
)

BY_TASK: dict[str, Callable[[Artifacts, DatasetRef, FirstPass, IngestFigures, DetectOptions], Detected]] = {
    "classification": detect_classes,
    "multilabel": detect_label_sets,
    "regression": detect_numbers,
    "tokens": detect_tags,
}
BESIDE_THE_MODEL = {
    "performance",
    "pseudo_labels",
    "tolerance",
    "shift",
    "windows",
    "groups",
    "slices",
    "columns",
    "poison",
    "content",
}  # of detect


@stage_task("detect")
def detect(run: Run, ref: DatasetRef, rows: IngestFigures) -> DetectResult:
    """Judge every label out of sample in two passes; estimate the class mix of the target window."""
    artifacts, summed = run.artifacts, pass_options(run.config)
    before = last_version(artifacts)
    if done := artifacts.result(DetectResult):
        return _beside(run, done, before)
    started, gate = perf_counter(), suites("detect", run.config.gates.detect)
    sums, options = first_pass(artifacts, ref, rows.units, summed), _options(run, summed.beside, gate.rows)
    detected = BY_TASK[run.config.dataset.task](artifacts, ref, sums, rows, options)
    if run.config.detect.content:
        nulls = nulls_by_column(run.source, ref)
        detected = detected.with_content(judge_content(artifacts, run.source, ref), nulls)
    parts = [(part, artifacts.scores(detected.ref, part)) for part in detected.ref.of("source")]
    checks = [
        *gates.check_whole("detect", gate.rows, parts, gates.StoredRows(artifacts.store)),
        *gates.check_figures("detect", gates.flat(detected.figures), gate.figures),
    ]
    now = figures_now(detected.ref, rows, detected.figures.noise, sums.by_class)
    result = DetectResult(
        ref=detected.ref,
        figures=detected.figures.model_copy(update={"trend": TrendFindings(now=now)}),
        gate=gates.merge("detect", detected.checks, checks),
        work={"scored_rows": sum(part.rows for part in detected.scored if part.new)},
        seconds=perf_counter() - started,
    )
    return artifacts.finish(_beside(run, result, before))


def _beside(run: Run, result: DetectResult, before: RunRecord | None) -> DetectResult:
    """The result beside the last published version, which may be another one when a run is taken up again."""
    if (held := result.figures.trend) is None:
        return result
    trended, limits = trend(held.now, before), run.config.gates.trend
    own = gates.check_trend(trended, limits.model_dump(exclude={"severity"}), limits.severity)
    kept = [check for check in result.gate.checks if not check.key.startswith("gates.trend.")]
    return result.model_copy(
        update={
            "figures": result.figures.model_copy(update={"trend": trended}),
            "gate": gates.merge("detect", [], [*kept, *own]),
        }
    )


def _options(run: Run, beside: tuple[str, ...], expected: Suite) -> DetectOptions:
    """What the config asks of this stage."""
    data, detect = run.config.dataset, run.config.detect
    model = detect.model_dump(mode="json", exclude=BESIDE_THE_MODEL)
    named = json.loads(data.model_dump_json(include={"class_names", "pred_probs", "pair"}))
    return DetectOptions(
        folds=detect.folds,
        sample=detect.sample,
        beside=beside,
        judge=judge_options(detect),
        named=data.class_names is not None,
        tolerance=detect.tolerance,
        said=[model, named],
        shift=shift_options(detect),
        slices=detect.slices,
        fit_share=fitted_share(run.config),
        context=ContextReader(run.source, detect.windows.by, data.predictions),
        performance=performance_options(run.config),
        poison=detect.poison,
        pseudo_precision=detect.pseudo_labels.precision if detect.pseudo_labels else None,
        sets=asked_sets(run.config),
        expected=expected,
    )
