"""Windows of time: which rows belong to one, by how their time begins when it is written as ISO 8601."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from schemas.errors import InputError

WRITTEN = "%Y-%m-%dT%H:%M:%S"


def in_window(times: pa.ChunkedArray, window: str) -> pa.ChunkedArray:
    """Which rows (N,) have a time that begins with the window; no time is outside of every window.

    times: timestamps (with a zone: taken as UTC), dates, or texts in ISO 8601.
    """
    kind = times.type
    if pa.types.is_dictionary(kind):
        times, kind = times.cast(kind.value_type), kind.value_type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        times = pc.strftime(times.cast(pa.timestamp("us")), WRITTEN)
    elif not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        raise InputError(
            f"a window needs a time, and the column is {kind}",
            where="dataset.time",
            fix="name a column of timestamps, dates or ISO 8601 text, or put {window} into dataset.source",
        )
    return pc.fill_null(pc.starts_with(times, window), False)
