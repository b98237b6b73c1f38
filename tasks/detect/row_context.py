"""What the source says of rows besides features and labels: time, groups, columns; summed and sampled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import add

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.errors import InputError
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.methods.drift.calendar import Unit
from labelworks.tasks.methods.noise_judge import GROUP
from labelworks.tasks.methods.statistics.folds import hash_ids, in_sample
from labelworks.tasks.methods.validation.model_ranking import RankingSums, ranking_sums
from labelworks.tasks.sources.source import Source
from labelworks.tasks.sources.time_windows import time_keys
from labelworks.tasks.sources.values.joined import as_type, joined, read_type
from labelworks.tasks.sources.values.text import replaced

MISSING = "(missing)"
TIME, COLUMN, ANSWER, MODEL = "time", "column/", "answer/", "model"
MOST_VALUES = 1000  # of a column of groups
MOST_TIMES = 50_000  # days, hours or numbers
SUMMED = ("rows", "error", "flagged")


@dataclass(frozen=True)
class Context:
    """Of some partitions, in order.

    sums: by `time` or `group/name`, how many rows, how much error probability and how many flags there
    are of each value and label (key, given, rows, error, flagged). sample: id of the rows of the sample,
    their time, groups and columns (`column/name`), what models say (`answer/name`) and the probabilities of
    one (`model`). unit: what a time is; None where there is none. ranking: of models, by reading of labels.
    """

    sums: dict[str, pa.Table]
    sample: pa.Table
    unit: Unit | None = None
    ranking: Mapping[str, RankingSums] = field(default_factory=dict)


@dataclass(frozen=True)
class ContextReader:
    """Reads the context of rows; windows: how the dataset is cut along its time, `none` where it isn't.

    ranked: columns of what models say that are ranked.
    """

    source: Source
    windows: str
    ranked: tuple[str, ...] = ()

    @property
    def time(self) -> str | None:
        """The column of the times, if they are looked at."""
        return None if self.windows == "none" else self.source.columns.time

    @property
    def columns(self) -> list[str]:
        """Columns of the source that are looked at besides features and labels."""
        asked = self.source.columns
        single = [name for name in (self.time, asked.model_probs) if name]
        return list(dict.fromkeys([*single, *asked.groups, *asked.tabular, *asked.answers]))

    def of(
        self, partition: Partition, rows: NDArray[np.int32], time_type: str = ""
    ) -> tuple[dict[str, pa.Array], Unit | None]:
        """What is asked for of these rows, null where a target lacks a column; and what a time is."""
        asked, arrays, unit = self.columns, dict[str, pa.Array](), None
        table = self.source.reader(partition).table(asked) if asked else pa.table({})
        for name in asked:
            there = name in table.column_names
            values = table[name].take(pa.array(rows)) if there else pa.chunked_array([pa.nulls(len(rows))])
            if name == self.time:
                values = as_type(values, read_type(time_type)) if time_type else values
                unit, keys = time_keys(values, hourly=self.windows == "hour")
                unit, arrays[TIME] = None if np.isnan(keys).all() else unit, pa.array(keys)
            if name in self.source.columns.groups:
                arrays[f"{GROUP}{name}"] = _text(values)
            if name in self.source.columns.tabular:
                arrays[f"{COLUMN}{name}"] = _tabular(values)
            if name in self.source.columns.answers:
                arrays[f"{ANSWER}{name}"] = _text(values)
            if name == self.source.columns.model_probs:
                arrays[MODEL] = values.combine_chunks().cast(pa.list_(pa.float32()))
        return arrays, unit


def labelled_context(
    reader: ContextReader, ref: DatasetRef, partition: Partition, scores: pa.Table, share: float
) -> Context:
    """Context of the scored rows of a partition of the source, with its sums."""
    columns, unit = reader.of(partition, scores["row"].to_numpy(), ref.time_type)
    judged = {
        "given": scores["given"].combine_chunks(),
        "error": scores["error_probability"].combine_chunks().cast(pa.float64()),
        "flagged": scores["flag"].combine_chunks().cast(pa.int64()),
    }
    keys = {name: values for name, values in columns.items() if name == TIME or name.startswith(GROUP)}
    sums = {name: _summed(pa.table({"key": values, **judged})) for name, values in keys.items()}
    ids = scores["id"].combine_chunks()
    sampled = in_sample(hash_ids(ids), share)
    ranking = _ranking(reader, ref, columns, scores)
    return Context(sums, pa.table({"id": ids, **columns}).filter(pa.array(sampled)), unit, ranking)


def target_context(
    reader: ContextReader,
    partition: Partition,
    rows: NDArray[np.int32],
    ids: pa.Array,
    kept: NDArray[np.bool_],
    time_type: str = "",
) -> Context:
    """Context of the kept rows of a partition of the target window, of which no label is known."""
    columns, unit = reader.of(partition, rows, time_type)
    sample = pa.table({"id": ids, **columns}).filter(pa.array(kept))
    return Context({}, sample, unit)


def merged(parts: Sequence[Context]) -> Context:
    """One of many: sums added, rows one after the other. Raises InputError where values are too many."""
    names = list(parts[0].sums) if parts else []
    sums = {name: _added(name, [part.sums[name] for part in parts]) for name in names}
    units = {part.unit for part in parts} - {None}
    if len(units) > 1:
        raise InputError("some files have dates and others numbers", where="dataset.time")
    sample = joined([part.sample for part in parts])
    names_ranked = list(parts[0].ranking) if parts else []
    ranking = {name: reduce(add, [part.ranking[name] for part in parts]) for name in names_ranked}
    return Context(sums, sample, next(iter(units), None), ranking)


def answer_codes(answers: pa.Array | pa.ChunkedArray, classes: Sequence[str | int]) -> NDArray[np.int64]:
    """What a model says of rows (n,) as codes of classes; -1: none of them."""
    codes = pc.index_in(answers, pa.array([str(name) for name in classes]))
    return np.asarray(pc.fill_null(codes, -1).to_numpy(zero_copy_only=False), dtype=np.int64)


def _ranking(
    reader: ContextReader, ref: DatasetRef, columns: Mapping[str, pa.Array], scores: pa.Table
) -> dict[str, RankingSums]:
    """How many rows each of the models is right on, by given labels, corrected ones and the posterior."""
    if not reader.ranked:
        return {}
    answers = [answer_codes(columns[f"{ANSWER}{name}"], ref.classes) for name in reader.ranked]
    given, posterior = scores["given"].to_numpy(), scores["posterior"]
    flag = scores["flag"].to_numpy(zero_copy_only=False)
    corrected = np.where(flag, scores["suggestion"].to_numpy(), given)
    probs = None
    if not posterior.null_count:
        probs = posterior.combine_chunks().flatten().to_numpy().reshape(len(given), len(ref.classes))
    return ranking_sums(given, np.stack(answers, axis=1), corrected=corrected, posterior=probs)


def _text(values: pa.ChunkedArray) -> pa.Array:
    return pc.fill_null(replaced(values.combine_chunks()).cast(pa.string()), MISSING)


def _tabular(values: pa.ChunkedArray) -> pa.Array:
    """Numbers as such, anything else as text."""
    kind = values.type
    numbers = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return values.combine_chunks().cast(pa.float64(), safe=False) if numbers else _text(values)


def _summed(table: pa.Table) -> pa.Table:
    """Rows of one key and label added up; rows without a key are left out."""
    if pa.types.is_floating(table.schema.field("key").type):
        table = table.filter(pc.invert(pc.is_nan(table["key"])))
    made = table.group_by(["key", "given"]).aggregate(
        [([], "count_all"), ("error", "sum"), ("flagged", "sum")]
    )
    return made.rename_columns(["key", "given", *SUMMED])


def _added(name: str, tables: Sequence[pa.Table]) -> pa.Table:
    joined = pa.concat_tables(tables)
    made = joined.group_by(["key", "given"]).aggregate([(summed, "sum") for summed in SUMMED])
    many, limit = pc.count_distinct(made["key"]).as_py(), MOST_TIMES if name == TIME else MOST_VALUES
    if many > limit:
        raise InputError(
            f"column {name.removeprefix('group/')!r} has {many:,} different values, {limit:,} are the most",
            where="detect.groups" if name != TIME else "dataset.time",
            fix="name a column of fewer values, or none",
        )
    return made.rename_columns(["key", "given", *SUMMED])
