"""What a column of a table is taken for, and what it becomes: numbers, categories, moments, short texts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from labelworks.tasks.methods.encoders.base import State
from labelworks.tasks.methods.encoders.tables.read_values import distinct, moments, numbers
from labelworks.tasks.methods.encoders.tfidf import TfidfEncoder

SQUASHED = 4.0  # units of spread that a number nears and doesn't pass: one far off is no other dataset
NORMAL = 1.349  # interquartile range of a normal distribution, in units of its spread
RAREST = 2  # rows of the sample that a category of its own has at least
DAY, WEEK, YEAR = 86_400.0, 7.0, 365.2425  # seconds; days
THURSDAY = 3  # the weekday of the first day of 1970
BUCKETS, SEEN_BY_TREES = 1 << 14, 16  # of words; frequent words that trees may ask for
Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class ColumnCells:
    """A column of N rows: vectors (N, D), for trees numbers (N, A) and codes (N, B), which are no value (N,).

    missing (N,): where there is nothing; bad: what is there can't be read, `what` it should be.
    """

    vectors: Floats
    numbers: Floats
    codes: NDArray[np.int64]
    missing: NDArray[np.bool_]
    bad: NDArray[np.bool_]
    what: str = ""


class ColumnKind(ABC):
    """Fitted on a sample of a column; its state is arrays alone.

    gaps: whether a dimension is for what is missing.
    """

    name: ClassVar[str]

    def __init__(self, state: State) -> None:
        self.state = state
        self.gaps = bool(state["gaps"])

    @classmethod
    @abstractmethod
    def fit(cls, values: pa.Array, places: int) -> State:
        """Learn from a sample of the column; places: dimensions that it may take."""

    @abstractmethod
    def encode(self, values: pa.Array) -> ColumnCells:
        """Encode a batch of the column."""

    def _with_gaps(self, vectors: Floats, missing: NDArray[np.bool_]) -> Floats:
        if not self.gaps:
            return vectors.astype(np.float32)
        return np.hstack([vectors, missing[:, None]]).astype(np.float32)


class NumberColumn(ColumnKind):
    """A number in units of its spread, which is that of the middle half; far ones are drawn near."""

    name = "number"

    @classmethod
    def fit(cls, values: pa.Array, places: int) -> State:
        """Find the median and the spread of the sample."""
        return _spread_of(numbers(values)[0])

    def encode(self, values: pa.Array) -> ColumnCells:
        """Encode; an infinite number is none."""
        read, bad = numbers(values)
        endless = np.isinf(read)
        scaled, missing = _scaled(self.state, np.where(endless, np.nan, read))
        told = scaled if bool(self.state["told"]) else scaled[:, :0]
        vectors = self._with_gaps(_squashed(np.nan_to_num(told)), missing)
        return ColumnCells(vectors, told, _none(read), missing, bad | endless, "finite number")


class MomentColumn(ColumnKind):
    """A date: how late it is, and where in the year, in the week and in the day."""

    name = "moment"

    @classmethod
    def fit(cls, values: pa.Array, places: int) -> State:
        """Find the middle and the spread of the sample, and which cycles its dates tell apart."""
        seconds = moments(values)[0]
        there = seconds[np.isfinite(seconds)]
        cycles = _cycles(there)
        varied = np.ptp(cycles, axis=0) > 0 if len(there) else np.zeros(cycles.shape[1], bool)
        return {**_spread_of(seconds), "varied": varied}

    def encode(self, values: pa.Array) -> ColumnCells:
        """Encode: each cycle is a place on a circle."""
        seconds, bad = moments(values)
        scaled, missing = _scaled(self.state, seconds)
        scaled = scaled if bool(self.state["told"]) else scaled[:, :0]
        cycles = _cycles(np.nan_to_num(seconds))[:, self.state["varied"]]
        circles = np.hstack([np.sin(2 * np.pi * cycles), np.cos(2 * np.pi * cycles)])
        circles[missing] = 0
        late = _squashed(np.nan_to_num(scaled))
        known = np.where(missing[:, None], np.nan, cycles)
        vectors = self._with_gaps(np.hstack([late, circles / np.sqrt(max(cycles.shape[1], 1))]), missing)
        return ColumnCells(
            vectors, np.hstack([scaled, known]), _none(seconds), missing, bad, "date in ISO 8601"
        )


class CategoryColumn(ColumnKind):
    """A category: a dimension for each frequent one, one for all others, seen before or not."""

    name = "category"

    @classmethod
    def fit(cls, values: pa.Array, places: int) -> State:
        """Find the frequent categories of the sample, the commonest first."""
        codes, texts = distinct(values)
        rows = np.bincount(codes[codes >= 0], minlength=len(texts))
        order = sorted(np.flatnonzero(rows >= RAREST), key=lambda place: (-rows[place], texts[place]))
        kept = [texts[place] for place in order[:places]]
        others = np.array(bool((rows > 0).sum() > len(kept)))
        return {"names": np.array(kept, np.str_), "others": others, "gaps": np.array(bool((codes < 0).any()))}

    def encode(self, values: pa.Array) -> ColumnCells:
        """Encode; one that the sample hadn't is one of the others, or, where there were none, nothing."""
        codes, texts = distinct(values)
        known = {name: place for place, name in enumerate(self.state["names"].tolist())}
        width = len(known) + bool(self.state["others"])
        place = np.array([known.get(text, len(known)) for text in texts] + [-1], np.int64)[codes]
        vectors = np.zeros((len(codes), width), np.float32)
        rows = np.flatnonzero((place >= 0) & (place < width))
        vectors[rows, place[rows]] = 1
        missing = codes < 0
        numbers_ = np.empty((len(codes), 0), np.float32)
        vectors = self._with_gaps(vectors, missing)
        return ColumnCells(vectors, numbers_, place[:, None], missing, np.zeros(len(codes), bool))


