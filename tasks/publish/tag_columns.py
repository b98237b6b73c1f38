"""What is published of tags of tokens: by token and by span."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.arrow_types import is_text
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.cells import lists_at, offsets_in
from labelworks.tasks.artifacts.label_codes import codes_in_lists
from labelworks.tasks.methods.tokens.sentences import offsets_of, sentence_of
from labelworks.tasks.methods.tokens.spans import spans_of
from labelworks.tasks.methods.tokens.tag_set import TagSet
from labelworks.tasks.sources.source import Source
from labelworks.tasks.sources.values.columns import find_field
from labelworks.tasks.sources.values.text_spans import as_spans

TAG_COLUMNS = ("token_score", "token_error_probability", "spans")  # of scores
PUBLISHED_TAGS = ("token_flag", "token_error_probability", "token_quality", "spans")


def with_tokens(treated: pa.Table, scores: pa.Table, classes: int) -> pa.Table:
    """Treated sentences with their columns of tokens and of spans, and posteriors as a list a token."""
    given, suggestion = (scores[name].combine_chunks() for name in ("given", "suggestion"))
    other = pc.not_equal(given.flatten(), suggestion.flatten())
    columns = {
        "token_flag": lists_at(offsets_in(given), other),
        "token_error_probability": scores["token_error_probability"],
        "token_quality": scores["token_score"],
        "spans": scores["spans"],
    }
    for name, values in columns.items():
        treated = treated.append_column(name, values)
    place = treated.column_names.index("posterior")
    return treated.set_column(place, "posterior", _by_token(scores["posterior"].combine_chunks(), classes))


def text_spans(source: Source, partition: Partition, treated: pa.Table, ref: DatasetRef) -> pa.Array | None:
    """Spans of the labels in characters, where the source has texts and no tokens; None: it has tokens."""
    column, reader = source.columns.feature, source.reader(partition)
    fields = (find_field(schema, column) for schema in reader.schemas())
    if not any(field is not None and is_text(field.type) for field in fields):
        return None
    texts = reader.table([column])[column].take(treated["row"]).combine_chunks()
    tags = TagSet.of(ref.classes, ref.tag_scheme)
    codes, lengths = codes_in_lists(treated["label"], ref.classes)
    offsets = offsets_of(lengths)
    spans = spans_of(codes, offsets, tags)
    sentence = sentence_of(offsets)[spans.start]
    rows: list[list[tuple[int, int, str]]] = [[] for _ in lengths]
    for row, start, end, kind in zip(sentence, spans.start, spans.end, spans.kind, strict=True):
        rows[row].append((int(start - offsets[row]), int(end - offsets[row]), tags.types[kind]))
    return as_spans(texts, rows)


def _by_token(posterior: pa.Array, classes: int) -> pa.Array:
    """Lists of T × K numbers as T lists of K."""
    if posterior.null_count:
        return pa.nulls(len(posterior), pa.list_(pa.list_(pa.float32())))
    flat = posterior.flatten()
    tokens = lists_at(np.arange(0, len(flat) + 1, classes), flat)
    return lists_at(offsets_in(posterior) // classes, tokens)
