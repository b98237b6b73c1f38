"""Detect, of several labels a row: which are missing or too many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse

from labelworks.schemas.findings import DetectFigures, DriftFindings, IngestFigures, NoiseFindings
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.schemas.tables import LABEL_SET_SCORES
from labelworks.tasks import gates
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.cells import codes_of, dense_lists, from_lists, to_lists
from labelworks.tasks.artifacts.soft_labels import SOFT_CLASSES
from labelworks.tasks.artifacts.vectors.embeddings import Block, load_block
from labelworks.tasks.artifacts.vectors.first_pass import FirstPass
from labelworks.tasks.artifacts.vectors.sufficient_statistics import sample_share
from labelworks.tasks.detect.detected import Detected, evidence
from labelworks.tasks.detect.drift_findings import of_label_sets
from labelworks.tasks.detect.fitted_model import model_key
from labelworks.tasks.detect.options import DetectOptions
from labelworks.tasks.detect.row_context import Context, labelled_context, merged
from labelworks.tasks.detect.score_partition import JudgedPart, named_rows, scores_once, summarise
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.chance import labels_p_value
from labelworks.tasks.methods.findings.cells import CellSums, cell_agreement
from labelworks.tasks.methods.multilabel.judge import LabelSetJudge
from labelworks.tasks.methods.noise_judge import Sample
from labelworks.tasks.methods.statistics.folds import fold_of
from labelworks.tasks.methods.treatment.label_sets import largest, likelier

AT_ONCE = 1 << 22  # cells judged at a time


@dataclass(frozen=True)
class JudgedSets(JudgedPart):
    """What was found in one partition."""

    cells: CellSums
    context: Context


def detect_label_sets(
    artifacts: Artifacts, ref: DatasetRef, found: FirstPass, rows: IngestFigures, options: DetectOptions
) -> Detected:
    """Judge the labels of every row by probes fitted on the sums, all else on the sample."""
    sample, targets = found.sample, found.targets
    assert targets is not None  # noqa: S101 - the first pass sums label sets up so
    given = sparse.csr_array(sample.beside["targets"])
    judge = LabelSetJudge.fit(
        targets, sample.features, given, sample.folds, sample.beside.get("pred_probs"),
        model=registry.make("multilabel", options.judge.noise),
    )  # fmt: skip
    ref = ref.model_copy(update={"model_key": model_key(ref, targets, sample, options.said)})
    parts = map_partitions(
        "detect", judge_partition, ref.of("source"), unit="partitions scored",
        artifacts=artifacts, ref=ref, judge=judge, share=sample_share(options.sample, ref, rows.rows),
        options=options,
    )  # fmt: skip
    scored = [part.scored for part in parts]
    cells = reduce(add, (part.cells for part in parts))
    context = merged([part.context for part in parts])
    figures = DetectFigures(
        rows=cells.rows,
        noise=_noise(options.judge.noise.method, judge, cells, sample, given, ref.classes),
        drift=DriftFindings(labels=of_label_sets(ref, context, given, options.context.windows)),
        evidence=evidence(scored),
    )
    return Detected(ref, figures, [part.checks for part in parts], scored)


def judge_partition(
    partition: Partition,
    artifacts: Artifacts,
    ref: DatasetRef,
    judge: LabelSetJudge,
    share: float,
    options: DetectOptions,
) -> JudgedSets:
    """Judge the rows of one partition and write their scores, or read them; check and sum them up."""
    classes = len(ref.classes)

    def judged() -> pa.Table:
        block = load_block(artifacts, ref, partition, options.beside)
        return _scores(block, judge, options.folds, classes)

    scores, new = scores_once(artifacts, ref, partition, judged)
    cells = CellSums.of(*(from_lists(scores[column], classes) for column in ("given", "missing", "extra")))
    one = scores.set_column(2, "given", pa.array(np.zeros(len(scores), np.int32)))  # none is the row's own
    return JudgedSets(
        summarise(scores, partition, new, shown=named_rows(ref)),
        gates.check_rows(scores, options.expected),
        cells,
        labelled_context(options.context, ref, partition, one, share),
    )


def _scores(block: Block, judge: LabelSetJudge, n_folds: int, classes: int) -> pa.Table:
    """The scores of a block, some rows at a time, so that memory doesn't grow with the number of classes."""
    folds, size = fold_of(block.hashes, n_folds), max(AT_ONCE // max(classes, 1), 1)
    starts = range(0, len(folds), size)
    judged = [_judged(block, judge, folds, slice(at, at + size)) for at in starts]
    return pa.concat_tables([LABEL_SET_SCORES.empty_table(), *judged])


def _judged(block: Block, judge: LabelSetJudge, folds: NDArray[np.int64], rows: slice) -> pa.Table:
    own = block.beside.get("pred_probs")
    given = block.targets[rows]
    judged = judge.judge(block.features[rows], given, folds[rows], None if own is None else own[rows])
    (missing, lacks), (extra, has) = to_lists(judged.missing), to_lists(judged.extra)
    claims = [to_lists(claim)[1] for claim in (judged.missing_claim, judged.extra_claim) if claim is not None]
    many = given.shape[1] > SOFT_CLASSES
    return pa.table(
        {
            "row": block.rows[rows],
            "id": block.ids[rows],
            "given": codes_of(given),
            "score": judged.score,
            "error_probability": largest(judged.missing + judged.extra),
            "flag": judged.flag,
            "suggestion": codes_of(likelier(given, judged.missing, judged.extra)),
            "missing": missing,
            "missing_probability": lacks,
            "missing_claim": claims[0],
            "extra": extra,
            "extra_probability": has,
            "extra_claim": claims[1],
            "posterior": pa.nulls(given.shape[0], pa.list_(pa.float32()))
            if many
            else dense_lists((given + judged.missing - judged.extra).toarray().astype(np.float32)),
        },
        schema=LABEL_SET_SCORES,
    )


def _noise(
    method: str,
    judge: LabelSetJudge,
    cells: CellSums,
    sample: Sample,
    given: sparse.csr_array,
    classes: Sequence[str | int],
) -> NoiseFindings:
    own = sample.beside.get("pred_probs")
    probs = judge.probs(sample.features, given, sample.folds, own)
    rate, interval = cells.rate
    return NoiseFindings(
        method=method,
        rate=rate,
        rate_interval=interval,
        flagged=cells.flagged,
        flagged_share=cells.flagged / cells.rows,
        **cell_agreement(given, probs),
        chance_p_value=labels_p_value(sample.features, given, own),
        density=cells.given / max(cells.rows * given.shape[1], 1),
        missing_labels=cells.missing,
        extra_labels=cells.extra,
        unproven=tuple(classes[place] for place in judge.claims.unproven),
    )
