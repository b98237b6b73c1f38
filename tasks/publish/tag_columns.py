"""What is published of tags of tokens: by token and by span."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

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
