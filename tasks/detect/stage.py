"""Detect: which labels are probably wrong, and how far the target window's class mix has moved."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from prefect import task
from prefect.cache_policies import NO_CACHE

from labelworks.schemas.records import DatasetRef, Partition, StageResult
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
from labelworks.tasks.methods.findings.noise import noise_findings
from labelworks.tasks.methods.findings.windows import moved_figures
from labelworks.tasks.methods.folds import share_of
from labelworks.tasks.methods.noise_judge import NoiseJudge, Sample

OF_NOISE = (
    "flagged_share", "out_of_sample_accuracy", "chance_accuracy", "accuracy_over_chance", "chance_p_value",
)  # fmt: skip
SHOWN_CLASSES = 100  # a larger transition matrix is left to its strongest confusions


@task(name="detect", task_run_name="detect", cache_policy=NO_CACHE)
@redacted()
def detect(run: Run, ref: DatasetRef, rows: dict[str, int]) -> StageResult:
    """Judge every label out of sample in two passes; estimate the class mix of the target window."""
    if done := run.result("detect"):
        return done
    started = perf_counter()
    found = first_pass(run, ref, rows["rows"])
    sums, sample = found.sums, found.sample
    model, key = choose_model(run, ref, sums, sample)
    ref = ref.model_copy(update={"model_key": key})
    judged = model.judge(sample)
    counts = sums.count.sum(axis=0)
    copies = duplicate_evidence(run, ref, judged.transition, counts / counts.sum(), model.threshold)
    ref = copies.named(ref)
    judgements = map_partitions(
        "detect", judge_partition, ref.of("source"), unit="partitions scored",
        run=run, ref=ref, model=model, copies=copies, share=share_of(run.config.detect.sample, rows["rows"]),
    )  # fmt: skip
    scored = [each.scored for each in judgements]
    noise = {
        **noise_findings(judged, model.label_probs(sample), sample.given, ref.classes),
        "chance_p_value": _chance_p_value(sample),
        "copies_disagree": copies.rows,
        "out_of_scope": sum(each.outside for each in scored),
        **({} if run.config.dataset.pair is None else _of_pairs(scored)),
        "flagged": sum(each.flagged for each in scored),
        "flagged_share": sum(each.flagged for each in scored) / sum(each.rows for each in scored),
    }
    probs = model.probs(sample.features, sample.folds)
    labelled = Labelled(merged([each.context for each in judgements]), sample, judged, probs)
    shift, moved = drift_findings(run, ref, found, model, labelled, rows["target_rows"])
    figures = _gate_figures(noise, shift) | moved_figures(moved)
    checks = gates.check_figures("detect", figures, run.config.gates.detect)
    return run.finish(
        StageResult(
            stage="detect",
            ref=ref,
            figures={
                "noise": noise,
                "shift": shift,
                "drift": moved,
                "evidence": _evidence(judged.transition, scored),
            },
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


def _gate_figures(noise: dict[str, Any], shift: dict[str, Any]) -> dict[str, float | None]:
    """What the gate looks at."""
    return {
        **{name: noise[name] for name in OF_NOISE},
        "noise_rate": noise["rate"],
        "mismatched_share": noise.get("mismatched_share"),
        "prior_shift": shift.get("total_variation"),
        "calibration_nll_gain": shift.get("calibration_nll_gain"),
        "drift_effect": shift["drift"]["unexplained_effect"] if shift else None,
        "unknown_share": shift["unknown"].get("share") if shift else None,
    }


def _of_pairs(scored: list[Scored]) -> dict[str, Any]:
    """How many pairs there are, and which of them look mismatched; rows without one are not counted."""
    pairs, mismatched = (sum(getattr(each, name) for each in scored) for name in ("pairs", "mismatched"))
    share = mismatched / pairs if pairs else None
    return {"pairs": pairs, "mismatched_pairs": mismatched, "mismatched_share": share}


def _evidence(transition: NDArray[np.float64], scored: list[Scored]) -> dict[str, Any]:
    """What the report shows besides the figures."""
    worst = sorted((row for each in scored for row in each.worst), key=lambda row: -row["error_probability"])
    strangest = sorted((row for each in scored for row in each.strangest), key=lambda row: row["in_scope"])
    return {
        "transition": transition.tolist() if len(transition) <= SHOWN_CLASSES else None,
        "histogram": np.sum([each.histogram for each in scored], axis=0).tolist(),
        "flagged_histogram": np.sum([each.flagged_histogram for each in scored], axis=0).tolist(),
        "worst": worst[:WORST],
        "strangest": strangest[:WORST],
    }
