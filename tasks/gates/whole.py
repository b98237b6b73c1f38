"""Expectations about a whole column or table, over partitions: judged once, of what was kept of all rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.records import Check, Partition, Stage
from labelworks.schemas.suites import Expectation, Suite
from labelworks.tasks.execution.map_partitions import reduce_partitions
from labelworks.tasks.gates import digest, engine
from labelworks.tasks.gates.checks import judged_by_library, plain_check, row_check
from labelworks.tasks.gates.digest import DRAWN, ColumnMoments, Digest, Values
from labelworks.tasks.gates.engine import Outcome
from labelworks.tasks.gates.scopes import OF_VALUES, UNIQUE, Scope, by_row, looks_at_values, scope
from labelworks.tasks.storage.store import Store


class GatedRows(NamedTuple):
    """Rows of a partition: the columns that were asked for, all that its files have, and its key."""

    table: pa.Table
    schemas: tuple[pa.Schema, ...]
    key: str


@dataclass(frozen=True)
class StoredRows:
    """Reads parts that a stage has written, each given by its partition and its name."""

    store: Store

    def __call__(self, item: tuple[Partition, str], names: list[str]) -> GatedRows:
        """The rows of a part."""
        partition, name = item
        schema = self.store.read_schema(name)
        there = [name for name in names if name in schema.names]
        table = self.store.read_table(name, there or schema.names[:1])  # one column has the number of rows
        return GatedRows(table, (schema,), partition.key)


def check_whole(
    stage: Stage,
    suite: Suite,
    items: Sequence[Any],
    read: Callable[[Any, list[str]], GatedRows],
    window: str = "source",
) -> list[Check]:
    """Judge expectations that aren't about single rows, of the rows of all items.

    read: gives the rows of an item, with the columns that are asked for and exist.
    """
    asked = suite.of(window).expect
    if not (expect := tuple(expectation for expectation in asked if not by_row(expectation))):
        return []
    names = list(dict.fromkeys(name for expectation in expect for name in expectation.columns))
    sums = reduce_partitions(
        stage, digested, digest.merged, items, unit="partitions for the gate",
        read=read, names=names, expect=expect,
    )  # fmt: skip
    return [judged(sums, expectation) for expectation in expect]


def digested(
    item: Any, read: Callable[[Any, list[str]], GatedRows], names: list[str], expect: tuple[Expectation, ...]
) -> Digest:
    """What is kept of the rows of one item."""
    rows = read(item, names)
    table, there = rows.table, set(rows.table.column_names)
    kept = [expectation for expectation in expect if set(expectation.columns) <= there]
    scopes = {expectation.name: scope(expectation) for expectation in kept}
    by_values = [expectation for expectation in kept if looks_at_values(expectation)]
    sampled = {
        name for expectation in kept if scopes[expectation.name] == "sample" for name in expectation.columns
    }
    return Digest(
        table.num_rows,
        {name: digest.moments(table[name]) for name in _columns(kept, scopes, "sums")},
        {
            expectation.columns: digest.values(
                table, expectation.columns, _ignored(expectation), _wanted(by_values, expectation.columns)
            )
            for expectation in by_values
        },
        digest.sample(table.select(sorted(sampled)), rows.key) if sampled else None,
        tuple(dict.fromkeys(schema.remove_metadata() for schema in rows.schemas)),
    )


def judged(found: Digest, each: Expectation) -> Check:
    """The verdict on one expectation, of the digest of all rows."""
    lacking = next((name for name in each.columns if any(name not in s.names for s in found.schemas)), None)
    where = scope(each)
    if lacking is not None and where != "schema":
        return plain_check(row_check(each, Outcome(False, fault=f'no column "{lacking}" in some files')))
    outcome, seen_in = _JUDGES[where](found, each)
    check = row_check(each, outcome)
    observed = f"{check.observed}{seen_in}"
    return plain_check(check, observed=observed, unexpected=check.unexpected)


def _by_schema(found: Digest, each: Expectation) -> tuple[Outcome, str]:
    outcomes = [judged_by_library(schema.empty_table(), [each], every=True)[0] for schema in found.schemas]
    return next((one for one in outcomes if not one.ok), outcomes[0]), ""


def _by_sample(found: Digest, each: Expectation) -> tuple[Outcome, str]:
    rows = pa.table({}) if found.sample is None else found.sample.drop_columns([DRAWN])
    drawn = "" if rows.num_rows == found.rows else f", of {rows.num_rows:,} rows drawn at random"
    return judged_by_library(rows, [each])[0], drawn


def _by_distinct(found: Digest, each: Expectation) -> tuple[Outcome, str]:
    values = found.values[each.columns]
    return judged_by_library(pa.table({each.columns[0]: values.counts["value"]}), [each])[0], ""


def _by_common(found: Digest, each: Expectation) -> tuple[Outcome, str]:
    values = found.values[each.columns]
    counts = values.counts
    most = counts.filter(pc.equal(counts["count"], pc.max(counts["count"])))
    return judged_by_library(pa.table({each.columns[0]: most["value"]}), [each])[0], _told(values)


def _by_unique(found: Digest, each: Expectation) -> tuple[Outcome, str]:
    values = found.values[each.columns]
    counts = values.sampled()
    again = counts.filter(pc.greater(counts["count"], 1))
    rows, failed = (int((pc.sum(one["count"]).as_py() or 0) / values.share) for one in (counts, again))
    examples = tuple(str(value).replace(digest.JOINED, " | ") for value in again["value"][: engine.EXAMPLES])
    ok = rows - failed >= rows * each.mostly - 1e-9
    return Outcome(ok, rows, failed, examples=examples), _told(values)


def _by_sums(found: Digest, each: Expectation) -> tuple[Outcome, str]:
    values = found.values.get(each.columns)
    _, needs = engine.kind_of(each.expectation)
    metrics = {name: _METRICS[name](found, each.columns) for name in needs}
    values_seen = _told(values) if values is not None and needs & OF_VALUES else ""
    return engine.judge_metrics(each, metrics), values_seen


_JUDGES: Mapping[Scope, Callable[[Digest, Expectation], tuple[Outcome, str]]] = {
    "schema": _by_schema, "sample": _by_sample, "distinct": _by_distinct, "common": _by_common,
    "unique": _by_unique, "sums": _by_sums,
}  # fmt: skip


def _told(values: Values) -> str:
    return f", by 1 in {2**values.halvings:,} of the different values" if values.halvings else ""


def _moments(found: Digest, columns: tuple[str, ...]) -> ColumnMoments:
    return found.moments.get(columns[0], ColumnMoments())


def _distinct(found: Digest, columns: tuple[str, ...]) -> int:
    values = found.values[columns]
    return int(values.sampled().num_rows / values.share)


def _value_counts(found: Digest, columns: tuple[str, ...]) -> Any:
    import pandas as pd

    counts = found.values[columns].sampled()
    return pd.Series(counts["count"].to_pylist(), index=counts["value"].to_pylist(), dtype="int64")


_METRICS: Mapping[str, Callable[[Digest, tuple[str, ...]], Any]] = {
    "table.row_count": lambda found, _: found.rows,
    "column.min": lambda found, columns: _moments(found, columns).low,
    "column.max": lambda found, columns: _moments(found, columns).high,
    "column.sum": lambda found, columns: _moments(found, columns).total,
    "column.mean": lambda found, columns: _moments(found, columns).mean,
    "column.standard_deviation": lambda found, columns: _moments(found, columns).deviation,
    "column.non_null_count": lambda found, columns: _moments(found, columns).count,
    "column.non_null_proportion": lambda found, columns: _moments(found, columns).count / max(found.rows, 1),
    "column.value_counts": _value_counts,
    "column.distinct_values.count": _distinct,
    "column.unique_proportion": lambda found, columns: (
        _distinct(found, columns) / max(_moments(found, columns).count, 1)
    ),
}


def _columns(expect: Sequence[Expectation], scopes: Mapping[str, Scope], where: Scope) -> list[str]:
    return list(
        dict.fromkeys(
            name
            for expectation in expect
            if scopes[expectation.name] == where
            for name in expectation.columns
        )
    )


def _ignored(each: Expectation) -> str:
    usual = UNIQUE.get(each.expectation, "any_value_is_missing")
    return str(each.kwargs.get("ignore_row_if", usual))


def _wanted(expect: Sequence[Expectation], columns: tuple[str, ...]) -> list[Any]:
    """Values that are looked for: these are kept, however many others there are."""
    sets = [expectation.kwargs.get("value_set") for expectation in expect if expectation.columns == columns]
    return [value for value_set in sets if isinstance(value_set, list | tuple | set) for value in value_set]
