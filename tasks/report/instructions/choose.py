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
from labelworks.tasks.artifacts.vectors.first_pass import read_sample, sampled_share
from labelworks.tasks.execution.map_partitions import reduce_partitions
from labelworks.tasks.methods.examples.coverage import examples
from labelworks.tasks.methods.statistics.folds import hash_ids, in_sample

MOST, OF_A_CLASS = 30_000, 600  # candidates at most, of all classes and of one
BEYOND = 500  # and of those that the sample hasn't: each takes a read of its own
LEAST = 10  # of a class, of however many
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


@dataclass(frozen=True)
class AskedClasses:
    """What is looked at: classes, by codes; of each so many rows, beyond the sample only up to so few.

    share: of all rows, that the first pass's sample is.
    """

    classes: Sequence[int]
    each: int
    few: int
    share: float

    @classmethod
    def of(cls, classes: Sequence[int], share: float) -> AskedClasses:
        """So many of each class that those of all of them are bounded."""
        most_each, few = (max(most // max(len(classes), 1), LEAST) for most in (MOST, BEYOND))
        return cls(list(classes), min(OF_A_CLASS, most_each), few, share)


def choose(
    artifacts: Artifacts, ref: DatasetRef, classes: Sequence[int] | None = None
) -> list[ClassExamples]:
    """Examples of each class (None: all), by codes, of rows whose label nothing speaks against.

    Rows of the first pass's sample are looked at, whose vectors lie together: of a class at most
    OF_A_CLASS, of all MOST. Where it has few of a class others are read, BEYOND of all: the vectors of
    more, each in a row group of its own, would be all that there are. Those of the smallest hashes of ids.
    """
    partitions = ref.of("source")
    if not partitions:
        return []
    asked = AskedClasses.of(range(len(ref.classes)) if classes is None else classes, sampled_share(artifacts))
    rows = reduce_partitions(
        "report", candidates_in, partial(_combined, asked=asked), partitions,
        unit="partitions looked through", artifacts=artifacts, ref=ref, asked=asked,
    )  # fmt: skip
    vectors = vectors_of(artifacts, ref, rows)
    return [_of_class(ref, code, rows, vectors) for code in asked.classes if (rows["given"] == code).any()]


def candidates_in(
    partition: Partition, artifacts: Artifacts, ref: DatasetRef, asked: AskedClasses
) -> pd.DataFrame:
    """Rows of a partition whose given label is the likeliest and isn't flagged, some of each class asked.

    place: of a row among the partition's rows in the sample; -1: it isn't in it.
    """
    name = artifacts.scores(ref, partition)
    table = artifacts.store.read_table(name, [*COLUMNS, *LEFT_OUT], may_lack=LEFT_OUT)
    judged = table[LEFT_OUT[0] if len(ref.classes) > SOFT_CLASSES else "posterior"].is_valid()
    of_asked = pc.is_in(table["given"], value_set=pa.array(asked.classes, table.schema.field("given").type))
    hashes = hash_ids(table["id"].combine_chunks())
    sampled = in_sample(hashes, asked.share)
    table = table.append_column("hash", pa.array(hashes))
    table = table.append_column("place", pa.array(np.where(sampled, np.cumsum(sampled) - 1, -1)))
    table = table.filter(pc.and_(pc.and_(pc.invert(table["flag"]), judged), of_asked))
    own, other, code = _two_likeliest(table, len(ref.classes))
    frame = pd.DataFrame(
        {"partition": partition.key, "row": table["row"].to_numpy(), "id": table["id"].to_pylist(),
         "given": table["given"].to_numpy(), "own": own, "other": other, "code": code,
         "hash": table["hash"].to_numpy(), "place": table["place"].to_numpy()}
    )  # fmt: skip
    return _smallest(frame[frame["own"] >= frame["other"]], asked)


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


def _combined(found: Sequence[pd.DataFrame], asked: AskedClasses) -> pd.DataFrame:
    """Candidates of some partitions, no more than of one, so that memory doesn't grow with partitions."""
    return _smallest(pd.concat(found, ignore_index=True), asked)


def _smallest(frame: pd.DataFrame, asked: AskedClasses) -> pd.DataFrame:
    """The rows of the smallest hashes, so many of each class, those of the sample first."""
    ordered = frame.assign(beyond=frame["place"] < 0).sort_values(["beyond", "hash"], kind="stable")
    rank = ordered.groupby("given", sort=False).cumcount()
    kept = rank < np.where(ordered["beyond"], asked.few, asked.each)
    return ordered[kept].drop(columns="beyond").reset_index(drop=True)


def vectors_of(artifacts: Artifacts, ref: DatasetRef, rows: pd.DataFrame) -> np.ndarray:
    """Vectors (N, D) of candidates, in their order: out of the sample, or else read of the partitions."""
    sample, owners = read_sample(artifacts)
    vectors = np.zeros((len(rows), sample.features.shape[1]), sample.features.dtype)
    by_owner = np.argsort(owners, kind="stable")
    keys, places = rows["partition"].to_numpy(), rows["place"].to_numpy()
    for number, partition in enumerate(ref.of("source")):
        here = np.flatnonzero(keys == partition.key)
        held, others = here[places[here] >= 0], here[places[here] < 0]
        first = np.searchsorted(owners, number, sorter=by_owner)
        vectors[held] = sample.features[by_owner[first + places[held]]]
        if len(others):
            name = artifacts.embedding(ref.encoder_key, partition)
            vectors[others] = read_some(artifacts.store, name, rows["row"].to_numpy(np.int64)[others])[0]
    return vectors


def _of_class(ref: DatasetRef, code: int, rows: pd.DataFrame, vectors: np.ndarray) -> ClassExamples:
    mine = (rows["given"] == code).to_numpy()
    own = rows[mine].reset_index(drop=True)
    picked = examples(vectors[mine], own["own"].to_numpy(), own["other"].to_numpy())
    shown = [
        tuple(
            Example(line["partition"], line["row"], line["id"], ref.classes[line["code"]], line["other"])
            for line in own.iloc[chosen].to_dict("records")
        )
        for chosen in (picked.typical, picked.borderline)
    ]
    return ClassExamples(ref.classes[code], len(own), picked.coverage, shown[0], shown[1])
