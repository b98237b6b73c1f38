"""The columns of rows of a table as people are shown them: those that speak against the label first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.methods.examples.telling import binned, evidence
from labelworks.tasks.sources.partition_reader import spread
from labelworks.tasks.sources.source import Source

COMPARED = 4000  # labelled rows of the partition at most that values are compared with
TELLS = 2.0  # times as frequent under the suggested label as under the given one
LABELS = ["row", "given", "suggestion"]


class Cell(NamedTuple):
    """A column of a row. tells: such values are TELLS times as frequent under the suggested label."""

    name: str
    value: str
    tells: bool = False


def cells_of(
    artifacts: Artifacts, source: Source, ref: DatasetRef, partition: Partition, rows: Sequence[int]
) -> list[tuple[Cell, ...]]:
    """All columns of some rows of a partition: first those that tell, most first, then in the file's order.

    Where labels are no single classes, or were not judged yet, none tells.
    """
    asked = np.asarray(rows, np.int64)
    labels = _labels(artifacts, ref, partition)
    beside = spread(COMPARED, len(labels)) if len(labels) else np.empty(0, np.int64)
    places = np.union1d(asked, labels["row"].to_numpy()[beside])
    names = list(source.only("columns").columns.features)
    table = source.only("columns").reader(partition).some(names, places)
    columns = [table[name].combine_chunks() for name in names]
    told = _told(columns, labels, places, asked)
    texts = [_texts(column.take(pa.array(np.searchsorted(places, asked)))) for column in columns]
    return [
        tuple(
            Cell(names[column], texts[column][row], bool(told[row, column] >= np.log(TELLS)))
            for column in _order(told[row])
        )
        for row in range(len(asked))
    ]


def _order(told: NDArray[np.float64]) -> list[int]:
    """Places of the columns: those that tell by how much they do, the others as they are."""
    return sorted(range(len(told)), key=lambda column: -told[column] if told[column] >= np.log(TELLS) else 0)


def _labels(artifacts: Artifacts, ref: DatasetRef, partition: Partition) -> pa.Table:
    """Rows of a partition with the labels given and suggested; none where there are no such labels."""
    name = artifacts.scores(ref, partition) if ref.one_class and ref.model_key else ""
    if not name or not artifacts.store.exists(name):
        return pa.table({column: pa.array([], pa.int32()) for column in LABELS})
    return artifacts.store.read_table(name, LABELS)


def _told(
    columns: Sequence[pa.Array], labels: pa.Table, places: NDArray[np.integer], asked: NDArray[np.integer]
) -> NDArray[np.float64]:
    """What each column (C) says for the suggested label of each row that is asked for (n): (n, C), log."""
    told = np.zeros((len(asked), len(columns)))
    held = {name: pc.fill_null(labels[name], -1).to_numpy() for name in LABELS}
    given, suggested = (np.full(int(places.max()) + 1, -1, np.int64) for _ in range(2))
    here = held["row"] <= places.max()
    given[held["row"][here]], suggested[held["row"][here]] = held["given"][here], held["suggestion"][here]
    doubted = (given[asked] >= 0) & (suggested[asked] >= 0) & (given[asked] != suggested[asked])
    if doubted.any():
        rows = asked[doubted]
        at = np.searchsorted(places, rows)
        for place, column in enumerate(columns):
            told[doubted, place] = evidence(binned(column), given[places], at, given[rows], suggested[rows])
    return told


def _texts(column: pa.Array) -> list[str]:
    """Values as texts; empty where there is none."""
    try:
        values = column.cast(pa.string()).to_pylist()
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        values = column.to_pylist()
    return ["" if value is None else str(value) for value in values]
