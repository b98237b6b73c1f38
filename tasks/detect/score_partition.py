"""The second pass over the embeddings: every row judged, its copies heard, scores written and summed up."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.findings import JudgedRow
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.schemas.suites import Suite
from labelworks.schemas.tables import SCORES
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.scores import BINS, WORST
from labelworks.tasks.artifacts.shown.rows_by_id import in_digits
from labelworks.tasks.artifacts.soft_labels import soft_columns
from labelworks.tasks.artifacts.vectors.embeddings import Block, load_block
from labelworks.tasks.artifacts.vectors.sufficient_statistics import sample_of
from labelworks.tasks.detect.duplicate_evidence import DuplicateEvidence, apply_evidence
from labelworks.tasks.detect.options import DetectOptions
from labelworks.tasks.gates import RowCheck
from labelworks.tasks.methods.findings.calibration import OWN, OWN_TRUE
from labelworks.tasks.methods.inference.reliability import ReliabilitySums, held_against_labels
from labelworks.tasks.methods.noise_judge import NoiseJudge, Sample
from labelworks.tasks.methods.statistics.folds import fold_of

SUMMED = [
    "row", "id", "given", "score", "error_probability", "flag", "suggestion", "in_scope", "outside",
    "pair_mismatch",
]  # fmt: skip
SHOWN = ["row", "id", "given", "suggestion", "error_probability", "in_scope"]
RELIABILITY = "reliability"  # in the metadata of scores


@dataclass(frozen=True)
class Scored:
    """What was found in one partition; histograms (20,) of the scores of all and of the flagged rows.

    reliability: by model, how its probabilities hold against the given labels.
    """

    rows: int
    flagged: int
    histogram: NDArray[np.int64]
    flagged_histogram: NDArray[np.int64]
    worst: list[JudgedRow]
    new: bool
    strangest: list[JudgedRow] = field(default_factory=list)
    outside: int = 0
    pairs: int = 0
    mismatched: int = 0
    reliability: dict[str, ReliabilitySums] = field(default_factory=dict)


@dataclass(frozen=True)
class JudgedPart:
    """What was found in one partition, whatever its labels are."""

    scored: Scored
    checks: list[RowCheck]

    @property
    def rows(self) -> int:
        """Rows judged."""
        return self.scored.rows


def scores_once(
    artifacts: Artifacts,
    ref: DatasetRef,
    partition: Partition,
    judged: Callable[[], pa.Table],
    columns: list[str] | None = None,
) -> tuple[pa.Table, bool]:
    """The scores of a partition, and whether they are new: judged and written, if they aren't there.

    columns: what is read of scores that are there (None: all).
    """
    name = artifacts.scores(ref, partition)
    if artifacts.store.exists(name):
        return artifacts.store.read_table(name, columns), False
    scores = judged()
    artifacts.store.write_table(name, scores, use_dictionary=False)
    return scores, True


def with_expected(names: Sequence[str], expected: Suite) -> list[str]:
    """Columns of scores by their names, and those that something is expected of."""
    asked = (name for expectation in expected.of("source").expect for name in expectation.columns)
    return list(dict.fromkeys([*names, *asked]))


def score_partition(
    partition: Partition,
    artifacts: Artifacts,
    ref: DatasetRef,
    model: NoiseJudge,
    copies: DuplicateEvidence,
    options: DetectOptions,
) -> tuple[pa.Table, bool]:
    """Second pass over a partition: judge every row, hear its copies, and write the scores.

    Returns what is summed up of them, and whether rows were judged: scores that are there already are read.
    """
    name, ranked = artifacts.scores(ref, partition), ["posterior"] if options.context.ranked else []
    summed = with_expected([*SUMMED, *ranked], options.expected)
    if artifacts.store.exists(name):
        return artifacts.store.read_table(name, summed), False
    table, new = _alone(partition, artifacts, ref, model, copies.transition, options)
    if partition.copies:
        table = apply_evidence(table, partition, copies).replace_schema_metadata(table.schema.metadata)
    artifacts.store.write_table(name, table, use_dictionary=False)
    return table.select(summed), new


def _alone(
    partition: Partition,
    artifacts: Artifacts,
    ref: DatasetRef,
    model: NoiseJudge,
    transition: NDArray[np.float64],
    options: DetectOptions,
) -> tuple[pa.Table, bool]:
    """Scores of a partition before copies are heard; False: they were kept.

    They are kept, where copies say something, for later runs that share the model: with a tolerance.
    """
    name = artifacts.scores(ref, partition.model_copy(update={"copies": ""}))
    if partition.copies and artifacts.store.exists(name):
        return artifacts.store.read_table(name), False
    block = load_block(artifacts, ref, partition, options.beside)
    table = _judge(block, model, transition, options.folds)
    if partition.copies and options.tolerance:
        artifacts.store.write_table(name, table, use_dictionary=False)
    return table, True


def _judge(block: Block, model: NoiseJudge, transition: NDArray[np.float64], n_folds: int) -> pa.Table:
    """The scores of a block of rows; their metadata say how the models' probabilities hold."""
    rows = sample_of(block, fold_of(block.hashes, n_folds))
    judged, held = zip(
        *(_judged(model, part, transition) for part in rows.parts(model.rows_at_once)), strict=True
    )
    sums = {name: ReliabilitySums.merged([part[name] for part in held]).plain for name in held[0]}
    table = _table(block, pa.concat_tables(judged))
    return table.replace_schema_metadata({RELIABILITY: json.dumps(sums)})


