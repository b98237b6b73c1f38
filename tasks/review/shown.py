"""Rows of a partition as a person is shown them: what is in them, their labels, the likeliest classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.schemas.review import LabelKind, ReviewQueue, ReviewRow
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.features import some_features
from labelworks.tasks.artifacts.label_codes import named
from labelworks.tasks.artifacts.shown.contents import READ, origins, said, whole_contents
from labelworks.tasks.artifacts.shown.marks import marked
from labelworks.tasks.artifacts.shown.rows_by_id import as_text
from labelworks.tasks.sources.source import Source

NAMED = 5  # classes whose probabilities are shown
SCORED = ["row", "id", "given", "suggestion", "flag", "error_probability"]
LABELS: dict[str, LabelKind] = {"list": "classes", "number": "number", "tags": "tags"}
Places = NDArray[np.integer[Any]]


def rows_shown(
    artifacts: Artifacts, source: Source, ref: DatasetRef, partition: Partition, places: Places,
    changed_to: Mapping[int, Any],
) -> list[ReviewRow]:  # fmt: skip
    """Rows of a partition by their numbers there, rising (n,). changed_to: labels that some became."""
    columns = [*SCORED, *(["posterior"] if ref.one_class else [])]
    scores = artifacts.store.read_table(artifacts.scores(ref, partition), columns)
    scores = scores.take(np.searchsorted(scores["row"].to_numpy(), places))
    content = artifacts.store.read_table(artifacts.embedding(ref.encoder_key, partition), ["content"])
    rows = scores.to_pylist()
    given, suggested = _labels(scores, rows, changed_to, ref)
    if source.columns.kind == "tokens":
        sentences = some_features(source, partition, places).to_pylist()
        contents = [" ".join(words) for words in sentences]
        marks = [
            tuple(marked(words, tags, ref) for tags in (label, other) if tags is not None)
            for words, label, other in zip(sentences, given, suggested, strict=True)
        ]
        ends = [tuple(accumulate(map(len, words), lambda end, size: end + 1 + size)) for words in sentences]
    else:
        contents = list(_contents(artifacts, source, ref, partition, places))
        marks, ends = [()] * len(rows), [()] * len(rows)
    return [
        ReviewRow(
            id=row["id"],
            content=content["content"][row["row"]].as_py(),
            partition=partition.key,
            row=row["row"],
            shown=what,
            given=as_text(label),
            suggestion=None if other is None else as_text(other),
            probabilities=_probabilities(row, as_text(label), ref),
            marks=pieces,
            ends=places,
        )
        for row, label, other, what, pieces, places in zip(
            rows, given, suggested, contents, marks, ends, strict=True
        )
    ]


def queue_of(artifacts: Artifacts, source: Source, ref: DatasetRef, rows: Sequence[ReviewRow]) -> ReviewQueue:
    """A queue of rows in their order."""
    return ReviewQueue(
        dataset=artifacts.name,
        run=artifacts.id,
        label=LABELS.get(ref.label_type, "class"),
        classes=tuple(map(str, ref.classes)),
        kind=source.columns.kind,
        scheme=ref.tag_scheme if ref.label_type == "tags" else "",
        rows=tuple(rows),
    )


def _labels(
    scores: pa.Table, rows: Sequence[dict[str, Any]], changed_to: Mapping[int, Any], ref: DatasetRef
) -> tuple[list[Any], list[Any]]:
    """The labels given and suggested, as classes; what a label was changed to is the suggestion."""
    doubted = (row["flag"] and row["suggestion"] != row["given"] for row in rows)
    codes = [
        changed_to.get(row["row"], row["suggestion"] if doubt else None)
        for row, doubt in zip(rows, doubted, strict=True)
    ]
    suggested = pa.chunked_array([pa.array(codes, scores.schema.field("suggestion").type)])
    given, other = (named(labels, ref.classes, ref.label_type) for labels in (scores["given"], suggested))
    return given.to_pylist(), other.to_pylist()


def _probabilities(row: dict[str, Any], given: str, ref: DatasetRef) -> tuple[tuple[str, float], ...]:
    """The likeliest classes with their probabilities; where these weren't kept, that of the given label."""
    posterior = row.get("posterior")
    if posterior is None:
        return ((given, 1 - row["error_probability"]),)
    order = np.argsort(-np.asarray(posterior), kind="stable")[:NAMED]
    return tuple((str(ref.classes[code]), posterior[code]) for code in order)


def _contents(
    artifacts: Artifacts, source: Source, ref: DatasetRef, partition: Partition, places: Places
) -> Iterator[str]:
    """What a person looks at, of no sentence: the text, the columns, or where the image or vector is from."""
    if any(part.kind in READ for part in source.columns.by_kind):
        yield from map(said, whole_contents(artifacts, source, ref, partition, places.tolist()))
    else:
        for file, number in origins(artifacts, ref, partition, places):
            yield f"{file}#{number}"
