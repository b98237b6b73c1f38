"""Content issues of every row: methods fitted on a sample, partitions judged, scores kept by partition."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.findings import ContentFindings, IssueFindings
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.code_version import code_version
from labelworks.tasks.artifacts.features import feature_batches, some_features
from labelworks.tasks.artifacts.index import load_index
from labelworks.tasks.artifacts.vectors.image_measures import read_measures
from labelworks.tasks.detect.content.text_copies import SKETCH, sketch_column, text_copies
from labelworks.tasks.detect.sample.some_rows import some_partitions, some_rows
from labelworks.tasks.execution.map_partitions import map_partitions
from labelworks.tasks.methods.content.known import BATCH, FLAGGED, judge_rows, known_issues
from labelworks.tasks.methods.content.personal import PERSONAL
from labelworks.tasks.methods.content.rows import KINDS, ContentRows
from labelworks.tasks.methods.duplicates.minhash import sketches
from labelworks.tasks.methods.protocols.content import ContentMethod
from labelworks.tasks.sources.source import Source

SAMPLE: Mapping[str, int] = {"text": 5_000, "image": 1_000}  # rows that tell what is usual
EXAMPLES = 5


@dataclass(frozen=True)
class FittedIssues:
    """What issues are looked for by, by name; key: a hash of all that the scores of a row depend on."""

    kind: str
    methods: dict[str, ContentMethod]
    key: str

    @property
    def reads_images(self) -> bool:
        """Whether a method wants the images, and not only what was measured of them."""
        return any(getattr(method, "reads_images", False) for method in self.methods.values())

    def scores(self, rows: NDArray[np.int32], held: ContentRows) -> pa.Table:
        """Scores of some rows (N,), a column an issue; of texts their sketches too."""
        columns: dict[str, Any] = {"row": rows, **judge_rows(self.methods, held)}
        if held.texts is not None:
            columns[SKETCH] = sketch_column(sketches(held.texts))
        return pa.table(columns)


@dataclass(frozen=True)
class JudgedContent:
    """Of one partition: its rows, the odd ones, by issue how many have it, and the oddest of them."""

    rows: int
    odd: int
    counts: dict[str, int]
    oddest: dict[str, list[tuple[float, str]]]


def judge_content(artifacts: Artifacts, source: Source, ref: DatasetRef) -> ContentFindings | None:
    """Look for content issues in all rows of the labelled window; None for features that have none.

    Scores are kept by partition and by what is usual, so that runs share them, and a changed file costs its
    own partition as long as the sample stays.
    """
    kinds = [part.kind for part in source.columns.by_kind if part.kind in KINDS and known_issues(part.kind)]
    if not kinds:
        return None
    fitted = [fit_issues(artifacts, source.only(kind), ref) for kind in kinds]
    judged = map_partitions(
        "detect", judge_partition, ref.of("source"), unit="partitions looked through",
        artifacts=artifacts, source=source, ref=ref, fitted=fitted,
    )  # fmt: skip
    rows = sum(part.rows for part in judged)
    issues = []
    for name in (name for of_kind in fitted for name in of_kind.methods):
        count = sum(part.counts[name] for part in judged)
        oddest = sorted(row for part in judged for row in part.oddest[name])[:EXAMPLES]
        examples = tuple(row_id for _, row_id in oddest)
        issues.append(IssueFindings(name=name, rows=count, share=count / max(rows, 1), examples=examples))
    texts = [of_kind for of_kind in fitted if of_kind.kind == "text"]
    copies = text_copies(artifacts, ref, texts[0].key, rows) if texts else None
    odd = sum(part.odd for part in judged)
    return ContentFindings(rows=rows, odd_rows=odd, issues=tuple(issues), copies=copies)


def fit_issues(artifacts: Artifacts, source: Source, ref: DatasetRef) -> FittedIssues:
    """Fit the methods for the source's one kind of features on rows of a few partitions."""
    kind = source.columns.kind
    methods = known_issues(kind)
    chosen = some_partitions(ref.of("source"), SAMPLE[kind])
    seen = map_partitions(
        "detect", sample_partition, chosen, unit="partitions sampled",
        artifacts=artifacts, source=source, ref=ref, most=math.ceil(SAMPLE[kind] / len(chosen)),
    )  # fmt: skip
    sample = ContentRows.joined(seen)
    for method in methods.values():
        method.fit(sample)
    return FittedIssues(kind, methods, _key(source, sorted(methods), sample))


