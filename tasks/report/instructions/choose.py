"""Which rows of a run show what its classes are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.findings import Class
from labelworks.schemas.records import DatasetRef, Partition
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.soft_labels import LEFT_OUT, LIKELIEST, SOFT_CLASSES, likeliest_columns
from labelworks.tasks.artifacts.vectors.embeddings import read_some
from labelworks.tasks.execution.map_partitions import reduce_partitions
from labelworks.tasks.methods.examples.coverage import examples

MOST, OF_A_CLASS = 30_000, 600  # candidates at most, of all classes and of one
COLUMNS = ["row", "id", "given", "flag", "error_probability", "posterior"]


@dataclass(frozen=True)
class Example:
    """A row to show: its place, its id, the likeliest other class and how likely that is."""

    partition: str
    row: int
    id: str
    other: Class
    chance: float

    @property
    def place(self) -> tuple[str, int]:
        """Its partition, and its number there."""
        return self.partition, self.row


@dataclass(frozen=True)
class ClassExamples:
    """Of one class. rows: those looked at; coverage: how like a typical one they are on average, 0 to 1."""

    name: Class
    rows: int
    coverage: float
    typical: tuple[Example, ...]
    borderline: tuple[Example, ...]


def choose(
    artifacts: Artifacts, ref: DatasetRef, classes: Sequence[int] | None = None
) -> list[ClassExamples]:
    """Examples of each class (None: all), by codes, of rows whose label nothing speaks against.

    At most MOST rows, the same share of every class, are looked at: those of the smallest hashes of ids.
    """
    asked = range(len(ref.classes)) if classes is None else classes
    each = min(OF_A_CLASS, max(MOST // max(len(asked), 1), 10))
    partitions = ref.of("source")
    if not partitions:
        return []
    rows = reduce_partitions(
        "report", candidates_in, partial(_combined, each=each), partitions, unit="partitions looked through",
        artifacts=artifacts, ref=ref, each=each, asked=list(asked),
    )  # fmt: skip
    vectors = _vectors(artifacts, ref, rows)
    return [_of_class(ref, code, rows, vectors) for code in asked if (rows["given"] == code).any()]


def candidates_in(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, each: int, asked: Sequence[int]
) -> pd.DataFrame:
    """Rows of a partition whose given label is the likeliest and isn't flagged, some of each class asked."""
    name = artifacts.scores(ref, partition)
    table = artifacts.store.read_table(name, [*COLUMNS, *LEFT_OUT], may_lack=LEFT_OUT)
    told = table[LEFT_OUT[0] if len(ref.classes) > SOFT_CLASSES else "posterior"].is_valid()
    of_asked = pc.is_in(table["given"], value_set=pa.array(asked, table.schema.field("given").type))
    table = table.filter(pc.and_(pc.and_(pc.invert(table["flag"]), told), of_asked))
    own, other, code = _two_likeliest(table, len(ref.classes))
    frame = pd.DataFrame(
        {"partition": partition.key, "row": table["row"].to_numpy(), "id": table["id"].to_pylist(),
         "given": table["given"].to_numpy(), "own": own, "other": other, "code": code}
    )  # fmt: skip
    frame["hash"] = pd.util.hash_array(frame["id"].to_numpy(object))
    return _smallest(frame[frame["own"] >= frame["other"]], each)


def _two_likeliest(table: pa.Table, classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probability of the given class (N,), of the likeliest other one (N,), and the other one's code (N,)."""
    codes, shares = _shares(table, classes)
    given = codes == table["given"].to_numpy()[:, None]
    others = np.where(given, -1.0, shares)
    at = others.argmax(axis=1)[:, None]
    other, code = np.take_along_axis(others, at, 1), np.take_along_axis(codes, at, 1)
    return np.where(given, shares, 0.0).sum(axis=1), np.maximum(other[:, 0], 0.0), code[:, 0]


def _shares(table: pa.Table, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes of classes and their probabilities (N, M): of all, or where they are many of the likeliest."""
    many = likeliest_columns(table, classes)
    if many is None:
        shares = _dense(table["posterior"].combine_chunks(), classes)
        return np.broadcast_to(np.arange(classes), shares.shape), shares
    return _dense(many.codes, LIKELIEST), _dense(many.shares, LIKELIEST)


def _dense(lists: pa.ListArray, width: int) -> np.ndarray:
    return np.asarray(lists.flatten().to_numpy(zero_copy_only=False)).reshape(-1, width)


def _combined(found: Sequence[pd.DataFrame], each: int) -> pd.DataFrame:
    """Candidates of some partitions, no more than of one, so that memory doesn't grow with partitions."""
    return _smallest(pd.concat(found, ignore_index=True), each)


def _smallest(frame: pd.DataFrame, each: int) -> pd.DataFrame:
    """The rows of the smallest hashes, so many of each class."""
    ordered = frame.sort_values("hash", kind="stable")
    return ordered.groupby("given", sort=False).head(each).reset_index(drop=True)


def _vectors(artifacts: Artifacts, ref: DatasetRef, rows: pd.DataFrame) -> np.ndarray:
    """Vectors (N, D) of the rows, in their order."""
    read: list[np.ndarray] = []
    order: list[np.ndarray] = []
    for partition in ref.of("source"):
        at = np.flatnonzero(rows["partition"].to_numpy() == partition.key)
        if len(at):
            name = artifacts.embedding(ref.encoder_key, partition)
            read.append(read_some(artifacts.store, name, rows["row"].to_numpy(np.int64)[at])[0])
            order.append(at)
    if not read:
        return np.zeros((0, 0), np.float32)
    return np.asarray(np.concatenate(read)[np.argsort(np.concatenate(order))])


def _of_class(ref: DatasetRef, code: int, rows: pd.DataFrame, vectors: np.ndarray) -> ClassExamples:
    mine = (rows["given"] == code).to_numpy()
    own = rows[mine].reset_index(drop=True)
    found = examples(vectors[mine], own["own"].to_numpy(), own["other"].to_numpy())
    shown = [
        tuple(
            Example(line["partition"], line["row"], line["id"], ref.classes[line["code"]], line["other"])
            for line in own.iloc[chosen].to_dict("records")
        )
        for chosen in (found.typical, found.borderline)
    ]
    return ClassExamples(ref.classes[code], len(own), found.coverage, shown[0], shown[1])
