"""What is published of tags of tokens: by token and by span."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.arrow_types import is_text
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.label_codes import codes_in_lists
from labelworks.tasks.methods.tokens.sentences import offsets_of
from labelworks.tasks.methods.tokens.spans import spans_of
from labelworks.tasks.methods.tokens.tag_set import TagSet
from labelworks.tasks.sources.source import Source
from labelworks.tasks.sources.values.text_spans import as_spans

TAG_COLUMNS = ("token_score", "token_error_probability", "spans")  # of scores
PUBLISHED_TAGS = ("token_flag", "token_error_probability", "token_quality", "spans")


def with_tokens(treated: pa.Table, scores: pa.Table, classes: int) -> pa.Table:
    """Treated sentences with their columns of tokens and of spans, and posteriors as a list a token."""
    given, suggestion = (scores[name].combine_chunks() for name in ("given", "suggestion"))
    other = pc.not_equal(given.flatten(), suggestion.flatten())
    columns = {
        "token_flag": pa.ListArray.from_arrays(_offsets(given), other),
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
    column = source.columns.feature
    texts = source.reader(partition).table([column])[column].take(treated["row"]).combine_chunks()
    if not is_text(texts.type):
        return None
    tags = TagSet.of(ref.classes, ref.tag_scheme)
    codes, lengths = codes_in_lists(treated["label"], ref.classes)
    offsets = offsets_of(lengths)
    spans = spans_of(codes, offsets, tags)
    sentence = np.searchsorted(offsets, spans.start, side="right") - 1
    rows: list[list[tuple[int, int, str]]] = [[] for _ in lengths]
    for row, start, end, kind in zip(sentence, spans.start, spans.end, spans.kind, strict=True):
        rows[row].append((int(start - offsets[row]), int(end - offsets[row]), tags.types[kind]))
    return as_spans(texts, rows)


def _by_token(posterior: pa.Array, classes: int) -> pa.Array:
    """Lists of T × K numbers as T lists of K."""
    if posterior.null_count:
        return pa.nulls(len(posterior), pa.list_(pa.list_(pa.float32())))
    flat = posterior.flatten()
    starts = np.arange(0, len(flat) + 1, classes, dtype=np.int32)
    tokens = pa.ListArray.from_arrays(pa.array(starts), flat)
    ends = _offsets(posterior).to_numpy() // classes
    return pa.ListArray.from_arrays(pa.array(ends.astype(np.int32)), tokens)


def _offsets(lists: pa.Array) -> pa.Array:
    held = lists.offsets.to_numpy()
    return pa.array((held - held[0]).astype(np.int32))