def _key(source: Source, names: list[str], sample: ContentRows) -> str:
    """A hash of what the scores of a row depend on besides the row: columns, code, and the sample."""
    texts = [] if sample.texts is None else sample.texts.to_pylist()
    said = json.dumps([source.columns.kind, source.columns.features, names, code_version(), texts])
    digest = hashlib.blake2b(said.encode(), digest_size=8)
    for values in sample.properties.values():
        digest.update(np.ascontiguousarray(values).data)
    return digest.hexdigest()


def sample_partition(
    partition: Partition, artifacts: Artifacts, source: Source, ref: DatasetRef, most: int
) -> ContentRows:
    """Measure some rows of a partition."""
    index = load_index(artifacts, ref, partition, ["id"])
    rows = index["row"].to_numpy()[some_rows(index["id"].combine_chunks(), most)]
    kind = source.columns.kind
    measures = read_measures(artifacts, ref.encoder_key, partition) if kind == "image" else None
    if measures is not None:
        return ContentRows.of_measures(measures[rows])
    return ContentRows.of(kind, some_features(source, partition, rows)).sampled


def judge_partition(
    partition: Partition,
    artifacts: Artifacts,
    source: Source,
    ref: DatasetRef,
    fitted: Sequence[FittedIssues],
) -> JudgedContent:
    """Score the rows of a partition in each kind of features, or find them scored before, and sum up."""
    index = load_index(artifacts, ref, partition, ["id"])
    rows = index["row"].to_numpy()
    scores: dict[str, Any] = {}
    for of_kind in fitted:
        judged = _scores(partition, artifacts, source.only(of_kind.kind), ref, of_kind, rows)
        scores |= {name: judged[name] for name in of_kind.methods}
    odd = {name: scores[name].to_numpy() < FLAGGED for name in scores}
    return JudgedContent(
        rows=len(rows),
        odd=int(np.count_nonzero(np.any([odd[name] for name in odd if name not in PERSONAL], axis=0))),
        counts={name: int(np.count_nonzero(odd[name])) for name in odd},
        oddest={name: _oddest(scores[name].to_numpy(), odd[name], index["id"]) for name in odd},
    )


def _scores(
    partition: Partition, artifacts: Artifacts, source: Source, ref: DatasetRef, fitted: FittedIssues,
    rows: NDArray[np.int32],
) -> pa.Table:  # fmt: skip
    """Scores of the usable rows of a partition: found, or made and kept."""
    name = artifacts.index(ref.label_type, partition, f"content-{fitted.key}")
    if artifacts.store.exists(name):
        return artifacts.store.read_table(name, list(fitted.methods))
    known = fitted.kind == "image" and not fitted.reads_images
    measures = read_measures(artifacts, ref.encoder_key, partition) if known else None
    if measures is None:
        scores = _score(partition, source, fitted, rows)
    else:
        scores = fitted.scores(rows, ContentRows.of_measures(measures[rows]))
    artifacts.store.write_table(name, scores)
    return scores


def _score(partition: Partition, source: Source, fitted: FittedIssues, rows: NDArray[np.int32]) -> pa.Table:
    """Scores of the usable rows of a partition, a column an issue; batch by batch."""
    parts, first = [], 0
    for values in feature_batches(source, partition, BATCH[fitted.kind]):
        low, high = np.searchsorted(rows, [first, first + len(values)])
        held = ContentRows.of(fitted.kind, values.take(pa.array(rows[low:high] - first)))
        parts.append(fitted.scores(rows[low:high], held))
        first += len(values)
    return pa.concat_tables(parts)


def _oddest(
    scores: NDArray[np.float32], odd: NDArray[np.bool_], ids: pa.ChunkedArray
) -> list[tuple[float, str]]:
    places = np.flatnonzero(odd)
    places = places[np.argsort(scores[places], kind="stable")[:EXAMPLES]]
    return [(float(scores[place]), ids[int(place)].as_py()) for place in places]