def _held(scores: pa.Table) -> dict[str, ReliabilitySums]:
    """What the scores' metadata say; empty where an older version scored, and of labels without classes."""
    said = json.loads((scores.schema.metadata or {}).get(RELIABILITY.encode(), b"{}"))
    return {name: ReliabilitySums.of_plain(sums) for name, sums in said.items()}


Shown = Callable[[dict[str, Any]], dict[str, Any]]


def summarise(scores: pa.Table, partition: Partition, new: bool, shown: Shown | None = None) -> Scored:
    """Sum up the scores of a partition; shown: how a row of them is told, if not as it is."""
    score = scores["score"].to_numpy()
    flag = scores["flag"].to_numpy(zero_copy_only=False)
    error = scores["error_probability"].to_numpy()
    worst = np.argsort(-error, kind="stable")[:WORST]
    summary = Scored(
        rows=scores.num_rows,
        flagged=int(np.count_nonzero(flag)),
        histogram=np.histogram(score, bins=BINS, range=(0.0, 1.0))[0],
        flagged_histogram=np.histogram(score[flag], bins=BINS, range=(0.0, 1.0))[0],
        worst=_rows(scores, worst, partition, shown),
        new=new,
        reliability=_held(scores),
    )
    if "in_scope" not in scores.column_names:
        return summary
    strangest = np.argsort(scores["in_scope"].to_numpy(), kind="stable")[:WORST]
    return replace(
        summary,
        strangest=_rows(scores, strangest, partition, shown),
        outside=pc.sum(scores["outside"]).as_py() or 0,
        pairs=len(scores) - scores["pair_mismatch"].null_count,
        mismatched=pc.sum(pc.greater(scores["pair_mismatch"], 0.5)).as_py() or 0,
    )


def named_rows(ref: DatasetRef) -> Shown:
    """Tells rows of labels that are no single class: names of classes, or a number in a few digits."""

    def written(label: list[int] | float) -> str:
        if isinstance(label, list):
            between = " " if ref.label_type == "tags" else ", "
            return between.join(str(ref.classes[code]) for code in label) or "(none)"
        return in_digits(label)

    return lambda row: row | {name: written(row[name]) for name in ("given", "suggestion")}


def _rows(
    scores: pa.Table, places: NDArray[np.intp], partition: Partition, shown: Shown | None
) -> list[JudgedRow]:
    names = [name for name in SHOWN if name in scores.column_names]
    rows = scores.select(names).take(pa.array(places)).to_pylist()
    return [JudgedRow(partition=partition.key, **(shown(row) if shown else row)) for row in rows]


def _judged(
    model: NoiseJudge, sample: Sample, transition: NDArray[np.float64]
) -> tuple[pa.Table, dict[str, ReliabilitySums]]:
    """The columns of the scores that come of the judgement, and how each model's probabilities hold."""
    (judged, in_scope, probs), rows = model.look(sample), len(sample.given)
    held = {name: held_against_labels(predicted, sample.given) for name, predicted in probs.items()}
    if OWN in probs:
        held[OWN_TRUE] = held_against_labels(probs[OWN], sample.given, transition)
    suggested = pa.nulls(rows, pa.float32()) if judged.suggested is None else pa.array(judged.suggested)
    table = pa.table(
        {
            "score": judged.score,
            "error_probability": judged.error_probability,
            "flag": judged.flag,
            "suggestion": judged.suggestion,
            "suggested_probability": suggested,
            "claim": suggested if judged.claim is None else judged.claim,
            "confident": _column(judged.confident, rows, pa.int32()),
            "confident_probability": _column(judged.confident_probability, rows, pa.float32()),
            **soft_columns(judged.posterior, sample.given),
            "in_scope": in_scope,
            "outside": in_scope < model.scope.cut,
            "pair_mismatch": pa.array(model.mismatch(sample), from_pandas=True),
        }
    )
    return table, held


def _column(values: NDArray[Any] | None, rows: int, kind: pa.DataType) -> pa.Array:
    return pa.nulls(rows, kind) if values is None else pa.array(values)


def _table(block: Block, judged: pa.Table) -> pa.Table:
    columns = {"row": pa.array(block.rows), "id": block.ids, "given": pa.array(block.given)}
    columns |= dict(zip(judged.column_names, judged.columns, strict=True))
    return pa.table(columns | {"copies_disagree": np.zeros(len(block.rows), bool)}, schema=SCORES)
