"""The values of one column as numbers, moments or names, whatever type its file gave it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as types
from numpy.typing import NDArray

from labelworks.schemas.arrow_types import is_moment, is_number, is_text

MISSING = frozenset(("", "na", "n/a", "nan", "null", "none", "nil", "?", "-", "--"))  # in any case of letters
NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?inf(inity)?", re.I)
DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[-+]\d\d:?\d\d)?)?")
SECOND = 1_000_000  # microseconds
Floats = NDArray[np.float64]


def distinct(values: pa.Array) -> tuple[NDArray[np.int64], list[str]]:
    """The place (N,) of each value among the texts that occur, -1 where there is none or it is blank."""
    if not is_text(values.type):
        values = values.cast(pa.string())
    coded = values.cast(pa.large_binary()).dictionary_encode()
    texts = [text.decode(errors="replace").strip() for text in coded.dictionary.to_pylist()]
    codes = np.asarray(pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False), np.int64)
    there = np.array([bool(text) for text in texts] + [False])
    return np.where(there[codes], codes, -1), texts


def numbers(values: pa.Array) -> tuple[Floats, NDArray[np.bool_]]:
    """Numbers (N,), NaN where one is missing, and which values (N,) are none, which are NaN too.

    Times of day and how long something takes are seconds.
    """
    kind = values.type
    if is_number(kind) or types.is_null(kind):
        return _floats(values), np.zeros(len(values), bool)
    if types.is_boolean(kind):
        return _floats(values.cast(pa.int8())), np.zeros(len(values), bool)
    if types.is_time(kind) or types.is_duration(kind):
        whole = values.cast(pa.time64("us") if types.is_time(kind) else pa.duration("us"), safe=False)
        return _floats(whole.cast(pa.int64())) / SECOND, np.zeros(len(values), bool)
    if is_text(kind):
        return _parsed(values, _number)
    return np.full(len(values), np.nan), np.asarray(values.is_valid())


def moments(values: pa.Array) -> tuple[Floats, NDArray[np.bool_]]:
    """Seconds since 1970 (N,), NaN where missing, and which values (N,) are no date; texts in ISO 8601."""
    if is_moment(values.type):
        whole = values.cast(pa.timestamp("us", getattr(values.type, "tz", None)), safe=False)
        return _floats(whole.cast(pa.int64())) / SECOND, np.zeros(len(values), bool)
    if is_text(values.type) or types.is_null(values.type):
        return _parsed(values, _moment)
    return np.full(len(values), np.nan), np.asarray(values.is_valid())


def share_of_numbers(texts: list[str], rows: NDArray[np.int64]) -> float:
    """The share of texts that are numbers, of those that aren't missing; rows: how often each occurs."""
    return _share([NUMBER.fullmatch(text) is not None for text in texts], texts, rows)


def share_of_moments(texts: list[str], rows: NDArray[np.int64]) -> float:
    """The share of texts that are dates in ISO 8601, of those that aren't missing."""
    return _share([DATE.fullmatch(text) is not None for text in texts], texts, rows)


def _share(are: list[bool], texts: list[str], rows: NDArray[np.int64]) -> float:
    there = np.array([text.lower() not in MISSING for text in texts], bool) * rows
    return float((there * np.array(are, bool)).sum() / max(there.sum(), 1))


def _floats(values: pa.Array) -> Floats:
    return np.asarray(values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), np.float64)


def _parsed(values: pa.Array, parse: Callable[[str], float]) -> tuple[Floats, NDArray[np.bool_]]:
    """What distinct texts are read as; a text that is none of what is asked for raises ValueError."""
    codes, texts = distinct(values)
    read = np.full(len(texts) + 1, np.nan)  # the last one stands for what is missing
    bad = np.zeros(len(texts) + 1, bool)
    for place, text in enumerate(texts):
        if text.lower() in MISSING:
            continue
        try:
            read[place] = parse(text)
        except (ValueError, OverflowError):
            bad[place] = True
    return read[codes], bad[codes]


def _number(text: str) -> float:
    if NUMBER.fullmatch(text) is None:  # of what float takes, 1_000 and the digits of other scripts
        raise ValueError(text)
    return float(text)


def _moment(text: str) -> float:
    import pandas as pd

    if DATE.fullmatch(text) is None:
        raise ValueError(text)
    stamp: Any = pd.Timestamp(text)
    return float(stamp.timestamp())