class TextColumn(ColumnKind):
    """A short text by its words, weighted by rarity; trees see whether it has the commonest of them."""

    name = "text"

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self._encoder = _words(int(state["dims"]))
        self._encoder.load(state)

    @classmethod
    def fit(cls, values: pa.Array, places: int) -> State:
        """Learn which words of the sample have a dimension of their own."""
        gaps = np.array(bool((distinct(values)[0] < 0).any()))
        return {**_words(places).fit(_texts(values)), "dims": np.array(places), "gaps": gaps}

    def encode(self, values: pa.Array) -> ColumnCells:
        """Encode; a blank text is missing."""
        encoded = self._encoder.encode(_texts(values))
        missing = np.array([reason is not None for reason in encoded.reasons], bool)
        vectors = np.where(missing[:, None], 0, encoded.vectors)
        seen = np.where(missing[:, None], np.nan, vectors[:, :SEEN_BY_TREES])
        return ColumnCells(
            self._with_gaps(vectors, missing), seen, _none(missing), missing, np.zeros_like(missing)
        )


KINDS: dict[str, type[ColumnKind]] = {
    kind.name: kind for kind in (NumberColumn, MomentColumn, CategoryColumn, TextColumn)
}


def _spread_of(values: NDArray[np.float64]) -> State:
    """Middle and spread of numbers (N,), whether they vary, and whether any is missing."""
    there = values[np.isfinite(values)]
    if not len(there):
        low = middle = high = deviation = 0.0
    else:
        low, middle, high = np.quantile(there, [0.25, 0.5, 0.75])
        with np.errstate(over="ignore"):
            deviation = float(there.std())
    spread = (high - low) / NORMAL or deviation  # most values are one: what the others are away from it
    varies = bool(np.isfinite(spread) and spread > np.abs(middle) * np.finfo(float).eps)
    gaps = np.array(bool(np.isnan(values).any()))
    spread = spread if varies else 1.0
    return {"middle": np.array(middle), "spread": np.array(spread), "told": np.array(varies), "gaps": gaps}


def _scaled(state: State, values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    with np.errstate(over="ignore"):
        return ((values - state["middle"]) / state["spread"])[:, None], np.isnan(values)


def _squashed(scaled: NDArray[np.float64]) -> NDArray[np.float64]:
    """SQUASHED at most, without a corner: about as they are while they are small."""
    return np.asarray(scaled / np.hypot(1.0, scaled / SQUASHED))


def _cycles(seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far moments (N,) are into the year, the week and the day (N, 3), each in [0, 1)."""
    days = np.floor(seconds / DAY)
    into = [days / YEAR, (days + THURSDAY) / WEEK, seconds / DAY]
    return np.stack([cycle - np.floor(cycle) for cycle in into], axis=1)


def _none(values: NDArray[np.generic]) -> NDArray[np.int64]:
    return np.empty((len(values), 0), np.int64)


def _words(dims: int) -> TfidfEncoder:
    return TfidfEncoder(dims=dims, buckets=BUCKETS, words=1)


def _texts(values: pa.Array) -> pa.Array:
    return values if pa.types.is_large_string(values.type) else values.cast(pa.string())
