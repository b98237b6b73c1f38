"""Windows of time: which rows belong to one, and what rows of several are told apart by."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from schemas.errors import InputError
from tasks.methods.shift.calendar import CODES, Unit

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


def time_keys(times: pa.ChunkedArray, *, hourly: bool) -> tuple[Unit, NDArray[np.float64]]:
    """What windows of time are cut by: numbers as they are, or days (hours) since 1970; NaN for no time.

    times: numbers, timestamps (with a zone: taken as UTC), dates, or texts in ISO 8601; else InputError.
    """
    kind = times.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind):
        return "number", np.asarray(pc.fill_null(times.cast(pa.float64()), np.nan).to_numpy())
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        moments = times.cast(pa.timestamp("us"), safe=False).to_numpy()
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        moments = _parsed(times)
    else:
        raise InputError(
            f"windows need a time, and the column is {kind}",
            where="dataset.time",
            fix="name a column of timestamps, dates, ISO 8601 texts or numbers",
        )
    unit: Unit = "hour" if hourly else "day"
    floors = moments.astype(f"datetime64[{CODES[unit]}]")
    return unit, np.where(np.isnat(floors), np.nan, floors.astype(np.int64).astype(np.float64))


def _parsed(texts: pa.ChunkedArray) -> NDArray[np.datetime64]:
    values = pd.Series(texts.to_pylist(), dtype=object)
    moments = pd.to_datetime(values, format="ISO8601", utc=True, errors="coerce")
    bad = np.flatnonzero(moments.isna() & values.notna())
    if len(bad):
        raise InputError(
            f"{values[bad[0]]!r} is no time in ISO 8601",
            where="dataset.time",
            fix="write times as 2026-01-31 or 2026-01-31T12:00:00, or set detect.windows.by: none",
        )
    return np.asarray(moments.dt.tz_localize(None).to_numpy())
