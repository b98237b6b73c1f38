"""Detect: which labels are probably wrong, and how far the target window's class mix has moved."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from prefect import task
from prefect.cache_policies import NO_CACHE

from schemas.records import DatasetRef, Partition, StageResult
from tasks import gates
from tasks.io.disagreement import Disagreements, disagreements, hear
from tasks.io.first_pass import first_pass
from tasks.io.model import choose_model
from tasks.io.partitions import map_partitions
from tasks.io.run import Run
from tasks.io.scores import WORST, Scored, score_partition, summarise, target_sample
from tasks.methods.findings import noise_findings, shift_findings
from tasks.methods.label_model import LabelModel, Sample

SHOWN_CLASSES = 100  # a larger transition matrix is left to its strongest confusions


@task(name="detect", task_run_name="detect", cache_policy=NO_CACHE)
def detect(run: Run, ref: DatasetRef, rows: dict[str, int]) -> StageResult:
    """Judge every label out of sample in two passes; estimate the class mix of the target window."""
    if done := run.result("detect"):
        return done
    started = perf_counter()
    found = first_pass(run, ref, rows["rows"])
    sums, sample = found.sums, found.sample
    model, key = choose_model(run, ref, sums, sample)
    ref = ref.model_copy(update={"model_key": key})
    probs = model.probs(sample.features, sample.folds)
    judged = model.judge(sample)
    counts = sums.count.sum(axis=0)
    copies = disagreements(run, ref, judged.transition, counts / counts.sum())
    judgements = map_partitions(
        "detect", judge_partition, ref.of("source"), unit="partitions scored",
        run=run, ref=ref, model=model, copies=copies,
    )  # fmt: skip
    scored = [summary for summary, _ in judgements]
    noise = {
        **noise_findings(judged, model.label_probs(sample), sample.given, ref.classes),
        "copies_disagree": copies.rows,
        "flagged": sum(each.flagged for each in scored),
        "flagged_share": sum(each.flagged for each in scored) / sum(each.rows for each in scored),
    }
    shift = _shift(run, ref, model, sample, probs, judged.transition, rows["target_rows"])
    figures = _gate_figures(noise, shift, counts)
    checks = gates.check_figures("detect", figures, run.config.gates.detect)
    return run.finish(
        StageResult(
            stage="detect",
            ref=ref,
            figures={"noise": noise, "shift": shift, "evidence": _evidence(judged.transition, scored)},
            gate=gates.merge("detect", [row_checks for _, row_checks in judgements], checks),
            work={"scored_rows": sum(each.rows for each in scored if each.new)},
            seconds=perf_counter() - started,
        )
    )


def judge_partition(
    partition: Partition, run: Run, ref: DatasetRef, model: LabelModel, copies: Disagreements
) -> tuple[Scored, list[gates.RowCheck]]:
    """Judge the rows of one partition, hear their copies, and check the scores."""
    scores, new = score_partition(partition, run, ref, model)
    scores = hear(run, ref, partition, scores, copies)
    checks = gates.check_rows("detect", scores, run.config.gates.detect, classes=len(ref.classes))
    return summarise(scores, partition, new), checks


def _shift(
    run: Run,
    ref: DatasetRef,
    model: LabelModel,
    sample: Sample,
    probs: NDArray[np.float32],
    transition: NDArray[np.float64],
    rows: int,
) -> dict[str, Any]:
    """Findings of the target window; empty if there is none."""
    if not ref.of("target"):
        return {}
    window = target_sample(run, ref, rows)
    method = run.config.detect.shift.method
    return shift_findings(sample, probs, window, model.probs(window), transition, method, ref.classes)


def _gate_figures(
    noise: dict[str, Any], shift: dict[str, Any], counts: NDArray[np.float64]
) -> dict[str, float | None]:
    """What the gate looks at; counts (K,) of the given labels."""
    chance = float(counts.max() / counts.sum())
    return {
        "out_of_sample_accuracy": noise["out_of_sample_accuracy"],
        "flagged_share": noise["flagged_share"],
        "noise_rate": noise["rate"],
        "chance_accuracy": chance,
        "accuracy_over_chance": noise["out_of_sample_accuracy"] - chance,
        "prior_shift": shift.get("total_variation"),
        "calibration_nll_gain": shift.get("calibration_nll_gain"),
        "drift_effect": shift["drift"]["unexplained_effect"] if shift else None,
    }


def _evidence(transition: NDArray[np.float64], scored: list[Scored]) -> dict[str, Any]:
    """What the report shows besides the figures."""
    worst = sorted((row for each in scored for row in each.worst), key=lambda row: -row["error_probability"])
    return {
        "transition": transition.tolist() if len(transition) <= SHOWN_CLASSES else None,
        "histogram": np.sum([each.histogram for each in scored], axis=0).tolist(),
        "flagged_histogram": np.sum([each.flagged_histogram for each in scored], axis=0).tolist(),
        "worst": worst[:WORST],
    }
