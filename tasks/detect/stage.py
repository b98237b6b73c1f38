"""Detect: which labels are probably wrong, and how far the target window's class mix has moved."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from prefect import task
from prefect.cache_policies import NO_CACHE

from labelworks.schemas.findings import DetectEvidence, DetectFigures, IngestFigures, JudgedRow
from labelworks.schemas.records import DatasetRef, DetectResult, Partition
from labelworks.schemas.secrets.logging import redacted
from labelworks.tasks import gates
from labelworks.tasks.artifacts.run import Run
from labelworks.tasks.artifacts.scores import WORST
from labelworks.tasks.artifacts.sufficient_statistics import first_pass
from labelworks.tasks.detect.drift_findings import Labelled, drift_findings
from labelworks.tasks.detect.duplicate_evidence import DuplicateEvidence, duplicate_evidence
from labelworks.tasks.detect.fitted_model import choose_model
from labelworks.tasks.detect.row_context import Context, labelled_context, merged
from labelworks.tasks.detect.score_partition import Scored, score_partition, summarise
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.methods.chance import features_p_value, predictions_p_value
from labelworks.tasks.methods.findings.noise import RowCounts, noise_findings
from labelworks.tasks.methods.folds import share_of
from labelworks.tasks.methods.noise_judge import NoiseJudge, Sample

SHOWN_CLASSES = 100  # a larger transition matrix is left to its strongest confusions


@task(name="detect", task_run_name="detect", cache_policy=NO_CACHE)
@redacted()
def detect(run: Run, ref: DatasetRef, rows: IngestFigures) -> DetectResult:
    """Judge every label out of sample in two passes; estimate the class mix of the target window."""
    if done := run.result(DetectResult):
        return done
    started = perf_counter()
    found = first_pass(run, ref, rows.rows)
    sums, sample = found.sums, found.sample
    model, key = choose_model(run, ref, sums, sample)
    ref = ref.model_copy(update={"model_key": key})
    judged = model.judge(sample)
    counts = sums.count.sum(axis=0)
    copies = duplicate_evidence(run, ref, judged.transition, counts / counts.sum(), model.threshold)
    ref = copies.named(ref)
    judgements = map_partitions(
        "detect", judge_partition, ref.of("source"), unit="partitions scored",
        run=run, ref=ref, model=model, copies=copies, share=share_of(run.config.detect.sample, rows.rows),
    )  # fmt: skip
    scored = [each.scored for each in judgements]
    counted = _counted(scored, copies.rows, paired=run.config.dataset.pair is not None)
    noise = noise_findings(
        judged, model.label_probs(sample), sample.given, ref.classes, counted, _chance_p_value(sample)
    )
    probs = model.probs(sample.features, sample.folds)
    labelled = Labelled(merged([each.context for each in judgements]), sample, judged, probs)
    shift, moved = drift_findings(run, ref, found, model, labelled, rows.target_rows)
    figures = DetectFigures(
        rows=counted.rows,
        noise=noise,
        shift=shift,
        drift=moved,
        evidence=_evidence(judged.transition, scored),
    )
    checks = gates.check_figures("detect", gates.flat(figures), run.config.gates.detect)
    return run.finish(
        DetectResult(
            ref=ref,
            figures=figures,
            gate=gates.merge("detect", [each.checks for each in judgements], checks),
            work={"scored_rows": sum(each.rows for each in scored if each.new)},
            seconds=perf_counter() - started,
        )
    )


@dataclass(frozen=True)
class Judgement:
    """What was found in one partition."""

    scored: Scored
    checks: list[gates.RowCheck]
    context: Context

    @property
    def rows(self) -> int:
        """Rows judged."""
        return self.scored.rows


def judge_partition(
    partition: Partition,
    run: Run,
    ref: DatasetRef,
    model: NoiseJudge,
    copies: DuplicateEvidence,
    share: float,
) -> Judgement:
    """Judge the rows of one partition, hear their copies, check the scores, and sum up by time and group."""
    scores, new = score_partition(partition, run, ref, model, copies)
    checks = gates.check_rows("detect", scores, run.config.gates.detect, classes=len(ref.classes))
    context = labelled_context(run, ref, partition, scores, share)
    return Judgement(summarise(scores, partition, new), checks, context)


def _chance_p_value(sample: Sample) -> float:
    """Whether what labels are judged by tells them at all: the user's own probabilities, or the features."""
    own = sample.beside.get("pred_probs")
    if own is not None:
        return predictions_p_value(own, sample.given)
    return features_p_value(sample.features, sample.given)


def _counted(scored: list[Scored], copies_disagree: int, *, paired: bool) -> RowCounts:
    """Rows by what was found; of pairs, rows without one are not counted."""
    pairs, mismatched = (sum(getattr(each, name) for each in scored) for name in ("pairs", "mismatched"))
    return RowCounts(
        rows=sum(each.rows for each in scored),
        flagged=sum(each.flagged for each in scored),
        out_of_scope=sum(each.outside for each in scored),
        copies_disagree=copies_disagree,
        pairs=pairs if paired else None,
        mismatched_pairs=mismatched if paired else None,
    )


def _in_scope(row: JudgedRow) -> float:
    return row.in_scope or 0.0


def _evidence(transition: NDArray[np.float64], scored: list[Scored]) -> DetectEvidence:
    worst = sorted((row for each in scored for row in each.worst), key=lambda row: -row.error_probability)
    strangest = sorted((row for each in scored for row in each.strangest), key=_in_scope)
    return DetectEvidence(
        transition=transition.tolist() if len(transition) <= SHOWN_CLASSES else None,
        histogram=np.sum([each.histogram for each in scored], axis=0).tolist(),
        flagged_histogram=np.sum([each.flagged_histogram for each in scored], axis=0).tolist(),
        worst=tuple(worst[:WORST]),
        strangest=tuple(strangest[:WORST]),
    )
