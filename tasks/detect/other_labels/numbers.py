"""Detect, of numbers: which are far off, and which two look exchanged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.findings import DetectFigures, IngestFigures, NoiseFindings
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.schemas.suites import Suite
from labelworks.schemas.tables import NUMBER_SCORES
from labelworks.tasks import gates
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.vectors.embeddings import Block, load_block
from labelworks.tasks.artifacts.vectors.first_pass import FirstPass
from labelworks.tasks.detect.detected import Detected, evidence
from labelworks.tasks.detect.fitted_model import model_key
from labelworks.tasks.detect.options import DetectOptions
from labelworks.tasks.detect.score_partition import JudgedPart, named_rows, scores_once, summarise
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.methods import registry
from labelworks.tasks.methods.chance import features_p_value
from labelworks.tasks.methods.regression.detect import partners
from labelworks.tasks.methods.regression.judge import NumberJudge
from labelworks.tasks.methods.regression.pairs import MOST
from labelworks.tasks.methods.statistics.folds import fold_of


@dataclass(frozen=True)
class Suspects:
    """Flagged rows (S,) of a partition: their places, given numbers, predictions and P(wrong)."""

    place: NDArray[np.int64]
    given: NDArray[np.float64]
    predicted: NDArray[np.float64]
    error: NDArray[np.float32]


@dataclass(frozen=True)
class Exchanged:
    """Rows (S,) of a partition likely exchanged with others: their places, the other's number, P(that)."""

    place: NDArray[np.int64]
    number: NDArray[np.float64]
    probability: NDArray[np.float32]


@dataclass(frozen=True)
class NumbersPart(JudgedPart):
    """What was found in one partition; `suspects` of it, while their pairs aren't known."""

    suspects: Suspects


def detect_numbers(
    artifacts: Artifacts, ref: DatasetRef, found: FirstPass, rows: IngestFigures, options: DetectOptions
) -> Detected:
    """Judge every number by a model fitted on the sample; then look for pairs among all that look wrong.

    Where more than `MOST` are to be expected none are kept: too many would fit each other by chance.
    """
    sample = found.sample
    given = sample.beside["targets"][:, 0].astype(np.float64)
    judge = NumberJudge.fit(
        sample.features, given, sample.folds, model=registry.make("regression", options.judge.noise)
    )
    ref = ref.model_copy(update={"model_key": model_key(ref, found.sums, sample, options.said)})
    parts = map_partitions(
        "detect", judge_partition, ref.of("source"), unit="partitions scored",
        artifacts=artifacts, ref=ref, judge=judge, options=options,
        seek=judge.model.rate * rows.rows <= MOST,
    )  # fmt: skip
    pairs = exchanged([part.suspects for part in parts], judge)
    settled = map_partitions(
        "detect", settle_partition,
        [one for one in zip(ref.of("source"), pairs, parts, strict=True) if len(one[1].place)],
        unit="partitions with pairs", artifacts=artifacts, ref=ref, expected=options.expected,
    )  # fmt: skip
    with_pairs = iter(settled)
    parts = [next(with_pairs) if len(here.place) else part for here, part in zip(pairs, parts, strict=True)]
    scored = [part.scored for part in parts]
    total, flagged = sum(one.rows for one in scored), sum(one.flagged for one in scored)
    rate = judge.model.rate
    spread = 1.96 * float(np.sqrt(max(rate * (1 - rate), 1 / len(given)) / len(given)))
    noise = NoiseFindings(
        method=options.judge.noise.method,
        rate=rate,
        rate_interval=(max(rate - spread, 0.0), min(rate + spread, 1.0)),
        flagged=flagged,
        flagged_share=flagged / total,
        r_squared=judge.explained,
        chance_p_value=features_p_value(sample.features, given),
        swapped=sum(len(pair.place) for pair in pairs),
    )
    figures = DetectFigures(rows=total, noise=noise, evidence=evidence(scored))
    return Detected(ref, figures, [part.checks for part in parts], scored)


def judge_partition(
    partition: Partition,
    artifacts: Artifacts,
    ref: DatasetRef,
    judge: NumberJudge,
    options: DetectOptions,
    seek: bool,
) -> NumbersPart:
    """Judge the rows of one partition and write their scores, or read them; check and sum them up.

    seek: whether pairs will be sought among all suspects.
    """
    scores, new = scores_once(
        artifacts, ref, partition,
        lambda: _scores(load_block(artifacts, ref, partition), judge, options.folds),
    )  # fmt: skip
    place = np.flatnonzero(scores["flag"].to_numpy(zero_copy_only=False) & seek)
    columns = (scores[name].to_numpy()[place] for name in ("given", "predicted", "error_probability"))
    return _summed(scores, partition, ref, options.expected, new, Suspects(place, *columns))


def exchanged(suspects: list[Suspects], judge: NumberJudge) -> list[Exchanged]:
    """Of each partition the rows whose numbers were likely exchanged with that of any other suspect."""
    ends = np.cumsum([len(suspect.place) for suspect in suspects])
    given, predicted, error = (
        np.concatenate([getattr(suspect, name) for suspect in suspects])
        for name in ("given", "predicted", "error")
    )
    everyone = np.ones(len(given), bool)
    other, sure = partners(everyone, given, *judge.usual(predicted), error.astype(np.float64))
    likely, partitions = np.flatnonzero(other >= 0), []
    for suspect, end in zip(suspects, ends.tolist(), strict=True):
        start = end - len(suspect.place)
        here = likely[(likely >= start) & (likely < end)]
        taken = given[other[here]], sure[here].astype(np.float32)
        partitions.append(Exchanged(suspect.place[here - start], *taken))
    return partitions


def settle_partition(
    part: tuple[Partition, Exchanged, NumbersPart], artifacts: Artifacts, ref: DatasetRef, expected: Suite
) -> NumbersPart:
    """Write the scores of a partition again, rows of which look exchanged; check and sum them up anew."""
    partition, pairs, before = part
    name = artifacts.scores(ref, partition)
    scores = artifacts.store.read_table(name)
    settled = _with(scores, pairs)
    if not settled.equals(scores):
        artifacts.store.write_table(name, settled, use_dictionary=False)
    return _summed(settled, partition, ref, expected, before.scored.new, before.suspects)


def _summed(
    scores: pa.Table, partition: Partition, ref: DatasetRef, expected: Suite, new: bool, suspects: Suspects
) -> NumbersPart:
    checks = gates.check_rows(scores, expected)
    return NumbersPart(summarise(scores, partition, new, shown=named_rows(ref)), checks, suspects)


def _with(scores: pa.Table, pairs: Exchanged) -> pa.Table:
    for name, values in (("suggestion", pairs.number), ("suggested_probability", pairs.probability)):
        at, column = scores.column_names.index(name), np.array(scores[name].to_numpy())
        column[pairs.place] = values
        scores = scores.set_column(at, scores.schema.field(at), pa.array(column))
    return scores


def _scores(block: Block, judge: NumberJudge, n_folds: int) -> pa.Table:
    given = block.targets[:, 0]
    judged = judge.judge(block.features, given, fold_of(block.hashes, n_folds))
    low, high = judge.usual(judged.predicted)
    return pa.table(
        {
            "row": block.rows,
            "id": block.ids,
            "given": given,
            "score": judged.p_value.astype(np.float32),
            "error_probability": judged.error.astype(np.float32),
            "flag": judged.flag,
            "predicted": judged.predicted,
            "low": low,
            "high": high,
            "suggestion": judged.predicted,
            "suggested_probability": np.zeros(len(given), np.float32),
        },
        schema=NUMBER_SCORES,
    )
