"""Columns of a table that are features side by side: which say something, and what a classifier sees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.percentages import percent
from labelworks.tasks.methods.encoders.tables.table import TableEncoder
from labelworks.tasks.sources.column_roles import fits
from labelworks.tasks.sources.guess.column import Column
from labelworks.tasks.sources.guess.names import PREDICTED, words

COUNTERS = ("index", "idx", "row", "rownum", "unnamed")  # columns that count rows
MOSTLY = 0.9
FEW = 20  # values
TOLD = 0.75  # of the rows that the commonest label is wrong of: who tells as many says the label


def tabular(columns: Sequence[Column]) -> list[Column]:
    """Columns of single values that say something of a row: not its place, nor what a model made of it."""
    return [column for column in columns if fits(column.type, "table") and _says(column)]


def _says(column: Column) -> bool:
    said = set(words(column.name))
    varies = column.values > 0 and (column.distinct or 2) > 1
    return varies and not column.counts and not said & {*COUNTERS, *PREDICTED} and not _names(column)


def _names(column: Column) -> bool:
    """Whether texts of one word all differ, as names of rows do, or are paths of images."""
    differ = column.is_text() and column.distinct == column.values and column.prose < 0.5 and column.dates < 1
    return differ or column.image_paths > MOSTLY


def taken_for_texts(columns: Sequence[Column]) -> Iterator[str]:
    """What a person should know of columns that are read as texts, and hardly are meant so."""
    for column in columns:
        if column.unread:
            yield f"{column.name} holds {column.unread}, and they are read as texts"
        elif MOSTLY <= column.numerals < 1:
            yield f"{column.name} is read as texts, for a few are among its numbers: make these null"


def telling(sample: pa.Table, columns: Sequence[Column], label: str) -> Iterator[str]:
    """What a person should know of columns of a few values that nearly say the label by themselves."""
    for column in columns:
        if not 1 < (column.distinct or 0) <= FEW:
            continue
        pairs = sample.select([column.name, label]).drop_null().rename_columns(["value", "label"])
        counts = pairs.group_by(["value", "label"]).aggregate([([], "count_all")])
        right = pc.sum(counts.group_by("value").aggregate([("count_all", "max")])["count_all_max"]).as_py()
        usual = pc.max(counts.group_by("label").aggregate([("count_all", "sum")])["count_all_sum"]).as_py()
        if right - usual >= TOLD * (len(pairs) - usual) > 0:
            share = f"{percent(right / len(pairs), 0)} of the rows"
            yield (
                f"{column.name} says {label} by itself in {share}: leave it out if it is made of the label, "
                "or known later"
            )


def numbers_of_table(columns: Mapping[str, pa.Array]) -> Any:
    """The columns as the encoder of tables sees them: vectors (N, D)."""
    rows, encoder = pa.StructArray.from_arrays(list(columns.values()), names=list(columns)), TableEncoder()
    encoder.load(encoder.fit(rows))
    return encoder.encode(rows).vectors
