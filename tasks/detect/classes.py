"""Detect, of one class a row: which labels are wrong, and how far the target's class mix has moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.findings import CalibrationFindings, DetectFigures, IngestFigures
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks import gates
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.imprecise.inferred_labels import read_inferred
from labelworks.tasks.artifacts.vectors.first_pass import FirstPass
from labelworks.tasks.artifacts.vectors.sample_groups import write_groups
from labelworks.tasks.detect.detected import Detected, evidence
from labelworks.tasks.detect.drift_findings import Labelled, drift_findings
from labelworks.tasks.detect.duplicate_evidence import DuplicateEvidence, duplicate_evidence
from labelworks.tasks.detect.faults.poison import poison
from labelworks.tasks.detect.faults.shortcuts import shortcuts
from labelworks.tasks.detect.fitted_model import choose_model, judging_trees
from labelworks.tasks.detect.options import DetectOptions
from labelworks.tasks.detect.row_context import Context, labelled_context, merged
from labelworks.tasks.detect.sample.row_facts import with_row_facts
from labelworks.tasks.detect.sample.sample_map import sample_map
from labelworks.tasks.detect.score_partition import JudgedPart, Scored, score_partition, summarise
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.methods.chance import labels_p_value
from labelworks.tasks.methods.findings.calibration import AGAINST, calibration_findings
from labelworks.tasks.methods.findings.health import class_sums, health_findings
from labelworks.tasks.methods.findings.noise import RowCounts, noise_findings
from labelworks.tasks.methods.findings.ranking import ranking_findings
from labelworks.tasks.methods.inference.reliability import ReliabilitySums
from labelworks.tasks.methods.noise_judge import NoiseJudge
from labelworks.tasks.methods.statistics.folds import share_of


def detect_classes(
    artifacts: Artifacts, ref: DatasetRef, found: FirstPass, rows: IngestFigures, options: DetectOptions
) -> Detected:
    """Judge every label by a model fitted on the sums and the sample; compare the target window."""
    sums, sample = found.sums, found.sample
    model, key = choose_model(artifacts, ref, sums, sample, options)
    ref = ref.model_copy(update={"model_key": key})
    judged = model.judge(sample)
    counts = sums.count.sum(axis=0)
    copies = duplicate_evidence(artifacts, ref, judged.transition, counts / counts.sum(), model.threshold)
    ref = copies.named(ref)
    judgements = map_partitions(
        "detect", judge_partition, ref.of("source"), unit="partitions scored",
        artifacts=artifacts, ref=ref, model=model, copies=copies, share=share_of(options.sample, rows.rows),
        options=options,
    )  # fmt: skip
    scored = [judgement.scored for judgement in judgements]
    counted = _counted(scored, copies.rows, paired="pair" in options.beside)
    inferred = read_inferred(artifacts) if ref.inferred else None
    probs, own = model.foretold(sample), sample.beside.get("pred_probs")
    chance = labels_p_value(sample.features, sample.given, own) if inferred is None else inferred.p_value
    labelled_by = probs if own is None else own
    noise = noise_findings(judged, labelled_by, sample.given, ref.classes, counted, chance)
    labelled = Labelled(merged([judgement.context for judgement in judgements]), sample, judged, probs)
    write_groups(artifacts, labelled.context.sample)
    sums_by_class = np.sum([judgement.by_class for judgement in judgements], axis=0)
    health = health_findings(noise, sums_by_class, ref.classes)
    ids = labelled.context.sample["id"]
    drawn = evidence(scored, judged.transition).model_copy(
        update={"sample_map": sample_map(sample, judged, ids)}
    )
    moved = drift_findings(artifacts, ref, found, model, labelled, rows.target_rows, options)
    figures = DetectFigures(
        rows=counted.rows, noise=noise, shift=moved.shift, drift=moved.drift,
        performance=moved.performance,
        ranking=ranking_findings(labelled.context.ranking, options.context.ranked),
        evidence=drawn, inferred=inferred,
        shortcuts=shortcuts(artifacts, options.context.source, ref),
        calibration=() if inferred else calibrations(scored),
        trees=judging_trees(model.ensemble, counted.rows),
        poison=poison(sample, ids, ref.classes) if options.poison else None,
        health=None if ref.inferred else with_row_facts(artifacts, health, sample, ids),
    )  # fmt: skip
    return Detected(ref, figures, [judgement.checks for judgement in judgements], scored)


def calibrations(scored: Sequence[Scored]) -> tuple[CalibrationFindings, ...]:
    """How the probabilities of each model hold against the given labels of all rows."""
    names = dict.fromkeys(name for part in scored for name in part.reliability)
    sums = {name: [part.reliability[name] for part in scored if name in part.reliability] for name in names}
    held = (
        calibration_findings(name, AGAINST[name], ReliabilitySums.merged(parts))
        for name, parts in sums.items()
    )
    return tuple(model for model in held if model is not None)


@dataclass(frozen=True)
class JudgedClasses(JudgedPart):
    """What was found in one partition; by_class (3, K): of `class_sums`."""

    context: Context
    by_class: NDArray[np.float64]


def judge_partition(
    partition: Partition,
    artifacts: Artifacts,
    ref: DatasetRef,
    model: NoiseJudge,
    copies: DuplicateEvidence,
    share: float,
    options: DetectOptions,
) -> JudgedClasses:
    """Judge the rows of one partition, hear their copies, check the scores, and sum up by time and group."""
    scores, new = score_partition(partition, artifacts, ref, model, copies, options)
    checks = gates.check_rows(scores, options.expected, classes=len(ref.classes))
    context = labelled_context(options.context, ref, partition, scores, share)
    given, error, flag = (scores[name].to_numpy() for name in ("given", "error_probability", "flag"))
    sums = class_sums(given, error, flag, len(ref.classes))
    return JudgedClasses(summarise(scores, partition, new), checks, context, sums)


def _counted(scored: list[Scored], copies_disagree: int, *, paired: bool) -> RowCounts:
    """Rows by what was found; of pairs, rows without one are not counted."""
    pairs, mismatched = (sum(getattr(part, name) for part in scored) for name in ("pairs", "mismatched"))
    return RowCounts(
        rows=sum(part.rows for part in scored),
        flagged=sum(part.flagged for part in scored),
        out_of_scope=sum(part.outside for part in scored),
        copies_disagree=copies_disagree,
        pairs=pairs if paired else None,
        mismatched_pairs=mismatched if paired else None,
    )
