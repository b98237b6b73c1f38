"""Detect: which labels are probably wrong, and how far the target window's class mix has moved."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from prefect import task
from prefect.cache_policies import NO_CACHE

from labelworks.schemas.findings import IngestFigures
from labelworks.schemas.records import DatasetRef, DetectResult
from labelworks.schemas.secrets.logging import redacted
from labelworks.tasks import gates
from labelworks.tasks.artifacts.run import Run
from labelworks.tasks.artifacts.sufficient_statistics import FirstPass, first_pass
from labelworks.tasks.detect.classes import detect_classes
from labelworks.tasks.detect.detected import Detected
from labelworks.tasks.detect.label_sets import detect_label_sets
from labelworks.tasks.detect.numbers import detect_numbers

BY_TASK: dict[str, Callable[[Run, DatasetRef, FirstPass, IngestFigures], Detected]] = {
    "classification": detect_classes,
    "multilabel": detect_label_sets,
    "regression": detect_numbers,
}


@task(name="detect", task_run_name="detect", cache_policy=NO_CACHE)
@redacted()
def detect(run: Run, ref: DatasetRef, rows: IngestFigures) -> DetectResult:
    """Judge every label out of sample in two passes; estimate the class mix of the target window."""
    if done := run.result(DetectResult):
        return done
    started = perf_counter()
    found = BY_TASK[run.config.dataset.task](run, ref, first_pass(run, ref, rows.rows), rows)
    checks = gates.check_figures("detect", gates.flat(found.figures), run.config.gates.detect)
    return run.finish(
        DetectResult(
            ref=found.ref,
            figures=found.figures,
            gate=gates.merge("detect", found.checks, checks),
            work={"scored_rows": sum(each.rows for each in found.scored if each.new)},
            seconds=perf_counter() - started,
        )
    )
