"""What a person sees of a row beside its text: its picture, and the rows that are nearest to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.records import DatasetRef, Partition
from labelworks.schemas.review import ReviewRow
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.label_codes import named
from labelworks.tasks.artifacts.shown.contents import PICTURED, Content, contents
from labelworks.tasks.artifacts.shown.marks import Piece, marked
from labelworks.tasks.artifacts.shown.rows_by_id import as_text
from labelworks.tasks.artifacts.vectors.embeddings import read_vectors
from labelworks.tasks.methods.neighbours.exact import nearest_of
from labelworks.tasks.sources.source import Source

NEAREST = 5
COMPARED = 32  # rows at once with all of their partition


@dataclass(frozen=True)
class Neighbour:
    """A row near another: how alike their vectors are (cosine), its given label, what is in it.

    marks: of a sentence its pieces, each with the type of its span.
    """

    id: str
    alike: float
    given: str
    content: Content
    marks: tuple[Piece, ...] = ()


@dataclass(frozen=True)
class Around:
    """What is in a row, and the nearest rows of its partition, nearest first, of so many."""

    content: Content
    nearest: tuple[Neighbour, ...]
    among: int


def around(
    artifacts: Artifacts, source: Source, ref: DatasetRef, partition: Partition, rows: Sequence[ReviewRow]
) -> dict[str, Around]:
    """By id what is around some rows of a partition, which is read once.

    Images are read of all of the rows, and of the first PICTURED others that are near them.
    """
    scores = artifacts.store.read_table(artifacts.scores(ref, partition), ["row", "id", "given"])
    numbers = scores["row"].to_numpy()
    at = np.searchsorted(numbers, [row.row for row in rows])
    places, alike = nearest_rows(_unit(artifacts, ref, partition, numbers), at)
    given = named(scores["given"], ref.classes, ref.label_type)
    near = [(partition.key, int(numbers[place])) for place in places.ravel()]
    own = [(row.partition, row.row) for row in rows]
    held = contents(artifacts, source, ref, [*own, *near], pictured=len(own) + PICTURED)
    mine, others = held[: len(rows)], iter(held[len(rows) :])
    return {
        row.id: Around(
            content,
            tuple(
                _neighbour(
                    scores["id"][int(place)].as_py(),
                    float(value),
                    given[int(place)].as_py(),
                    next(others),
                    ref,
                )
                for place, value in zip(some, values, strict=True)
            ),
            len(scores) - 1,
        )
        for row, content, some, values in zip(rows, mine, places, alike, strict=True)
    }


def _neighbour(name: str, alike: float, label: Any, content: Content, ref: DatasetRef) -> Neighbour:
    tagged = ref.label_type == "tags" and len(content.tokens) == len(label)
    marks = marked(content.tokens, label, ref) if tagged else ()
    return Neighbour(name, alike, as_text(label), content, marks)


def nearest_rows(
    vectors: NDArray[np.floating], at: NDArray[np.integer]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Places and cosines (n, k) of the rows nearest to those at some places (n,), of unit vectors (N, D)."""
    k = min(NEAREST, len(vectors) - 1)
    if k < 1:
        return np.empty((len(at), 0), np.int64), np.empty((len(at), 0))

    places, near = np.empty((len(at), k), np.int64), np.empty((len(at), k))
    for start in range(0, len(at), COMPARED):
        part = slice(start, start + COMPARED)
        mine = at[part]

        def distances(rows: slice, mine: NDArray[np.integer] = mine) -> NDArray[np.floating]:
            apart = -(vectors[mine[rows]] @ vectors.T)
            apart[np.arange(len(apart)), mine[rows]] = np.inf  # itself
            return np.asarray(apart)

        places[part], near[part] = nearest_of(distances, len(mine), k)
    return places, -near


def _unit(
    artifacts: Artifacts, ref: DatasetRef, partition: Partition, rows: NDArray[np.integer]
) -> NDArray[np.float32]:
    vectors = read_vectors(artifacts.store, artifacts.embedding(ref.encoder_key, partition)).vectors[rows]
    unit = vectors.astype(np.float32)
    return np.asarray(unit / np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-12))
