"""Detect, of tags of tokens: which are wrong, by token, by span and by sentence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.findings import DetectFigures, IngestFigures, TagFindings
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.schemas.tables import EDIT, SPAN, TAG_SCORES
from labelworks.tasks import gates
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.cells import lists_at
from labelworks.tasks.artifacts.soft_labels import SOFT_CLASSES
from labelworks.tasks.artifacts.vectors.first_pass import FirstPass
from labelworks.tasks.artifacts.vectors.sufficient_statistics import sample_of
from labelworks.tasks.artifacts.vectors.token_blocks import TokenBlock, load_tokens
from labelworks.tasks.detect.detected import Detected, evidence
from labelworks.tasks.detect.fitted_model import choose_model
from labelworks.tasks.detect.options import DetectOptions
from labelworks.tasks.detect.score_partition import (
    JudgedPart,
    named_rows,
    scores_once,
    summarise,
    with_expected,
)
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.methods.chance import labels_p_value
from labelworks.tasks.methods.findings.noise import RowCounts, noise_findings
from labelworks.tasks.methods.noise_judge import NoiseJudge
from labelworks.tasks.methods.statistics.folds import fold_of
from labelworks.tasks.methods.tokens.detect import TokenJudge, TokenResult, cut_of, lean_of, sentence_blocks
from labelworks.tasks.methods.tokens.sentences import offsets_of, sentence_of
from labelworks.tasks.methods.tokens.span_errors import ERRORS
from labelworks.tasks.methods.tokens.tag_set import TagSet

SUMMED = ("row", "id", "given", "score", "error_probability", "flag", "suggestion", "spans")


@dataclass(frozen=True)
class JudgedTags(JudgedPart):
    """What was found in one partition; spans: by what is wrong with them; wrong: sentences expected so."""

    flagged_tokens: int
    spans: Counter[str]
    wrong: float


def detect_tags(
    artifacts: Artifacts, ref: DatasetRef, found: FirstPass, rows: IngestFigures, options: DetectOptions
) -> Detected:
    """Judge every token by a model fitted on the sums and the sample, then sentences by what tags allow."""
    sample, tags = found.sample, TagSet.of(ref.classes, ref.tag_scheme)
    model, key = choose_model(artifacts, ref, found.sums, sample, options)
    ref = ref.model_copy(update={"model_key": key})
    judged, probs = model.judge(sample), model.label_probs(sample)
    judge = TokenJudge.fit(sample.given, probs, tags, lean_of(cut_of(judged)))
    parts = map_partitions(
        "detect", judge_partition, ref.of("source"), unit="partitions scored",
        artifacts=artifacts, ref=ref, model=model, judge=judge, options=options,
    )  # fmt: skip
    scored = [part.scored for part in parts]
    total, flagged = sum(one.rows for one in scored), sum(one.flagged for one in scored)
    noise = noise_findings(
        judged,
        probs,
        sample.given,
        ref.classes,
        RowCounts(total, flagged, 0, 0),
        labels_p_value(sample.features, sample.given, sample.beside.get("pred_probs")),
    ).model_copy(
        update={"out_of_scope": None, "copies_disagree": None, "tags": _tags(parts, rows, tags, judge.skill)}
    )
    figures = DetectFigures(rows=total, noise=noise, evidence=evidence(scored, judged.transition))
    return Detected(ref, figures, [part.checks for part in parts], scored)


def _tags(parts: list[JudgedTags], rows: IngestFigures, tags: TagSet, skill: float) -> TagFindings:
    spans = sum((part.spans for part in parts), Counter[str]())
    return TagFindings(
        scheme=tags.scheme,
        tokens=rows.units,
        flagged_tokens=sum(part.flagged_tokens for part in parts),
        sentence_rate=sum(part.wrong for part in parts) / max(sum(part.rows for part in parts), 1),
        skill=skill,
        spans=sum(spans[name] for name in ERRORS[:-1]),
        **{f"{name}_spans": spans[name] for name in ERRORS[1:]},
    )


def judge_partition(
    partition: Partition,
    artifacts: Artifacts,
    ref: DatasetRef,
    model: NoiseJudge,
    judge: TokenJudge,
    options: DetectOptions,
) -> JudgedTags:
    """Judge the sentences of one partition and write their scores, or read them; check and sum them up."""
    scores, new = scores_once(
        artifacts, ref, partition,
        lambda: _scores(load_tokens(artifacts, ref, partition, options.beside), model, judge, options.folds),
        with_expected(SUMMED, options.expected),
    )  # fmt: skip
    flat = (scores[column].combine_chunks().flatten().to_numpy() for column in ("given", "suggestion"))
    given, suggestion = flat
    errors = scores["spans"].combine_chunks().flatten().field("error").to_pylist()
    return JudgedTags(
        summarise(scores, partition, new, shown=named_rows(ref)),
        gates.check_rows(scores, options.expected),
        int(np.count_nonzero(given != suggestion)),
        Counter(errors),
        float(scores["error_probability"].to_numpy().sum(dtype=np.float64)),
    )


def _scores(block: TokenBlock, model: NoiseJudge, judge: TokenJudge, n_folds: int) -> pa.Table:
    """The scores of sentences, some at a time."""
    sample = sample_of(block.tokens, fold_of(block.tokens.hashes, n_folds))
    tables, first = [TAG_SCORES.empty_table()], 0
    for part, offsets in sentence_blocks(block.offsets, len(judge.tags.names)):
        rows = slice(first, first + len(offsets) - 1)
        some, own = sample.only(part), offsets - offsets[0]
        judged = judge.judge(some.given, own, model.label_probs(some), model.judge(some))
        tables.append(_table(block, rows, some.given, own, judged, judge.tags))
        first = rows.stop
    return pa.concat_tables(tables)


def _table(
    block: TokenBlock,
    rows: slice,
    given: NDArray[np.int32],
    offsets: NDArray[np.int64],
    found: TokenResult,
    tags: TagSet,
) -> pa.Table:
    classes = len(tags.names)
    posterior = pa.nulls(len(offsets) - 1, pa.list_(pa.float32()))
    if classes <= SOFT_CLASSES:
        posterior = lists_at(offsets * classes, pa.array(found.posterior.ravel()))
    flagged = np.zeros(len(offsets) - 1, bool)
    flagged[sentence_of(offsets)[found.flag]] = True
    return pa.table(
        {
            "row": block.sentences.rows[rows],
            "id": block.sentences.ids[rows],
            "given": lists_at(offsets, pa.array(given)),
            "score": found.sentence_score,
            "error_probability": found.sentence_error_probability,
            "flag": flagged,
            "suggestion": lists_at(offsets, pa.array(found.suggestion)),
            "token_score": lists_at(offsets, pa.array(found.score)),
            "token_error_probability": lists_at(offsets, pa.array(found.error_probability)),
            "posterior": posterior,
            "spans": _spans(found, offsets, tags),
            "edits": _edits(found, offsets),
        },
        schema=TAG_SCORES,
    )


def _by_sentence(sentence: NDArray[np.int64], count: int) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """The order of things by sentence, and the offsets (S + 1,) of these."""
    order = np.argsort(sentence, kind="stable")
    return order, offsets_of(np.bincount(sentence, minlength=count))


def _spans(found: TokenResult, offsets: NDArray[np.int64], tags: TagSet) -> pa.Array:
    spans, kinds = found.spans, np.array([*tags.types, None], object)  # -1 is none
    order, ends = _by_sentence(spans.sentence, len(offsets) - 1)
    columns = {
        "start": spans.start, "end": spans.end, "type": kinds[spans.kind],
        "error": np.array(ERRORS, object)[spans.error],
        "to_start": spans.to_start, "to_end": spans.to_end, "to_type": kinds[spans.to_kind],
        "error_probability": spans.error_probability, "score": spans.score,
    }  # fmt: skip
    arrays = [pa.array(columns[field.name][order], field.type) for field in SPAN]
    return lists_at(ends, pa.StructArray.from_arrays(arrays, fields=list(SPAN)))


def _edits(found: TokenResult, offsets: NDArray[np.int64]) -> pa.Array:
    edits = found.edits
    sentence = sentence_of(offsets)[edits.start]
    order, ends = _by_sentence(sentence, len(offsets) - 1)
    first = offsets[sentence]
    columns = {
        "start": edits.start - first, "end": edits.end - first, "error_probability": edits.error_probability,
        "suggested": edits.suggested, "claim": edits.claim,
    }  # fmt: skip
    arrays = [pa.array(columns[field.name][order], field.type) for field in EDIT]
    return lists_at(ends, pa.StructArray.from_arrays(arrays, fields=list(EDIT)))
