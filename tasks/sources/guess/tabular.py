"""Columns of a table that are features side by side: which say something, and what a classifier sees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from labelworks.tasks.methods.encoders.tables.table import TableEncoder
from labelworks.tasks.sources.column_roles import fits
from labelworks.tasks.sources.guess.column import Column
from labelworks.tasks.sources.guess.names import PREDICTED, words

COUNTERS = ("index", "idx", "row", "rownum", "unnamed")  # columns that count rows
MOSTLY = 0.9


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


def numbers_of_table(columns: Mapping[str, pa.Array]) -> Any:
    """The columns as the encoder of tables sees them: vectors (N, D)."""
    rows, encoder = pa.StructArray.from_arrays(list(columns.values()), names=list(columns)), TableEncoder()
    encoder.load(encoder.fit(rows))
    return encoder.encode(rows).vectors
