"""Rows that people answered about: what another answer is worth, and those by which people are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelworks.schemas.decisions import RowDecision
from labelworks.schemas.records import DatasetRef
from labelworks.tasks.artifacts.artifacts import Artifacts
from labelworks.tasks.artifacts.decisions.settle import settle_decisions
from labelworks.tasks.artifacts.decisions.settled import Settled
from labelworks.tasks.methods.review.label_tree import LabelTree
from labelworks.tasks.methods.review.look_value import look_value
from labelworks.tasks.methods.review.reviewers import RIGHT

Place = tuple[str, int]  # key of the partition, number of the row there


@dataclass(frozen=True, eq=False)
class AskedRows:
    """Rows (n,) that people answered about, how many errors another answer would remove (n,).

    accuracy: how often an answer is right, in the mean over answers.
    """

    places: tuple[Place, ...]
    value: NDArray[np.float64]
    accuracy: float


def asked_rows(
    artifacts: Artifacts, ref: DatasetRef, said: Sequence[RowDecision], tree: LabelTree | None = None
) -> AskedRows:
    """The rows of decisions as they are now; of label sets and numbers none is worth another answer.

    tree: of the classes, by which errors are weighted.
    """
    if not said:
        return AskedRows((), np.zeros(0), RIGHT)
    settled = settle_decisions(artifacts, ref, said, "review")
    keys = [partition.key for partition in ref.of("source")]
    part, row = (settled.rows[name].to_pylist() for name in ("part", "row"))
    places = tuple((keys[number], place) for number, place in zip(part, row, strict=True))
    people = settled.findings.reviewers
    answers = sum(person.answers for person in people)
    right = sum((RIGHT if person.accuracy is None else person.accuracy) * person.answers for person in people)
    accuracy = right / answers if answers else RIGHT
    value = _value(settled, accuracy, tree) if ref.one_class else np.zeros(len(places))
    return AskedRows(places, value, accuracy)


def gold_rows(asked: AskedRows, most: int, seed: int) -> list[Place]:
    """At most so many of the rows, drawn by chance: they are shown again, to know the people who answer."""
    some = np.random.default_rng(seed).permutation(len(asked.places))[:most]
    return [asked.places[number] for number in np.sort(some)]


def _value(settled: Settled, accuracy: float, tree: LabelTree | None) -> NDArray[np.float64]:
    """What another answer to each row is worth; where no posterior is kept, by whether the label is right."""
    rows = settled.rows
    right, label = rows["right"].to_numpy().astype(np.float64), rows["label"].to_numpy().astype(np.int64)
    held = rows["posterior"].combine_chunks()
    if not len(held) or held.null_count:
        two = np.stack([right, 1 - right], axis=1)
        worth = look_value(two, np.zeros(len(two), np.int64), accuracy)
        return worth if tree is None else worth * tree.mean_distances()[label]
    known = held.flatten().to_numpy().reshape(len(held), -1).astype(np.float64)
    classes = known.shape[1]
    none = label == classes
    inside = np.where(none, 1 - right, np.minimum(right / np.maximum(known.max(axis=1), 1e-12), 1))
    outcomes = np.concatenate([known * inside[:, None], 1 - inside[:, None]], axis=1)
    costs = None if tree is None else tree.costs()
    return look_value(outcomes, np.where(label < 0, outcomes.argmax(axis=1), label), accuracy, costs)
