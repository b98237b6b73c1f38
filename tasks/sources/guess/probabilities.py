"""Columns that are somebody's predicted probabilities, and in which order of classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labelworks.schemas.percentages import percent
from labelworks.tasks.sources.guess.column import Column, plain
from labelworks.tasks.sources.guess.label import Candidate
from labelworks.tasks.sources.guess.names import PREDICTED, words
from labelworks.tasks.sources.profile import Profile

NAMES = (*PREDICTED, "p", "score", "scores", "confidence", "confidences")
MOSTLY = 0.98
AGREED = 0.05  # of the labels more than by the next best order


@dataclass(frozen=True)
class PredProbs:
    """A column of probabilities, and the order of its classes: None where that can't be known."""

    column: str
    why: str
    classes: tuple[Any, ...] | None = None
    doubt: str = ""


def find_pred_probs(look: Profile) -> list[Column]:
    """The columns that hold probabilities by class, by their values and names."""
    return [
        column for column in look.columns
        if (column.width or 0) > 1 and column.sums_to_one >= MOSTLY and set(words(column.name)) & set(NAMES)
    ]  # fmt: skip


def in_order(look: Profile, column: Column, label: Candidate) -> PredProbs:
    """The probabilities with the order of their classes, as far as names and the given labels tell it.

    Known: names of a ClassLabel; else the classes in sorted order, as most libraries have it, where every
    class was seen and the largest number stands where the given label is more often than in any other order.
    """
    why = f"{column.width} numbers a row that sum to 1"
    named = look.class_names.get(label.name)
    if named and len(named) == column.width:
        return PredProbs(
            column.name, f"{why}; classes in the order of the dataset's ClassLabel", tuple(named)
        )
    classes = look.values(label.name)
    if label.task != "classification" or len(classes) != column.width:
        seen = f"{len(classes)} classes were seen and it has {column.width} numbers"
        return PredProbs(column.name, why, doubt=f"{seen}: the order of its classes isn't known")
    agreed, best = _agreement(look, column, label, classes)
    if best > agreed + AGREED or agreed <= 1 / len(classes):
        return PredProbs(
            column.name, why, doubt="its classes are in an order that isn't known, not in the sorted one"
        )
    order = f"{why}; classes in sorted order: {percent(agreed, 0)} of the labels are where it is largest"
    return PredProbs(column.name, order, tuple(classes))


def _agreement(look: Profile, column: Column, label: Candidate, classes: list[Any]) -> tuple[float, float]:
    """Share of rows whose label is the class of the largest number, in this order and in the best one."""
    from scipy.optimize import linear_sum_assignment

    probs, given = (plain(look.sample[name].combine_chunks()) for name in (column.name, label.name))
    both = pc.and_(pc.is_valid(probs), pc.is_valid(given))
    probs, given = probs.filter(both), given.filter(both)
    numbers = probs.flatten().cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    largest = numbers.reshape(len(probs), len(classes)).argmax(axis=1)
    codes = pc.index_in(given, value_set=pa.array(classes, given.type)).to_numpy(zero_copy_only=False)
    pairs = np.zeros((len(classes), len(classes)))
    np.add.at(pairs, (codes.astype(np.int64), largest), 1)
    best = pairs[linear_sum_assignment(pairs, maximize=True)].sum()
    total = max(pairs.sum(), 1)
    return float(np.trace(pairs) / total), float(best / total)
