"""What is kept of rows for expectations about a whole column or table: sums, values, a sample; they merge."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.tasks.methods.statistics.folds import hash_ids

MOST_VALUES = 100_000  # different ones of a column that are counted; of more a share, by their hashes
SAMPLED_ROWS = 20_000
MOST_SCHEMAS = 100
DRAWN = "__drawn__"  # the number by which a row is in the sample or not
JOINED = "\x1f"  # between the values of several columns that are counted together


@dataclass(frozen=True)
class ColumnMoments:
    """Of the values of a column that are there: how many, their range; of numbers the sum and the scatter."""

    count: int = 0
    low: Any = None
    high: Any = None
    total: float | int | None = None
    scatter: float = 0.0  # sum of squared distances from the mean

    @property
    def mean(self) -> float | None:
        """The mean; None where there is no number."""
        return None if self.total is None or not self.count else self.total / self.count

    @property
    def deviation(self) -> float | None:
        """The standard deviation of a sample (n - 1); None of fewer than two numbers."""
        return None if self.total is None or self.count < 2 else math.sqrt(self.scatter / (self.count - 1))

    def __add__(self, other: ColumnMoments) -> ColumnMoments:
        """Of both together (Chan, Golub and LeVeque, 1979)."""
        if not self.count or not other.count:
            return self if self.count else other
        low, high = min(self.low, other.low), max(self.high, other.high)
        count = self.count + other.count
        if self.mean is None or other.mean is None or self.total is None or other.total is None:
            return ColumnMoments(count, low, high)
        between = (self.mean - other.mean) ** 2 * self.count * other.count / count
        return ColumnMoments(
            count, low, high, self.total + other.total, self.scatter + other.scatter + between
        )


@dataclass(frozen=True)
class Values:
    """How often each value occurs: (value, hash, count); of too many those whose hash is below a share."""

    counts: pa.Table
    halvings: int = 0
    wanted: frozenset[int] = frozenset()  # hashes of values that are kept whatever happens

    @property
    def share(self) -> float:
        """The share of different values that is counted."""
        return 2.0**-self.halvings

    def __add__(self, other: Values) -> Values:
        tables = [self.counts, other.counts]
        joined = pa.concat_tables(tables, promote_options="permissive")
        grouped = joined.group_by(["value", "hash"]).aggregate([("count", "sum")])
        counts = grouped.rename_columns(["value", "hash", "count"])
        return Values(counts, max(self.halvings, other.halvings), self.wanted | other.wanted).bounded()

    def bounded(self) -> Values:
        """The same, of at most so many values."""
        thinned = self._thinned(self.halvings)
        while thinned.counts.num_rows > MOST_VALUES + len(thinned.wanted):
            thinned = thinned._thinned(thinned.halvings + 1)
        return thinned

    def sampled(self) -> pa.Table:
        """The values that are in by their hash, whether they are wanted or not."""
        return self.counts.filter(pa.array(self._below(self.halvings)))

    def _thinned(self, halvings: int) -> Values:
        if not halvings:
            return self
        kept = self._below(halvings) | np.isin(self.counts["hash"].to_numpy(), [*self.wanted])
        return Values(self.counts.filter(pa.array(kept)), halvings, self.wanted)

    def _below(self, halvings: int) -> NDArray[np.bool_]:
        hashes = self.counts["hash"].to_numpy()
        return np.asarray(hashes < np.uint64(min(2 ** (64 - halvings), 2**64 - 1)))


@dataclass(frozen=True)
class Digest:
    """Of the rows of some partitions: as large for a billion rows as for a million."""

    rows: int = 0
    moments: dict[str, ColumnMoments] = field(default_factory=dict)
    values: dict[tuple[str, ...], Values] = field(default_factory=dict)
    sample: pa.Table | None = None
    schemas: tuple[pa.Schema, ...] = ()

    def __add__(self, other: Digest) -> Digest:
        return Digest(
            self.rows + other.rows,
            _merged(self.moments, other.moments),
            _merged(self.values, other.values),
            _nearest([sample for sample in (self.sample, other.sample) if sample is not None]),
            tuple(dict.fromkeys([*self.schemas, *other.schemas]))[:MOST_SCHEMAS],
        )


def merged(digests: Sequence[Digest]) -> Digest:
    """The digest of all rows."""
    return reduce(lambda one, other: one + other, digests, Digest())


def moments(column: pa.ChunkedArray) -> ColumnMoments:
    """Range, sum and scatter of a column's values; NaN counts as missing, as it does to pandas."""
    values = column.drop_null()
    if pa.types.is_floating(values.type):
        values = values.filter(pc.invert(pc.is_nan(values)))
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if not len(values):
        return ColumnMoments()
    ends = pc.min_max(values).as_py()
    if not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type)):
        return ColumnMoments(len(values), ends["min"], ends["max"])
    numbers = values.to_numpy().astype(np.float64)
    scatter = float(np.square(numbers - numbers.mean()).sum())
    whole = pa.types.is_integer(values.type)
    total = int(pc.sum(values).as_py()) if whole else float(numbers.sum())
    return ColumnMoments(len(values), ends["min"], ends["max"], total, scatter)


def values(table: pa.Table, names: Sequence[str], ignored: str, wanted: Sequence[Any] = ()) -> Values:
    """How often each value of a column, or of some together, occurs.

    ignored: which rows aren't counted, in Great Expectations' words: any_value_is_missing,
    all_values_are_missing, never.
    """
    columns = [_plain(table[name]) for name in names]
    missing = np.stack([np.asarray(pc.is_null(column, nan_is_null=True)) for column in columns])
    held = {"any_value_is_missing": ~missing.any(axis=0), "all_values_are_missing": ~missing.all(axis=0)}
    value = columns[0]
    if len(columns) > 1:
        texts = [column.cast(pa.string()) for column in columns]
        value = pc.binary_join_element_wise(*texts, JOINED, null_handling="replace", null_replacement="\x00")
    if ignored in held:
        value = value.filter(pa.array(held[ignored]))
    counted = pc.value_counts(value.combine_chunks())
    counted = counted if isinstance(counted, pa.StructArray) else pa.concat_arrays(counted.chunks)
    kept, counts = counted.field(0), counted.field(1)
    hashes = hash_ids(kept.cast(pa.string()).fill_null("\x00"))
    asked = frozenset(hash_ids(pa.array([str(value) for value in wanted], pa.string())).tolist())
    table = pa.table({"value": kept, "hash": pa.array(hashes, pa.uint64()), "count": counts})
    return Values(table, wanted=asked).bounded()


def sample(table: pa.Table, seed: str) -> pa.Table:
    """At most so many rows, each as likely as any other; the same for the same seed."""
    drawn = np.random.default_rng([*seed.encode()]).random(table.num_rows)
    return _nearest([table.append_column(DRAWN, pa.array(drawn))])


def _nearest(samples: Sequence[pa.Table]) -> pa.Table | None:
    """The rows with the lowest numbers."""
    if not samples:
        return None
    table = pa.concat_tables(samples, promote_options="permissive")
    if table.num_rows <= SAMPLED_ROWS:
        return table
    lowest = np.argpartition(table[DRAWN].to_numpy(), SAMPLED_ROWS)[:SAMPLED_ROWS]
    return table.take(pa.array(np.sort(lowest)))


def _merged(one: dict[Any, Any], other: dict[Any, Any]) -> dict[Any, Any]:
    both = {name: one[name] + other[name] for name in one.keys() & other.keys()}
    return one | other | both


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
