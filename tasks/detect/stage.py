"""Detect: which labels are probably wrong, and how far the target window's class mix has moved."""

from __future__ import annotations

import json
from collections.abc import Callable
from time import perf_counter

from labelworks.schemas.findings import IngestFigures
from labelworks.schemas.records import DatasetRef, DetectResult
from labelworks.schemas.suites import Suite, suites
from labelworks.tasks import gates
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.vectors.first_pass import FirstPass
from labelworks.tasks.artifacts.vectors.sufficient_statistics import first_pass
from labelworks.tasks.detect.classes import detect_classes
from labelworks.tasks.detect.detected import Detected
from labelworks.tasks.detect.label_sets import detect_label_sets
from labelworks.tasks.detect.numbers import detect_numbers
from labelworks.tasks.detect.options import DetectOptions
from labelworks.tasks.detect.row_context import ContextReader
from labelworks.tasks.execution.engine import stage_task
from labelworks.tasks.methods.encoders.base import fit_share
from labelworks.tasks.planning.run import Run
from labelworks.tasks.planning.values import judge_options, pass_options, shift_options

BY_TASK: dict[str, Callable[[Artifacts, DatasetRef, FirstPass, IngestFigures, DetectOptions], Detected]] = {
    "classification": detect_classes,
    "multilabel": detect_label_sets,
    "regression": detect_numbers,
}
BESIDE_THE_MODEL = {"tolerance", "shift", "windows", "groups", "slices", "columns"}  # of detect


@stage_task("detect")
def detect(run: Run, ref: DatasetRef, rows: IngestFigures) -> DetectResult:
    """Judge every label out of sample in two passes; estimate the class mix of the target window."""
    artifacts, summed = run.artifacts, pass_options(run.config)
    if done := artifacts.result(DetectResult):
        return done
    started, gate = perf_counter(), suites("detect", run.config.gates.detect)
    sums, options = first_pass(artifacts, ref, rows.rows, summed), _options(run, summed.beside, gate.rows)
    found = BY_TASK[run.config.dataset.task](artifacts, ref, sums, rows, options)
    parts = [(part, artifacts.scores(found.ref, part)) for part in found.ref.of("source")]
    checks = [
        *gates.check_whole("detect", gate.rows, parts, gates.StoredRows(artifacts.store)),
        *gates.check_figures("detect", gates.flat(found.figures), gate.figures),
    ]
    return artifacts.finish(
        DetectResult(
            ref=found.ref,
            figures=found.figures,
            gate=gates.merge("detect", found.checks, checks),
            work={"scored_rows": sum(part.rows for part in found.scored if part.new)},
            seconds=perf_counter() - started,
        )
    )


def _options(run: Run, beside: tuple[str, ...], expected: Suite) -> DetectOptions:
    """What the config asks of this stage."""
    data, detect, encoder = run.config.dataset, run.config.detect, run.config.encoder
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
        fit_share=fit_share(encoder.name, data.features.kind),
        context=ContextReader(run.source, detect.windows.by),
        expected=expected,
    )
