"""Windows of time: which rows belong to one, and what rows of several are told apart by."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.arrow_types import is_moment, is_number, is_text
from labelworks.schemas.errors import InputError
from labelworks.tasks.methods.drift.calendar import CODES, Unit
from labelworks.tasks.sources.values.text import replaced

WRITTEN = "%Y-%m-%dT%H:%M:%S"
NAIVE, ZONED = pa.timestamp("us"), pa.timestamp("us", "UTC")


def in_window(times: pa.ChunkedArray, window: str) -> pa.ChunkedArray:
    """Which rows (N,) have a time that begins with the window, in UTC; no time is outside of every window.

    times: timestamps, dates, or texts in ISO 8601; what is no time among these is taken as it stands.
    """
    if not (is_moment(times.type) or is_text(times.type)):
        raise InputError(
            f"a window needs a time, and the column is {times.type}",
            where="dataset.time",
            fix="name a column of timestamps, dates or ISO 8601 text, or put {window} into dataset.source",
        )
    written = pc.strftime(_moments(times), WRITTEN)
    if is_text(times.type):
        written = pc.coalesce(written, times.cast(pa.string()))
    return pc.fill_null(pc.starts_with(written, window), False)


def no_times(times: pa.ChunkedArray) -> pa.ChunkedArray:
    """Which texts (N,) are no time in ISO 8601; other values all are some, or none at all."""
    if not is_text(times.type):
        return pa.chunked_array([pa.repeat(pa.scalar(False), len(times))])
    return pc.and_(pc.is_null(_moments(times)), pc.is_valid(times))


def time_keys(times: pa.ChunkedArray, *, hourly: bool) -> tuple[Unit, NDArray[np.float64]]:
    """What windows of time are cut by: numbers as they are, or days (hours) since 1970; NaN for no time.

    times: numbers, timestamps (with a zone: taken as UTC), dates, or texts in ISO 8601; else InputError.
    """
    kind = times.type
    if pa.types.is_null(kind) or is_number(kind):
        return "number", np.asarray(pc.fill_null(times.cast(pa.float64(), safe=False), np.nan).to_numpy())
    if not (is_moment(kind) or is_text(kind)):
        raise InputError(
            f"windows need a time, and the column is {kind}",
            where="dataset.time",
            fix="name a column of timestamps, dates, ISO 8601 texts or numbers",
        )
    parsed = _moments(times)
    bad = pc.index(pc.and_(pc.is_null(parsed), pc.is_valid(times)), True).as_py()
    if bad >= 0:
        raise InputError(
            f"{times[bad].as_py()!r} is no time in ISO 8601",
            where="dataset.time",
            fix="write times as 2026-01-31 or 2026-01-31T12:00:00, or set detect.windows.by: none",
        )
    moments = parsed.to_numpy()
    unit: Unit = "hour" if hourly else "day"
    floors = moments.astype(f"datetime64[{CODES[unit]}]")
    return unit, np.where(np.isnat(floors), np.nan, floors.astype(np.int64).astype(np.float64))


def _moments(times: pa.ChunkedArray) -> pa.ChunkedArray:
    """Timestamps, dates or texts (N,) as microseconds in UTC; null for a text that is no time."""
    if not is_text(times.type):
        return times.cast(NAIVE, safe=False)
    for kind in (NAIVE, ZONED):  # all without a zone, all with one: quick
        try:
            return times.cast(kind).cast(NAIVE)
        except pa.ArrowInvalid:
            continue
    values = pd.Series(replaced(times.combine_chunks()).to_pylist(), dtype=object)
    parsed = pd.to_datetime(values, format="ISO8601", utc=True, errors="coerce")
    return pa.chunked_array([pa.array(parsed.dt.tz_localize(None).to_numpy().astype("datetime64[us]"))])
